"""The owner's file: hours, days off, calendars and zones."""

from __future__ import annotations

from datetime import date, timedelta

from chalicelib import settings
from infra.settings.document import check
from tests.infra.settings_at_hand import Refused, changed, read, stored, told_otherwise

EVERY_DAY = ", ".join(f'"{date(2000, 1, 1) + timedelta(days=day):%m-%d}"' for day in range(366))

REFUSED: Refused = {
    "an unknown zone": (('"Europe/Vienna" -> "Europe/Wien"',), 4, 'did you mean "Europe/Vienna"?'),
    "a city for a zone": (('"Europe/Vienna" -> "Ho Chi Minh"',), 4, 'did you mean "Asia/Ho_Chi_Minh"?'),
    "a path for a zone": (('"Europe/Vienna" -> "../../etc/passwd"',), 4, "allowed: a time zone"),
    "no open minute": (('["09:00-12:30", "14:00-18:00"] -> []',), 13, "hours have no open minute"),
    "an empty span": (('"09:00-12:30" -> "09:00-09:00"',), 14, "the whole day is 00:00-24:00"),
    "no clock time": (('"09:00-12:30" -> "9-25"',), 14, 'hours.mon is "9-25", allowed: hours such as'),
    "no day": (('"12-24" -> "31.12."',), 15, 'hours.closed is "31.12.", allowed: days such as'),
    "a day that never is": (('"12-24" -> "2027-02-29"',), 15, "allowed: days such as"),
    "hours that are not there": (
        ('[hours]\nmon = ["09:00-12:30", "14:00-18:00"]\nclosed = ["12-24"] ->', 'name = "all" -> always_open = false'),
        15,
        "needs [hours]",
    ),
    "hours that overlap": (
        ('"09:00-12:30" -> "09:00-15:00"',),
        14,
        'hours.mon is "14:00-18:00", allowed: spans that do',
    ),
    "hours that overlap past midnight": (
        ('"14:00-18:00" -> "22:00-08:00"', 'closed = -> tue = ["07:00-09:00"]\nclosed ='),
        15,
        'hours.tue is "07:00-09:00", allowed: spans that do not overlap with those of mon',
    ),
    "no open day soon": (("closed = -> holidays = ['AT']\nclosed =", f'"12-24" -> {EVERY_DAY}'), 13, "within 30 days"),
    "a country that is none": (('closed = -> holidays = ["AT", "XX"]\nclosed =',), 15, 'hours.holidays is "XX"'),
    "a country by its name": (('closed = -> holidays = ["Germany"]\nclosed =',), 15, 'did you mean "DE"?'),
    "a region that is none": (('closed = -> holidays = ["DE-BX"]\nclosed =',), 15, "regions of DE: BB, BE, BW"),
    "a region of no regions": (('closed = -> holidays = ["VN-HN"]\nclosed =',), 15, "VN has no regions"),
    "a half day without hours": (
        ('closed = -> special = {"12-31" = []}\nclosed =',),
        15,
        "a day off belongs into closed",
    ),
    "a half day that never is": (
        ('-> [hours.special]\n"13-01" = ["09:00-12:00"]',),
        27,
        'hours.special.13-01 is "13-01"',
    ),
    "a half day that is off": (
        ('closed = -> special = {"12-24" = ["09:00-12:00"]}\nclosed =',),
        15,
        'hours.special has "12-24", which closed has too',
    ),
    "an unknown calendar": (('name = "all" -> calendar = "huors"',), 17, 'did you mean "hours"?'),
    "a calendar without an open minute": (
        ('-> [calendars.phone]\nclosed = ["12-24"]',),
        26,
        "calendars.phone have no open",
    ),
    "a calendar's name that is taken": (('-> [calendars.always]\nmon = ["09:00-12:00"]',), 26, "name that is taken"),
    "a calendar's name": (('-> [calendars."Ho Chi"]\nmon = ["09:00-12:00"]',), 26, "a name of 1 to 32 characters"),
    "two ways to say when": (('name = "all" -> always_open = true\ncalendar = "hours"',), 17, "keep one of the two"),
}


def test_hours_that_cannot_work_are_refused_with_their_line() -> None:
    assert told_otherwise(REFUSED) == {}


def test_hours_are_taken_as_people_write_them() -> None:
    changes = ('"14:00-18:00" -> "22:00-02:00"', '"09:00-12:30" -> "9:00 – 12:30"', '"12-24" -> 2026-12-24, "02-29"')
    found = stored(*changes)["hours"]
    assert found["days"]["mon"] == ["09:00-12:30", "22:00-02:00"]
    assert found["closed"] == ["2026-12-24", "02-29"]


def test_whoever_gives_hours_wants_them_to_count() -> None:
    without = '[hours]\nmon = ["09:00-12:30", "14:00-18:00"]\nclosed = ["12-24"] ->'
    assert calendars_of() == ["hours"]
    assert calendars_of(without) == [""]
    assert calendars_of('name = "all" -> calendar = "always"') == [""]
    assert calendars_of('name = "all" -> always_open = true') == [""]
    assert calendars_of('name = "all" -> calendar = "phone"', "-> [calendars.phone]", "-> fri = ['08:00-20:00']") == [
        "phone"
    ]


def calendars_of(*changes: str) -> list[str]:
    return [policy.calendar for policy in read(check(changed(*changes), "prod")).policies]


def test_calendars_have_holidays_half_days_and_zones_of_their_own() -> None:
    half_days = '-> [hours.special]\n12-31 = ["9:00-12:00"]\n'
    hanoi = '-> [calendars.hanoi]\nzone = "Asia/Ho_Chi_Minh"\nsat = ["08:00-11:30"]\nholidays = ["VN", "DE-BE"]'
    found = read(check(changed(half_days, hanoi), "prod")).calendars
    assert found["hours"].special == {"12-31": ("09:00-12:00",)}
    assert found["hanoi"] == settings.Calendar("Asia/Ho_Chi_Minh", {"sat": ("08:00-11:30",)}, holidays=("VN", "DE-BE"))
