"""WeCom customer service: what is believed, what a look brings, what becomes of answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import public_web
from chalicelib.channels.base import Connection, Forged, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.wecom import WeCom
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    File,
    Kind,
    Message,
    Note,
    NoteKind,
    Ring,
    Undelivered,
    Unreadable,
    Unsend,
)
from tests import signing
from tests.channels.wechat_at_hand import (
    AES,
    ANSWER,
    AT,
    CORP,
    DESK,
    FRESH,
    HELD,
    MINTED,
    NOW,
    OLD_AES,
    OLD_TOKEN,
    RECEIVE,
    SECRET,
    TOKEN,
    connection,
    fetching,
    payload,
    picture,
    reply,
    sealed,
    wecom,
)

CALLBACK = payload("wecom/callback.xml")
CHANNEL = WeCom(connection("wecom"))
LI, MAI = Author("wmLiWei01"), Author("wmMai002")
BEGAN = f"{AT - 600} 4gw7-lindner-1"


# --- callbacks -------------------------------------------------------------------------------------------------------


def asked(text: str, token: str = TOKEN, aes: str = AES, to: str = CORP, at: int = AT) -> WebhookRequest:
    inner = signing.encrypted(text.encode(), aes, to)
    query = signing.wechat(token, at, inner, name="msg_signature")
    return WebhookRequest("GET", {}, {**query, "echostr": inner}, b"", AT)


def test_wecom_is_told_that_the_address_is_ours() -> None:
    for request in (asked("5927782489442352469"), asked("5927782489442352469", OLD_TOKEN, OLD_AES)):
        answer = CHANNEL.handshake(request)
        assert (answer.body, answer.content_type) == ("5927782489442352469", "text/plain")


@pytest.mark.parametrize(
    "request_",
    [
        asked("1", "somebody-elses-token-1"),
        asked("1", to="ww0000000000000000"),
        asked("1", at=AT - 301),
        asked("<script>"),
        WebhookRequest("GET", {}, {**signing.wechat(TOKEN, AT), "echostr": "1"}, b"", AT),
        WebhookRequest("GET", {}, {}, b"", AT),
    ],
)
def test_nobody_else_is_told_anything(request_: WebhookRequest) -> None:
    with pytest.raises(Forged):
        CHANNEL.handshake(request_)


def test_a_callback_says_where_there_is_something_and_what_to_ask_with() -> None:
    for request in (sealed(CALLBACK, to=CORP), sealed(CALLBACK, OLD_TOKEN, OLD_AES, CORP)):
        CHANNEL.verify(request)
        (ring,) = CHANNEL.parse(request)
        assert ring == Ring("wecom", DESK, "1791021601 486452656", at(1), "ENC9kaffeehaus0TokenOfTenMinutes")
        assert "ENC9" not in repr(ring)
    second = sealed(CALLBACK, to=CORP)
    (other,) = CHANNEL.parse(replace(second, query={**second.query, "nonce": "486452657"}))
    assert other != ring
    members = CALLBACK.replace(b"kf_msg_or_event", b"change_contact")
    assert CHANNEL.parse(sealed(members, to=CORP)) == []
    elsewhere = CALLBACK.replace(DESK.encode(), b"wkSomebodyElse")
    assert CHANNEL.parse(sealed(elsewhere, to=CORP)) == [Unreadable("unknown-account")]


@pytest.mark.parametrize(
    "request_",
    [
        sealed(CALLBACK, "somebody-elses-token-1", to=CORP),
        sealed(CALLBACK, to="ww0000000000000000"),
        sealed(CALLBACK, aes=AES[::-1], to=CORP),
        sealed(CALLBACK, to=CORP, at=AT - 301),
        replace(sealed(CALLBACK, to=CORP), body=CALLBACK),
        replace(sealed(CALLBACK, to=CORP), body=b"<xml>"),
    ],
)
def test_a_forged_callback_is_not_believed(request_: WebhookRequest) -> None:
    with pytest.raises(Forged):
        CHANNEL.verify(request_)


def test_without_its_secrets_nothing_is_served() -> None:
    for options, secrets in (
        ({}, RECEIVE),
        ({"corp_id": CORP}, {"token": TOKEN}),
        ({"corp_id": CORP}, {"aes_key": AES}),
    ):
        with pytest.raises(SecretMissing):
            WeCom(Connection("wecom", "wecom", (DESK,), options, secrets)).verify(sealed(CALLBACK, to=CORP))


# --- what a look brings ----------------------------------------------------------------------------------------------


def message(id: str, author: Author, seconds: int, text: str = "", *attachments: Attachment) -> Message:
    return Message("wecom", DESK, id, author.id, author, text, at(seconds), attachments=attachments)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1791021600 + seconds, UTC)


def test_everything_in_the_list_is_read_as_what_it_is() -> None:
    polled = wecom(Response(200, payload("wecom/messages.json"))).poll(DESK, BEGAN)
    assert (polled.cursor, polled.more) == (f"{AT - 600} 4gw7-lindner-2", False)
    place = Attachment(AttachmentKind.LOCATION, name="Café Lindner, Wien (48.2, 16.37)")
    link = Attachment(AttachmentKind.LINK, "https://example.com/dat-ban", "Đặt bàn")
    assert polled.events == [
        message("kf-0001", LI, 1, "蛋糕可以外带吗？🎂"),
        message("kf-0002", LI, 2, "", Attachment(AttachmentKind.IMAGE, ref="kf-media-1")),
        message("kf-0013", LI, 2, "", Attachment(AttachmentKind.AUDIO, "", "voice.amr", "kf-media-2")),
        message("kf-0014", LI, 2, "Café Lindner · Sachertorte 🎂"),
        message("kf-0003", MAI, 3, "", place),
        message("kf-0004", MAI, 4, "Đặt bàn\ncuối tuần", link),
        message("kf-0005", MAI, 5, "聊天记录\nMai: hallo"),
        Note("wecom", DESK, "kf-0006", MAI.id, MAI, NoteKind.UNSUPPORTED, at(6)),
        Echo("wecom", DESK, "kf-0007", "可以的，到下午六点。", at(7), LI.id, LI.id),
        Unsend("wecom", DESK, "kf-0001", at(9)),
        Undelivered("wecom", DESK, "ours-1", "used-up", at(10), "6"),
        Unreadable("unknown-kind"),
        Unreadable("KeyError: 'external_userid'"),
    ]


def test_the_first_look_brings_nothing_old_and_loses_nothing_new() -> None:
    log: list[Any] = []
    old = {"msgid": "kf-1", "external_userid": "wm1", "send_time": AT - 301, "origin": 3, "msgtype": "text"}
    new = {**old, "msgid": "kf-2", "send_time": AT - 299, "text": {"content": "Còn chỗ không ạ?"}}
    pages = [
        {"errcode": 0, "next_cursor": "c1", "has_more": 1, "msg_list": [old]},
        {"errcode": 0, "next_cursor": "c2", "has_more": 0, "msg_list": [old, new]},
        {"errcode": 0, "next_cursor": "", "has_more": 0, "msg_list": []},
    ]
    channel = wecom(*pages, log=log)
    first = channel.poll(DESK, "")
    second = channel.poll(DESK, first.cursor)
    third = channel.poll(DESK, second.cursor)
    assert [(each.cursor, each.more, len(each.events)) for each in (first, second, third)] == [
        (f"{AT - 300} c1", True, 0),
        (f"{AT - 300} c2", False, 1),
        (f"{AT - 300} c2", False, 0),
    ]
    assert [sent for _, _, sent in log] == [
        {"open_kfid": DESK, "limit": 1000, "cursor": cursor} for cursor in ("", "c1", "c2")
    ]


def test_a_callbacks_own_token_is_asked_with_and_one_that_is_worn_out_is_left_out() -> None:
    log: list[Any] = []
    page = {"errcode": 0, "next_cursor": "c1", "msg_list": []}
    assert wecom(page, log=log).rung(DESK, BEGAN, "ENC9").cursor == f"{AT - 600} c1"
    assert wecom(95007, page, log=log).rung(DESK, BEGAN, "ENC1").cursor == f"{AT - 600} c1"
    assert [sent.get("token") for _, _, sent in log] == ["ENC9", "ENC1", None]
    for answer in (45009, NotSent("x")):
        with pytest.raises(PostFailed) as failed:
            wecom(answer).rung(DESK, BEGAN, "ENC9")
        assert failed.value.outcome is Outcome.PASSING


def test_a_list_that_cannot_be_had_comes_later() -> None:
    for answer, code in ((45033, "throttled"), (Lost("x"), "lost"), (Response(502), "unclear"), (-1, "temporary")):
        with pytest.raises(PostFailed) as failed:
            wecom(answer).poll(DESK, BEGAN)
        assert (failed.value.outcome, failed.value.code) == (Outcome.PASSING, code)


def test_what_is_no_item_costs_only_itself() -> None:
    items = [7, None, {"origin": 3, "msgtype": "text"}, {"origin": 9, "msgtype": "text"}, {"open_kfid": "wkElse"}]
    events = wecom({"errcode": 0, "next_cursor": "c", "msg_list": items}).poll(DESK, BEGAN).events
    assert [type(each) for each in events] == [Unreadable] * 5


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_has_a_name_of_ours_that_a_repeat_would_have_too() -> None:
    log: list[Any] = []
    ids = [wecom({"errcode": 0, "errmsg": "ok"}, log=log).send(reply("wecom")) for _ in range(2)]
    assert len({*ids}) == 1
    assert len(ids[0]) == 32
    sent = {"touser": "wmLiWei01", "open_kfid": DESK, "msgid": ids[0], "msgtype": "text", "text": {"content": ANSWER}}
    assert log[0] == ("POST", f"kf/send_msg?access_token={HELD}", sent)
    assert wecom({"errcode": 0, "msgid": "theirs"}).send(reply("wecom")) == "theirs"


def test_files_of_any_kind_are_sent() -> None:
    log: list[Any] = []
    for file in (picture(), File("karte.pdf", "application/pdf", b"%PDF-")):
        wecom({"errcode": 0, "media_id": "up"}, {"errcode": 0}, log=log).send(reply("wecom", files=(file,)))
    assert [sent.get("msgtype") for _, _, sent in log[1::2]] == ["image", "file"]
    limits = wecom().limits(Kind.DIRECT)
    assert limits.media
    assert limits.media.takes("application/pdf")


def test_every_refusal_says_what_it_means() -> None:
    table: list[tuple[Any, tuple[Outcome, str]]] = [
        (95001, (Outcome.REFUSED, "used-up")),
        (95018, (Outcome.REFUSED, "permission")),
        (95017, (Outcome.REFUSED, "permission")),
        (95016, (Outcome.REFUSED, "rejected")),
        (40201, (Outcome.REFUSED, "restricted")),
        (60020, (Outcome.REFUSED, "permission")),
        (40096, (Outcome.REFUSED, "blocked")),
        (45009, (Outcome.PASSING, "usage-capped")),
        (12345, (Outcome.REFUSED, "rejected")),
        (NotSent("x"), (Outcome.PASSING, "unreachable")),
        (Lost("x"), (Outcome.UNKNOWN, "lost")),
    ]
    found = []
    for answer, _ in table:
        with pytest.raises(PostFailed) as failed:
            wecom(answer).send(reply("wecom"))
        found.append((failed.value.outcome, failed.value.code))
    assert found == [meaning for _, meaning in table]


def test_the_window_and_the_length_are_looked_at_before() -> None:
    for more, code in (
        ({"window_from": NOW - timedelta(hours=49)}, "window"),
        ({"text": "请" * 683}, "too-long"),
        ({"public": True}, "no-public"),
    ):
        with pytest.raises(PostFailed) as failed:
            wecom().send(reply("wecom", **more))
        assert failed.value.code == code


def test_the_token_is_had_with_the_corporations_secret() -> None:
    log: list[Any] = []
    wecom(42001, {**MINTED, "errcode": 0}, {"errcode": 0}, log=log).send(reply("wecom"))
    assert log[1] == ("GET", f"gettoken?corpid={CORP}&corpsecret={SECRET}", None)
    renewed = wecom({**MINTED, "errcode": 0}).refresh(DESK)
    assert renewed
    assert (renewed.values, renewed.expires_at) == ({"access_token": FRESH}, NOW + timedelta(hours=2))
    with pytest.raises(PostFailed) as failed:
        wecom(40001).refresh(DESK)
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


def test_nicknames_are_looked_up() -> None:
    told = {"errcode": 0, "customer_list": [{"external_userid": "wmMai002", "nickname": "Mai 🌸"}]}
    assert wecom(told).profile(DESK, "wmMai002") == {"name": "Mai 🌸"}
    for answer in ({"errcode": 0, "customer_list": []}, 40096, Lost("x")):
        assert wecom(answer).profile(DESK, "wmMai002") == {}


def test_a_customers_file_is_fetched_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_web, "check", lambda url, *, loopback: "203.0.113.7")
    log: list[str] = []
    file = Response(200, b"\x89PNG", {"content-disposition": "attachment"})
    channel = replace(wecom(), get=fetching(file, log=log))
    found = channel.download(DESK, Attachment(AttachmentKind.IMAGE, ref="kf-media-1"), 1000, 5.0)
    assert found.body == b"\x89PNG"
    assert log == [f"https://qyapi.weixin.qq.com/cgi-bin/media/get?media_id=kf-media-1&access_token={HELD}"]
