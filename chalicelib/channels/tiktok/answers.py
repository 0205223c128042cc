"""An agent's answer on its way to TikTok: a message, a reply to a comment, a comment on a video that mentions us.

TikTok knows no repeat: an answer that was lost is looked for. What the account writes comes back as an event.
https://business-api.tiktok.com/portal/docs?id=1832184403754242
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.tiktok import LONGEST_COMMENT, LONGEST_MESSAGE, WINDOW
from chalicelib.channels.tiktok.calls import call
from chalicelib.channels.tiktok.events import EUROPE
from chalicelib.http import Http
from chalicelib.model import File, Kind, Reply

MESSAGE, UPLOAD = "business/message/send", "business/message/media/upload"
REPLY, COMMENT = "business/comment/reply/create", "business/comment/create"


def post(connection: Connection, http: Http, reply: Reply, now: datetime) -> str:
    """The id of the message or comment. Raises PostFailed."""
    _check(reply, now)
    if reply.kind is not Kind.DIRECT:
        return _commented(connection, http, reply)
    body, quoted = _as_message(connection, http, reply), _quoted(reply)
    try:
        return _sent(connection, http, reply, {**body, **quoted})
    except PostFailed as failed:
        if not (quoted and failed.code == "rejected"):
            raise
        # a sticker, an emoji or a video cannot be quoted
        return _sent(connection, http, reply, body)


def _check(reply: Reply, now: datetime) -> None:
    is_direct = reply.kind is Kind.DIRECT
    if reply.thread == EUROPE:
        raise PostFailed(Outcome.REFUSED, "no-answers")
    if reply.public == is_direct:
        raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
    if is_direct and now - reply.window_from > WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    if len(reply.text) > (LONGEST_MESSAGE if is_direct else LONGEST_COMMENT):
        raise PostFailed(Outcome.REFUSED, "too-long")


def _commented(connection: Connection, http: Http, reply: Reply) -> str:
    """Below the first comment of its thread: TikTok has two levels. Comments of their own are for the account's videos."""
    video, _, top = reply.thread.partition(":")
    body = {"business_id": reply.account, "video_id": video, "text": reply.text}
    path, more = (REPLY, {"comment_id": top}) if top else (COMMENT, {})
    try:
        answer = call(connection, http, reply.account, "POST", path, Outcome.UNKNOWN, json={**body, **more})
    except PostFailed as failed:
        code = "no-answers" if path == COMMENT and failed.code in ("rejected", "permission") else failed.code
        raise PostFailed(failed.outcome, code, failed.detail, failed.retry_after) from None
    return _id_of(answer, "comment_id")


def _sent(connection: Connection, http: Http, reply: Reply, body: Mapping[str, Any]) -> str:
    answer = call(connection, http, reply.account, "POST", MESSAGE, Outcome.UNKNOWN, json=body)
    return _id_of(answer.get("message"), "message_id")


def _id_of(found: Any, name: str) -> str:
    try:
        return text_id(found[name])
    except (LookupError, TypeError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _as_message(connection: Connection, http: Http, reply: Reply) -> Mapping[str, Any]:
    body = {"business_id": reply.account, "recipient_type": "CONVERSATION", "recipient": reply.thread}
    if reply.files:
        (file,) = reply.files
        return {**body, "message_type": "IMAGE", "image": {"media_id": _uploaded(connection, http, reply, file)}}
    return {**body, "message_type": "TEXT", "text": {"body": reply.text}}


def _quoted(reply: Reply) -> Mapping[str, Any]:
    """The first part shows what it answers; pictures show nothing."""
    is_first = reply.parent and not reply.earlier and not reply.files
    return {"referenced_message_info": {"referenced_message_id": reply.parent}} if is_first else {}


def _uploaded(connection: Connection, http: Http, reply: Reply, file: File) -> str:
    """What is only uploaded nobody sees: it can be done again, unlike the message."""
    form = {
        "business_id": reply.account,
        "media_type": "IMAGE",
        "file": (file.name, file.content, file.media_type),
    }
    try:
        answer = call(connection, http, reply.account, "POST", UPLOAD, Outcome.PASSING, form=form)
        return text_id(answer.get("media_id"))
    except ValueError:
        raise PostFailed(Outcome.PASSING, "temporary") from None
    except PostFailed as failed:
        code = "attachment" if failed.code == "rejected" else failed.code
        raise PostFailed(failed.outcome, code, failed.detail, failed.retry_after) from None
