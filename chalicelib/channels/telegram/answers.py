"""Telegram: how an answer is posted. Plain words: without a parse mode nothing in them is markup.

https://core.telegram.org/bots/api#sendmessage
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, utf16_length
from chalicelib.channels.telegram import LONGEST_TEXT
from chalicelib.channels.telegram.calls import Migrated, call
from chalicelib.channels.telegram.updates import BUSINESS, CHANNEL, key
from chalicelib.http import Form, Http
from chalicelib.model import File, Reply

LARGEST_PHOTO = 10_000_000  # bytes; a larger one goes as a document
BUSINESS_WINDOW = timedelta(hours=24)
KINDS = {
    **dict.fromkeys(("image/jpeg", "image/png"), "photo"),
    "video/mp4": "video",
    **dict.fromkeys(("audio/mpeg", "audio/mp4"), "audio"),
}  # everything else is a document


def post(connection: Connection, http: Http, reply: Reply, now: datetime) -> str:
    """The id of the message. Raises PostFailed."""
    to = _to(reply)
    is_public = str(to["chat_id"]).startswith("-") and not reply.thread.startswith(CHANNEL)
    if reply.public != is_public:
        raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
    if "business_connection_id" in to and now - reply.window_from > BUSINESS_WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    if utf16_length(reply.text) > LONGEST_TEXT:
        raise PostFailed(Outcome.REFUSED, "too-long")
    try:
        sent = _sent(connection, http, reply, {**to, **_answered(reply, to["chat_id"])})
    except Migrated as migrated:
        sent = _sent_again(connection, http, reply, str(migrated))
    try:
        return key(sent)
    except (LookupError, TypeError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _to(reply: Reply) -> dict[str, Any]:
    if reply.thread.startswith(BUSINESS):
        business, _, chat = reply.thread.removeprefix(BUSINESS).rpartition(":")
        return {"chat_id": chat, "business_connection_id": business}
    if reply.thread.startswith(CHANNEL):
        chat, _, topic = reply.thread.removeprefix(CHANNEL).partition(":")
        return {"chat_id": chat, "direct_messages_topic_id": int(topic)}
    chat, _, topic = reply.thread.partition(":")
    return {"chat_id": chat, **({"message_thread_id": int(topic)} if topic else {})}


def _answered(reply: Reply, chat: str) -> dict[str, Any]:
    """The message it answers, shown above it: once, however many parts follow."""
    place, _, number = reply.parent.rpartition(":")
    # of a group that moved, a number in the former chat is another message's here
    is_here = place.rpartition(":")[2] == chat
    if reply.earlier or not is_here or not number.isdecimal():
        return {}
    return {"reply_parameters": {"message_id": int(number), "allow_sending_without_reply": True}}


def _sent_again(connection: Connection, http: Http, reply: Reply, chat: str) -> Any:
    # messages have other numbers there, so the answer stands by itself
    try:
        return _sent(connection, http, reply, {"chat_id": chat})
    except Migrated:
        raise PostFailed(Outcome.REFUSED, "gone") from None


def _sent(connection: Connection, http: Http, reply: Reply, around: Mapping[str, Any]) -> Any:
    if not reply.files:
        return call(connection, http, "sendMessage", json={**around, "text": reply.text})
    file = reply.files[0]
    kind = KINDS.get(file.media_type, "document")
    if kind == "photo" and len(file.content) > LARGEST_PHOTO:
        kind = "document"
    return call(connection, http, f"send{kind.capitalize()}", form=_form(around, kind, file))


def _form(around: Mapping[str, Any], kind: str, file: File) -> Form:
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in around.items()}
    return {**fields, kind: (file.name, file.content, file.media_type)}
