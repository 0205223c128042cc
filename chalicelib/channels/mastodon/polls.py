"""Asking Mastodon for what is new: who mentioned the account, who changed what they said, and what it answered itself.

The cursor holds the newest notification and the newest own post that were handed over. From there pages run upwards, so
nothing is left out however much there is, and nothing comes twice.
https://docs.joinmastodon.org/methods/notifications/#get
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Connection, Outcome, PostFailed, each, text_id
from chalicelib.channels.mastodon.calls import Now, call
from chalicelib.channels.mastodon.statuses import DIRECT, Json, to_echo, to_edit, to_message
from chalicelib.channels.powers import Polled
from chalicelib.http import Http
from chalicelib.model import Event

A_PAGE = 40
NOTHING = "0"
TYPES = ("mention", "update")  # update: somebody changed a post that the account has to do with
# servers hide private mentions by people whom the account does not follow: customers
WANTED: Mapping[str, Any] = {"types[]": TYPES, "include_filtered": "true"}


@dataclass(frozen=True)
class Memory:
    """What a look leaves for the next one."""

    me: str  # the account's id on its server
    seen: str = NOTHING  # the newest notification
    own: str = NOTHING  # the newest post of its own


@dataclass(frozen=True)
class Look:
    """One look under way."""

    connection: Connection
    http: Http
    now: Now
    account: str
    roots: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, **query: Any) -> Any:
        """Raises PostFailed."""
        return call(self.connection, self.http, self.now, self.account, "GET", path, query=query)


def poll(connection: Connection, http: Http, now: Now, account: str, cursor: str) -> Polled:
    """One page of notifications and one of own posts. Raises PostFailed."""
    look = Look(connection, http, now, account)
    if not cursor:
        return Polled((), _cursor(_beginning(look)))
    memory = Memory(**json.loads(cursor))
    told = _listed(look.ask("v1/notifications", **WANTED, min_id=memory.seen, limit=A_PAGE))
    own = _listed(look.ask(_own_path(memory.me), min_id=memory.own, limit=A_PAGE, exclude_reblogs="true"))
    events = [*each(told, lambda item: _told(look, memory.me, item)), *each(own, lambda item: to_echo(account, item))]
    after = replace(memory, seen=_newest(told, memory.seen), own=_newest(own, memory.own))
    return Polled(events, _cursor(after), more=after != memory)


def own_posts(look: Look, most: int) -> Iterator[Sequence[Json]]:
    """The account's own posts, the newest first, page by page. Raises PostFailed, also when there are more pages."""
    path, query = _own_path(text_id(_me(look))), {"limit": A_PAGE, "exclude_reblogs": "true"}
    for _ in range(most):
        page = look.ask(path, **query)
        yield page
        if len(page) < A_PAGE:
            return
        query = {**query, "max_id": text_id(page[-1]["id"])}
    raise PostFailed(Outcome.UNKNOWN, "unclear")


def _beginning(look: Look) -> Memory:
    """Nothing that is there already is brought."""
    me = text_id(_me(look))
    told = _listed(look.ask("v1/notifications", **WANTED, limit=1))
    own = _listed(look.ask(_own_path(me), limit=1, exclude_reblogs="true"))
    return Memory(me, _newest(told, NOTHING), _newest(own, NOTHING))


def _me(look: Look) -> Any:
    return look.ask("v1/accounts/verify_credentials").get("id")


def _told(look: Look, me: str, notification: Json) -> Event | None:
    status = notification["status"]
    if text_id(status["account"]["id"]) == me:
        return None
    if notification["type"] == "update":
        return to_edit(look.account, status)
    return to_message(look.account, me, status, _root(look, status))


def _root(look: Look, status: Json) -> str:
    """The first post of the thread, as far as the server knows it. Raises PostFailed."""
    id, above = text_id(status["id"]), status.get("in_reply_to_id")
    if not above or status["visibility"] == DIRECT:
        return id
    if above not in look.roots:
        look.roots[above] = _asked_root(look, id) or text_id(above)
    return look.roots[above]


def _asked_root(look: Look, id: str) -> str:
    try:
        above = look.ask(f"v1/statuses/{quote(id, safe='')}/context").get("ancestors")
    except PostFailed as failed:
        if failed.code != "gone":
            raise
        return ""
    return text_id(above[0]["id"]) if above else ""


def _own_path(me: str) -> str:
    return f"v1/accounts/{quote(me, safe='')}/statuses"


def _listed(page: Any) -> list[Json]:
    """The oldest first. Raises PostFailed."""
    if not isinstance(page, list):
        raise PostFailed(Outcome.PASSING, "unclear")
    return sorted((one for one in page if isinstance(one, dict)), key=lambda one: _rank(str(one.get("id"))))


def _newest(page: Sequence[Json], known: str) -> str:
    return max([known, *(str(one["id"]) for one in page if one.get("id"))], key=_rank)


def _rank(id: str) -> tuple[int, str]:
    """Ids are numbers without leading zeros, or, on other servers, all of one length."""
    return len(id), id


def _cursor(memory: Memory) -> str:
    return json.dumps(asdict(memory), separators=(",", ":"))
