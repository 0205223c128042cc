"""Viber: how an answer is posted.

https://developers.viber.com/docs/api/rest-bot-api/#send-message
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id, utf16_length
from chalicelib.channels.viber import LONGEST_TEXT
from chalicelib.channels.viber.calls import call, option
from chalicelib.http import Http
from chalicelib.model import File, Kind, Reply

LONGEST_SENDER = 28  # characters
LONGEST_FILE_NAME = 256
BAD_DATA = "3"


def post(connection: Connection, http: Http, reply: Reply) -> str:
    """Viber's token of the message. Raises PostFailed."""
    if reply.kind is not Kind.DIRECT or reply.public:
        raise PostFailed(Outcome.REFUSED, "no-public")
    if utf16_length(reply.text) > LONGEST_TEXT:
        raise PostFailed(Outcome.REFUSED, "too-long")
    name = (option(connection, "sender_name") or reply.account)[:LONGEST_SENDER]
    around = {"receiver": reply.thread, "min_api_version": 1, "sender": {"name": name}}
    content = {"type": "text", "text": reply.text}
    sent = _file(connection, http, around, reply.files[0]) if reply.files else _sent(connection, http, around, content)
    try:
        return text_id(sent["message_token"])
    except (LookupError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _file(connection: Connection, http: Http, around: Mapping[str, Any], file: File) -> Mapping[str, Any]:
    """As a file, and where Viber does not take it for one, as a link to it."""
    named = {"file_name": file.name[-LONGEST_FILE_NAME:], "size": len(file.content)}
    try:
        return _sent(connection, http, around, {"type": "file", "media": file.link, **named})
    except PostFailed as failed:
        if failed.detail != BAD_DATA:
            raise
    try:
        return _sent(connection, http, around, {"type": "url", "media": file.link})
    except PostFailed as failed:
        code = "attachment" if failed.code == "rejected" else failed.code
        raise PostFailed(failed.outcome, code, failed.detail) from None


def _sent(
    connection: Connection, http: Http, around: Mapping[str, Any], content: Mapping[str, Any]
) -> Mapping[str, Any]:
    return call(connection, http, "send_message", {**around, **content})
