"""What holds for any hours a business could have, in any zone, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from chalicelib.settings import Hours
from chalicelib.sla import calendars, due_at, reminder_times

ZONES = [
    *("Europe/Vienna", "Asia/Tokyo", "Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Shanghai", "America/New_York"),
    *("Australia/Lord_Howe", "Africa/Cairo", "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "UTC"),
]
minutes = some.integers(0, 24 * 60 - 1)


@some.composite
def a_span(draw: some.DrawFn) -> str:
    opens = draw(minutes)
    closes = draw(minutes.filter(lambda end: end != opens))
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


@some.composite
def some_hours(draw: some.DrawFn) -> Hours:
    # one span is long enough that no change of clocks swallows it
    days = {day: tuple(draw(some.lists(a_span(), max_size=3))) for day in calendars.DAYS}
    days[draw(some.sampled_from(calendars.DAYS))] += ("08:00-16:00",)
    closed = draw(some.lists(some.dates(datetime(2013, 1, 1).date(), datetime(2060, 1, 1).date()).map(str), max_size=5))
    return Hours(draw(some.sampled_from(ZONES)), days, tuple(closed))


moments = some.datetimes(datetime(2013, 1, 1), datetime(2060, 1, 1), timezones=some.just(UTC))
# months around the changes of the clocks are where mistakes would be
near_changes = some.sampled_from(
    [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 28), (10, 24), (4, 4), (4, 23))]
)
asked = moments | some.builds(
    lambda day, minute: day + timedelta(minutes=minute), near_changes, some.integers(0, 3 * 24 * 60)
)
targets = some.timedeltas(timedelta(minutes=1), timedelta(days=3))


@given(asked, targets, some_hours())
def test_the_open_time_until_due_is_the_target(since: datetime, target: timedelta, hours: Hours) -> None:
    due = due_at(since, target, hours, always_open=False)
    assert calendars.open_time(since, due, hours) == target
    assert due - since >= target


@given(asked, targets, targets, some_hours())
def test_a_longer_target_is_due_later(since: datetime, shorter: timedelta, more: timedelta, hours: Hours) -> None:
    assert due_at(since, shorter, hours, False) < due_at(since, shorter + more, hours, False)


@given(asked, targets, targets, some_hours())
def test_who_asks_later_is_due_no_earlier(since: datetime, later: timedelta, target: timedelta, hours: Hours) -> None:
    assert due_at(since, target, hours, False) <= due_at(since + later, target, hours, False)


@given(asked, targets, some_hours(), some.booleans())
def test_reminders_rise_and_end_with_the_deadline(
    since: datetime, until: timedelta, hours: Hours, always_open: bool
) -> None:
    due = since + until
    times = [at for _, at in reminder_times(since, due, (1, 50, 80, 99, 100), hours, always_open)]
    assert times == sorted(times)
    assert since <= times[0]
    assert times[-1] == due


@given(asked, some_hours())
def test_openings_are_in_order_and_apart(since: datetime, hours: Hours) -> None:
    spans = calendars.openings(hours, since)
    edges = [edge for _ in range(10) for edge in next(spans)]
    assert edges[0] >= since
    assert edges == sorted(edges)
    assert all(opens < closes for opens, closes in zip(edges[::2], edges[1::2], strict=True))
