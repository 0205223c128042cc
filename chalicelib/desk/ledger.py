"""Effects outside are written down before and after: pending -> attempting -> done, refused, unknown or held.

Neither SES nor any platform recognises a repeat, so a step is claimed on its item first; what was claimed and never
concluded (a crash, a lost answer) is looked for before it is done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, epoch, watched
from chalicelib.aws.table import Change, Check, Refused

LONGEST_WAIT = timedelta(minutes=30)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_ASKED = timedelta(days=1)  # that a platform may ask us to wait


def claim(
    entry: Entry, now: datetime, settle: timedelta, noted: Mapping[str, Any], conditions: Sequence[Check] = ()
) -> Entry | None:
    """The entry, ours to act on and looked after by the sweep; None when somebody else has it or changed it, or a condition fails."""
    mine = {
        "state": "attempting",
        "tries": tries(entry) + 1,
        "attempted_at": epoch(now),
        **watched(entry.pk, now + settle),
        **noted,
    }
    unchanged = {name: entry.more[name] for name in ("state", "tries", "merges") if name in entry.more}
    try:
        conversations.write([Change(entry.pk, entry.sk, set=mine, when=unchanged), *conditions])
    except Refused:
        return None
    return replace(entry, more={**entry.more, **mine})


def tries(entry: Entry) -> int:
    """How often it was attempted."""
    return int(entry.more.get("tries", 0))


def since_attempt(entry: Entry, now: datetime) -> timedelta:
    """How long ago the last attempt began."""
    return now - datetime.fromtimestamp(entry.more["attempted_at"], UTC)


def put_off(entry: Entry, now: datetime, wait: timedelta | None = None) -> tuple[Change, datetime]:
    """The write that leaves for later what certainly was not done: as long as the other side says, or twice as long each time."""
    waits = int(entry.more.get("waits", 0))
    later = now + min(wait or min(FIRST_WAIT * 2 ** min(waits, 10), LONGEST_WAIT), LONGEST_ASKED)
    again = {"state": "pending", "not_before": epoch(later), "waits": waits + 1, "tries": tries(entry) - 1}
    return Change(entry.pk, entry.sk, set={**again, **watched(entry.pk, later)}), later


def too_early(entry: Entry, now: datetime) -> bool:
    """Put off, and its time has not come."""
    return int(entry.more.get("not_before", 0)) > epoch(now)
