"""The ladder of a policy as it is stored: the steps that are written, what percentages alone mean, or the usual one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.settings import LADDER, LAST_CALL, Step, step_at
from infra.settings.problems import Problems
from infra.settings.tables import STEP

Tables = Mapping[str, Any]
PEOPLE = ("lead", "owner")  # who can have a phone
MOST_AGENTS = 40  # each gets a mail, and the desk decides on all of them in one write


def steps(policy: Tables, settings: Tables) -> list[dict[str, Any]]:
    """In the shape of chalicelib.settings; keys that hold their default are left out."""
    if "ladder" in policy:
        return [_kept(step) for step in policy["ladder"]]
    short = policy.get("reminders")
    usual = LADDER if short is None else (*map(step_at, short), *([LAST_CALL] if short else []))
    by = {"by": ["mail", "sms"]} if settings["phone"] and settings["owner"].get("phone") else {}
    return [_kept({**_plain(step), **(by if step.percent >= 100 else {})}) for step in usual]


def check(tables: Tables, problems: Problems) -> None:
    """A ladder that climbs, and every step of which can reach the people it names."""
    for number, policy in enumerate(tables["policies"]):
        path = ("policies", number)
        if "ladder" in policy and "reminders" in policy:
            problems.add((*path, "reminders"), "policies.reminders is the short form of ladder: keep one of the two")
        for place, step in enumerate(policy.get("ladder", ())):
            if not problems.has((*path, "ladder", place)):
                for key, told in _complaints(step, tables, policy["ladder"][:place]):
                    problems.add((*path, "ladder", place, key), told)


def _complaints(step: Tables, tables: Tables, before: list[Tables]) -> Iterator[tuple[str, str]]:
    if ("percent" in step) == ("before_window" in step):
        yield "percent", "policies.ladder needs either percent or before_window in each step"
    reached = max((each.get("percent", 0) for each in before), default=0)
    if "percent" in step and step["percent"] <= reached:
        yield "percent", f"policies.ladder.percent is {step['percent']}, allowed: more than the {reached} before it"
    if "agents" in step["to"] and len(tables["agents"]) > MOST_AGENTS:
        yield "to", f'policies.ladder.to is "agents", which is for {MOST_AGENTS} [[agents]] at most: take "ticket"'
    if "lead" in step["to"] and not tables["lead"]:
        yield "to", 'policies.ladder.to is "lead", which needs a table [lead]'
    if "sms" in step["by"] and not any(tables[person].get("phone") for person in PEOPLE if person in step["to"]):
        yield "by", 'policies.ladder.by is "sms", which needs a lead or owner in its `to` who has a phone'
    elif "sms" in step["by"] and not tables["phone"]:
        yield "by", 'policies.ladder.by is "sms", which needs a table [phone]'


def _plain(step: Step) -> dict[str, Any]:
    when = (
        {"before_window": int(step.before_window.total_seconds())} if step.before_window else {"percent": step.percent}
    )
    return {**when, "to": list(step.to), "by": list(step.by), "urgent": step.urgent}


def _kept(step: Tables) -> dict[str, Any]:
    return {key: held for key, held in step.items() if held != STEP[key].default}
