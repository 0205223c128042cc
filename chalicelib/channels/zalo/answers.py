"""An agent's answer on its way to Zalo: a consultation message to a person, or one to a visitor or a group.

Zalo knows no repeat. What it took comes back as an event of its own (`oa_send_text`), which proves a lost answer, and
can be looked up (`look_ups.py`).
https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.zalo import LONGEST_TEXT, WINDOW
from chalicelib.channels.zalo.calls import call
from chalicelib.channels.zalo.events import GROUP, VISITOR
from chalicelib.http import Http
from chalicelib.model import File, Reply

PERSON_PATH, VISITOR_PATH, GROUP_PATH = "v3.0/oa/message/cs", "v2.0/oa/message", "v3.0/oa/group/message"
QUOTED = "quote_message_id"
KINDS = {**dict.fromkeys(("image/jpeg", "image/png"), "image"), "application/pdf": "file"}
LARGEST = {"image": 1_000_000, "file": 5_000_000}  # bytes


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
    try:
        return text_id(_taken(connection, http, reply, message)["message_id"])
    except (LookupError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _taken(connection: Connection, http: Http, reply: Reply, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """What may be quoted Zalo does not say: what it does not take goes once more without."""
    path, recipient = _addressed(reply.thread)
    body = {"recipient": recipient, "message": message}
    try:
        return call(connection, http, reply.account, "POST", path, Outcome.UNKNOWN, json=body)
    except PostFailed as failed:
        if failed.code != "rejected" or QUOTED not in message:
            raise
    plain = {name: value for name, value in message.items() if name != QUOTED}
    return call(connection, http, reply.account, "POST", path, Outcome.UNKNOWN, json={**body, "message": plain})


def _addressed(thread: str) -> tuple[str, Mapping[str, str]]:
    """Where it is posted, and to whom."""
    if thread.startswith(GROUP):
        return GROUP_PATH, {"group_id": thread.removeprefix(GROUP)}
    if thread.startswith(VISITOR):
        visitor, _, visit = thread.removeprefix(VISITOR).partition(":")
        return VISITOR_PATH, {"anonymous_id": visitor, "conversation_id": visit}
    return PERSON_PATH, {"user_id": thread}


def _text(reply: Reply) -> Mapping[str, Any]:
    """To a person the first part shows what it answers."""
    is_person = not reply.thread.startswith((GROUP, VISITOR))
    quoted = {QUOTED: reply.parent} if is_person and reply.parent and not reply.earlier else {}
    return {"text": reply.text, **quoted}


def _file(connection: Connection, http: Http, reply: Reply) -> Mapping[str, Any]:
    """What is only uploaded nobody sees: it can be done again, unlike the message. What Zalo does not take is a link."""
    (file,) = reply.files
    kind = KINDS.get(file.media_type, "")
    if len(file.content) > LARGEST.get(kind, 0):
        return {"text": f"📎 {file.name}\n{file.link}"}
    if kind == "image":
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
        code = "attachment" if failed.code in ("rejected", "too-long") else failed.code
        raise PostFailed(failed.outcome, code, failed.detail, failed.retry_after) from None
    try:
        return text_id(answer["attachment_id" if kind == "image" else "token"])
    except (LookupError, ValueError):
        raise PostFailed(Outcome.PASSING, "temporary") from None
