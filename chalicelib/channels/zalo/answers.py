"""An agent's answer on its way to Zalo: a consultation message to a person, or a message to a group.

Zalo knows no repeat. What it took comes back as an event of its own (`oa_send_text`), which proves a lost answer.
https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.zalo import LONGEST_TEXT, PICTURES, WINDOW
from chalicelib.channels.zalo.calls import call
from chalicelib.channels.zalo.events import GROUP, VISITOR
from chalicelib.http import Http
from chalicelib.model import File, Reply

PERSON_PATH, GROUP_PATH = "v3.0/oa/message/cs", "v3.0/oa/group/message"


def post(connection: Connection, http: Http, reply: Reply, now: datetime) -> str:
    """The id of the message. Raises PostFailed."""
    is_group = reply.thread.startswith(GROUP)
    if reply.public != is_group:
        raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
    if not is_group and now - reply.window_from > WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    if len(reply.text) > LONGEST_TEXT:
        raise PostFailed(Outcome.REFUSED, "too-long")
    message = _file(connection, http, reply) if reply.files else _text(reply)
    body = {"recipient": _recipient(reply.thread), "message": message}
    path = GROUP_PATH if is_group else PERSON_PATH
    answer = call(connection, http, reply.account, "POST", path, Outcome.UNKNOWN, json=body)
    try:
        return text_id(answer["message_id"])
    except (LookupError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _recipient(thread: str) -> Mapping[str, str]:
    if thread.startswith(GROUP):
        return {"group_id": thread.removeprefix(GROUP)}
    if thread.startswith(VISITOR):
        visitor, _, visit = thread.removeprefix(VISITOR).partition(":")
        return {"anonymous_id": visitor, "conversation_id": visit}
    return {"user_id": thread}


def _text(reply: Reply) -> Mapping[str, Any]:
    """The first part shows what it answers."""
    quoted = {"quote_message_id": reply.parent} if reply.parent and not reply.earlier else {}
    return {"text": reply.text, **quoted}


def _file(connection: Connection, http: Http, reply: Reply) -> Mapping[str, Any]:
    """What is only uploaded nobody sees: it can be done again, unlike the message."""
    (file,) = reply.files
    if file.media_type in PICTURES:
        picture = {"media_type": "image", "attachment_id": _uploaded(connection, http, reply, file, "image")}
        return {
            "attachment": {"type": "template", "payload": {"template_type": "media", "elements": [picture]}},
            **({"text": reply.text} if reply.text else {}),
        }
    return {"attachment": {"type": "file", "payload": {"token": _uploaded(connection, http, reply, file, "file")}}}


def _uploaded(connection: Connection, http: Http, reply: Reply, file: File, kind: str) -> str:
    form = {"file": (file.name, file.content, file.media_type)}
    path = f"v2.0/oa/upload/{kind}"
    try:
        answer = call(connection, http, reply.account, "POST", path, Outcome.PASSING, form=form)
    except PostFailed as failed:
        code = "attachment" if failed.code == "rejected" else failed.code
        raise PostFailed(failed.outcome, code, failed.detail, failed.retry_after) from None
    try:
        return text_id(answer["attachment_id" if kind == "image" else "token"])
    except (LookupError, ValueError):
        raise PostFailed(Outcome.PASSING, "temporary") from None
