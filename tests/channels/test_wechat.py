"""WeChat: what is believed, what a delivery says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.wechat import WeChat
from chalicelib.channels.wechat.elements import read_fields
from chalicelib.channels.wechat.proof import signature
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Kind,
    Message,
    Note,
    NoteKind,
    Trouble,
    TroubleKind,
    Unreadable,
)
from tests import signing
from tests.channels.at_hand import kinds
from tests.channels.wechat_at_hand import (
    ACCOUNT,
    AES,
    APP,
    AT,
    LI_WEI,
    MAI,
    OLD_AES,
    OLD_TOKEN,
    RECEIVE,
    TOKEN,
    connection,
    only,
    payload,
    plain,
    read,
    sealed,
)

TEXT = payload("text")
SAFE, PLAIN = WeChat(connection()), WeChat(connection(mode="plain"))


def asked(query: dict[str, str], at: int = AT) -> WebhookRequest:
    return WebhookRequest("GET", {}, query, b"", at)


# --- what is believed ------------------------------------------------------------------------------------------------


def test_wechat_is_told_that_the_address_is_ours() -> None:
    for token in (TOKEN, OLD_TOKEN):
        answer = SAFE.handshake(asked({**signing.wechat(token, AT), "echostr": "4375120948345356249"}))
        assert (answer.body, answer.content_type) == ("4375120948345356249", "text/plain")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {**signing.wechat(TOKEN, AT)},
        {**signing.wechat("somebody-elses-token-1", AT), "echostr": "1"},
        {**signing.wechat(TOKEN, AT), "nonce": "1", "echostr": "1"},
        {**signing.wechat(TOKEN, AT), "echostr": "<script>alert(1)</script>"},
        {**signing.wechat(TOKEN, AT), "echostr": "1" * 257},
        {**signing.wechat(TOKEN, AT - 301), "echostr": "1"},
        {**signing.wechat(TOKEN, AT), "signature": "é", "echostr": "1"},
    ],
)
def test_nobody_else_is_told_anything(query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        SAFE.handshake(asked(query))


def test_what_was_signed_and_encrypted_is_believed_also_while_secrets_change() -> None:
    for token, aes in ((TOKEN, AES), (TOKEN, OLD_AES), (OLD_TOKEN, AES)):
        request = sealed(TEXT, token, aes)
        SAFE.verify(request)
        assert kinds(SAFE.parse(request)) == "message"
    PLAIN.verify(plain(TEXT, OLD_TOKEN))
    assert kinds(PLAIN.parse(plain(TEXT))) == "message"


def _query(**changed: str) -> WebhookRequest:
    request = sealed(TEXT)
    return replace(request, query={**request.query, **changed})


def _resealed(inner: str) -> WebhookRequest:
    """Signed rightly around something that was not."""
    outer = f"<xml><Encrypt><![CDATA[{inner}]]></Encrypt></xml>".encode()
    return WebhookRequest("POST", {}, signing.wechat(TOKEN, AT, inner, name="msg_signature"), outer, AT)


GOOD = signing.encrypted(TEXT, AES, APP)
FORGERIES = {
    "nothing": WebhookRequest("POST", {}, {}, TEXT, AT),
    "signed, not encrypted": plain(TEXT),
    "another token": sealed(TEXT, "somebody-elses-token-1"),
    "another key": sealed(TEXT, aes=AES[::-1]),
    "for another account": sealed(TEXT, to="wx0000000000000000"),
    "for a longer account": sealed(TEXT, to=f"{APP}0"),
    "a part of the signature": _query(msg_signature=sealed(TEXT).query["msg_signature"][:39]),
    "a signature that is no ASCII": _query(msg_signature="签名"),
    "the signature without the body": _query(msg_signature=signing.wechat(TOKEN, AT)["signature"]),
    "another nonce": _query(nonce="1"),
    "too old": sealed(TEXT, at=AT - 301),
    "from the future": sealed(TEXT, at=AT + 301),
    "another body": replace(sealed(TEXT), body=sealed(payload("image")).body),
    "no XML": replace(sealed(TEXT), body=b"<xml><Encrypt>"),
    "a document type": replace(sealed(TEXT), body=b'<!DOCTYPE xml [<!ENTITY e "x">]><xml><Encrypt>&e;</Encrypt></xml>'),
    "empty inside": _resealed(""),
    "no base64 inside": _resealed("*" * 64),
    "half a block inside": _resealed(GOOD[:20]),
    "a block cut off": _resealed(GOOD[:-44] + "="),
    "blocks in another order": _resealed(GOOD[64:] + GOOD[:64]),
}


@pytest.mark.parametrize("request_", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_not_believed(request_: WebhookRequest) -> None:
    with pytest.raises(Forged):
        SAFE.verify(request_)


def test_all_that_cannot_be_decrypted_is_answered_alike() -> None:
    said = set()
    for name in FORGERIES:
        if name.endswith(("inside", "off", "order")) or name.startswith(("for a", "another key")):
            with pytest.raises(Forged) as forged:
                SAFE.verify(FORGERIES[name])
            said.add(str(forged.value))
    assert said <= {"decryption", "not encrypted"}


def test_in_plain_mode_a_signature_has_its_time() -> None:
    for at in (AT - 301, AT + 301):
        with pytest.raises(Forged):
            PLAIN.verify(plain(TEXT, at=at))
    for timestamp in ("nan", "1e10", "-1", "１７９１０２１６６０", "", "17910216600000"):
        query = signing.wechat(TOKEN, AT)
        query = {**query, "timestamp": timestamp, "signature": signature(TOKEN, timestamp, query["nonce"])}
        with pytest.raises(Forged):
            PLAIN.verify(WebhookRequest("POST", {}, query, TEXT, AT))


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({"app_id": APP}, {**RECEIVE, "token": "short"}),
        ({"app_id": APP}, {"token": TOKEN}),
        ({"app_id": APP}, {**RECEIVE, "aes_key": AES[:-1]}),
        ({"app_id": APP}, {**RECEIVE, "aes_key": "*" * 43}),
        ({}, RECEIVE),
    ],
)
def test_without_its_secrets_nothing_is_served(options: Any, secrets: Any) -> None:
    with pytest.raises(SecretMissing):
        WeChat(Connection("wechat", "wechat", (ACCOUNT,), options, secrets)).verify(sealed(TEXT))


# --- what XML may not do ---------------------------------------------------------------------------------------------

LAUGHS = "".join("<!ENTITY e{} '{}'>".format(n, f"&e{n - 1};" * 10) for n in range(1, 9))
MANY = " ".join(f"a{n}='1'" for n in range(5_000))
HOSTILE = {
    "entities in entities": f'<!DOCTYPE x [<!ENTITY e0 "ha">{LAUGHS}]><xml><Content>&e8;</Content></xml>',
    "one long entity": f'<!DOCTYPE x [<!ENTITY e "{"a" * 50_000}">]><xml><Content>{"&e;" * 5_000}</Content></xml>',
    "a file of ours": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xml><Content>&e;</Content></xml>',
    "an address": '<!DOCTYPE x SYSTEM "http://169.254.169.254/x.dtd"><xml><MsgType>text</MsgType></xml>',
    "an entity that nobody defined": "<xml><Content>&nbsp;</Content></xml>",
    "huge attributes": f'<xml a="{"x" * 500_000}"><MsgType>text</MsgType></xml>',
    "many attributes": f"<xml {MANY}><b>1</b></xml>",
    "deep": "<a>" * 50_000 + "</a>" * 50_000,
    "wide": f"<xml>{'<a>1</a>' * 50_000}</xml>",
    "two authors": "<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>",
    "an inclusion": '<xml xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="file:///etc/hostname"/></xml>',
    "another encoding": '<?xml version="1.0" encoding="utf-7"?><xml>+ADw-b+AD4-</xml>',
    "nothing": "",
    "no fields": "<xml>words</xml>",
    "JSON without fields": "[]",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_dangerous_xml_is_not_read(body: str) -> None:
    with pytest.raises(Malformed):
        read_fields(body.encode())


def test_what_looks_dangerous_in_a_customers_words_is_words() -> None:
    words = '<!DOCTYPE html> <!ENTITY x "y"> &amp; <script>'
    body = TEXT.replace("请问周日营业吗？想订两个人的位子 ☕ & <靠窗>".encode(), words.encode())
    (message,) = PLAIN.parse(plain(body))
    assert isinstance(message, Message)
    assert message.text == words


@pytest.mark.parametrize("body", [b"\xff\xfe<\x00x\x00", "<xml><a>ü</a></xml>".encode("latin-1")])
def test_only_utf_8_is_read(body: bytes) -> None:
    with pytest.raises(Malformed):
        PLAIN.parse(plain(body))


# --- what a delivery says --------------------------------------------------------------------------------------------


def message(id: str, seconds: int, text: str = "", *attachments: Attachment, author: str = LI_WEI) -> Message:
    return Message(
        channel="wechat",
        account=ACCOUNT,
        id=id,
        thread=author,
        author=Author(author),
        text=text,
        sent_at=datetime.fromtimestamp(seconds, UTC),
        kind=Kind.DIRECT,
        attachments=attachments,
    )


def test_every_message_is_read_as_it_was_written() -> None:
    scripts = "Còn chỗ không ạ? Grüße, 日曜日は営業していますか。 هل أنتم مفتوحون؟ 👩🏽‍🍳"
    review = Attachment(AttachmentKind.LINK, "https://mp.weixin.qq.com/s/torte", "咖啡店评测")
    place = Attachment(AttachmentKind.LOCATION, name="Stephansplatz 1, Wien (48.208176, 16.373819)")
    voice = Attachment(AttachmentKind.AUDIO, name="voice.amr", ref="kX9_voice-0001")
    names = ("text", "text_many_scripts", "image", "voice", "video", "shortvideo", "location", "link")
    assert [only(name) for name in names] == [
        message("25100000000000001", 1791021601, "请问周日营业吗？想订两个人的位子 ☕ & <靠窗>"),
        message("25100000000000002", 1791021602, scripts, author=MAI),
        message("25100000000000003", 1791021603, "", Attachment(AttachmentKind.IMAGE, ref="kX9_image-0001")),
        message("25100000000000004", 1791021604, "你们几点关门", voice),
        message("25100000000000005", 1791021605, "", Attachment(AttachmentKind.VIDEO, ref="kX9_video-0001")),
        message("25100000000000006", 1791021606, "", Attachment(AttachmentKind.VIDEO, ref="kX9_video-0002")),
        message("25100000000000007", 1791021607, "", place),
        message("25100000000000008", 1791021608, "咖啡店评测\n城里最好的蛋糕", review, author=MAI),
    ]


def test_what_wechat_does_not_hand_out_is_a_note() -> None:
    at = datetime.fromtimestamp(1791021609, UTC)
    found = only("sticker_that_is_not_handed_out")
    note = Note("wechat", ACCOUNT, "25100000000000009", LI_WEI, Author(LI_WEI), NoteKind.UNSUPPORTED, at)
    assert found == note
    assert only("sticker_in_wechats_words") == note


def test_who_stops_following_is_a_note() -> None:
    at, id = datetime.fromtimestamp(1791029999, UTC), f"{LI_WEI}:1791029999:unsubscribe"
    assert only("unsubscribe") == Note("wechat", ACCOUNT, id, LI_WEI, Author(LI_WEI), NoteKind.LEFT, at)


def test_what_people_do_without_words_is_passed_over() -> None:
    assert [read(name) for name in ("subscribe", "pictures_by_menu")] == [[], []]


def test_the_owner_hears_when_the_accounts_verification_runs_out() -> None:
    at = datetime.fromtimestamp(1791021611, UTC)
    id = f"{LI_WEI}:1791021611:annual_renew"
    assert only("verification_runs_out") == Trouble("wechat", ACCOUNT, id, TroubleKind.POLICY, at, "annual_renew")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (ACCOUNT, "gh_000000000000", "unknown-account"),
        ("25100000000000001", "", "ValueError: id"),
        (LI_WEI, "", "ValueError: id"),
        ("<MsgType><![CDATA[text]]></MsgType>", "", "KeyError: 'MsgType'"),
    ],
)
def test_what_cannot_be_used_is_put_aside(old: str, new: str, reason: str) -> None:
    (found,) = PLAIN.parse(plain(TEXT.replace(old.encode(), new.encode())))
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_an_event_of_a_new_kind_is_put_aside() -> None:
    assert only("event_of_a_new_kind") == Unreadable("unknown-kind")


@pytest.mark.parametrize(
    ("told", "seconds"), [("1791021601", 1791021601), ("1791021601438", 1791021601), ("7", AT), ("soon", AT)]
)
def test_a_time_is_a_time(told: str, seconds: int) -> None:
    (found,) = PLAIN.parse(plain(TEXT.replace(b"1791021601", told.encode())))
    assert isinstance(found, Message)
    assert found.sent_at == datetime.fromtimestamp(seconds, UTC)


def test_in_safe_mode_only_what_was_encrypted_is_read() -> None:
    request = sealed(TEXT)
    beside = b"<Content><![CDATA[a lie]]></Content><MsgType><![CDATA[text]]></MsgType></xml>"
    (found,) = SAFE.parse(replace(request, body=request.body.replace(b"</xml>", beside)))
    assert found == only("text")


def test_a_delivery_in_json_is_the_same() -> None:
    told = {"ToUserName": ACCOUNT, "FromUserName": LI_WEI, "CreateTime": 1791021601, "MsgType": "text"}
    body = f'{{"Content":"Grüß Gott 您好","MsgId":25100000000000001,{str(told)[1:]}'.replace("'", '"').encode()
    (found,) = SAFE.parse(sealed(body))
    assert found == message("25100000000000001", 1791021601, "Grüß Gott 您好")
