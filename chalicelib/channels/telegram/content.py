"""Telegram: what is in a message, whatever its kind: words, and what came with them.

https://core.telegram.org/bots/api#message
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.model import Attachment, AttachmentKind

Content = tuple[str, tuple[Attachment, ...]]
FILES = {
    "animation": AttachmentKind.VIDEO,  # comes with a `document` that is the same
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO,
    "voice": AttachmentKind.AUDIO,
    "audio": AttachmentKind.AUDIO,
    "document": AttachmentKind.FILE,
}


def content(message: Mapping[str, Any]) -> Content:
    """The words and the attachments; there is one kind of thing in a message."""
    kind = next(name for name in CONTENTS if name in message)
    text, attachments = CONTENTS[kind](kind, message[kind])
    return text or words(message.get("caption")), attachments


def words(value: Any) -> str:
    """A text that may be absent."""
    return value if isinstance(value, str) else ""


def _text(kind: str, text: Any) -> Content:
    return words(text), ()


def _photo(kind: str, sizes: Any) -> Content:
    largest = max(sizes, key=lambda size: int(size.get("width", 0)) * int(size.get("height", 0)))
    return "", (Attachment(AttachmentKind.IMAGE, ref=text_id(largest["file_id"])),)


def _file(kind: str, file: Mapping[str, Any]) -> Content:
    name = words(file.get("file_name")) or words(file.get("title"))
    return "", (Attachment(FILES[kind], name=name, ref=text_id(file["file_id"])),)


def _sticker(kind: str, sticker: Mapping[str, Any]) -> Content:
    # what moves no mail program can show: its still picture instead
    moves = sticker.get("is_animated") is True or sticker.get("is_video") is True
    still = sticker.get("thumbnail") if moves else None
    ref = text_id((still or sticker)["file_id"])
    return "", (Attachment(AttachmentKind.STICKER, name=words(sticker.get("emoji")), ref=ref),)


def _venue(kind: str, venue: Mapping[str, Any]) -> Content:
    named = ", ".join(filter(None, (words(venue.get("title")), words(venue.get("address")))))
    return _place(venue["location"], named)


def _location(kind: str, location: Mapping[str, Any]) -> Content:
    return _place(location, "")


def _place(location: Mapping[str, Any], named: str) -> Content:
    found = f"{location['latitude']}, {location['longitude']}"
    return "", (Attachment(AttachmentKind.LOCATION, name=f"{named} ({found})" if named else found),)


def _contact(kind: str, card: Mapping[str, Any]) -> Content:
    named = " ".join(filter(None, (words(card.get("first_name")), words(card.get("last_name")))))
    return "👤 " + ", ".join(filter(None, (named, words(card.get("phone_number"))))), ()


def _dice(kind: str, dice: Mapping[str, Any]) -> Content:
    return words(dice.get("emoji")), ()


def _web_app(kind: str, found: Mapping[str, Any]) -> Content:
    return "\n".join(filter(None, (words(found.get("button_text")), words(found.get("data"))))), ()


CONTENTS: Mapping[str, Callable[[str, Any], Content]] = {
    "text": _text,
    "photo": _photo,
    **dict.fromkeys(FILES, _file),
    "sticker": _sticker,
    "venue": _venue,  # comes with a `location`
    "location": _location,
    "contact": _contact,
    "dice": _dice,
    "web_app_data": _web_app,
}
HIDDEN = frozenset(
    ("checklist", "game", "gift", "giveaway", "invoice", "paid_media", "poll", "story", "unique_gift")
)  # somebody sent it, and it can be looked at in Telegram only
SERVICE = frozenset(
    (
        *("new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo"),
        *("group_chat_created", "supergroup_chat_created", "channel_chat_created", "pinned_message"),
        *("migrate_to_chat_id", "migrate_from_chat_id", "message_auto_delete_timer_changed", "boost_added"),
        *("successful_payment", "refunded_payment", "users_shared", "chat_shared", "connected_website"),
        *("write_access_allowed", "passport_data", "proximity_alert_triggered", "chat_background_set"),
        *("checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed"),
        *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
        *("general_forum_topic_hidden", "general_forum_topic_unhidden", "paid_message_price_changed"),
        *("giveaway_created", "giveaway_winners", "giveaway_completed", "suggested_post_approved"),
        *("suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid"),
        *("suggested_post_refunded", "video_chat_scheduled", "video_chat_started", "video_chat_ended"),
        "video_chat_participants_invited",
    )
)  # what happened in a chat, said by nobody
