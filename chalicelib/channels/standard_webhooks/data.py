"""Our JSON in a Standard Webhook, read and written. Pure. Developers read the reasons given here: they name the key.

Documented in docs/channels/standard_webhooks.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.channels.base import text_id
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Event,
    File,
    Kind,
    Message,
    Reply,
    Unreadable,
    Unsend,
)

CHANNEL = "standard_webhooks"
LINK = re.compile(r"https?://[!-~]{1,2000}")
MOST_ATTACHMENTS = 50


class Unusable(Exception):
    """What is missing or wrong, by key and never by value: "missing: data.author.id"."""


class Webhook(NamedTuple):
    """One delivery: its `data`, whose account it is for, and its headers for what `data` leaves out."""

    data: Mapping[str, Any]
    account: str
    id: str
    at: datetime
    raw: Mapping[str, Any]


def event(delivery: Mapping[str, Any], accounts: tuple[str, ...], id: str, sent_at: datetime) -> Event:
    """What a delivery means; `id` and `sent_at` are from its headers."""
    kind, data = delivery.get("type"), delivery.get("data")
    read = READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        return Unreadable("unknown-kind", delivery)
    try:
        if not isinstance(data, dict):
            raise Unusable("missing: data")
        account = _account(data, accounts)
        at = _time(delivery, "timestamp", sent_at)
        return read(Webhook(data, account, id, at, delivery))
    except Unusable as reason:
        return Unreadable(str(reason), delivery)


def answer(reply: Reply, at: datetime) -> dict[str, Any]:
    """What an agent's answer looks like to the other side."""
    data: dict[str, Any] = {
        "id": reply.id,
        "account": reply.account,
        "conversation": reply.thread,
        "to": {"id": reply.author_id},
        "in_reply_to": reply.parent,
        "kind": str(reply.kind),
        "public": reply.public,
        "text": reply.text,
    }
    if reply.files:
        data["attachments"] = [_file(file) for file in reply.files]
    return {"type": "reply.created", "timestamp": at.isoformat(timespec="milliseconds"), "data": data}


def _file(file: File) -> dict[str, str]:
    major = file.media_type.partition("/")[0]
    kind = major if major in ("image", "video", "audio") else "file"
    return {"url": file.link, "name": file.name, "media_type": file.media_type, "kind": kind}


def _message(webhook: Webhook) -> Message:
    data = webhook.data
    author, kind = _author(data), _kind(data)
    attachments = tuple(_attachments(data))
    return Message(
        channel=CHANNEL,
        account=webhook.account,
        id=_id(data, "id", webhook.id),
        thread=_id(data, "conversation", author.id),
        author=author,
        text=_text(data, required=not attachments),
        sent_at=_time(data, "sent_at", webhook.at, "data."),
        kind=kind,
        # what is no direct message is taken for public unless told: a warning too many harms nobody
        public=_flag(data, "public", kind is not Kind.DIRECT),
        attachments=attachments,
        permalink=_link(data.get("permalink")),
        parent=_id(data, "in_reply_to", ""),
        rating=_short(data.get("rating")),
        raw=webhook.raw,
    )


def _edit(webhook: Webhook) -> Edit:
    id, text = _id(webhook.data, "id"), _text(webhook.data, required=True)
    return Edit(CHANNEL, webhook.account, id, text, webhook.at, webhook.raw)


def _unsend(webhook: Webhook) -> Unsend:
    return Unsend(CHANNEL, webhook.account, _id(webhook.data, "id"), webhook.at, webhook.raw)


def _echo(webhook: Webhook) -> Echo:
    data = webhook.data
    to, parent = data.get("to") or {}, _id(data, "in_reply_to", "")
    customer = _id(to if isinstance(to, dict) else {}, "id", "", "data.to.")
    if not customer and not parent:
        raise Unusable("missing: data.to.id")
    return Echo(
        channel=CHANNEL,
        account=webhook.account,
        id=_id(data, "id", webhook.id),
        text=_text(data, required=True),
        at=_time(data, "sent_at", webhook.at, "data."),
        # without the customer's id the conversation is that of the message it answers
        thread=_id(data, "conversation", customer) if customer else "",
        author_id=customer,
        parent=parent,
        reply_id=_id(data, "reply_id", ""),
        raw=webhook.raw,
    )


def _account(data: Mapping[str, Any], accounts: tuple[str, ...]) -> str:
    account = _id(data, "account", accounts[0] if len(accounts) == 1 else None)
    if account not in accounts:
        raise Unusable("unknown-account")
    return account


def _author(data: Mapping[str, Any]) -> Author:
    found = data.get("author")
    if not isinstance(found, dict):
        raise Unusable("missing: data.author.id")
    followers = found.get("followers")
    return Author(
        id=_id(found, "id", None, "data.author."),
        name=_short(found.get("name")),
        handle=_short(found.get("handle")),
        followers=followers if type(followers) is int else None,
        url=_link(found.get("url")),
    )


def _id(data: Mapping[str, Any], key: str, default: str | None = None, place: str = "data.") -> str:
    value = data.get(key)
    if value is None or value == "":
        if default is None:
            raise Unusable(f"missing: {place}{key}")
        return default
    try:
        return text_id(value)
    except ValueError:
        raise Unusable(f"wrong: {place}{key}") from None


def _text(data: Mapping[str, Any], required: bool) -> str:
    text = data.get("text")
    if text is None and not required:
        return ""
    if not isinstance(text, str):
        raise Unusable("missing: data.text" if text is None else "wrong: data.text")
    if required and not text.strip():
        raise Unusable("missing: data.text")
    return text


def _kind(data: Mapping[str, Any]) -> Kind:
    try:
        return Kind(data.get("kind") or Kind.DIRECT)
    except ValueError:
        raise Unusable("wrong: data.kind") from None


def _flag(data: Mapping[str, Any], key: str, default: bool) -> bool:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Unusable(f"wrong: data.{key}")
    return value


def _time(data: Mapping[str, Any], key: str, default: datetime, place: str = "") -> datetime:
    value = data.get(key)
    if value is None:
        return default
    try:
        # more digits than microseconds have are common
        found = datetime.fromisoformat(FRACTION.sub(r"\1", value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unusable(f"wrong: {place}{key}") from None


def _attachments(data: Mapping[str, Any]) -> Iterator[Attachment]:
    found = data.get("attachments") or []
    if not isinstance(found, list):
        raise Unusable("wrong: data.attachments")
    for item in found[:MOST_ATTACHMENTS]:
        url = _link(item.get("url")) if isinstance(item, dict) else ""
        if not url:
            raise Unusable("missing: data.attachments.url")
        yield Attachment(_attachment_kind(item.get("kind")), url, _short(item.get("name")))


def _attachment_kind(value: object) -> AttachmentKind:
    return next((each for each in AttachmentKind if each == value), AttachmentKind.FILE)


def _link(value: object) -> str:
    # anything else could be a script in somebody's mail program
    return value if isinstance(value, str) and LINK.fullmatch(value) else ""


def _short(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:500]


FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
READERS: dict[str, Callable[[Webhook], Event]] = {
    "message.created": _message,
    "message.edited": _edit,
    "message.deleted": _unsend,
    "reply.created": _echo,
}
