"""TikTok: what it sends is proven and read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.tiktok import TikTok
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
)
from tests import signing
from tests.channels.at_hand import Samples
from tests.channels.tiktok_at_hand import (
    AT,
    CHAT,
    COMMENT,
    MIKA,
    OLD_SECRET,
    PAYLOADS,
    SECRET,
    SHOP,
    VIDEO,
    connection,
    delivered,
    payload,
    read,
)

TOLD_AT = AT.replace(microsecond=0)
WHO = Author(MIKA, handle="mika_yokohama", url="https://www.tiktok.com/@mika_yokohama")


def message(text: str = "", *attachments: Attachment, **more: Any) -> Message:
    return replace(Message("tiktok", SHOP, "msg-0001", CHAT, WHO, text, AT, attachments=attachments), **more)


def comment(**more: Any) -> Message:
    found = Message("tiktok", SHOP, COMMENT, f"{VIDEO}:{COMMENT}", Author("uid-mika-0001"), "", AT)
    link = f"https://www.tiktok.com/player/v1/{VIDEO}"
    return replace(found, **{"kind": Kind.COMMENT, "public": True, "partial": True, "permalink": link, **more})


CLIP = "7400000000000000777"
MENTION = Message(
    channel="tiktok",
    account=SHOP,
    id=CLIP,
    thread=f"{CLIP}:",
    author=Author("uid-huong-0001", handle="huong.an", url="https://www.tiktok.com/@huong.an"),
    text="Bánh ngon quá @cafe.lindner 🍰",
    sent_at=TOLD_AT,
    kind=Kind.MENTION,
    public=True,
    permalink=f"https://www.tiktok.com/@huong.an/video/{CLIP}",
)
UNSUPPORTED = Note("tiktok", SHOP, "msg-0001", CHAT, WHO, NoteKind.UNSUPPORTED, AT)
PICTURE = Attachment(AttachmentKind.IMAGE, ref=f"IMAGE {CHAT} msg-0001 media-9")
EXPECTED: dict[str, list[Any]] = {
    **{name: [] for name in ("echo_automatic", "echo_reaction", "read", "referral", "automatic_changed", "published")},
    **{name: [] for name in ("comment_hidden", "mention_private_now")},
    "text": [message("日曜日は営業していますか? ☕ Grüße")],
    "text_rtl": [message("هل أنتم مفتوحون يوم الأحد؟ 在吗")],
    "text_answering": [message("Ja, genau das!", parent="msg-0000")],
    "image": [message("", PICTURE)],
    "video": [message("", Attachment(AttachmentKind.VIDEO, ref=f"VIDEO {CHAT} msg-0001 media-10"))],
    "share_post": [message("", Attachment(AttachmentKind.LINK, f"https://www.tiktok.com/player/v1/{VIDEO}"))],
    "sticker": [
        message(
            "", Attachment(AttachmentKind.STICKER, "https://p16-sg.tiktokcdn.com/sticker/1.webp?x-expires=1794000000")
        )
    ],
    "emoji": [message("", Attachment(AttachmentKind.STICKER, "https://p16-sg.tiktokcdn.com/emoji/2.png"))],
    "sticker_without_an_address": [UNSUPPORTED],
    "kind_unknown_message": [UNSUPPORTED],
    "reaction": [Reaction("tiktok", SHOP, "msg-0002", "👍", AT)],
    "reaction_taken_back": [Reaction("tiktok", SHOP, "msg-0002", "", AT)],
    "echo": [Echo("tiktok", SHOP, "msg-0002", "Ja, bis 18 Uhr 🙂", AT, thread=CHAT, author_id=MIKA)],
    "from_europe": [
        Note("tiktok", SHOP, "europe:1791021600123", "europe", Author(""), NoteKind.WITHHELD, AT),
    ],
    "comment": [comment()],
    "comment_with_words": [comment(text="Wie lange habt ihr offen?")],
    "comment_under_a_comment": [comment(id="7400000000000000112", parent=COMMENT)],
    "comment_deleted": [Unsend("tiktok", SHOP, COMMENT, AT)],
    "comment_action_unknown": [Unreadable("unknown-kind")],
    "mention": [MENTION],
    "mention_edited": [Edit("tiktok", SHOP, CLIP, "Bánh rất ngon @cafe.lindner", TOLD_AT)],
    "mention_in_a_comment": [
        replace(
            MENTION,
            id="7400000000000000888",
            thread=f"{CLIP}:7400000000000000888",
            author=Author("uid-huong-0001"),
            text="",
            partial=True,
        )
    ],
    "authorization_removed": [Trouble("tiktok", SHOP, "removed:1791021600", TroubleKind.REVOKED, TOLD_AT, "1")],
    "kind_unknown": [Unreadable("unknown-kind")],
    "another_account": [Unreadable("unknown-account")],
    "content_unreadable": [Unreadable("ValueError: content")],
}


def test_every_delivery_is_read_as_what_it_is() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in PAYLOADS.glob("*.json"))
    assert {name: read(name) for name in EXPECTED} == EXPECTED


def test_a_delivery_is_proven_by_its_time_and_the_apps_secret() -> None:
    channel, body, at = TikTok(connection()), payload("text"), int(delivered(b"").received_at)
    channel.verify(delivered(body))
    channel.verify(delivered(body, signing.tiktok(body, OLD_SECRET, at - 299)))
    right = signing.tiktok(body, SECRET, at)["tiktok-signature"]
    wrong = [
        signing.tiktok(body, "a-secret-of-a-stranger", at),
        signing.tiktok(body, SECRET, at - 301),
        signing.tiktok(body, SECRET, at + 301),
        {"tiktok-signature": right.replace(f"t={at}", f"t={at + 1}")},
        *({"tiktok-signature": each} for each in ("", "t=,s=", "t=é,s=0", right.upper(), f"{right}, {right}")),
        {},
    ]
    for headers in wrong:
        with pytest.raises(Forged):
            channel.verify(delivered(body, headers))
    with pytest.raises(Forged):
        channel.verify(delivered(body + b" ", {"tiktok-signature": right}))
    with pytest.raises(SecretMissing):
        TikTok(Connection("tok", "tiktok", (SHOP,))).verify(delivered(body))
    with pytest.raises(Forged):
        channel.handshake(WebhookRequest("GET", {}, {"challenge": "1"}, b"", 0))
    with pytest.raises(Malformed):
        channel.parse(delivered(b"[]"))


# --- samples from elsewhere, where they are at hand ------------------------------------------------------------------

ELSEWHERE = Samples("tiktok")
SAMPLES = {
    "authorization_removed__1": "Trouble removed:1615338610",
    "brand_mention_video__1": "Message 7203946942097902850 tried @example_shop today",
    "comment_update_delete_reply__1": "Unsend 7247303576418566913",
    "comment_update_insert__1": "Message 7247303576418566914 ",
    "im_mark_read_msg__1": "nothing",
    "im_receive_msg_eu_stripped__1": "Note europe:1701090879815",
    "im_receive_msg_image__1": "Message tt-msg-2 [image IMAGE tt-conv-1 tt-msg-2 media-1]",
    "im_receive_msg_share_post__1": "Message tt-msg-3 [link https://www.tiktok.com/embed/123]",
    "im_receive_msg_sticker_unsupported__1": "Note tt-msg-4",
    "im_receive_msg_text__1": "Message tt-msg-1 Hello from TikTok",
    "im_receive_msg_text_with_roles__1": "Message 0123456789abcdef Is this in stock?",
    "im_send_msg_echo__1": "Echo tt-msg-5 We have replied",
}
ANSWERS = ("api_error_code_nonzero__1", "api_send_ok__1")  # see test_tiktok_answers


def told(name: str) -> str:
    body = ELSEWHERE.body(name)
    channel = TikTok(Connection("any", "tiktok", (json.loads(body)["user_openid"],)))
    events: list[Event] = channel.parse(WebhookRequest("POST", {}, {}, body, 0))
    if not events:
        return "nothing"
    (event,) = events
    assert not isinstance(event, Unreadable)
    moment = event.sent_at if isinstance(event, Message) else event.at
    assert datetime(2015, 1, 1, tzinfo=UTC) < moment < datetime(2026, 1, 1, tzinfo=UTC)
    files = "".join(f"[{each.kind} {each.ref or each.url}]" for each in getattr(event, "attachments", ()))
    words = f" {event.text}{files}" if isinstance(event, Message | Echo) else ""
    return f"{type(event).__name__} {event.id}{words}"


@ELSEWHERE.needed
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    assert sorted([*SAMPLES, *ANSWERS]) == ELSEWHERE.names
    assert {name: told(name) for name in SAMPLES} == SAMPLES
