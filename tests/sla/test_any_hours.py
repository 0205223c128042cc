"""What holds for any hours a business could have, in any zone, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.settings import Calendar, Step
from chalicelib.sla import calendars, ladder

ZONES = [
    *("Europe/Vienna", "Asia/Tokyo", "Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Shanghai", "America/New_York"),
    *("Australia/Lord_Howe", "Africa/Cairo", "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "UTC"),
]
SPANS = [
    *("09:00-12:30", "14:00-18:00", "00:00-24:00", "18:00-02:00", "22:15-06:45", "00:00-00:01", "23:59-00:00"),
    *(
        "02:00-03:00",
        "02:30-03:30",
        "01:59-02:01",
        "00:30-23:45",
        "12:00-11:59",
        "20:00-24:00",
        "20:00-00:00",
        "03:00-02:30",
    ),
]


SPECIAL: list[dict[str, tuple[str, ...]]] = [
    {},
    {"03-29": ("01:00-04:00", "10:00-12:00")},
    {"2026-10-24": ("22:00-06:00",)},
]


@some.composite
def some_hours(draw: some.DrawFn) -> Calendar:
    weeks = draw(some.lists(some.lists(some.sampled_from(SPANS), max_size=3), min_size=7, max_size=7))
    # one span is so long that no change of clocks swallows it
    weeks[draw(some.integers(0, 6))].append("08:00-16:00")
    closed = ("12-24", "02-29", "2026-03-28", "2026-10-25")[: draw(some.integers(0, 4))]
    days = dict(zip(calendars.DAYS, map(tuple, weeks), strict=True))
    holidays = draw(some.sampled_from(((), ("DE-BY",), ("VN", "AT-9"), ("JP",))))
    special = draw(some.sampled_from(SPECIAL))
    return Calendar(draw(some.sampled_from(ZONES)), days, closed, holidays, special)


moments = some.datetimes(datetime(2013, 1, 1), datetime(2060, 1, 1), timezones=some.just(UTC))
# months around the changes of the clocks are where mistakes would be
near_changes = some.sampled_from(
    [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 28), (10, 24), (4, 4), (4, 23))]
)
asked = moments | some.builds(
    lambda day, minute: day + timedelta(minutes=minute), near_changes, some.integers(0, 3 * 24 * 60)
)
targets = some.timedeltas(timedelta(minutes=1), timedelta(days=3))


@settings(max_examples=40, deadline=None)
@given(asked, targets, some_hours())
def test_the_open_time_until_due_is_the_target(since: datetime, target: timedelta, hours: Calendar) -> None:
    due = calendars.after(since, target, hours)
    assert calendars.open_time(since, due, hours) == target
    assert due - since >= target


@settings(max_examples=40, deadline=None)
@given(asked, targets, targets, some_hours())
def test_a_longer_target_is_due_later(since: datetime, shorter: timedelta, more: timedelta, hours: Calendar) -> None:
    assert calendars.after(since, shorter, hours) < calendars.after(since, shorter + more, hours)


@settings(max_examples=40, deadline=None)
@given(asked, targets, targets, some_hours())
def test_who_asks_later_is_due_no_earlier(
    since: datetime, later: timedelta, target: timedelta, hours: Calendar
) -> None:
    assert calendars.after(since, target, hours) <= calendars.after(since + later, target, hours)


@settings(max_examples=40, deadline=None)
@given(asked, targets, some_hours(), some.none() | targets)
def test_reminders_rise_and_reach_the_deadline(
    since: datetime, until: timedelta, hours: Calendar, window: timedelta | None
) -> None:
    span = ladder.Span(since, since + until, since + window if window else None)
    steps = (*(Step(percent) for percent in (1, 50, 80, 99, 100)), Step(before_window=timedelta(hours=2)))
    reminders = ladder.reminders(steps, span, hours)
    times = [reminder.at for reminder in reminders]
    assert times == sorted(times)
    assert since <= times[0]
    assert span.due_at in times
    assert max(reminder.percent for reminder in reminders) == 100


@settings(max_examples=40, deadline=None)
@given(asked, some_hours())
def test_openings_are_in_order_and_apart(since: datetime, hours: Calendar) -> None:
    spans = calendars.openings(hours, since)
    edges = [edge for _ in range(10) for edge in next(spans)]
    assert edges[0] >= since
    assert edges == sorted(edges)
    assert all(opens < closes for opens, closes in zip(edges[::2], edges[1::2], strict=True))
