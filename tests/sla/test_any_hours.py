"""What holds for any hours a business could have, in any zone, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.settings import Hours
from chalicelib.sla import calendars, due_at, reminder_times

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


@some.composite
def some_hours(draw: some.DrawFn) -> Hours:
    weeks = draw(some.lists(some.lists(some.sampled_from(SPANS), max_size=3), min_size=7, max_size=7))
    # one span is so long that no change of clocks swallows it
    weeks[draw(some.integers(0, 6))].append("08:00-16:00")
    closed = ("12-24", "02-29", "2026-03-28", "2026-10-25")[: draw(some.integers(0, 4))]
    return Hours(draw(some.sampled_from(ZONES)), dict(zip(calendars.DAYS, map(tuple, weeks), strict=True)), closed)


moments = some.datetimes(datetime(2013, 1, 1), datetime(2060, 1, 1), timezones=some.just(UTC))
# months around the changes of the clocks are where mistakes would be
near_changes = some.sampled_from(
    [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 28), (10, 24), (4, 4), (4, 23))]
)
asked = moments | some.builds(
    lambda day, minute: day + timedelta(minutes=minute), near_changes, some.integers(0, 3 * 24 * 60)
)
targets = some.timedeltas(timedelta(minutes=1), timedelta(days=3))


@settings(max_examples=60, deadline=None)
@given(asked, targets, some_hours())
def test_the_open_time_until_due_is_the_target(since: datetime, target: timedelta, hours: Hours) -> None:
    due = due_at(since, target, hours, always_open=False)
    assert calendars.open_time(since, due, hours) == target
    assert due - since >= target


@settings(max_examples=60, deadline=None)
@given(asked, targets, targets, some_hours())
def test_a_longer_target_is_due_later(since: datetime, shorter: timedelta, more: timedelta, hours: Hours) -> None:
    assert due_at(since, shorter, hours, False) < due_at(since, shorter + more, hours, False)


@settings(max_examples=60, deadline=None)
@given(asked, targets, targets, some_hours())
def test_who_asks_later_is_due_no_earlier(since: datetime, later: timedelta, target: timedelta, hours: Hours) -> None:
    assert due_at(since, target, hours, False) <= due_at(since + later, target, hours, False)


@settings(max_examples=60, deadline=None)
@given(asked, targets, some_hours(), some.booleans())
def test_reminders_rise_and_end_with_the_deadline(
    since: datetime, until: timedelta, hours: Hours, always_open: bool
) -> None:
    due = since + until
    times = [at for _, at in reminder_times(since, due, (1, 50, 80, 99, 100), hours, always_open)]
    assert times == sorted(times)
    assert since <= times[0]
    assert times[-1] == due


@settings(max_examples=60, deadline=None)
@given(asked, some_hours())
def test_openings_are_in_order_and_apart(since: datetime, hours: Hours) -> None:
    spans = calendars.openings(hours, since)
    edges = [edge for _ in range(10) for edge in next(spans)]
    assert edges[0] >= since
    assert edges == sorted(edges)
    assert all(opens < closes for opens, closes in zip(edges[::2], edges[1::2], strict=True))
