"""Zalo: what it sends is proven and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.zalo import Zalo
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Unreadable,
)
from tests import signing
from tests.channels.zalo_at_hand import (
    GROUP,
    ID,
    LINH,
    OA,
    OLD_SECRET,
    PAYLOADS,
    SECRET,
    SENT_AT,
    VISITOR,
    connection,
    delivered,
    payload,
    read,
)

LATER = SENT_AT + timedelta(seconds=30)


def message(text: str = "", *attachments: Attachment, **more: Any) -> Message:
    return replace(Message("zalo", OA, ID, LINH, Author(LINH), text, SENT_AT, attachments=attachments), **more)


def file(kind: AttachmentKind, url: str, name: str = "") -> Attachment:
    return Attachment(kind, f"https://{url}", name)


def ours(id: str, text: str, thread: str = LINH, **more: Any) -> Echo:
    return Echo("zalo", OA, f"0ff1ce0000000000000{id}", text, LATER, thread=thread, author_id=thread, **more)


EXPECTED: dict[str, list[Any]] = {
    **{name: [] for name in ("follow", "received", "seen", "clicked", "shared_their_number")},
    # in a group nobody is told of reactions; machines' words answer nobody; the rest is the manager's own business
    **{name: [] for name in ("reaction_in_a_group", "ours_by_template", "group_gone", "kind_without_message")},
    "text": [message("Cửa hàng mở cửa Chủ nhật không ạ? ☕ 日曜日は？")],
    "text_answering": [message("Đúng cái này!", parent="0ff1ce00000000000001")],
    "text_rtl": [message("هل أنتم مفتوحون؟ 在吗？")],
    "image": [message("Bánh bị vỡ 😢", file(AttachmentKind.IMAGE, "f20.photo.zdn.vn/banh.jpg"))],
    "gif": [message("", file(AttachmentKind.IMAGE, "f20.photo.zdn.vn/vui.gif"))],
    "audio": [message("", file(AttachmentKind.AUDIO, "voice.zdn.vn/loi-nhan.m4a"))],
    "video": [message("", file(AttachmentKind.VIDEO, "video.zdn.vn/banh.mp4"))],
    "file": [message("", file(AttachmentKind.FILE, "file.zdn.vn/hoa-don.pdf", "Hóa đơn tháng 3.pdf"))],
    "sticker": [message("", file(AttachmentKind.STICKER, "zalo-api.zadn.vn/sticker/33e4.png"))],
    "link": [message("", file(AttachmentKind.LINK, "shop.example/banh", "Bánh mùa thu 🍰"))],
    "location": [message("", Attachment(AttachmentKind.LOCATION, name="10.7769, 106.7009"))],
    "business_card": [message("👤 Nguyễn Thị Linh, 84901234567")],
    "business_card_as_link": [message("👤 Linh bán bánh, 84901234567")],
    "link_in_braces": [message("", file(AttachmentKind.LINK, "shop.example/banh", "{Bánh} mùa thu"))],
    "reaction": [Reaction("zalo", OA, "0ff1ce00000000000002", "❤️", SENT_AT)],
    "reaction_taken_back": [Reaction("zalo", OA, "0ff1ce00000000000002", "", SENT_AT)],
    "reaction_of_a_new_sign": [Reaction("zalo", OA, "0ff1ce00000000000002", "/-beer", SENT_AT)],
    "nothing_inside": [Note("zalo", OA, ID, LINH, Author(LINH), NoteKind.UNSUPPORTED, SENT_AT)],
    "text_in_a_group": [message("Mấy giờ mở cửa?", thread=f"group:{GROUP}", kind=Kind.GROUP, public=True)],
    "text_of_a_visitor": [message("Xin chào", thread=f"visitor:{VISITOR}:anon-42", author=Author(VISITOR))],
    "ours": [ours("2", "Dạ mở đến 18 giờ ạ 🙂")],
    "ours_with_a_picture": [ours("3", "")],
    "ours_in_a_group": [ours("4", "18 giờ ạ", "", parent=ID)],
    "ours_to_a_visitor": [replace(ours("5", "Xin chào ạ", f"visitor:{VISITOR}:anon-42"), author_id=VISITOR)],
    "unfollow": [Note("zalo", OA, f"unfollow:{LINH}:1791021600000", LINH, Author(LINH), NoteKind.LEFT, SENT_AT)],
    "kind_unknown": [Unreadable("unknown-kind")],
    "another_account": [Unreadable("unknown-account")],
    "without_id": [Unreadable("ValueError: id")],
}


def test_every_delivery_is_read_as_what_it_is() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in PAYLOADS.glob("*.json"))
    assert {name: read(name) for name in EXPECTED} == EXPECTED


def test_a_delivery_is_proven_by_app_body_time_and_secret() -> None:
    channel, body = Zalo(connection()), payload("text")
    channel.verify(delivered(body))
    bare = {name: value.removeprefix("mac=") for name, value in signing.zalo(body, OLD_SECRET).items()}
    channel.verify(delivered(body, bare))
    wrong = [signing.zalo(body, "a-secret-of-a-stranger"), signing.zalo(body, SECRET, "99"), {}]
    for headers in (*wrong, signing.facebook(body, SECRET), {"x-zevent-signature": "mac=é"}):
        with pytest.raises(Forged):
            channel.verify(delivered(body, headers))
    with pytest.raises(Forged):
        channel.verify(delivered(body.replace(b"600000", b"600001"), signing.zalo(body, SECRET)))
    with pytest.raises(SecretMissing):
        Zalo(Connection("oa", "zalo", (OA,))).verify(delivered(body))


def test_the_consoles_probe_is_answered_and_nothing_else_that_nobody_signed() -> None:
    channel = Zalo(connection())
    channel.verify(delivered(b"{}", {}))
    assert channel.parse(delivered(b" {}\n", {})) == []
    for body in (b"", b"[]", b"{", b'{"a":1}', b'{"timestamp":null}', b'{"timestamp":{}}', b"\xff"):
        with pytest.raises(Forged):
            channel.verify(delivered(body, {"x-zevent-signature": "mac=00"}))
        with pytest.raises(Forged):
            channel.verify(delivered(body, {}))
    with pytest.raises(Forged):
        channel.verify(delivered(b"{}", {"x-zevent-signature": "mac=00"}))


def test_there_is_no_handshake() -> None:
    with pytest.raises(Forged):
        Zalo(connection()).handshake(WebhookRequest("GET", {}, {"challenge": "1"}, b"", 0))


@pytest.mark.parametrize("body", [b"[]", b"nothing", b'"a"'])
def test_what_cannot_be_read_at_all_is_told_apart(body: bytes) -> None:
    with pytest.raises(Malformed):
        Zalo(connection()).parse(delivered(body, {}))
