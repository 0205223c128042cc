"""What a look at YouTube remembers for the next one: the comments it has handed over, the threads to look at again, its units.

It is the cursor, as JSON. Threads stand in the order in which they were looked at, the longest ago first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

DAY = 86_400  # seconds
LOOK_BACK = 30 * DAY  # what is older is neither brought nor looked after; shorter than redeliveries are recognised
MOST_THREADS, MOST_COMMENTS = 300, 5_000  # remembered; a cursor has to fit into an item of the table
BURST = 200  # units that may be saved up for a busy hour
POLLS_SHARE = 0.5  # of the day's units; the rest is for replies, 50 each


@dataclass(frozen=True)
class Thread:
    """One thread: how many replies it had, and its comments by id with the second of their last change."""

    total: int
    seen: Mapping[str, int] = field(default_factory=dict)  # "" is the first comment; replies without the thread's id
    until: float = 0  # what was written by then is known, where there are too many comments to remember each


@dataclass(frozen=True)
class Memory:
    """Times are epoch seconds."""

    since: float  # nothing that was written before is brought
    at: float  # when `units` was true
    units: float = BURST
    top: float = 0  # the newest thread of the last look that was finished
    next_top: float = 0  # of the one under way
    page: str = ""  # where the one under way goes on
    threads: Mapping[str, Thread] = field(default_factory=dict)

    def floor(self) -> float:
        """Nothing written before this is brought."""
        return max(self.since, self.at - LOOK_BACK)


def remembered(cursor: str, now: float, units_a_day: float) -> Memory:
    """What the last look left, with the units earned since; a fresh one the first time."""
    if not cursor:
        return Memory(since=int(now), at=now)  # YouTube tells whole seconds
    kept: dict[str, Any] = json.loads(cursor)
    threads = {id: Thread(*found) for id, found in kept.pop("threads").items()}
    memory = Memory(**kept, threads=threads)
    earned = max(now - memory.at, 0) * units_a_day * POLLS_SHARE / DAY
    return replace(memory, at=now, units=min(memory.units + earned, BURST))


def cursor_of(memory: Memory, newest: Collection[str]) -> str:
    """As short as may be: without what is too old or too much; the newest threads are kept in any case."""
    plain = {**asdict(replace(memory, threads={})), "units": round(memory.units, 3)}
    plain["threads"] = {id: (each.total, each.seen, each.until) for id, each in _kept(memory, newest).items()}
    return json.dumps(plain, separators=(",", ":"))


def _kept(memory: Memory, newest: Collection[str]) -> Mapping[str, Thread]:
    young = {id: _young(thread, memory.at - LOOK_BACK) for id, thread in memory.threads.items()}
    alive = [id for id, thread in young.items() if thread.seen or thread.until or id in newest]
    kept, room = {}, MOST_COMMENTS
    for id in sorted(alive, key=lambda id: (id in newest, _changed(young[id])), reverse=True)[:MOST_THREADS]:
        room -= len(young[id].seen)
        kept[id] = young[id] if room >= 0 else Thread(young[id].total, until=memory.at)
    return {id: kept[id] for id in alive if id in kept}


def _young(thread: Thread, floor: float) -> Thread:
    seen = {id: changed for id, changed in thread.seen.items() if changed >= floor or not changed}
    return Thread(thread.total, seen, thread.until if thread.until >= floor else 0)


def _changed(thread: Thread) -> float:
    return max(thread.seen.values(), default=thread.until)
