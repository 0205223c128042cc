"""When the business is open: spans of local clock time turned into moments, and time counted only while it is open.

The days' spans are clock times in the business's zone. A clock time that a change to summer time skips is read with
the offset before it (02:30 becomes 03:30), one that happens twice is its first occurrence. A span belongs to the day
it begins on: one that runs past midnight ends on the next day even if that is a day off. Two spans never count twice.
A date says more than a day of the year, a day of the year more than a public holiday, that more than a day of the week.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.settings import Calendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # date.weekday() is the index
LONGEST_CLOSED = timedelta(days=3000)  # a business open only on 29 February has 2,921 days in between

Opening = tuple[datetime, datetime]


class NeverOpen(ValueError):
    """The hours have no open minute; settings like that are refused when written."""


def openings(calendar: Calendar, since: datetime) -> Iterator[Opening]:
    """The spans, UTC, in which the business is open from `since` on: in order, disjoint, without end.

    Ends only when nothing opens for 3,000 days.
    """
    latest = since.astimezone(UTC)
    zone = ZoneInfo(calendar.zone)
    # yesterday's last span may run into today
    day, gives_up = latest.astimezone(zone).date() - timedelta(days=1), latest + LONGEST_CLOSED
    while latest <= gives_up and day < gives_up.date():
        for opens, closes in _spans_of(day, calendar, zone):
            opens = max(opens, latest)
            if opens < closes:
                yield opens, closes
                latest, gives_up = closes, closes + LONGEST_CLOSED
        day += timedelta(days=1)


def is_always_open(calendar: Calendar) -> bool:
    """Whether no hours were given."""
    return not any(calendar.days.values()) and not calendar.special


def after(since: datetime, span: timedelta, calendar: Calendar) -> datetime:
    """The first moment, UTC, at which the business was open for `span` since then. Raises NeverOpen."""
    if is_always_open(calendar):
        return since.astimezone(UTC) + span
    for opens, closes in openings(calendar, since):
        if span <= closes - opens:
            return opens + span
        span -= closes - opens
    raise NeverOpen(calendar.zone)


def open_time(since: datetime, until: datetime, calendar: Calendar) -> timedelta:
    """How long the business is open between two moments; zero when `until` is the earlier one."""
    if is_always_open(calendar):
        return max(until - since, timedelta())
    total = timedelta()
    for opens, closes in openings(calendar, since):
        if opens >= until:
            break
        total += min(closes, until) - opens
    return total


def spans_on(day: date, calendar: Calendar) -> tuple[str, ...]:
    """The spans of a day as they are written, those that count there; () on a day off."""
    dated = day.isoformat()
    for name in (dated, dated[5:]):
        if name in calendar.special:
            return calendar.special[name]
        if name in calendar.closed:
            return ()
    if any(day in public_holidays(name, day.year) for name in calendar.holidays):
        return ()
    return calendar.days.get(DAYS[day.weekday()], ())


@lru_cache(maxsize=64)
def public_holidays(name: str, year: int) -> frozenset[date]:
    """Of a country or region such as "VN", "DE-BE", "AT-9". https://holidays.readthedocs.io/

    No day at all for a name the package does not know: the settings were checked, but an update of it may have dropped one,
    and a reminder on a day off is better than no clock at all.
    """
    from holidays import country_holidays  # 60 ms, and only where a calendar asks for it

    country, _, region = name.partition("-")
    try:
        return frozenset(country_holidays(country, subdiv=region or None, years=year))
    except NotImplementedError:
        return frozenset()


def _spans_of(day: date, calendar: Calendar, zone: ZoneInfo) -> list[Opening]:
    return sorted(_moments(day, span, zone) for span in spans_on(day, calendar))


def _moments(day: date, span: str, zone: ZoneInfo) -> Opening:
    """Both ends of "09:00-12:30" on a day, UTC; an end that is not later than the start is on the next day."""
    opens, _, closes = span.partition("-")
    ends_on = day if closes > opens else day + timedelta(days=1)
    return _moment(day, opens, zone), _moment(ends_on, closes, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
