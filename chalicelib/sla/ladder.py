"""The ladder of reminders: a policy's steps as moments, in order, each with whom it reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.model import Reminder
from chalicelib.settings import Calendar, Step
from chalicelib.sla import calendars

DUE = 100  # percent
ONE_MAIL = timedelta(minutes=1)  # what comes nearer together than that is said at once


class Span(NamedTuple):
    """What the ladder is put against: from the question to the deadline, and to the end of the platform's window."""

    since: datetime
    due_at: datetime
    window_at: datetime | None


def reminders(steps: Iterable[Step], span: Span, calendar: Calendar) -> tuple[Reminder, ...]:
    """Shares of the open time before the deadline, and warnings before the window ends, whether open or not.

    When the deadline comes before the business opens again, no open time is left to divide: then all time counts,
    since a reminder outside the hours is the only one that can still help. Steps without a window are left out.
    """
    counted, open_time = calendar, calendars.open_time(span.since, span.due_at, calendar)
    if not open_time:
        counted, open_time = Calendar(), max(span.due_at - span.since, timedelta())
    shares = [_share(step, span, open_time, counted) for step in steps if not step.before_window]
    warnings = [_warning(step, span.since, span.window_at) for step in steps if step.before_window and span.window_at]
    return _merged(sorted([*shares, *warnings], key=lambda reminder: (reminder.at, reminder.percent)), span)


def _share(step: Step, span: Span, open_time: timedelta, counted: Calendar) -> Reminder:
    reached = calendars.after(span.since, open_time * step.percent / DUE, counted)
    at = span.due_at if step.percent >= DUE else min(span.due_at, reached)
    return Reminder(at, step.percent, step.to, step.by, step.urgent, window=span.due_at == span.window_at)


def _warning(step: Step, since: datetime, window_at: datetime) -> Reminder:
    """Of a short window at least half is over first: nobody is warned of a question that has only just come."""
    before = min(step.before_window or timedelta(), max((window_at - since) / 2, timedelta()))
    return Reminder(window_at - before, 0, step.to, step.by, step.urgent, window=True)


def _merged(ordered: Sequence[Reminder], span: Span) -> tuple[Reminder, ...]:
    """What comes nearly together becomes one reminder, at the later moment, to everybody who was to get either."""
    near = min(ONE_MAIL, abs(span.due_at - span.since) / 100)  # a target of seconds, for trying out, keeps its steps
    merged: list[Reminder] = []
    for reminder in ordered:
        if merged and reminder.at - merged[-1].at <= near:
            reminder = _both(merged.pop(), reminder)
        merged.append(reminder)
    return tuple(merged)


def _both(first: Reminder, second: Reminder) -> Reminder:
    return Reminder(
        at=second.at,
        percent=max(first.percent, second.percent),
        to=tuple(dict.fromkeys((*first.to, *second.to))),
        by=tuple(dict.fromkeys((*first.by, *second.by))),
        urgent=first.urgent or second.urgent,
        window=first.window or second.window,
    )
