"""Viber: what it posts is proven and read, and what goes out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.viber import Viber
from chalicelib.channels.viber.calls import WANTED
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
    Undelivered,
    Unreadable,
)
from tests import signing
from tests.channels.at_hand import refusal
from tests.channels.telegram_at_hand import Api
from tests.channels.viber_at_hand import (
    ANSWER,
    BOT,
    MIA,
    OLD_TOKEN,
    PAYLOADS,
    SENT_AT,
    TOKEN,
    connection,
    delivered,
    payload,
    read,
    reply,
)

MIAS = Author(MIA, "Mia Müßig")
HANAKO = Author("Hanako5501773300A==", "田中 花子")
LINH = Author("Linh/88099123456A==", "Nguyễn Thị Linh")
CALLBACK = "https://api.example/webhooks/viber/cafe"


def said(number: int, author: Author = MIAS, text: str = "", *attachments: Attachment) -> Message:
    plain = Message("viber", BOT, f"5741311803571721{number:03}", author.id, author, text, SENT_AT)
    return replace(plain, attachments=attachments)


def file(kind: AttachmentKind, path: str, name: str = "") -> Attachment:
    return Attachment(kind, f"https://{path}", name)


EXPECTED: dict[str, Any] = {
    "text": said(88, text="Habt ihr am Sonntag offen? ☕"),
    "text_japanese": said(89, HANAKO, "日曜日は営業していますか？"),
    "text_vietnamese": said(90, LINH, "Đơn hàng của tôi đâu rồi? 📦"),
    "text_chinese": said(91, Author("Ming8613800138000==", "王小明"), "我的订单还没到。"),
    "text_arabic": said(92, Author("Layla+44009988110==", "ليلى حسن"), "مرحبا، أين طلبي؟"),
    "text_token_in_quotes": said(93, text="Und am Montag?"),
    "picture": said(
        *(94, MIAS, "So kam der Kuchen an 😢"),
        file(AttachmentKind.IMAGE, "dl-media.viber.com/1/share/kuchen.jpg", "kuchen.jpg"),
    ),
    "video": said(95, MIAS, "", file(AttachmentKind.VIDEO, "dl-media.viber.com/1/share/v.mp4")),
    "file": said(96, HANAKO, "", file(AttachmentKind.FILE, "dl-media.viber.com/5/media/2/r.pdf", "領収書 3月.pdf")),
    "sticker": said(97, LINH, "", file(AttachmentKind.STICKER, "s3.viber.com/stickers/40133.png")),
    "sticker_without_an_address": said(98, LINH, "", Attachment(AttachmentKind.STICKER)),
    "location": said(99, MIAS, "", Attachment(AttachmentKind.LOCATION, name="48.208174, 16.373819")),
    "location_with_an_address": said(
        100, MIAS, "", Attachment(AttachmentKind.LOCATION, name="Stephansplatz, Wien (48.2082, 16.3738)")
    ),
    "contact": said(101, text="👤 Jürgen Weiß, +436607654321"),
    "link": said(102, text="https://lindner.example/torte"),
    "link_in_words": said(103, text="Diese: https://lindner.example/torte"),
    "kind_unknown_with_words": said(104, text="Siehst du das?"),
    "kind_unknown": Note("viber", BOT, "5741311803571721105", MIA, MIAS, NoteKind.UNSUPPORTED, SENT_AT),
    "unsubscribed": Note("viber", BOT, "5741311803571721109", MIA, Author(MIA), NoteKind.LEFT, SENT_AT),
    "failed": Undelivered("viber", BOT, "5741311803571721106", "rejected", SENT_AT),
}
UNREADABLE = {"event_unknown": "unknown-kind", "nobody": "KeyError: 'sender'"}
SILENT = ("conversation_started", "subscribed", "delivered", "seen", "webhook")


def test_what_comes_is_read_as_what_it_is() -> None:
    assert {name: read(name) for name in EXPECTED} == {name: [event] for name, event in EXPECTED.items()}
    reasons = {name: [each.reason for each in read(name) if isinstance(each, Unreadable)] for name in UNREADABLE}
    assert reasons == {name: [reason] for name, reason in UNREADABLE.items()}
    assert {name: read(name) for name in SILENT} == {name: [] for name in SILENT}


def test_every_payload_has_its_expectation() -> None:
    assert {each.stem for each in PAYLOADS.glob("*.json")} == {*EXPECTED, *UNREADABLE, *SILENT}


def test_each_event_can_be_read_again_from_what_is_kept_of_it() -> None:
    for name in EXPECTED:
        (event,) = read(name)
        assert Viber(connection()).parse(delivered(json.dumps(event.raw).encode())) == [event]


def test_what_is_no_event_is_malformed() -> None:
    for body in (b"", b"null", b"[]", b'{"status": 0}', b'{"event": "message", "event": "seen"}'):
        with pytest.raises(Malformed):
            Viber(connection()).parse(delivered(body))


def test_a_delivery_is_proven_by_either_token_over_its_bytes() -> None:
    body = payload("text")
    for token in (TOKEN, OLD_TOKEN):
        Viber(connection()).verify(delivered(body, token))
    signed = signing.viber(body, TOKEN)
    rounded = body.replace(b"5741311803571721088", b"5741311803571721000")
    for forged, headers in (
        (rounded, signed),
        (body, {}),
        (body, {name: value[:-1] for name, value in signed.items()}),
    ):
        with pytest.raises(Forged):
            Viber(connection()).verify(WebhookRequest("POST", headers, {}, forged, 0))
    with pytest.raises(SecretMissing):
        Viber(Connection("cafe", "viber", (BOT,))).verify(delivered(body))
    with pytest.raises(Forged):
        Viber(connection()).handshake(WebhookRequest("GET", {}, {}, b"", 0))


# --- answers ---------------------------------------------------------------------------------------------------------

TAKEN = {"status": 0, "status_message": "ok", "message_token": 5741311803571721999}
AROUND = {"receiver": MIA, "min_api_version": 1, "sender": {"name": "Café Lindner"}}


def to(api: Api, **options: Any) -> Viber:
    return Viber(connection(sender_name="Café Lindner", **options), api)


def meant(answer: Any, **more: Any) -> tuple[Outcome, str]:
    return refusal(to(Api(answer)), reply(**more))


def test_an_answer_is_posted_however_long_ago_the_customer_wrote() -> None:
    api = Api(TAKEN)
    assert to(api).send(reply()) == "5741311803571721999"
    ((url, asked),) = api.asked
    assert url == "https://chatapi.viber.com/pa/send_message"
    assert asked["headers"] == {"x-viber-auth-token": TOKEN}
    assert asked["json"] == {**AROUND, "type": "text", "text": ANSWER}


def test_without_a_name_of_its_own_the_bot_signs_with_its_account() -> None:
    api = Api(TAKEN)
    Viber(connection(), api).send(reply())
    assert api.bodies[0]["sender"] == {"name": BOT}


BILL = File("Rechnung März.pdf", "application/pdf", b"pdf", "https://api.example/files/f00")


def test_a_file_goes_by_its_link_and_where_viber_does_not_take_it_as_a_link() -> None:
    api = Api(TAKEN)
    to(api).send(reply(text="", files=(BILL,)))
    known = {"media": "https://api.example/files/f00", "file_name": "Rechnung März.pdf", "size": 3}
    assert api.bodies == [{**AROUND, "type": "file", **known}]
    api = Api({"status": 3, "status_message": "badData"}, TAKEN)
    assert to(api).send(reply(text="", files=(BILL,))) == "5741311803571721999"
    assert api.bodies[1] == {**AROUND, "type": "url", "media": "https://api.example/files/f00"}
    twice = Api(*[{"status": 3, "status_message": "badData"}] * 2)
    with pytest.raises(PostFailed, match="attachment"):
        to(twice).send(reply(text="", files=(BILL,)))
    assert meant({"status": 6}, text="", files=(BILL,)) == (Outcome.REFUSED, "blocked")


def test_a_picture_goes_as_one_if_it_is_not_too_large_for_a_telephone() -> None:
    link = "https://api.example/files/f00.jpg"
    picture = File("Torte 🎂.jpg", "image/jpeg", b"jpeg", link)
    api = Api({"status": 3, "status_message": "badData"}, TAKEN)
    to(api).send(reply(text="", files=(picture,)))
    assert api.bodies[0] == {**AROUND, "type": "picture", "text": "", "media": link}
    assert api.bodies[1] == {**AROUND, "type": "file", "media": link, "file_name": "Torte 🎂.jpg", "size": 4}
    api = Api(TAKEN)
    to(api).send(reply(text="", files=(replace(picture, content=bytes(1_000_001)),)))
    assert [each["type"] for each in api.bodies] == ["file"]


STATUSES = {
    **{2: "token", 3: "rejected", 4: "rejected", 5: "blocked", 6: "blocked", 7: "restricted", 8: "token"},
    **{9: "restricted", 10: "permission", 11: "blocked", 15: "permission", 21: "blocked", 23: "usage-capped"},
    **{24: "usage-capped", 99: "rejected"},
}


def test_every_refusal_is_told_as_what_it_is() -> None:
    found = {status: meant({"status": status, "status_message": "Ja"}) for status in STATUSES}
    assert found == {status: (Outcome.REFUSED, code) for status, code in STATUSES.items()}
    assert meant({}, text="🙂" * 3501) == (Outcome.REFUSED, "too-long")
    assert meant({}, public=True) == (Outcome.REFUSED, "no-public")


def test_what_passes_is_tried_again_and_what_nobody_knows_is_not() -> None:
    outcomes: list[tuple[Any, Outcome, str]] = [
        ({"status": 12}, Outcome.PASSING, "throttled"),
        (Response(429, b""), Outcome.PASSING, "throttled"),
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        (Response(500, b""), Outcome.UNKNOWN, "unclear"),
        (Response(200, b"<html>"), Outcome.UNKNOWN, "unclear"),
        ({"status": 0}, Outcome.UNKNOWN, "unclear"),
        (Response(404, b""), Outcome.REFUSED, "rejected"),
    ]
    for answer, *outcome in outcomes:
        assert list(meant(answer)) == outcome
    nameless = Viber(Connection("cafe", "viber", (BOT,)), Api())
    with pytest.raises(PostFailed, match="token"):
        nameless.send(reply())


def test_what_an_answer_may_be() -> None:
    limits = {kind: Viber(connection()).limits(kind) for kind in Kind}
    assert [kind for kind in Kind if limits[kind].answers] == [Kind.DIRECT]
    direct = limits[Kind.DIRECT]
    assert (direct.public, direct.text, direct.parts, direct.window) == (False, 7000, 2, None)


def test_a_webhook_that_stands_is_left_alone_and_another_is_set_right() -> None:
    well = {"status": 0, "webhook": CALLBACK, "event_types": ["delivered", *WANTED]}
    assert to(Api(well)).resubscribe(BOT, CALLBACK) == []
    wrong: dict[str, dict[str, Any]] = {"webhook": {"webhook": ""}, "event_types": {"event_types": ["seen"]}}
    for name, more in wrong.items():
        api = Api({**well, **more}, {"status": 0})
        assert to(api).resubscribe(BOT, CALLBACK) == [name]
        assert api.methods == ["get_account_info", "set_webhook"]
        assert api.bodies[1]["url"] == CALLBACK
    with pytest.raises(PostFailed, match="token"):
        to(Api({"status": 2})).resubscribe(BOT, CALLBACK)
