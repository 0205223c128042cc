"""Asking Bluesky for what is new: who mentioned, quoted or answered the account, and what it answered itself.

Notifications come newest first and without a lower bound, so a look goes back until where the last one was, page by page.
What is seen late may be filed a little in the past: the last minutes are read again, without what was handed over.
https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from chalicelib.channels.base import Connection, each
from chalicelib.channels.bluesky.calls import Json, Now, call
from chalicelib.channels.bluesky.posts import KINDS, POST, to_echo, to_message
from chalicelib.channels.bluesky.sessions import session_of
from chalicelib.channels.powers import Polled
from chalicelib.channels.told import moment
from chalicelib.http import Http

A_PAGE = 100
OVERLAP = 300  # seconds that are read again
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Memory:
    """What a look leaves for the next one; times are epoch seconds."""

    since: float  # nothing that was seen before is brought
    top: float = 0  # when the newest was seen that the last finished look handed over
    next_top: float = 0  # of the one under way
    page: str = ""  # where the one under way goes on
    seen: tuple[str, ...] = ()  # handed over within the overlap
    own: str = ""  # the name of the newest post of the account's own; names grow with time

    def floor(self) -> float:
        """Nothing seen before this is looked at."""
        return max(self.since, self.top - OVERLAP)


def poll(connection: Connection, http: Http, now: Now, account: str, cursor: str) -> Polled:
    """One page of notifications, and the newest own posts. Raises PostFailed."""
    own = _own(connection, http, now, account)
    if not cursor:
        return Polled((), _cursor(Memory(since=int(now().timestamp()), own=max(map(_name, own), default=""))))
    memory = _remembered(cursor)
    me = session_of(connection, account).did
    page, told = _notifications(connection, http, now, account, memory)
    fresh = [
        one for one in told if _seen_at(one, now().timestamp()) >= memory.floor() and one["uri"] not in memory.seen
    ]
    answered = [one for one in own if _name(one) > memory.own]
    events = [
        *each(fresh, lambda one: to_message(account, me, one)),
        *each(answered, lambda one: to_echo(account, one)),
    ]
    after = _after(memory, told, page, now().timestamp())
    after = replace(after, own=max([memory.own, *map(_name, own)]))
    return Polled(events, _cursor(after), more=bool(after.page))


def _notifications(
    connection: Connection, http: Http, now: Now, account: str, memory: Memory
) -> tuple[str, list[Json]]:
    """Where the next page is, and those of this one, the oldest first. Raises PostFailed."""
    # an account may be set to hear only of people whom it follows
    query = {
        "reasons": tuple(KINDS),
        "limit": A_PAGE,
        "priority": "false",
        **({"cursor": memory.page} if memory.page else {}),
    }
    name = "app.bsky.notification.listNotifications"
    found = call(connection, http, now, account, "GET", name, query=query)
    listed = [one for one in found.get("notifications") or () if isinstance(one, dict) and one.get("uri")]
    oldest_first = listed[::-1]
    return str(found.get("cursor") or ""), sorted(oldest_first, key=lambda one: _seen_at(one, now().timestamp()))


def _after(memory: Memory, told: Sequence[Json], page: str, now: float) -> Memory:
    times = [_seen_at(one, now) for one in told]
    newest = max([memory.next_top, memory.top, *times])
    kept = [one["uri"] for one, at in zip(told, times, strict=True) if at >= newest - OVERLAP]
    seen = tuple(dict.fromkeys([*memory.seen, *kept]))[-MOST_REMEMBERED:]
    if page and min(times, default=0) >= memory.floor():
        return replace(memory, page=page, next_top=newest, seen=seen)
    return replace(memory, page="", top=newest, next_top=0, seen=seen)


def _own(connection: Connection, http: Http, now: Now, account: str) -> list[Json]:
    """The oldest first."""
    query = {"repo": session_of(connection, account).did, "collection": POST, "limit": A_PAGE}
    found = call(connection, http, now, account, "GET", "com.atproto.repo.listRecords", query=query)
    return [one for one in reversed(found.get("records") or ()) if isinstance(one, dict)]


def _name(stored: Json) -> str:
    return str(stored.get("uri", "")).rpartition("/")[2]


def _seen_at(told: Json, unless_told: float) -> float:
    """What tells no time is as new as can be: it is put aside once, and holds up nothing."""
    try:
        return moment(told["indexedAt"]).timestamp()
    except (LookupError, ValueError):
        return unless_told


def _remembered(cursor: str) -> Memory:
    kept: dict[str, Any] = json.loads(cursor)
    return Memory(**{**kept, "seen": tuple(kept["seen"])})


def _cursor(memory: Memory) -> str:
    return json.dumps(asdict(memory), separators=(",", ":"))
