"""Zalo Bot: what it sends is proven and read, what leaves for it, and what its refusals mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.powers import Finds, Subscribes
from chalicelib.channels.zalo.bot import HEADER, ZaloBot
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    File,
    Kind,
    Message,
    Note,
    NoteKind,
    Reply,
    Unreadable,
)
from tests import aws, signing
from tests.channels.at_hand import SHARED
from tests.mailroom.shop import opened as opened_shop

PAYLOADS = Path(__file__).parents[1] / "payloads" / "zalo_bot"
FOLDER = SHARED / "zalo_bot"
BOT, LINH, GROUP = "bot-cua-hang", "6ede9afa66b88fe6d6a9", "group:a17c0b44e9d2f8370001"
SECRET, OLD_SECRET, TOKEN = "a-secret-token-of-ours", "the-secret-token-before", "1234567890:a-bot-token"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
CALLBACK = "https://api.example/webhooks/zalo_bot/bot"
TEXT = Message(
    *("zalo_bot", BOT, "2d758cb5e222177a4e35", LINH, Author(LINH, "Nguyễn Thị Linh")),
    "Chủ nhật có mở cửa không ạ? ☕ 日曜日は？",
    SENT_AT,
)
EXPECTED: dict[str, list[Any]] = {
    "text": [TEXT],
    "text_wrapped": [replace(TEXT, text="هل أنتم مفتوحون؟")],
    "text_in_a_group": [replace(TEXT, text="Mấy giờ mở cửa? 在吗？", thread=GROUP, kind=Kind.GROUP, public=True)],
    "text_of_a_bot": [],
    "image": [
        replace(
            TEXT,
            text="Bánh bị vỡ 😢",
            attachments=(Attachment(AttachmentKind.IMAGE, "https://f21.photo.zdn.vn/banh.jpg"),),
        )
    ],
    "sticker": [
        replace(
            TEXT,
            text="",
            attachments=(Attachment(AttachmentKind.STICKER, "https://zalo-api.zadn.vn/sticker/9.png"),),
        )
    ],
    "unsupported": [
        Note("zalo_bot", BOT, TEXT.id, LINH, TEXT.author, NoteKind.UNSUPPORTED, SENT_AT),
    ],
    "link": [replace(TEXT, text="", attachments=(Attachment(AttachmentKind.LINK, "https://shop.example/banh"),))],
    "link_in_its_text": [replace(TEXT, text="Còn không ạ? https://shop.example/banh")],
    "reaction": [],
    "kind_unknown": [Unreadable("unknown-kind")],
}


def opened(*answers: Any, asked: list[Any] | None = None) -> ZaloBot:
    left = list(answers)

    def http(method: str, url: str, **more: Any) -> Response:
        if asked is not None:
            asked.append((method, url, more))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            answer = {"ok": False, "error_code": answer, "description": "Sai rồi"}
        return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())

    secrets = {"secret_token": [SECRET, OLD_SECRET], "bot_token": TOKEN}
    return ZaloBot(Connection("bot", "zalo_bot", (BOT,), {}, secrets), http)


def delivered(body: bytes, secret: str = SECRET) -> WebhookRequest:
    return WebhookRequest("POST", signing.zalo_bot(body, secret), {}, body, 1_791_021_700)


def reply(**more: Any) -> Reply:
    fields: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": "zalo_bot", "account": BOT}
    fields |= {"thread": LINH, "author_id": LINH, "parent": TEXT.id, "kind": Kind.DIRECT, "public": False}
    return Reply(**{**fields, "text": "Dạ có ạ 🙂", "window_from": SENT_AT, **more})


def failing(answer: Any, what: Reply) -> tuple[Outcome, str]:
    with pytest.raises(PostFailed) as failed:
        opened(answer).send(what)
    assert TOKEN not in repr(failed.value.__dict__)
    return failed.value.outcome, failed.value.code


def test_every_delivery_is_read_as_what_it_is() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in PAYLOADS.glob("*.json"))
    found = {name: opened().parse(delivered((PAYLOADS / f"{name}.json").read_bytes())) for name in EXPECTED}
    assert found == EXPECTED
    with pytest.raises(Malformed):
        opened().parse(delivered(b"[]"))


def test_a_delivery_is_proven_by_the_token_that_comes_back() -> None:
    for secret in (SECRET, OLD_SECRET):
        opened().verify(delivered(b"{}", secret))
    for headers in ({}, {HEADER: "another-secret-token"}, {HEADER: "é"}, {HEADER: ""}):
        with pytest.raises(Forged):
            opened().verify(replace(delivered(b"{}"), headers=headers))
    with pytest.raises(SecretMissing):
        ZaloBot(Connection("bot", "zalo_bot", (BOT,))).verify(delivered(b"{}"))
    with pytest.raises(Forged):
        opened().handshake(delivered(b""))


def test_people_and_groups_are_answered_where_they_are() -> None:
    asked: list[Any] = []
    channel = opened(*[{"ok": True, "result": {"message_id": "m9", "date": 1}}] * 2, asked=asked)
    assert channel.send(reply()) == "m9"
    channel.send(reply(thread=GROUP, kind=Kind.GROUP, public=True))
    url = f"https://bot-api.zaloplatforms.com/bot{TOKEN}/sendMessage"
    assert asked == [
        ("POST", url, {"json": {"chat_id": LINH, "text": "Dạ có ạ 🙂"}}),
        ("POST", url, {"json": {"chat_id": GROUP.removeprefix("group:"), "text": "Dạ có ạ 🙂"}}),
    ]
    assert {kind for kind in Kind if channel.limits(kind).answers} == {Kind.DIRECT, Kind.GROUP}
    assert failing({}, reply(public=True)) == (Outcome.REFUSED, "no-public")
    assert failing({}, reply(thread=GROUP)) == (Outcome.REFUSED, "private-only")
    assert failing({}, reply(text="ế" * 2001)) == (Outcome.REFUSED, "too-long")


def test_a_picture_goes_as_one_where_zalo_takes_it_and_other_files_as_a_link() -> None:
    asked: list[Any] = []
    picture = File("bánh.jpg", "image/jpeg", b"jpeg", "https://api.example/files/jpg")
    bill = File("hóa đơn.pdf", "application/pdf", b"pdf", "https://api.example/files/pdf")
    taken = {"ok": True, "result": {"message_id": "m9", "date": 1}}
    channel = opened(taken, 400, taken, taken, asked=asked)
    for file in (picture, picture, bill):
        assert channel.send(reply(text="", files=(file,))) == "m9"
    assert [(url.rpartition("/")[2], more["json"]) for _, url, more in asked] == [
        ("sendPhoto", {"chat_id": LINH, "photo": picture.link}),
        ("sendPhoto", {"chat_id": LINH, "photo": picture.link}),
        ("sendMessage", {"chat_id": LINH, "text": f"📎 bánh.jpg\n{picture.link}"}),
        ("sendMessage", {"chat_id": LINH, "text": f"📎 hóa đơn.pdf\n{bill.link}"}),
    ]
    # what may have arrived is not sent as a link besides
    assert failing(Lost("Timeout"), reply(text="", files=(picture,))) == (Outcome.UNKNOWN, "lost")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (400, (Outcome.REFUSED, "rejected")),
        (401, (Outcome.REFUSED, "token")),
        (403, (Outcome.REFUSED, "rejected")),
        (429, (Outcome.PASSING, "throttled")),
        (500, (Outcome.UNKNOWN, "unclear")),
        (Response(404, b"<html>"), (Outcome.REFUSED, "token")),
        (Response(502, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        ({"ok": True}, (Outcome.UNKNOWN, "unclear")),
        (Lost("Timeout"), (Outcome.UNKNOWN, "lost")),
        (NotSent("no"), (Outcome.PASSING, "unreachable")),
    ],
)
def test_errors_say_what_to_do_about_them(answer: Any, expected: tuple[Outcome, str]) -> None:
    assert failing(answer, reply()) == expected
    assert not isinstance(opened(), Finds)


def test_the_webhook_is_set_when_it_is_another_one() -> None:
    asked: list[Any] = []
    fine = {"ok": True, "result": {"url": CALLBACK}}
    channel = opened(fine, {"ok": True, "result": {"url": ""}}, {"ok": True, "result": True}, asked=asked)
    assert isinstance(channel, Subscribes)
    assert [channel.resubscribe(BOT, CALLBACK) for _ in range(2)] == [(), ("webhook",)]
    assert asked[-1][2] == {"json": {"url": CALLBACK, "secret_token": SECRET}}


def test_without_a_bot_token_nothing_is_asked() -> None:
    with pytest.raises(PostFailed) as failed:
        ZaloBot(Connection("bot", "zalo_bot", (BOT,))).send(reply())
    assert failed.value.code == "token"


def test_a_question_becomes_a_ticket_and_the_answer_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened_shop(monkeypatch) as shop:
        served = {"channel": "zalo_bot", "accounts": [BOT], "options": {}}
        send = {"send/bot": {"bot_token": TOKEN, "secret_token": SECRET}, "receive/bot": {"secret_token": SECRET}}
        shop.configure(settings={**aws.SETTINGS, "connections": {"bot": served}}, **send)
        raw = (PAYLOADS / "text.json").read_bytes()
        headers = {"content-type": "application/json", **signing.zalo_bot(raw, SECRET)}
        for _ in range(2):
            assert shop.client.http.post("/webhooks/zalo_bot/bot", headers=headers, body=raw).status_code == 200
            shop.settle()
        (ticket,) = [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]
        assert str(ticket["Subject"]).startswith("[Zalo Bot] Nguyễn Thị Linh: Chủ nhật có mở cửa không ạ? ☕")
        shop.platform.answers = [Response(200, b'{"ok": true, "result": {"message_id": "m9"}}')]
        assert shop.answer(ticket, "Dạ có ạ 🙂") == "reply"
        assert shop.platform.posts == [{"chat_id": LINH, "text": "Dạ có ạ 🙂"}]
        assert (shop.entries("reply")[-1]["state"], shop.notices) == ("done", [])


@pytest.mark.skipif(not FOLDER.exists(), reason="samples are not at hand")
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    found = {path.stem: opened().parse(delivered(path.read_bytes())) for path in FOLDER.glob("*.json")}
    told = {
        name: [(event.text, len(event.attachments)) for event in events if isinstance(event, Message)]
        for name, events in found.items()
    }
    assert told == {
        "message_image_received__1": [("", 1)],
        "message_text_received__1": [("hello", 0)],
        "message_text_received_wrapped__1": [("hello", 0)],
    }
