"""The week of `simulate` as an SVG: a lane a policy, a line a question, from its arrival over the reminders to the deadline.

Self-contained, readable on light and dark grounds. Time runs as it passes: the day on which clocks change is an hour
shorter or longer than the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from chalicelib.model import Reminder
from chalicelib.sla import calendars
from infra.sla.simulate import DAYS, Asked, Lane, Week, say, short, summary, title, weekday

WIDTH, LEFT, RIGHT = 1400, 116, 150
LINE, HEAD = 17, 150  # pixels
AXIS = 40
GRID_HOURS = 6
LABEL = timedelta(hours=13)  # so wide is the deadline's label; it stands behind a sign that would stand on it
PEOPLE = {"agents", "lead", "owner"}

STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK JP", sans-serif; fill: #1f2933; }
.ground { fill: #fff; } .closed { fill: #e9edf2; } .open { fill: #fff; } .frame { stroke: #9aa5b1; } .empty { fill: none; }
.title { font-size: 22px; font-weight: 650; } .name { font-size: 17px; font-weight: 650; } .small { fill: #52606d; }
.day { font-weight: 600; } .middle { text-anchor: middle; } .end { text-anchor: end; }
.midnight { stroke: #7b8794; } .hour { stroke: #cbd2d9; stroke-width: .6; }
.rests { stroke: #7b8794; stroke-width: 1.2; stroke-dasharray: 2 3; } .counts { stroke: #1f6feb; stroke-width: 4; }
.asked { fill: #1f2933; } .ticket { fill: #1a7f4b; } .people { fill: #c2410c; } .due { stroke: #b42318; stroke-width: 2.4; }
text.due { fill: #b42318; stroke: #fff; stroke-width: 3; paint-order: stroke; }
.change { stroke: #8250df; stroke-dasharray: 5 3; stroke-width: 1.6; }
text.change { fill: #6b3fc0; stroke: none; } .holiday { fill: #964b00; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .ground { fill: #0d1117; } .closed { fill: #21262d; } .open { fill: #0d1117; } .frame { stroke: #6e7681; }
.small { fill: #adb5bd; } .midnight { stroke: #8b949e; } .hour { stroke: #30363d; } .rests { stroke: #8b949e; }
.counts { stroke: #58a6ff; } .asked { fill: #e6edf3; } .ticket { fill: #56d364; } .people { fill: #ffa657; }
.due { stroke: #ff7b72; } text.due { fill: #ff9d96; stroke: #0d1117; }
.change { stroke: #bc8cff; } text.change { fill: #cdaaff; } .holiday { fill: #f5b880; }
}
"""


def draw(week: Week) -> str:
    """The SVG's text."""
    tops = [HEAD]
    for lane in week.lanes:
        tops.append(tops[-1] + _height(lane, week))
    parts = [
        f'<text class="title" x="{LEFT}" y="40">{escape(title(week))}</text>',
        *_legend(week, 74),
        *(part for lane, top in zip(week.lanes, tops, strict=False) for part in _lane(week, lane, top)),
    ]
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tops[-1]}" role="img" lang="{week.language}">'
    )
    ground = (
        f'<title>{escape(title(week))}</title><style>{STYLE}</style><rect class="ground" width="100%" height="100%"/>'
    )
    return "\n".join((frame, ground, *parts, "</svg>", ""))


def _legend(week: Week, y: int) -> Iterator[str]:
    """Each sign with its word, in a row."""
    signs = {
        "asked": _dot(0, 0),
        "counts": '<line class="counts" x1="-9" x2="9"/>',
        "rests": '<line class="rests" x1="-9" x2="9"/>',
        "ticket": _diamond(0, 0, "ticket"),
        "people": _diamond(0, 0, "people"),
        "due": '<line class="due" y1="-7" y2="7"/>',
        "open": '<rect class="open frame" x="-9" y="-7" width="18" height="14"/>',
        "closed": '<rect class="closed frame" x="-9" y="-7" width="18" height="14"/>',
    }
    step = (WIDTH - LEFT - 20) // 4
    for number, (key, sign) in enumerate(signs.items()):
        x, line = LEFT + 10 + number % 4 * step, y + number // 4 * 24
        yield f'<g transform="translate({x} {line})">{sign}<text x="18" y="4">{escape(say(week, f"sla_{key}"))}</text></g>'


def _lane(week: Week, lane: Lane, top: int) -> Iterator[str]:
    lines = summary(week, lane)
    yield f'<text class="name" x="{LEFT}" y="{top + 14}">{escape(lane.policy.name)}</text>'
    for number, line in enumerate(lines, 1):
        yield f'<text class="small" x="{LEFT}" y="{top + 14 + number * 18}">{escape(line)}</text>'
    above = top + 14 + len(lines) * 18 + AXIS
    height = len(lane.asked) * LINE + 8
    yield from _ground(week, lane, above, height)
    yield from _days(week, lane, above, height)
    for number, asked in enumerate(lane.asked):
        yield from _question(week, lane, asked, above + number * LINE + LINE // 2 + 4)
    yield f'<rect class="frame empty" x="{LEFT}" y="{above}" width="{WIDTH - LEFT - RIGHT}" height="{height}"/>'


def _height(lane: Lane, week: Week) -> int:
    return 14 + len(summary(week, lane)) * 18 + AXIS + len(lane.asked) * LINE + 8 + 46


def _ground(week: Week, lane: Lane, top: int, height: int) -> Iterator[str]:
    """What is open is as bright as the page."""
    kind = "open" if calendars.is_always_open(lane.calendar) else "closed"
    yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{height}"/>'
    for opens, closes in _openings(lane, week.begins(0), week.begins(DAYS)):
        begins, ends = _x(week, opens), _x(week, closes)
        yield f'<rect class="open" x="{begins:.1f}" y="{top}" width="{ends - begins:.1f}" height="{height}"/>'


def _days(week: Week, lane: Lane, top: int, height: int) -> Iterator[str]:
    """Names of days, hours, public holidays, and where clocks change."""
    for number, day in enumerate(week.days):
        begins, ends = _x(week, week.begins(number)), _x(week, week.begins(number + 1))
        yield _upright(begins, top, height, "midnight")
        shown = f"{weekday(week, day)} {day.day}"
        yield f'<text class="day middle" x="{(begins + ends) / 2:.1f}" y="{top - 20}">{escape(shown)}</text>'
        for holiday in _holidays(week, lane, day):
            yield f'<text class="holiday middle" x="{(begins + ends) / 2:.1f}" y="{top - 5}">{escape(holiday)}</text>'
        change = _change(week, number)
        if change:
            x = _x(week, change[0])
            yield _upright(x, top, height, "change")
            yield f'<text class="change middle" x="{x:.1f}" y="{top + height + 16}">{escape(change[1])}</text>'
        hours = range(GRID_HOURS, 24, GRID_HOURS)
        for at in (week.begins(number) + timedelta(hours=hour) for hour in hours):
            yield _upright(_x(week, at), top, height, "hour")


def _question(week: Week, lane: Lane, asked: Asked, y: int) -> Iterator[str]:
    due, end = asked.clock.due_at or asked.at, week.begins(DAYS)
    last = max((due, *(reminder.at for reminder in asked.clock.reminders)))
    yield f'<text class="small end" x="{LEFT - 8}" y="{y + 4}">{escape(short(week, asked.at))}</text>'
    yield _across(week, asked.at, min(due, end), y, "rests")
    for opens, closes in _counted(lane, asked.at, min(due, end)):
        yield _across(week, opens, closes, y, "counts")
    yield _dot(_x(week, asked.at), y)
    yield from (_reminder(week, reminder, y) for reminder in asked.clock.reminders if reminder.at < end)
    if due <= end:
        yield f'<line class="due" x1="{_x(week, due):.1f}" x2="{_x(week, due):.1f}" y1="{y - 7}" y2="{y + 7}"/>'
    label = _x(week, min(last if last - due < LABEL else due, end)) + 9
    arrow = "" if due <= end else "→ "
    yield f'<text class="due" x="{label:.1f}" y="{y + 4}">{arrow}{escape(short(week, due))}</text>'


def _counted(lane: Lane, since: datetime, until: datetime) -> Iterable[tuple[datetime, datetime]]:
    if calendars.is_always_open(lane.calendar):
        return [(since, until)]
    return _openings(lane, since, until)


def _openings(lane: Lane, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    if calendars.is_always_open(lane.calendar):
        return
    for opens, closes in calendars.openings(lane.calendar, since):
        if opens >= until:
            return
        yield opens, min(closes, until)


def _holidays(week: Week, lane: Lane, day: date) -> list[str]:
    """What a day off is called, in the business's language where the package speaks it."""
    from holidays import country_holidays

    names = []
    for country, _, region in (name.partition("-") for name in lane.calendar.holidays):
        known = country_holidays(country, subdiv=region or None, years=day.year)
        spoken = next((each for each in known.supported_languages if each.startswith(week.language)), None)
        named = country_holidays(country, subdiv=region or None, years=day.year, language=spoken)
        names += [named[day]] if day in named else []
    return list(dict.fromkeys(names))[:1]


def _change(week: Week, day: int) -> tuple[datetime, str] | None:
    """When the clocks of the business's zone change on a day, and in words from when to when."""
    zone, begins, ends = ZoneInfo(week.zone), week.begins(day), week.begins(day + 1)
    before, after = begins.astimezone(zone).utcoffset(), ends.astimezone(zone).utcoffset()
    if before is None or after is None or before == after:
        return None
    minutes = (begins + timedelta(minutes=minute) for minute in range(int((ends - begins).total_seconds() // 60) + 1))
    at = next(minute for minute in minutes if minute.astimezone(zone).utcoffset() == after)
    words = say(week, "sla_forward" if after > before else "sla_back")
    return at, f"{at + before:%H:%M} → {at + after:%H:%M} {words}"


def _reminder(week: Week, reminder: Reminder, y: int) -> str:
    return _diamond(_x(week, reminder.at), y, "people" if PEOPLE & set(reminder.to) else "ticket")


def _x(week: Week, at: datetime) -> float:
    share = (at - week.begins(0)) / (week.begins(DAYS) - week.begins(0))
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _upright(x: float, top: int, height: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + height}"/>'


def _across(week: Week, since: datetime, until: datetime, y: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{_x(week, since):.1f}" x2="{_x(week, until):.1f}" y1="{y}" y2="{y}"/>'


def _dot(x: float, y: float) -> str:
    return f'<circle class="asked" cx="{x:.1f}" cy="{y}" r="3.6"/>'


def _diamond(x: float, y: float, kind: str) -> str:
    return f'<path class="{kind}" d="M{x:.1f} {y - 5}l4.5 5l-4.5 5l-4.5 -5z"/>'
