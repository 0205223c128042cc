"""LINE: names of people, and the files they sent.

https://developers.line.biz/en/reference/messaging-api/#get-profile
https://developers.line.biz/en/reference/messaging-api/#get-content
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from chalicelib import public_web
from chalicelib.channels import option
from chalicelib.channels.base import Connection, PostFailed
from chalicelib.channels.line.calls import call, token
from chalicelib.channels.told import words
from chalicelib.http import Http, NotSent, Response
from chalicelib.model import Attachment

MEMBERS = {"C": "group", "R": "room"}  # what an id begins with


def profile(connection: Connection, http: Http, account: str, author_id: str) -> Mapping[str, Any]:
    """The name; {} of whoever blocked the account, or has not agreed to be known. Never raises."""
    return _named(connection, http, account, f"profile/{quote(author_id, safe='')}")


def member(connection: Connection, http: Http, account: str, thread: str, author_id: str) -> Mapping[str, Any]:
    """The same of a member of a group, who need not know the account at all. Never raises."""
    place = MEMBERS.get(thread[:1])
    if place is None:
        return profile(connection, http, account, author_id)
    path = f"{place}/{quote(thread, safe='')}/member/{quote(author_id, safe='')}"
    return _named(connection, http, account, path)


def download(
    connection: Connection,
    get: Callable[..., Response],
    account: str,
    attachment: Attachment,
    most: int,
    seconds: float,
) -> Response:
    """A file, kept at LINE for some days; while LINE still prepares it (202) there is nothing yet. Raises NotSent, TooLarge."""
    url = f"{option(connection, 'content_url')}/v2/bot/message/{quote(attachment.ref, safe='')}/content"
    try:
        headers = {"authorization": f"Bearer {token(connection, account)}"}
    except PostFailed as failed:
        raise NotSent(failed.code) from None
    # this machine's own addresses pass: the settings hold one only on the local stage
    address = public_web.check(url, loopback=True)
    if address is None:
        raise NotSent("address")
    return get(url, address=address, most=most, seconds=seconds, headers=headers)


def _named(connection: Connection, http: Http, account: str, path: str) -> Mapping[str, Any]:
    try:
        response = call(connection, http, account, "GET", path)
    except PostFailed:
        return {}
    found = response.json() if response.status == 200 else {}
    name = words(found.get("displayName")) if isinstance(found, dict) else ""
    return {"name": name} if name else {}
