"""LINE: what it sends is proven and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.line import Line
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Edit,
    Kind,
    Message,
    Note,
    NoteKind,
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
)
from tests import signing
from tests.channels.line_at_hand import (
    BOT,
    GROUP,
    LAYLA,
    MIA,
    OLD_SECRET,
    PAYLOADS,
    ROOM,
    SENT_AT,
    YUI,
    connection,
    delivered,
    payload,
    read,
)

ID = "571000000000000001"
STICKERS = "https://stickershop.line-scdn.net/stickershop/v1/sticker"


def message(text: str = "", **more: Any) -> Message:
    return replace(Message("line", BOT, ID, MIA, Author(MIA), text, SENT_AT), **more)


def in_group(text: str) -> Message:
    return message(text, thread=GROUP, author=Author(YUI), kind=Kind.GROUP, public=True)


def attached(kind: AttachmentKind, name: str = "", text: str = "", **more: Any) -> Message:
    return message(text, attachments=(Attachment(kind, name=name, **(more or {"ref": ID})),))


def note(id: str, kind: NoteKind) -> Note:
    return Note("line", BOT, id, MIA, Author(MIA), kind, SENT_AT)


QUESTION = message("Habt ihr am Sonntag offen? ☕ 日曜日は営業していますか")
PLACE = AttachmentKind.LOCATION
EXPECTED: dict[str, list[Any]] = {
    "verify_button": [],
    "silent": [],
    "text_standby": [],
    "text": [QUESTION],
    "text_again": [QUESTION],
    "text_of_old": [message("Xin chào, còn bàn không?", id="100001")],
    "text_answering": [message("هل يمكنني استبداله؟", thread=LAYLA, author=Author(LAYLA), parent="570999999999999999")],
    "text_in_a_group": [in_group("@Café Sonnenschein 予約できますか？")],
    "text_in_a_group_to_others": [in_group("@All 明日は何時？")],
    "text_in_a_room_by_nobody": [
        message("我的订单还没到。", thread=ROOM, author=Author(""), kind=Kind.GROUP, public=True)
    ],
    "image": [attached(AttachmentKind.IMAGE)],
    "image_of_a_mini_app": [attached(AttachmentKind.LINK, url="https://shop.example/kuchen.jpg")],
    "video": [attached(AttachmentKind.VIDEO)],
    "audio": [attached(AttachmentKind.AUDIO)],
    "file": [attached(AttachmentKind.FILE, "Rechnung März.pdf")],
    "location": [attached(PLACE, "Stephansplatz, 1010 Wien (48.2082, 16.3738)", ref="")],
    "location_unnamed": [attached(PLACE, "48.2082, 16.3738", ref="")],
    "sticker": [attached(AttachmentKind.STICKER, "ありがとう, Thanks", url=f"{STICKERS}/52002734/android/sticker.png")],
    "sticker_with_words": [
        attached(AttachmentKind.STICKER, "", "Bis bald! 👋", url=f"{STICKERS}/7/android/sticker.png")
    ],
    "kind_unknown_message": [note(ID, NoteKind.UNSUPPORTED)],
    "postback": [message("Tisch reservieren 2026-10-04T19:00", id="01M5EVENT00000000000000018")],
    "postback_to_another_menu": [],
    "edited": [Edit("line", BOT, ID, "@Café Sonnenschein 予約は4名です", SENT_AT + timedelta(seconds=60))],
    "unsend": [Unsend("line", BOT, ID, SENT_AT + timedelta(seconds=90))],
    "unfollow": [note("01M5EVENT00000000000000021", NoteKind.LEFT)],
    "bot_suspended": [Trouble("line", BOT, "01M5EVENT00000000000000022", TroubleKind.POLICY, SENT_AT, "botSuspended")],
    "event_unknown": [Unreadable("unknown-kind")],
    "two_people_and_one_broken": [
        message("Đơn hàng của tôi đâu? 📦", id="571000000000000011"),
        Unreadable("KeyError: 'text'"),
        message("営業していますか", id="571000000000000013", thread=YUI, author=Author(YUI)),
    ],
    "another_account": [Unreadable("unknown-account")],
}


def test_every_delivery_is_read_as_what_it_is() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in PAYLOADS.glob("*.json"))
    assert {name: read(name) for name in EXPECTED} == EXPECTED


def test_of_a_group_only_what_is_wanted_becomes_a_ticket() -> None:
    groups = ("text_in_a_group", "text_in_a_group_to_others", "text_in_a_room_by_nobody")
    heard = {wanted: [len(read(name, groups=wanted)) for name in groups] for wanted in ("all", "mentions", "none")}
    assert heard == {"all": [1, 1, 1], "mentions": [1, 0, 0], "none": [0, 0, 0]}
    assert read("text", groups="none") == [QUESTION]
    assert len(read("edited", groups="none")) == 1  # of a message we do not know: it waits, and is forgotten


def test_a_delivery_is_proven_by_the_raw_body_under_either_secret() -> None:
    body = payload("text")
    channel = Line(connection())
    channel.verify(delivered(body))
    channel.verify(delivered(body, signing.line(body, OLD_SECRET)))
    wrong = [signing.line(body, "a-secret-of-a-stranger"), {}, {"x-line-signature": "é"}]
    for headers in (*wrong, {"x-line-signature": signing.line(body, OLD_SECRET)["x-line-signature"].rstrip("=")}):
        with pytest.raises(Forged):
            channel.verify(delivered(body, headers))
    with pytest.raises(Forged):
        channel.verify(delivered(body.replace(b"Sonntag", b"Montag!"), signing.line(body, OLD_SECRET)))
    with pytest.raises(SecretMissing):
        Line(Connection("cafe", "line", (BOT,))).verify(delivered(body))


def test_there_is_no_handshake() -> None:
    with pytest.raises(Forged):
        Line(connection()).handshake(WebhookRequest("GET", {}, {"hub.challenge": "1"}, b"", 0))


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"events":{}}', b"nothing", b"\xff"])
def test_what_cannot_be_read_at_all_is_told_apart(body: bytes) -> None:
    with pytest.raises(Malformed):
        Line(connection()).parse(delivered(body))
