"""Telegram: what is in a message, whatever its kind: words, and what came with them.

https://core.telegram.org/bots/api#message
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import words
from chalicelib.model import Attachment, AttachmentKind

Content = tuple[str, tuple[Attachment, ...]]
MOST_LINKS = 10
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
    return text or words(message.get("caption")), (*attachments, *_links(message))


def origin(message: Mapping[str, Any]) -> Content:
    """Who said it first, of what was forwarded; the post itself where everybody may read it."""
    found = message.get("forward_origin") or {}
    side = found.get("sender_user") or found.get("sender_chat") or found.get("chat") or {}
    name = words(found.get("sender_user_name")) or full_name(side)
    channel, number = words(side.get("username")), found.get("message_id")
    post = f"https://t.me/{channel}/{number}" if channel and number else ""
    return f"↪ {name}" if name else "", (Attachment(AttachmentKind.LINK, post),) if post else ()


def full_name(side: Mapping[str, Any]) -> str:
    """Of a person, or of a group or channel."""
    named = " ".join(filter(None, (words(side.get("first_name")), words(side.get("last_name")))))
    return named or words(side.get("title"))


def _links(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Addresses that stand behind words; a place in them is told in UTF-16 units."""
    text = (words(message.get("text")) or words(message.get("caption"))).encode("utf-16-le", "surrogatepass")
    marked = message.get("entities") or message.get("caption_entities") or ()
    hidden = [each for each in marked if each.get("type") == "text_link" and words(each.get("url")).startswith("http")]
    return tuple(_link(text, each) for each in hidden[:MOST_LINKS])


def _link(text: bytes, marked: Mapping[str, Any]) -> Attachment:
    first, last = marked["offset"], marked["offset"] + marked["length"]
    return Attachment(AttachmentKind.LINK, marked["url"], text[2 * first : 2 * last].decode("utf-16-le", "ignore"))


def _text(kind: str, text: Any) -> Content:
    return words(text), ()


def _photo(kind: str, sizes: Any) -> Content:
    largest = max(sizes, key=lambda size: int(size.get("width", 0)) * int(size.get("height", 0)))
    return "", (Attachment(AttachmentKind.IMAGE, ref=text_id(largest["file_id"])),)


def _live_photo(kind: str, photo: Mapping[str, Any]) -> Content:
    return _photo(kind, photo["photo"]) if photo.get("photo") else _file("video", photo)


def _rich(kind: str, message: Mapping[str, Any]) -> Content:
    return _spoken(message).strip(), ()


def _spoken(piece: Any) -> str:
    """All words of a page: those in a line behind each other, blocks below each other."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, list):
        return "".join(map(_spoken, piece))
    found = piece if isinstance(piece, dict) else {}
    blocks = [f"\n{_spoken(each)}" for name in BLOCKS for each in found.get(name) or ()]
    return "".join([*(_spoken(found[name]) for name in INLINE if name in found), *blocks])


def _poll(kind: str, poll: Mapping[str, Any]) -> Content:
    """A question with its choices, or a list with its tasks."""
    asked = words(poll.get("question")) or words(poll.get("title"))
    choices = [f"– {words(each.get('text'))}" for each in poll.get("options") or poll.get("tasks") or ()]
    return "\n".join([f"📊 {asked}" if kind == "poll" else f"☑️ {asked}", *choices]), ()


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
    return "👤 " + ", ".join(filter(None, (full_name(card), words(card.get("phone_number"))))), ()


def _dice(kind: str, dice: Mapping[str, Any]) -> Content:
    return words(dice.get("emoji")), ()


def _web_app(kind: str, found: Mapping[str, Any]) -> Content:
    return "\n".join(filter(None, (words(found.get("button_text")), words(found.get("data"))))), ()


INLINE, BLOCKS = ("label", "text", "expression", "caption"), ("blocks", "items", "cells", "rows")
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
    "live_photo": _live_photo,
    "rich_message": _rich,
    "poll": _poll,
    "checklist": _poll,
}
AMONG_MEMBERS = frozenset(("poll", "checklist"))  # in a group these are for its members, and change with each vote
HIDDEN = frozenset(
    ("game", "gift", "giveaway", "invoice", "paid_media", "story", "unique_gift")
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
        *("video_chat_participants_invited", "gift_upgrade_sent", "chat_owner_left", "chat_owner_changed"),
        *("managed_bot_created", "poll_option_added", "poll_option_deleted"),
        *("community_chat_added", "community_chat_joined", "community_chat_removed"),
    )
)  # what happened in a chat, said by nobody
