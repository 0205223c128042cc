"""What calendars and policies must be to each other: open some time, clear about every day, known where they are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.settings import HOURS, Calendar
from chalicelib.sla.calendars import DAYS, openings
from infra.settings.clock import overlapping
from infra.settings.problems import Problems, name_of
from infra.settings.tables import ALWAYS
from infra.settings.toml_lines import Path
from infra.settings.values import Wrong, closest

Tables = Mapping[str, Any]
SOON_OPEN = timedelta(days=30)


def check(tables: Tables, problems: Problems) -> None:
    """A clock that only runs in hours needs hours, soon and without doubt."""
    for path, calendar in _calendars(tables):
        if not problems.has(path):
            _spans_stay_apart(path, calendar, problems)
            _days_are_said_once(path, calendar, problems)
        if not problems.has(path) and not _opens_soon(calendar, tables["business"].get("zone") or "UTC"):
            hint = (
                "leave [hours] out if you are always open" if path == (HOURS,) else "take it out if it is always open"
            )
            problems.add(path, f"{name_of(path)} have no open minute within {SOON_OPEN.days} days; {hint}")
    for name in tables["calendars"]:
        if name in (HOURS, ALWAYS):
            problems.add(("calendars", name), f'calendars.{name} has a name that is taken: "{name}" is there by itself')


def known(tables: Tables, problems: Problems) -> None:
    """A policy's calendar is one of the file's."""
    names = [ALWAYS, *([HOURS] if tables["hours"] or problems.has((HOURS,)) else []), *tables["calendars"]]
    for number, policy in enumerate(tables["policies"]):
        path = ("policies", number)
        if "always_open" in policy and policy["calendar"] != _of_flag(policy):
            told = "policies.always_open is the old form of calendar: keep one of the two"
            problems.add((*path, "always_open"), told)
        elif policy["calendar"] == HOURS and HOURS not in names:
            key = "always_open" if "always_open" in policy else "calendar"
            told = f'policies.{key} asks for your hours, which needs [hours] such as mon = ["09:00-17:00"]'
            problems.add((*path, key), told)
        elif policy["calendar"] not in names:
            wrong = Wrong(policy["calendar"], closest(policy["calendar"], names), ", ".join(names))
            problems.wrong((*path, "calendar"), wrong)


def _of_flag(policy: Tables) -> str:
    return ALWAYS if policy["always_open"] else HOURS


def _calendars(tables: Tables) -> Iterator[tuple[Path, Tables]]:
    if tables["hours"]:
        yield (HOURS,), tables["hours"]
    yield from ((("calendars", name), calendar) for name, calendar in tables["calendars"].items())


def _spans_stay_apart(path: Path, calendar: Tables, problems: Problems) -> None:
    """A span that runs past midnight may run into the next day's."""
    for before, day in zip((DAYS[-1], *DAYS), DAYS, strict=False):
        twice = overlapping(calendar.get(day, ()), calendar.get(before, ()))
        if twice:
            wrong = Wrong(twice, allowed=f"spans that do not overlap with those of {before}")
            problems.wrong((*path, day), wrong)


def _days_are_said_once(path: Path, calendar: Tables, problems: Problems) -> None:
    for day in calendar.get("special", {}):
        if day in calendar.get("closed", ()):
            problems.add(
                (*path, "special", day), f'{path[0]}.special has "{day}", which closed has too: keep one of the two'
            )


def _opens_soon(calendar: Tables, zone: str) -> bool:
    now = datetime.now(UTC)
    written = Calendar(
        zone=calendar.get("zone", zone),
        days={day: tuple(calendar.get(day, ())) for day in DAYS},
        closed=tuple(calendar.get("closed", ())),
        holidays=tuple(calendar.get("holidays", ())),
        special={day: tuple(spans) for day, spans in calendar.get("special", {}).items()},
    )
    first = next(openings(written, now), None)
    return first is not None and first[0] <= now + SOON_OPEN
