"""Whether an answer is in its chat after all: Zalo lists the latest messages of a chat, the business's among them.

https://developers.zalo.me/docs/official-account/quan-ly/quan-ly-thong-tin-nguoi-dung/lay-danh-sach-tin-nhan-voi-nguoi-dung
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.told import words
from chalicelib.channels.zalo.calls import asked, packed
from chalicelib.channels.zalo.events import GROUP, VISITOR
from chalicelib.http import Http
from chalicelib.model import Reply

A_PAGE, MOST_PAGES = 10, 3  # the latest message first
CLOCKS_DIFFER = timedelta(seconds=10)
SOON = timedelta(minutes=2)  # a message may be taken before it is listed
OURS = 0  # as `src`; a person's is 1

Json = Mapping[str, Any]


def find(connection: Connection, http: Http, reply: Reply, now: datetime) -> str | None:
    """The id of the posted answer, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    since = (reply.tried_at or reply.window_from) - CLOCKS_DIFFER
    try:
        later = _later(connection, http, reply, since)
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None
    found = next((each for each in later if _plain(words(each.get("message"))) == _plain(reply.text)), None)
    if found:
        return text_id(found["message_id"])
    if later or now - since < SOON:
        raise PostFailed(Outcome.UNKNOWN, "unclear")  # what else is there may be it, in other words
    return None


def _later(connection: Connection, http: Http, reply: Reply, since: datetime) -> Sequence[Json]:
    """What the business wrote since then, but for the parts that went before; a list that ends too soon proves nothing."""
    found: list[Json] = []
    for number in range(MOST_PAGES if reply.text and not reply.files else 0):
        page = asked(connection, http, reply.account, "GET", _path(reply.thread, number * A_PAGE), Outcome.UNKNOWN)
        found += [each for each in page if _at(each) >= since and _is_unknown(each, reply)]
        if any(_at(each) < since for each in page):
            return found
    raise PostFailed(Outcome.UNKNOWN, "unclear")


def _path(thread: str, offset: int) -> str:
    """Visitors' chats are not listed. Raises PostFailed."""
    if thread.startswith(VISITOR):
        raise PostFailed(Outcome.UNKNOWN, "unclear")
    if thread.startswith(GROUP):
        return f"v3.0/oa/group/conversation?group_id={thread.removeprefix(GROUP)}&offset={offset}&count={A_PAGE}"
    person = int(thread) if thread.isdecimal() else thread
    return f"v2.0/oa/conversation?data={packed({'user_id': person, 'offset': offset, 'count': A_PAGE})}"


def _is_unknown(listed: Json, reply: Reply) -> bool:
    is_ours = listed["src"] == OURS or text_id(listed["from_id"]) == reply.account
    return is_ours and text_id(listed["message_id"]) not in reply.earlier


def _at(listed: Json) -> datetime:
    return datetime.fromtimestamp(int(listed["time"]) / 1000, UTC)


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).split())
