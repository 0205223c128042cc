"""What a value of the clock and the phone may be in `bridgehead.toml`: times, hours, days, holidays, numbers."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from infra.settings.values import Value, Wrong, closest, many, string, whole_number

LONGEST_TARGET = timedelta(days=90)
DAY_MINUTES = 24 * 60
OFF = 0  # as it is stored


def minutes_of(span: str) -> tuple[int, int]:
    """Both ends of "18:00-02:00" in minutes from the day's begin; an end on the next day is beyond 24 hours."""
    opens, closes = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
    return opens, closes if closes > opens else closes + DAY_MINUTES


def overlapping(spans: Iterable[str], before: Iterable[str] = ()) -> str:
    """The first span that begins before another ends, or ""; `before` are the spans of the day before."""
    known = [(opens - DAY_MINUTES, closes - DAY_MINUTES, "") for opens, closes in map(minutes_of, before)]
    ends = max((closes for _, closes, _ in known), default=0)
    for opens, closes, span in sorted((*minutes_of(span), span) for span in spans):
        if opens < ends:
            return span
        ends = closes
    return ""


def _duration(found: Any) -> int:
    parts = _DURATION.fullmatch(string(found).strip().lower())
    if not parts or not any(parts.groups()):
        raise Wrong(found)
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    total = (days * DAY_MINUTES + hours * 60 + minutes) * 60 + seconds
    if not 0 < total <= LONGEST_TARGET.total_seconds():
        raise Wrong(found)
    return total


def _duration_or_off(found: Any) -> int:
    return OFF if found == "off" else _duration(found)


def _percent(found: Any) -> int:
    percent = whole_number(found)
    if percent > 100:
        raise Wrong(found, "nothing comes after the deadline")
    return percent


def _reminders(found: Any) -> list[int]:
    if not isinstance(found, list):
        raise Wrong(found)
    percents = [whole_number(each) for each in found]
    if percents != sorted(set(percents)):
        raise Wrong(found, "each one larger than the one before")
    if percents and percents[-1] > 100:
        raise Wrong(percents[-1])
    return percents


def _span(found: Any) -> str:
    parts = _SPAN.fullmatch(string(found).strip())
    if not parts:
        raise Wrong(found)
    opens, closes = (part.zfill(5) for part in parts.groups())
    if opens == closes:
        raise Wrong(found, "no minute is open; the whole day is 00:00-24:00")
    return f"{opens}-{closes}"


def _spans(found: Any) -> list[str]:
    spans: list[str] = _SEVERAL.read(found)
    twice = overlapping(spans)
    if twice:
        raise Wrong(twice, allowed="spans that do not overlap")
    return sorted(spans)


def _day(found: Any) -> str:
    day = found.isoformat() if type(found) is date else string(found).strip()
    try:
        # a leap year, so that 02-29 is a day
        date.fromisoformat(day if _DATE.fullmatch(day) else f"2000-{day}")
    except ValueError:
        raise Wrong(found) from None
    return day


def _special(found: Any) -> dict[str, list[str]]:
    if not isinstance(found, Mapping):
        raise Wrong(found)
    read: dict[str, list[str]] = {}
    for day, spans in found.items():
        try:
            read[_day(day)] = _spans(spans) or _nothing(spans)
        except Wrong as wrong:
            raise Wrong(wrong.found, wrong.hint, wrong.allowed or SPANS.allowed, path=(day,)) from None
    return read


def _nothing(found: Any) -> list[str]:
    raise Wrong(found, "a day off belongs into closed")


def _zone(found: Any) -> str:
    known = zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}
    if string(found) not in known:
        # "GMT+1" and the like count the wrong way round and know no summer time
        named = sorted(name for name in known if "/" in name and not name.startswith("Etc/"))
        cities = {**{name.rpartition("/")[2].casefold(): name for name in named}, **_CITIES}
        city = str(found).rpartition("/")[2].replace(" ", "_").casefold()
        raise Wrong(found, f'did you mean "{cities[city]}"?' if city in cities else closest(found, named))
    return str(found)


def _holidays(found: Any) -> str:
    """A country, or a region in it, of the package `holidays`, which knows when its days are."""
    from holidays import country_holidays, list_supported_countries

    country, _, region = string(found).strip().partition("-")
    countries = list_supported_countries()
    if country not in countries:
        raise Wrong(found, _country_hint(country))
    try:
        country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        regions = ", ".join(countries[country])
        raise Wrong(found, f"regions of {country}: {regions}" if regions else f"{country} has no regions") from None
    return f"{country}-{region}" if region else country


def _country_hint(country: str) -> str:
    """By the country's English name, or the letters that come nearest."""
    from holidays.registry import COUNTRIES

    codes = {name.replace("_", " "): classes[1] for name, classes in COUNTRIES.items()}
    spelt = {**{code.casefold(): code for code in codes.values()}, **codes, "uk": "GB"}
    written = country.strip().casefold()
    near = spelt.get(written) or spelt.get(closest(written, spelt).partition('"')[2].partition('"')[0], "")
    return f'did you mean "{near}"?' if near else ""


def _phone_number(found: Any) -> str:
    number = re.sub(r"[ ()/-]", "", string(found))
    if not _E164.fullmatch(number):
        raise Wrong(found, "" if number.startswith("+") else "begin with + and the country's code")
    return number


_CITIES = {
    city: zone
    for zone, cities in {
        "Asia/Shanghai": "beijing peking shenzhen guangzhou hangzhou chengdu",
        "Asia/Tokyo": "osaka kyoto nagoya yokohama sapporo fukuoka",
        "Asia/Ho_Chi_Minh": "hanoi ha_noi hà_nội ho_chi_minh_city da_nang đà_nẵng",
        "Europe/Berlin": "munich münchen hamburg cologne köln frankfurt stuttgart leipzig",
        "Europe/Vienna": "wien graz linz salzburg innsbruck",
        "Europe/Zurich": "zürich bern basel geneva genf",
        "America/New_York": "boston washington miami atlanta philadelphia",
        "America/Chicago": "dallas houston austin minneapolis",
        "America/Los_Angeles": "san_francisco seattle san_diego portland",
    }.items()
    for city in cities.split()
}
_DURATION = re.compile(r"(?:([0-9]{1,6})d)? ?(?:([0-9]{1,6})h)? ?(?:([0-9]{1,6})m)? ?(?:([0-9]{1,6})s)?")
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_SPAN = re.compile(rf"({_CLOCK}) ?[-–] ?({_CLOCK}|24:00)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

DURATION = Value('a time such as "90m", "4h", "1h30m" or "2d", above 0 and at most "90d"', _duration)
DURATION_OR_OFF = Value(f'{DURATION.allowed}, or "off"', _duration_or_off)
PERCENT = Value("a whole number from 1 to 100", _percent)
REMINDERS = Value("rising whole percents from 1 to 100, such as [50, 80, 100]", _reminders)
_SEVERAL = many(Value('hours such as "09:00-12:30" (or "22:00-02:00", past midnight)', _span))
SPANS = Value(_SEVERAL.allowed, _spans)
DAY = Value('days such as "2026-12-24", or "12-24" for every year', _day)
SPECIAL = Value('days and their hours, such as { "12-24" = ["09:00-12:00"] }', _special)
ZONE = Value('a time zone such as "Europe/Vienna" or "Asia/Tokyo"', _zone)
HOLIDAYS = Value('countries or regions such as "AT", "DE-BE" or "VN"', _holidays)
PHONE_NUMBER = Value('a number with its country, such as "+436601234567"', _phone_number)
