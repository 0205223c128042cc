"""When an answer is due, in the zones our businesses are in: winter and summer time, midnight, days off, 29 February."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.settings import Calendar
from chalicelib.sla import calendars

SHOP = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:30", "14:00-18:00"))
OFFICE = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",))
BAR = dict.fromkeys(calendars.DAYS, ("18:00-02:00",))
WHOLE_DAYS = dict.fromkeys(calendars.DAYS, ("00:00-24:00",))

# zone, hours, closed days, asked (local), target in hours, due (local)
DUE: dict[str, tuple[str, Mapping[str, tuple[str, ...]], tuple[str, ...], str, float, str]] = {
    "within one span": ("Europe/Vienna", SHOP, (), "2026-11-23 09:30", 2, "2026-11-23 11:30"),
    "over lunch": ("Europe/Vienna", SHOP, (), "2026-11-23 12:00", 1, "2026-11-23 14:30"),
    "just filling a span": ("Europe/Vienna", SHOP, (), "2026-11-23 09:00", 3.5, "2026-11-23 12:30"),
    "asked in the lunch break": ("Europe/Vienna", SHOP, (), "2026-11-23 13:00", 1, "2026-11-23 15:00"),
    "asked at closing time": ("Europe/Vienna", SHOP, (), "2026-11-23 18:00", 1, "2026-11-24 10:00"),
    "asked at night": ("Europe/Vienna", SHOP, (), "2026-11-24 03:00", 1, "2026-11-24 10:00"),
    "over a weekend": ("Europe/Vienna", SHOP, (), "2026-11-20 17:00", 2, "2026-11-23 10:00"),
    "over own days off": ("Europe/Vienna", SHOP, ("12-24", "2026-12-25"), "2026-12-23 17:30", 1, "2026-12-28 09:30"),
    "a yearly day off, another year": ("Europe/Vienna", SHOP, ("12-24",), "2027-12-23 17:30", 1, "2027-12-27 09:30"),
    "a single day off, another year": ("Europe/Vienna", SHOP, ("2026-12-24",), "2027-12-23 17:30", 1, "2027-12-24 09:30"),
    "several weeks": ("Europe/Vienna", SHOP, (), "2026-11-23 09:00", 75, "2026-12-04 18:00"),
    "past midnight": ("Europe/Vienna", BAR, (), "2026-11-20 23:00", 4, "2026-11-21 19:00"),
    "asked after midnight in a span": ("Europe/Vienna", BAR, (), "2026-11-21 01:30", 1, "2026-11-21 18:30"),
    "a span runs into a day off": ("Europe/Vienna", BAR, ("2026-11-21",), "2026-11-20 23:00", 4, "2026-11-22 19:00"),
    "up to midnight": ("Europe/Vienna", {"mon": ("20:00-24:00",)}, (), "2026-11-23 23:00", 2, "2026-11-30 21:00"),
    "up to midnight, other spelling": ("Europe/Vienna", {"mon": ("20:00-00:00",)}, (), "2026-11-23 23:00", 2, "2026-11-30 21:00"),
    # Europe: 29 March 2026 02:00 -> 03:00, 25 October 2026 03:00 -> 02:00
    "clocks go forward overnight": ("Europe/Vienna", BAR, (), "2026-03-28 23:00", 4, "2026-03-29 19:00"),
    "clocks go forward in a night shift": ("Europe/Vienna", {"sat": ("22:00-06:00",)}, (), "2026-03-28 22:00", 7, "2026-03-29 06:00"),
    "clocks go back in a night shift": ("Europe/Vienna", {"sat": ("22:00-06:00",)}, (), "2026-10-24 22:00", 9, "2026-10-25 06:00"),
    "a span that is skipped": ("Europe/Vienna", {"sun": ("02:00-03:00", "10:00-12:00")}, (), "2026-03-29 00:00", 1, "2026-03-29 11:00"),
    "an hour that comes twice": ("Europe/Vienna", {"sun": ("01:00-04:00",)}, (), "2026-10-25 00:00", 4, "2026-10-25 04:00"),
    "a weekend with a change": ("Europe/Vienna", OFFICE, (), "2026-03-27 16:00", 2, "2026-03-30 10:00"),
    "New York goes forward": ("America/New_York", WHOLE_DAYS, (), "2026-03-08 01:00", 2, "2026-03-08 04:00"),
    "New York goes back": ("America/New_York", OFFICE, (), "2026-10-30 16:30", 1, "2026-11-02 09:30"),
    "Tokyo": ("Asia/Tokyo", OFFICE, (), "2026-11-20 16:30", 1, "2026-11-23 09:30"),
    "Tokyo on a day off": ("Asia/Tokyo", OFFICE, ("11-23",), "2026-11-20 16:30", 1, "2026-11-24 09:30"),
    "Ho Chi Minh": ("Asia/Ho_Chi_Minh", {"sat": ("07:30-11:30",)}, (), "2026-11-20 16:30", 4, "2026-11-21 11:30"),
    "Kathmandu": ("Asia/Kathmandu", {"sun": ("10:00-17:00",)}, (), "2026-11-20 16:30", 1.5, "2026-11-22 11:30"),
    "Shanghai": ("Asia/Shanghai", OFFICE, (), "2026-11-20 16:59", 0.25, "2026-11-23 09:14"),
    "half an hour of summer time": ("Australia/Lord_Howe", WHOLE_DAYS, (), "2026-04-05 01:00", 2, "2026-04-05 02:30"),
    "midnight does not exist": ("Africa/Cairo", WHOLE_DAYS, (), "2026-04-23 23:00", 2, "2026-04-24 02:00"),
    "a leap day counts": ("Europe/Vienna", WHOLE_DAYS, (), "2028-02-28 12:00", 48, "2028-03-01 12:00"),
    "no leap day": ("Europe/Vienna", WHOLE_DAYS, (), "2027-02-28 12:00", 48, "2027-03-02 12:00"),
    "closed on leap days": ("Europe/Vienna", WHOLE_DAYS, ("02-29",), "2028-02-28 12:00", 48, "2028-03-02 12:00"),
    "over the new year": ("Asia/Tokyo", OFFICE, ("12-31", "01-01"), "2026-12-30 16:00", 2, "2027-01-04 10:00"),
}  # fmt: skip


def at(local: str, zone: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_only_the_businesss_hours_count() -> None:
    for case, (zone, days, closed, asked, hours, due) in DUE.items():
        counted = calendars.after(at(asked, zone), timedelta(hours=hours), Calendar(zone, days, closed))
        assert (case, f"{counted.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}") == (case, due)
        assert counted.tzinfo is UTC


WEEKDAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",))
EVERY_DAY = dict.fromkeys(calendars.DAYS, ("09:00-17:00",))
HALF = {"12-24": ("09:00-12:00",), "2026-12-26": ("10:00-14:00",), "05-01": ("22:00-02:00",)}

# calendar, asked (local), target in hours, due (local)
OFF = {
    "Christmas": (Calendar("Europe/Berlin", WEEKDAYS, holidays=("DE",)), "2026-12-24 16:00", 2, "2026-12-28 10:00"),
    "a region's own": (Calendar("Europe/Berlin", WEEKDAYS, holidays=("DE-BE",)), "2027-03-05 16:00", 2, "2027-03-09 10:00"),
    "another region's": (Calendar("Europe/Berlin", WEEKDAYS, holidays=("DE-BY",)), "2027-03-05 16:00", 2, "2027-03-08 10:00"),
    "Easter moves": (Calendar("Europe/Vienna", WEEKDAYS, holidays=("AT-9",)), "2027-03-26 16:00", 2, "2027-03-30 10:00"),
    "Corpus Christi": (Calendar("Europe/Vienna", WEEKDAYS, holidays=("AT",)), "2026-06-03 16:00", 2, "2026-06-05 10:00"),
    "two countries": (Calendar("Europe/Berlin", WEEKDAYS, holidays=("DE", "AT")), "2026-10-23 16:00", 2, "2026-10-27 10:00"),
    "Tết": (Calendar("Asia/Ho_Chi_Minh", EVERY_DAY, holidays=("VN",)), "2026-02-15 16:00", 2, "2026-02-21 10:00"),
    "Tết of another year": (Calendar("Asia/Ho_Chi_Minh", EVERY_DAY, holidays=("VN",)), "2027-02-03 16:00", 2, "2027-02-11 10:00"),
    "the end of Ramadan": (Calendar("Asia/Jakarta", EVERY_DAY, holidays=("ID",)), "2026-03-20 16:00", 2, "2026-03-23 10:00"),
    "a bridge of holidays": (Calendar("Asia/Tokyo", WEEKDAYS, holidays=("JP",)), "2026-09-18 16:00", 2, "2026-09-24 10:00"),
    "over the new year": (Calendar("Asia/Tokyo", WEEKDAYS, holidays=("JP",)), "2026-12-31 16:00", 2, "2027-01-04 10:00"),
    "a half day": (Calendar("Europe/Berlin", WEEKDAYS, special=HALF), "2026-12-24 09:00", 4, "2026-12-25 10:00"),
    "a half day every year": (Calendar("Europe/Berlin", WEEKDAYS, special=HALF), "2027-12-24 09:00", 4, "2027-12-27 10:00"),
    "hours on a holiday": (Calendar("Europe/Berlin", EVERY_DAY, (), ("DE",), HALF), "2026-12-25 09:00", 5, "2026-12-27 10:00"),
    "a date before every year": (
        Calendar("Europe/Berlin", EVERY_DAY, ("2026-12-24",), (), HALF), "2026-12-24 09:00", 1, "2026-12-25 10:00",
    ),
    "every year after a date": (
        Calendar("Europe/Berlin", EVERY_DAY, ("12-26",), (), HALF), "2026-12-26 09:00", 1, "2026-12-26 11:00",
    ),
    "a special night": (Calendar("Europe/Berlin", EVERY_DAY, (), ("DE",), HALF), "2026-05-01 09:00", 3, "2026-05-02 01:00"),
    "a day off although it is special every year": (
        Calendar("Europe/Berlin", EVERY_DAY, ("2026-05-01",), (), HALF), "2026-05-01 09:00", 1, "2026-05-02 10:00",
    ),
    "a market on two days": (
        Calendar("Europe/Berlin", {}, special={"06-06": ("10:00-12:00",), "2026-06-20": ("10:00-12:00",)}),
        "2026-06-06 11:00", 2, "2026-06-20 11:00",
    ),
}  # fmt: skip


def test_holidays_and_days_of_their_own_count_as_they_are() -> None:
    for case, (calendar, asked, hours, due) in OFF.items():
        counted = calendars.after(at(asked, calendar.zone), timedelta(hours=hours), calendar)
        assert (case, f"{counted.astimezone(ZoneInfo(calendar.zone)):%Y-%m-%d %H:%M}") == (case, due)


def test_a_region_that_an_update_dropped_stops_no_clock() -> None:
    calendar = Calendar("Europe/Berlin", WEEKDAYS, holidays=("DE-XX", "XX", "DE"))
    due = calendars.after(at("2026-12-24 16:00", "Europe/Berlin"), timedelta(hours=2), calendar)
    assert due == at("2026-12-28 10:00", "Europe/Berlin")


def test_no_hours_mean_every_hour() -> None:
    asked = at("2026-03-28 23:00", "Europe/Vienna")
    for days in ({}, {"mon": ()}):
        assert calendars.after(asked, timedelta(hours=4), Calendar("Europe/Vienna", days)) == asked + timedelta(hours=4)


def test_a_moment_of_any_zone_is_the_same_moment() -> None:
    hours, asked = Calendar("Europe/Vienna", SHOP), at("2026-11-23 09:30", "Europe/Vienna")
    elsewhere = asked.astimezone(ZoneInfo("Asia/Tokyo"))
    assert calendars.after(elsewhere, timedelta(hours=2), hours) == calendars.after(asked, timedelta(hours=2), hours)


def test_spans_that_overlap_count_once() -> None:
    hours = Calendar("Europe/Vienna", {"mon": ("14:00-18:00", "09:00-15:00", "10:00-11:00")})
    asked = at("2026-11-23 00:00", "Europe/Vienna")
    assert calendars.open_time(asked, asked + timedelta(days=1), hours) == timedelta(hours=9)


def test_open_time_is_nothing_when_the_end_is_earlier() -> None:
    asked = at("2026-11-23 10:00", "Europe/Vienna")
    for hours in (Calendar(), Calendar("Europe/Vienna", SHOP)):
        assert calendars.open_time(asked, asked - timedelta(days=1), hours) == timedelta()


def test_hours_that_never_open_are_an_error_and_no_endless_loop() -> None:
    hours = Calendar(
        "Europe/Vienna", {"mon": ("09:00-09:30",)}, tuple(f"{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 32))
    )
    with pytest.raises(calendars.NeverOpen):
        calendars.after(at("2026-11-23 10:00", "Europe/Vienna"), timedelta(hours=1), hours)


def test_a_business_open_on_leap_days_only_is_found_eight_years_later() -> None:
    closed = tuple(f"{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 32) if (m, d) != (2, 29))
    due = calendars.after(at("2096-03-01 10:00", "UTC"), timedelta(hours=1), Calendar("UTC", WHOLE_DAYS, closed))
    assert due == datetime(2104, 2, 29, 1, tzinfo=UTC)
