"""`bridgehead sla simulate`: a week of questions under each policy, so that an owner sees what the settings mean.

The same code as the desk's works out every deadline. What is printed is a table; `picture` draws the same week.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib import locales, settings, sla
from chalicelib.model import Author, Clock, Conversation, Kind, Reminder
from chalicelib.settings import HOURS, Calendar, Policy, Settings, Step
from infra.pages.texts import text
from infra.settings.document import check, read
from infra.settings.tables import MATCHES

ASKED_AT = (time(3), time(9), time(15), time(21))  # of each day, in the business's zone
DAYS = 7
STAGE = "local"  # a file for trying is good enough


@dataclass(frozen=True)
class Asked:
    """One question of the week, and the clock it starts."""

    at: datetime
    clock: Clock


@dataclass(frozen=True)
class Lane:
    """One policy, and the week under it."""

    policy: Policy
    calendar: Calendar
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Week:
    """What there is to be shown; moments are UTC, `days` are those of the business's zone."""

    language: str
    zone: str
    days: tuple[date, ...]
    window: timedelta | None
    lanes: tuple[Lane, ...]

    def begins(self, day: int) -> datetime:
        """Midnight at the beginning of one of the days; `DAYS` is the end of the last."""
        begins = self.days[0] + timedelta(days=day)
        return datetime.combine(begins, time(), ZoneInfo(self.zone)).astimezone(UTC)


def simulate(file: Path, day: date, window: timedelta | None, language: str = "") -> Week:
    """The week that `day` is in, under the policies of a file, in its owner's language if no other is given.

    `window` is how long the platform takes answers. Raises SettingsError and OSError.
    """
    chosen = settings.build(check(read(file), STAGE, file.name).settings)
    monday = day - timedelta(days=day.weekday())
    days = tuple(monday + timedelta(days=number) for number in range(DAYS))
    zone = chosen.hours.zone
    lanes = tuple(_lane(chosen, policy, days, window) for policy in chosen.policies)
    return Week(language or chosen.owner.language, zone, days, window, lanes)


def lines(week: Week) -> Iterator[str]:
    """The week as a table for the terminal, in the business's language."""
    yield title(week)
    for lane in week.lanes:
        yield from ("", lane.policy.name, *(f"  {line}" for line in summary(week, lane)))
        for asked in lane.asked:
            steps = "  ".join(_reminder(week, reminder) for reminder in asked.clock.reminders)
            due = short(week, asked.clock.due_at or asked.at)
            yield f"  {short(week, asked.at)} → {say(week, 'sla_late')} {due}   {steps}".rstrip()


def title(week: Week) -> str:
    """With the first day, and the window where one was asked for."""
    shown = say(week, "sla_title", day=_date(week, week.days[0]))
    window = say(week, "sla_window", span=_span(week, week.window)) if week.window else ""
    return " · ".join(filter(None, (shown, window)))


def summary(week: Week, lane: Lane) -> list[str]:
    """What a policy is for, its targets, which hours count, and its ladder."""
    policy = lane.policy
    first, further = _span(week, policy.first_response), _span(week, policy.next_response)
    targets = [say(week, "sla_targets", first=first, next=further)]
    settled = [say(week, "sla_resolution", span=_span(week, policy.resolution))] if policy.resolution else []
    counted = {"": "sla_always", HOURS: "sla_hours"}.get(policy.calendar, "sla_calendar")
    hours = say(week, counted, name=policy.calendar, zone=lane.calendar.zone.replace("_", " "))
    ladder = " · ".join(_step(week, step) for step in policy.ladder) or say(week, "sla_nobody")
    whom = " · ".join(
        f"{key}: {_listed(getattr(policy, key))}" for key in MATCHES if getattr(policy, key) not in ((), None)
    )
    return list(filter(None, (whom, " · ".join((*targets, *settled, hours)), ladder)))


def say(week: Week, key: str, **values: object) -> str:
    """One of the texts of the pages."""
    return text(key, week.language).format_map(values)


def short(week: Week, at: datetime) -> str:
    """A moment of these days: "Mon 14:05"; one of other days with its date."""
    local = at.astimezone(ZoneInfo(week.zone))
    dated = "" if local.date() in week.days else f"{local:%m-%d} "
    return f"{weekday(week, local)} {dated}{local:%H:%M}"


def weekday(week: Week, day: date) -> str:
    """Its name, short where the language has one."""
    return str(locales.texts(week.language)["weekdays"][day.weekday()])


def _lane(chosen: Settings, policy: Policy, days: tuple[date, ...], window: timedelta | None) -> Lane:
    whoever: dict[str, Any] = {key: None if key == "public" else () for key in MATCHES}
    alone = replace(chosen, policies=(replace(policy, **whoever),))
    zone = ZoneInfo(chosen.hours.zone)
    moments = [datetime.combine(day, clock, zone).astimezone(UTC) for day in days for clock in ASKED_AT]
    asked = tuple(Asked(at, sla.start(alone, _question(at), at, at, window, 1)) for at in moments)
    return Lane(policy, sla.calendar_of(chosen, policy), asked)


def _question(at: datetime) -> Conversation:
    return Conversation("", "", "", "", "", Author(""), Kind.DIRECT, public=False, opened_at=at)


def _reminder(week: Week, reminder: Reminder) -> str:
    to = "+".join(say(week, f"sla_to_{name}") for name in reminder.to)
    return f"{short(week, reminder.at)} {to}"


def _step(week: Week, step: Step) -> str:
    when = (
        say(week, "sla_before_window", span=_span(week, step.before_window))
        if step.before_window
        else say(week, "sla_percent", percent=step.percent)
    )
    whom = " + ".join(say(week, f"sla_to_{name}") for name in step.to)
    extra = [say(week, "sla_sms")] if "sms" in step.by else []
    extra += [say(week, "sla_urgent")] if step.urgent else []
    return f"{when}: {whom}" + (f" ({', '.join(extra)})" if extra else "")


def _date(week: Week, day: date) -> str:
    month = locales.texts(week.language)["months"][day.month - 1]
    parts = {"weekday": weekday(week, day), "day": day.day, "month": month, "year": day.year}
    around = locales.say(week.language, "moment", **parts, time="\0").split("\0")
    return max(around, key=len).strip(" ,、")


def _listed(held: object) -> str:
    return ", ".join(map(str, held)) if isinstance(held, tuple) else str(held).lower()


def _span(week: Week, span: timedelta | None) -> str:
    return locales.duration(week.language, span or timedelta())
