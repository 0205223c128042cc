"""When an answer is due, and when somebody has to be reminded of it. Pure: the desk keeps, schedules and sends.

The clock starts at `waiting_since`, the oldest message without an answer. The deadline is the business's own target
or the end of the platform's window, whichever is earlier. All moments that come out are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chalicelib.model import Kind
from chalicelib.settings import Hours, Policy, Settings
from chalicelib.sla import calendars

DUE = 100  # percent


class Reminder(NamedTuple):
    """One step of the ladder: the percent of the time that is used up, and when that is."""

    stage: int
    at: datetime


def policy_for(settings: Settings, channel: str, account: str, kind: Kind | str) -> Policy:
    """The first policy that matches; the defaults where none does."""
    wanted = (channel, account, str(kind))
    return next((policy for policy in settings.policies if _matches(policy, wanted)), Policy())


def due_at(waiting_since: datetime, target: timedelta, hours: Hours, always_open: bool) -> datetime:
    """When the business's own target is reached; unless it is always open, only its hours count."""
    return calendars.after(waiting_since, target, Hours() if always_open else hours)


def deadline(
    waiting_since: datetime, target: timedelta, hours: Hours, always_open: bool, window_end: datetime | None = None
) -> datetime:
    """The earlier of the target and the end of the platform's window; after that nobody can answer at all."""
    own = due_at(waiting_since, target, hours, always_open)
    return min(own, window_end.astimezone(UTC)) if window_end else own


def reminder_times(
    waiting_since: datetime, due: datetime, stages: Iterable[int], hours: Hours, always_open: bool
) -> tuple[Reminder, ...]:
    """The ladder, by percent of the open time before `due`; 100 is `due` itself, and nothing comes later.

    When the platform's window ends before the business opens again, no open time is left to divide: then all time
    counts, since a reminder outside the hours is the only one that can still help.
    """
    counted = Hours() if always_open else hours
    open_time = calendars.open_time(waiting_since, due, counted)
    if not open_time:
        counted, open_time = Hours(), max(due - waiting_since, timedelta())
    return tuple(Reminder(stage, _at(stage, waiting_since, due, open_time, counted)) for stage in stages)


def next_reminder(ladder: Sequence[Reminder], last_stage: int, now: datetime) -> Reminder | None:
    """What is to be sent or scheduled after `last_stage` (0 = none yet); of several that are past only the highest."""
    left = [reminder for reminder in ladder if reminder.stage > last_stage]
    past = [reminder for reminder in left if reminder.at <= now]
    return next(iter(past[-1:] or left), None)


def _matches(policy: Policy, wanted: tuple[str, str, str]) -> bool:
    asked = (policy.channels, policy.accounts, policy.kinds)
    return all(not names or name in names for names, name in zip(asked, wanted, strict=True))


def _at(stage: int, waiting_since: datetime, due: datetime, open_time: timedelta, hours: Hours) -> datetime:
    due = due.astimezone(UTC)
    if stage >= DUE:
        return due
    return min(due, calendars.after(waiting_since, open_time * stage / DUE, hours))
