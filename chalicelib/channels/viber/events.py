"""Viber: what an event means. There is one in a delivery.

https://developers.viber.com/docs/api/rest-bot-api/#callbacks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import Malformed, each, text_id
from chalicelib.channels.told import address, words
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Event,
    Message,
    Note,
    NoteKind,
    Undelivered,
    Unreadable,
)

EARLIEST = 1_000_000_000_000  # epoch milliseconds; a time before 2001 is no time
Content = tuple[str, tuple[Attachment, ...]]
FILES = {
    "picture": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "file": AttachmentKind.FILE,
}
SILENT = ("webhook", "conversation_started", "subscribed", "delivered", "seen", "client_status")


def events(event: Any, account: str) -> list[Event]:
    """Raises Malformed."""
    if not isinstance(event, dict) or "event" not in event:
        raise Malformed("no event")
    return list(each([event], partial(_event, account)))


def _event(account: str, event: Mapping[str, Any]) -> Event | None:
    kind = event["event"]
    if kind == "message":
        return _message(account, event)
    if kind == "failed":
        id, at = text_id(event["message_token"]), _at(event["timestamp"])
        return Undelivered("viber", account, id, "rejected", at, raw=event)
    if kind == "unsubscribed":
        return _left(account, event)
    return None if kind in SILENT else Unreadable("unknown-kind", event)


def _left(account: str, event: Mapping[str, Any]) -> Note:
    id, person = text_id(event["message_token"]), text_id(event["user_id"])
    return Note("viber", account, id, person, Author(person), NoteKind.LEFT, _at(event["timestamp"]), event)


def _message(account: str, event: Mapping[str, Any]) -> Message | Note:
    id, sender, at = text_id(event["message_token"]), event["sender"], _at(event["timestamp"])
    author = Author(text_id(sender["id"]), words(sender.get("name")))
    text, attachments = _content(event["message"])
    if not (text or attachments):
        return Note("viber", account, id, author.id, author, NoteKind.UNSUPPORTED, at, event)
    return Message(
        channel="viber",
        account=account,
        id=id,
        thread=author.id,
        author=author,
        text=text,
        sent_at=at,
        attachments=attachments,
        raw=event,
    )


def _content(message: Mapping[str, Any]) -> Content:
    """The words, and what came with them; both empty when Viber does not hand out what it is."""
    text, found = CONTENTS.get(message["type"], _nothing)(message)
    return "\n".join(filter(None, (words(message.get("text")), text))), found


def _file(message: Mapping[str, Any]) -> Content:
    kind = FILES[message["type"]]
    return "", (Attachment(kind, address(message["media"]), words(message.get("file_name"))),)


def _link(message: Mapping[str, Any]) -> Content:
    url = address(message["media"])
    return ("", ()) if url in words(message.get("text")) else (url, ())


def _sticker(message: Mapping[str, Any]) -> Content:
    return "", (Attachment(AttachmentKind.STICKER, address(message.get("media"))),)


def _location(message: Mapping[str, Any]) -> Content:
    place = message["location"]
    found = f"{place['lat']}, {place['lon']}"
    street = words(place.get("address"))
    return "", (Attachment(AttachmentKind.LOCATION, name=f"{street} ({found})" if street else found),)


def _contact(message: Mapping[str, Any]) -> Content:
    card = message["contact"]
    return "👤 " + ", ".join(filter(None, (words(card.get("name")), words(card.get("phone_number"))))), ()


def _nothing(message: Mapping[str, Any]) -> Content:
    return "", ()


CONTENTS: Mapping[Any, Callable[[Mapping[str, Any]], Content]] = {
    **dict.fromkeys(FILES, _file),
    "url": _link,
    "sticker": _sticker,
    "location": _location,
    "contact": _contact,
}


def _at(milliseconds: Any) -> datetime:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int) or milliseconds < EARLIEST:
        raise ValueError("timestamp")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
