"""When the business is open: spans of local clock time turned into moments, and time counted only while it is open.

The days' spans are clock times in the business's zone. A clock time that a change to summer time skips is read with
the offset before it (02:30 becomes 03:30), one that happens twice is its first occurrence. A span belongs to the day
it begins on: one that runs past midnight ends on the next day even if that is a day off. Two spans never count twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.settings import Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # date.weekday() is the index
LONGEST_CLOSED = timedelta(days=3000)  # a business open only on 29 February has 2,921 days in between

Opening = tuple[datetime, datetime]


class NeverOpen(ValueError):
    """The hours have no open minute; settings like that are refused when written."""


def openings(hours: Hours, since: datetime) -> Iterator[Opening]:
    """The spans, UTC, in which the business is open from `since` on: in order, disjoint, without end.

    Ends only when nothing opens for 3,000 days.
    """
    latest = since.astimezone(UTC)
    zone = ZoneInfo(hours.zone)
    # yesterday's last span may run into today
    day, gives_up = latest.astimezone(zone).date() - timedelta(days=1), latest + LONGEST_CLOSED
    while latest <= gives_up and day < gives_up.date():
        for opens, closes in _spans_of(day, hours, zone):
            opens = max(opens, latest)
            if opens < closes:
                yield opens, closes
                latest, gives_up = closes, closes + LONGEST_CLOSED
        day += timedelta(days=1)


def is_always_open(hours: Hours) -> bool:
    """Whether no hours were given."""
    return not any(hours.days.values())


def after(since: datetime, span: timedelta, hours: Hours) -> datetime:
    """The first moment, UTC, at which the business was open for `span` since then. Raises NeverOpen."""
    if is_always_open(hours):
        return since.astimezone(UTC) + span
    for opens, closes in openings(hours, since):
        if span <= closes - opens:
            return opens + span
        span -= closes - opens
    raise NeverOpen(hours.zone)


def open_time(since: datetime, until: datetime, hours: Hours) -> timedelta:
    """How long the business is open between two moments; zero when `until` is the earlier one."""
    if is_always_open(hours):
        return max(until - since, timedelta())
    total = timedelta()
    for opens, closes in openings(hours, since):
        if opens >= until:
            break
        total += min(closes, until) - opens
    return total


def _spans_of(day: date, hours: Hours, zone: ZoneInfo) -> list[Opening]:
    if f"{day:%Y-%m-%d}" in hours.closed or f"{day:%m-%d}" in hours.closed:
        return []
    return sorted(_moments(day, span, zone) for span in hours.days.get(DAYS[day.weekday()], ()))


def _moments(day: date, span: str, zone: ZoneInfo) -> Opening:
    """Both ends of "09:00-12:30" on a day, UTC; an end that is not later than the start is on the next day."""
    opens, _, closes = span.partition("-")
    ends_on = day if closes > opens else day + timedelta(days=1)
    return _moment(day, opens, zone), _moment(ends_on, closes, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
