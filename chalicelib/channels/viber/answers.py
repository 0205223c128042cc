"""Viber: how an answer is posted.

https://developers.viber.com/docs/api/rest-bot-api/#send-message
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id, utf16_length
from chalicelib.channels.viber import LONGEST_TEXT
from chalicelib.channels.viber.calls import call
from chalicelib.http import Http
from chalicelib.model import File, Kind, Reply

LONGEST_SENDER = 28  # characters
LONGEST_FILE_NAME = 256
PICTURES, LARGEST_PICTURE = ("image/jpeg", "image/png"), 1_000_000  # bytes; on iOS, elsewhere more
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
    """The first way that Viber takes it: as a picture, as a file, as a link to it."""
    *ways, last = _ways(file)
    for content in ways:
        try:
            return _sent(connection, http, around, content)
        except PostFailed as failed:
            if failed.detail != BAD_DATA:
                raise
    try:
        return _sent(connection, http, around, last)
    except PostFailed as failed:
        code = "attachment" if failed.code == "rejected" else failed.code
        raise PostFailed(failed.outcome, code, failed.detail) from None


def _ways(file: File) -> list[Mapping[str, Any]]:
    size = len(file.content)
    picture = {"type": "picture", "text": "", "media": file.link}
    named = {"type": "file", "media": file.link, "file_name": file.name[-LONGEST_FILE_NAME:], "size": size}
    link = {"type": "url", "media": file.link}
    return [picture, named, link] if file.media_type in PICTURES and size <= LARGEST_PICTURE else [named, link]


def _sent(
    connection: Connection, http: Http, around: Mapping[str, Any], content: Mapping[str, Any]
) -> Mapping[str, Any]:
    return call(connection, http, "send_message", {**around, **content})
