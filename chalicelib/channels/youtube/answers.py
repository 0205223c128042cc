"""What leaves for YouTube: a reply in a thread, the look whether it is there, an author's channel.

https://developers.google.com/youtube/v3/docs/comments/insert
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from unicodedata import normalize

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.told import moment
from chalicelib.channels.youtube.calls import Json, Now, call, replies
from chalicelib.channels.youtube.comments import author_id, words
from chalicelib.http import Http
from chalicelib.model import Reply

CLOCKS_DIFFER = timedelta(seconds=10)
MOST_PAGES = 10


def post(connection: Connection, http: Http, now: Now, reply: Reply) -> str:
    """The id of the reply, always to the thread's first comment: YouTube has two levels. Costs 50 units. Raises PostFailed."""
    content = {"snippet": {"parentId": reply.thread, "textOriginal": reply.text}}
    answer = call(connection, http, now, "POST", "comments", {"part": "snippet"}, content)
    try:
        return text_id(answer.get("id"))
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def find(connection: Connection, http: Http, now: Now, reply: Reply) -> str | None:
    """The id of the posted reply, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    try:
        posted = [each for page in replies(connection, http, now, reply.thread, MOST_PAGES) for each in page]
        return next((text_id(each["id"]) for each in posted if _is_ours(each, reply)), None)
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def profile(connection: Connection, http: Http, now: Now, author: str) -> Mapping[str, Any]:
    """Name and followers; {} when YouTube will not tell. Never raises."""
    try:
        found = call(connection, http, now, "GET", "channels", {"part": "snippet,statistics", "id": author})
        channel = found["items"][0]
        told = {"name": channel["snippet"]["title"], "followers": _followers(channel.get("statistics") or {})}
    except (PostFailed, LookupError, TypeError, AttributeError):
        return {}
    return {key: value for key, value in told.items() if value not in ("", None)}


def _is_ours(posted: Json, reply: Reply) -> bool:
    snippet = posted["snippet"]
    if author_id(snippet) != reply.account or _plain(words(snippet)) != _plain(reply.text):
        return False
    return moment(snippet["publishedAt"]) >= (reply.tried_at or reply.window_from) - CLOCKS_DIFFER


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).split())


def _followers(statistics: Json) -> int | None:
    count = str(statistics.get("subscriberCount", ""))
    return int(count) if count.isdecimal() and not statistics.get("hiddenSubscriberCount") else None
