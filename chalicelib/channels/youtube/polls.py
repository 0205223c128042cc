"""Asking YouTube for what is new: one unit for the newest threads, one for the fifty that were looked at longest ago.

A new reply does not lift its thread to the top, so threads are looked at again, in turn, as long as somebody wrote in
them lately. What was handed over is remembered by comment and time of change, not by a date alone: a comment that was
held for review appears late and with its old date.
https://developers.google.com/youtube/v3/docs/commentThreads/list
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, each
from chalicelib.channels.powers import Polled
from chalicelib.channels.youtube.calls import A_PAGE, Json, Now, call, replies
from chalicelib.channels.youtube.comments import Comment, author_id, to_edit, to_event
from chalicelib.channels.youtube.memory import Memory, Thread, cursor_of, remembered
from chalicelib.http import Http
from chalicelib.model import Event

AT_ONCE = 50  # threads asked for by their ids with one unit
MOST_REPLY_PAGES = 5  # of one thread in one look
UNREADABLE_TIME = 0


@dataclass
class Look:
    """One look under way: what it may spend, what it found, what it will remember."""

    connection: Connection
    http: Http
    now: Now
    account: str
    memory: Memory
    threads: dict[str, Thread]
    events: list[Event] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)

    def ask(self, **fields: Any) -> Json:
        """Threads, for one unit. Raises PostFailed."""
        self.spend()
        asked = {"part": "snippet,replies", "textFormat": "plainText", **fields}
        return call(self.connection, self.http, self.now, "GET", "commentThreads", asked)

    def spend(self) -> None:
        """One unit."""
        self.memory = replace(self.memory, units=self.memory.units - 1)

    def can_spend(self) -> bool:
        """Whether there is a unit left."""
        return self.memory.units >= 1


def poll(connection: Connection, http: Http, now: Now, account: str, cursor: str) -> Polled:
    """One page of the newest threads, and, when it was the last that has news, old threads. Raises PostFailed."""
    daily = int(option(connection, "daily_units"))
    memory = remembered(cursor, now().timestamp(), daily / max(len(connection.accounts), 1))
    look = Look(connection, http, now, account, memory, dict(memory.threads))
    if not look.can_spend():
        return Polled((), cursor)
    _newest(look)
    newest = frozenset(look.looked_at)
    if not look.memory.page and look.can_spend():
        _longest_ago(look)
    left = cursor_of(replace(look.memory, threads=look.threads), newest)
    return Polled(sorted(look.events, key=_written_at), left, more=bool(look.memory.page) and look.can_spend())


def _newest(look: Look) -> None:
    before = look.memory
    page = _page(look)
    items = _dicts(page.get("items"))
    for item in items:
        _take(look, item)
    times = [_time(_top(item)) for item in items]
    next_top = before.next_top or max([*times, before.top])
    is_behind = min(filter(None, times), default=0) >= max(before.top, before.floor())
    if is_behind and page.get("nextPageToken"):
        look.memory = replace(look.memory, page=page["nextPageToken"], next_top=next_top)
    else:
        look.memory = replace(look.memory, page="", top=next_top, next_top=0)


def _page(look: Look) -> Json:
    fields = {"allThreadsRelatedToChannelId": look.account, "order": "time", "maxResults": A_PAGE}
    if not look.memory.page:
        return look.ask(**fields)
    try:
        return look.ask(**fields, pageToken=look.memory.page)
    except PostFailed as failed:
        if failed.outcome is not Outcome.REFUSED or failed.code != "rejected":
            raise
        # the place is forgotten there: from the top again, what was handed over is known
        return look.ask(**fields)


def _longest_ago(look: Look) -> None:
    stale = [id for id in look.threads if id not in look.looked_at][:AT_ONCE]
    if not stale:
        return
    for item in _dicts(look.ask(id=",".join(stale)).get("items")):
        _take(look, item)
    for id in set(stale) - set(look.looked_at):
        del look.threads[id]  # deleted, or hidden; should it come back, it is found among the newest


def _take(look: Look, item: Json) -> None:
    """One thread: what is new in it becomes events, and all of it is remembered."""
    id = item.get("id")
    if not isinstance(id, str) or not id:
        return
    known = look.threads.pop(id, None) or Thread(-1)
    total, comments = _comments(look, id, item, known)
    place = (look.account, id, str(_dict(item.get("snippet")).get("videoId") or ""), author_id(_top(item)["snippet"]))
    seen = dict(known.seen)
    for one in comments:
        comment = Comment(*place, one)
        name = _name(comment)
        changed = _seconds(comment)
        look.events += _events(comment, seen.get(name), changed, max(look.memory.floor(), known.until))
        seen[name] = changed
    look.threads[id] = Thread(total, seen, known.until)
    look.looked_at.append(id)


def _comments(look: Look, id: str, item: Json, known: Thread) -> tuple[int, list[Json]]:
    """How many replies are known now, and the thread's comments; a preview has five replies at most."""
    preview = _dicts(_dict(item.get("replies")).get("comments"))
    total = int(_dict(item.get("snippet")).get("totalReplyCount") or 0)
    if total <= len(preview) or total == known.total:
        return total, [_top(item), *preview]
    if known.total < 0 and _is_old(look, item):
        # its replies were there before us; from now on their number tells
        return total, [_top(item), *preview]
    if not look.can_spend():
        return known.total, [_top(item), *preview]
    return total, [_top(item), *_all_replies(look, id)]


def _all_replies(look: Look, thread: str) -> list[Json]:
    found: list[Json] = []
    try:
        for page in replies(look.connection, look.http, look.now, thread, MOST_REPLY_PAGES):
            look.spend()
            found += _dicts(page)
    except PostFailed as failed:
        # one thread that cannot be read must not stand in the way of the others
        if failed.outcome is Outcome.PASSING:
            raise
    return found


def _events(comment: Comment, seen: int | None, changed: int, floor: float) -> Iterator[Event]:
    if seen is None and (changed == UNREADABLE_TIME or comment.published_at.timestamp() >= floor):
        yield from each([comment.item], lambda item: to_event(comment))
    elif seen is not None and changed > seen:
        yield from each([comment.item], lambda item: to_edit(comment))


def _top(item: Json) -> Json:
    """The thread's first comment, with what it must have."""
    top = _dict(_dict(item.get("snippet")).get("topLevelComment"))
    return {**top, "id": item.get("id"), "snippet": _dict(top.get("snippet"))}


def _is_old(look: Look, item: Json) -> bool:
    return _time(_top(item)) < look.memory.since


def _time(comment: Json) -> float:
    try:
        return datetime.fromisoformat(comment["snippet"]["publishedAt"]).timestamp()
    except (LookupError, TypeError, ValueError):
        return UNREADABLE_TIME


def _seconds(comment: Comment) -> int:
    try:
        _ = comment.published_at
        return int(comment.updated_at.timestamp())
    except (LookupError, TypeError, ValueError):
        return UNREADABLE_TIME


def _name(comment: Comment) -> str:
    id = str(comment.item.get("id"))
    return "" if id == comment.thread else id.removeprefix(f"{comment.thread}.")


def _written_at(event: Event) -> float:
    moment = getattr(event, "sent_at", None) or getattr(event, "at", None)
    return moment.timestamp() if moment else 0


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
