"""An agent's answer on its way to LINE: all of it in one push of up to five messages, or as few as it takes.

Nothing here is of unknown outcome, for a day at least: a push carries a retry key made from the reply's id, LINE takes it
once, and says 409 to a repeat.
https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id, utf16_length
from chalicelib.channels.line.calls import call, failure
from chalicelib.http import Http, Response
from chalicelib.model import File, Reply
from chalicelib.splitting import TIGHT, Unsplittable, split

LONGEST_TEXT = 5000  # UTF-16 units of one message
MOST_TEXTS = 5
A_PUSH = 5  # messages
PICTURES = ("image/jpeg", "image/png")
LARGEST_PICTURE = 1_000_000  # bytes of a preview; the picture itself may have ten times that
KEY_LIVES = timedelta(hours=23)  # a retry key is known for 24 hours after its first use
GROUPS = ("C", "R")  # begin the ids of groups and rooms

Body = Mapping[str, Any]


def push(connection: Connection, http: Http, reply: Reply, now: datetime) -> str:
    """The id of the first message. Raises PostFailed."""
    if reply.public != reply.thread.startswith(GROUPS):
        raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
    if reply.tried_at and now - reply.tried_at > KEY_LIVES:
        raise PostFailed(Outcome.UNKNOWN, "unclear", "retry key")
    messages = [*_texts(reply.text), *map(_file, reply.files)]
    pushes = [messages[start : start + A_PUSH] for start in range(0, len(messages), A_PUSH)]
    ids = [_pushed(connection, http, reply, place, part) for place, part in enumerate(pushes)]
    return ids[0]


def _texts(text: str) -> Sequence[Body]:
    try:
        texts = split(text, LONGEST_TEXT, utf16_length)
        if len(texts) > MOST_TEXTS:
            texts = split(text, LONGEST_TEXT, utf16_length, TIGHT)
    except Unsplittable:
        raise PostFailed(Outcome.REFUSED, "too-long") from None
    if len(texts) > MOST_TEXTS:
        raise PostFailed(Outcome.REFUSED, "too-long")
    return [{"type": "text", "text": each} for each in texts]


def _file(file: File) -> Body:
    """A picture as one; no program can send LINE any other file, so that goes as a link."""
    if file.media_type not in PICTURES or len(file.content) > LARGEST_PICTURE:
        return {"type": "text", "text": f"📎 {file.name}\n{file.link}"}
    return {"type": "image", "originalContentUrl": file.link, "previewImageUrl": file.link}


def _pushed(connection: Connection, http: Http, reply: Reply, place: int, messages: Sequence[Body]) -> str:
    body = {"to": reply.thread, "messages": messages}
    response = call(connection, http, reply.account, "POST", "message/push", _key(reply, place), body)
    if response.status in (200, 409):
        return _first_id(response) or f"{reply.id}:{place}"
    failed = failure(response)
    if place and failed.outcome is Outcome.REFUSED:
        # what came before it has arrived: only looking there tells what is missing
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail)
    raise failed


def _key(reply: Reply, place: int) -> Mapping[str, str]:
    return {"x-line-retry-key": str(uuid5(NAMESPACE_URL, f"{reply.conversation_id}:{reply.id}:{place}"))}


def _first_id(response: Response) -> str:
    """Of what was sent; a 409 may keep it to itself."""
    try:
        return text_id(response.json()["sentMessages"][0]["id"])
    except (LookupError, TypeError, ValueError):
        return ""
