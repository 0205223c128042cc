"""The owner's file, `bridgehead.toml`: read, checked, and turned into what `chalicelib.settings.read` takes.

All that is wrong is told at once, each with its line, what was found and what is allowed. `docs/settings.md` has every
setting; the rules that join several settings are in `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.channels import CHANNELS
from chalicelib.channels.base import Spec
from chalicelib.settings import HOURS as OWN_HOURS
from chalicelib.settings import VERSION
from chalicelib.sla.calendars import DAYS
from infra.settings import ladder, rules, toml_lines, values
from infra.settings.problems import FILE, Problems, SettingsError, name_of
from infra.settings.tables import (
    AGENT,
    ALWAYS,
    BUSINESS,
    CALENDAR,
    CONNECTION,
    FILE_TABLES,
    HELPDESK,
    HOURS,
    MATCHES,
    OWNER,
    PHONE,
    POLICY,
    Setting,
)
from infra.settings.values import FLAG, NAMES, NUMBER, Value, choice, text, url

__all__ = ["FILE", "Checked", "SettingsError", "check", "read"]

NAME = re.compile(r"[a-z0-9-]{1,32}")  # of a connection or calendar
LOCAL = "local"  # the stage on the developer's own machine


@dataclass(frozen=True)
class Checked:
    """`settings` is the JSON to store; `warnings` are worth reading and hinder nothing."""

    settings: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def read(file: Path) -> str:
    """The file's text. Raises SettingsError where an editor saved it in another encoding, OSError."""
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            [f"{file.name} line {line}: this is no UTF-8, save the file as UTF-8 in your editor"]
        ) from None


def check(content: str, stage: str, file: str = FILE) -> Checked:
    """The settings to store. Raises SettingsError with everything that is wrong; `stage` "local" may talk to itself."""
    try:
        document, lines = toml_lines.parse(content)
    except toml_lines.Unparsable as error:
        raise SettingsError([f"{file} line {error.line}: {error.reason}"]) from None
    problems = Problems(lines, file)
    rules.refuse_other_version(document.get("version"), problems)
    problems.stop_if_any()
    rules.refuse_secrets(document, problems)
    settings = _settings(document, problems, stage)
    for rule in rules.RULES:
        rule(settings, problems)
    problems.stop_if_any()
    warnings = [line for warn in rules.WARNINGS for line in warn(settings, stage)]
    return Checked(_stored(settings), warnings)


def _settings(document: Mapping[str, Any], problems: Problems, stage: str) -> dict[str, Any]:
    """The file's own tables with every default filled in; what is wrong is left out."""
    problems.unknown((), document, FILE_TABLES)
    one = {"business": BUSINESS, "helpdesk": HELPDESK, "owner": OWNER, "lead": OWNER, "phone": PHONE, "hours": HOURS}
    needed = ("business", "helpdesk", "owner")
    found = {
        name: _table(document.get(name, {}), (name,), known, problems) if name in document or name in needed else {}
        for name, known in one.items()
    }
    spoken = {"language": found["business"].get("language", "en")}
    is_open = any(found["hours"].get(day) for day in DAYS)
    policies = _tables(document.get("policies", []), ("policies",), POLICY, problems)
    return {
        **found,
        **{name: _filled(found[name], spoken) for name in ("helpdesk", "owner", "lead") if found[name]},
        "agents": _tables(document.get("agents", []), ("agents",), AGENT, problems),
        "calendars": _named(document.get("calendars", {}), "calendars", CALENDAR, problems),
        "policies": [_policy(policy, number, is_open) for number, policy in enumerate(policies, 1)],
        "connections": _connections(document.get("connections", {}), problems, stage),
    }


def _policy(policy: Mapping[str, Any], number: int, is_open: bool) -> dict[str, Any]:
    counted = ALWAYS if policy.get("always_open", not is_open) else OWN_HOURS
    return _filled(policy, {"name": f"policy {number}", "calendar": counted})


def _named(found: Any, name: str, known: Mapping[str, Setting], problems: Problems) -> dict[str, dict[str, Any]]:
    """Tables that have names of the owner's own."""
    if not isinstance(found, dict):
        problems.wrong((name,), values.Wrong(found, allowed=f"tables [{name}.<name>]"))
        return {}
    return {each: _table(table, _name((name, each), problems), known, problems) for each, table in found.items()}


def _name(path: tuple[str, str], problems: Problems) -> tuple[str, str]:
    if not NAME.fullmatch(path[1]):
        allowed = "a name of 1 to 32 characters a-z, 0-9 and -"
        problems.wrong(path, values.Wrong(path[1], allowed=allowed))
    return path


def _tables(
    found: Any, path: toml_lines.Path, known: Mapping[str, Setting], problems: Problems
) -> list[dict[str, Any]]:
    name = name_of(path)
    if not isinstance(found, list):
        problems.add(path, f"{name} is {values.shown(found)}, allowed: tables that begin with [[{name}]]")
        return []
    return [_table(each, (*path, number), known, problems) for number, each in enumerate(found)]


def _table(found: Any, path: toml_lines.Path, known: Mapping[str, Setting], problems: Problems) -> dict[str, Any]:
    if not isinstance(found, dict):
        problems.wrong(path, values.Wrong(found, allowed=f"a table that begins with [{path[0]}]"))
        return {}
    problems.unknown(path, found, known)
    read = {key: _value(found, path, key, setting, problems) for key, setting in known.items()}
    return {key: value for key, value in read.items() if value is not None}


def _value(found: Mapping[str, Any], path: toml_lines.Path, key: str, setting: Setting, problems: Problems) -> Any:
    if key in found and isinstance(setting.value, Mapping):
        return _tables(found[key], (*path, key), setting.value, problems)
    if key in found and isinstance(setting.value, Value):
        try:
            return setting.value.read(found[key])
        except values.Wrong as wrong:
            problems.wrong((*path, key), wrong, setting.value.allowed)
            return None
    if setting.required and isinstance(setting.value, Value):
        problems.add((*path, key), f"{name_of((*path, key))} is missing, it is {setting.value.allowed}")
    return setting.default


def _connections(found: Any, problems: Problems, stage: str) -> dict[str, dict[str, Any]]:
    if not isinstance(found, dict):
        problems.wrong(("connections",), values.Wrong(found, allowed="tables [connections.<name>]"))
        return {}
    return {name: _connection(name, each, problems, stage) for name, each in found.items()}


def _connection(name: str, found: Any, problems: Problems, stage: str) -> dict[str, Any]:
    path = _name(("connections", name), problems)
    channel = found.get("channel") if isinstance(found, dict) else None
    if isinstance(found, dict) and (not isinstance(channel, str) or channel not in CHANNELS):
        # without its channel nobody knows its options: one complaint instead of five
        found = {key: value for key, value in found.items() if key in CONNECTION}
    options = _options(channel, stage)
    read = _table(found, path, {**CONNECTION, **options}, problems)
    core = {key: read[key] for key in CONNECTION if key in read}
    return {**core, "options": {key: read[key] for key in options if key in read and key in found}}


def _options(channel: Any, stage: str) -> dict[str, Setting]:
    spec = CHANNELS.get(channel) if isinstance(channel, str) else None
    return {key: Setting(_option(spec, key, default, stage)) for key, default in spec.settings.items()} if spec else {}


def _option(spec: Spec, key: str, default: Any, stage: str) -> Value:
    if key in spec.choices:
        return choice(spec.choices[key])
    if key.endswith("_url"):
        return url(local=stage == LOCAL, is_base=key != "reply_url")
    return {bool: FLAG, int: NUMBER, dict: NAMES}.get(type(default), text(200))


def _filled(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {**defaults, **table}


def _stored(settings: Mapping[str, Any]) -> dict[str, Any]:
    """In the shape of chalicelib.settings; what only served the check is left out."""
    business, helpdesk = settings["business"], settings["helpdesk"]
    own = {"zone": business["zone"]}
    return {
        "version": VERSION,
        "business": business["name"],
        "reply_domain": business["reply_domain"],
        "helpdesk": {key: helpdesk[key] for key in ("address", "kind", "language", "sends_from", "marks")},
        "owner": settings["owner"],
        **{name: settings[name] for name in ("lead", "phone") if settings[name]},
        "agents": settings["agents"],
        "agent_domains": helpdesk["agent_domains"],
        "hours": _calendar({**settings["hours"], **own}),
        "calendars": {name: _calendar({**own, **table}) for name, table in settings["calendars"].items()},
        "policies": _policies(settings),
        "reach": business["reach"],
        "connections": settings["connections"],
    }


def _calendar(table: Mapping[str, Any]) -> dict[str, Any]:
    days = {day: table[day] for day in DAYS if table.get(day)}
    rest = {key: table[key] for key in ("closed", "holidays", "special") if table.get(key)}
    return {"zone": table["zone"], "days": days, **rest}


def _policies(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As written, and the defaults for what none of them is for."""
    written = list(settings["policies"])
    if not any(rules.catches_all(policy) for policy in written):
        defaults = {key: setting.default for key, setting in POLICY.items() if setting.default is not None}
        is_open = any(settings["hours"].get(day) for day in DAYS)
        written.append({**defaults, "name": "default", "calendar": OWN_HOURS if is_open else ALWAYS})
    return [_stored_policy(policy, settings) for policy in written]


def _stored_policy(policy: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: policy[key] for key in ("name", "first_response", "next_response", "resolution")}
    lists = {key: policy[key] for key in (*MATCHES, "starts") if policy.get(key) not in ([], None)}
    counted = {"calendar": policy["calendar"]} if policy["calendar"] != ALWAYS else {}
    return {**kept, "ladder": ladder.steps(policy, settings), **lists, **counted}
