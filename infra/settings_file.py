"""The owner's file, `bridgehead.toml`: read, checked, and turned into what `chalicelib.settings.read` takes.

All that is wrong is told at once, each with its line, what was found and what is allowed. `docs/settings.md` has every
setting; the rules that join several settings are in `settings_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.channels import CHANNELS
from chalicelib.helpdesks import HELPDESKS
from chalicelib.model import Kind
from chalicelib.settings import LANGUAGES, VERSION
from chalicelib.sla.calendars import DAYS
from infra import settings_rules, settings_values, toml_lines
from infra.settings_problems import FILE, Problems, SettingsError, name_of
from infra.settings_values import (
    ACCOUNT,
    ADDRESS,
    CLOSED_DAY,
    DOMAIN,
    DURATION,
    FLAG,
    NUMBER,
    REMINDERS,
    SPAN,
    ZONE,
    Value,
    choice,
    many,
    text,
    url,
)

__all__ = ["FILE", "Checked", "SettingsError", "check"]

CONNECTION_NAME = re.compile(r"[a-z0-9-]{1,32}")
LOCAL = "local"  # the stage on the developer's own machine


@dataclass(frozen=True)
class Checked:
    """`settings` is the JSON to store; `warnings` are worth reading and hinder nothing."""

    settings: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """One key of a table: its kind of value, and its default where it may be left out."""

    value: Value
    default: Any = None
    required: bool = False


CHANNEL = choice(CHANNELS, {"twitter": "x", "fb": "facebook", "webhook": "standard_webhooks"})
BUSINESS = {
    "name": Setting(text(), required=True),
    "zone": Setting(ZONE, required=True),
    "reply_domain": Setting(DOMAIN, required=True),
    "reply_domain_is_dedicated": Setting(FLAG, False),
    "language": Setting(choice(LANGUAGES), "en"),
}
HELPDESK = {
    "address": Setting(ADDRESS, required=True),
    "kind": Setting(choice(HELPDESKS), "plain"),
    "language": Setting(choice(LANGUAGES)),
    "sends_from": Setting(many(ADDRESS), []),
    "marks": Setting(many(text(200)), []),
    "agent_domains": Setting(many(DOMAIN), []),
    "allow_whole_domains": Setting(FLAG, False),
}
OWNER = {
    "address": Setting(ADDRESS, required=True),
    "name": Setting(text(), ""),
    "language": Setting(choice(LANGUAGES)),
}
AGENT = {"address": Setting(ADDRESS, required=True), "name": Setting(text(), "")}
HOURS = {**{day: Setting(many(SPAN), []) for day in DAYS}, "closed": Setting(many(CLOSED_DAY), [])}
POLICY = {
    "name": Setting(text(40)),
    "first_response": Setting(DURATION, 4 * 3600),
    "next_response": Setting(DURATION, 8 * 3600),
    "reminders": Setting(REMINDERS, [50, 80, 100]),
    "channels": Setting(many(CHANNEL), []),
    "accounts": Setting(many(ACCOUNT), []),
    "kinds": Setting(many(choice(Kind)), []),
    "always_open": Setting(FLAG),
}
CONNECTION = {
    "channel": Setting(CHANNEL, required=True),
    "accounts": Setting(many(ACCOUNT, least=1), required=True),
}
FILE_KEYS = ("version", "business", "helpdesk", "owner", "agents", "hours", "policies", "connections")


def check(content: str, stage: str) -> Checked:
    """The settings to store. Raises SettingsError with everything that is wrong; `stage` "local" may talk to itself."""
    try:
        document, lines = toml_lines.parse(content)
    except toml_lines.Unparsable as error:
        raise SettingsError([f"{FILE} line {error.line}: {error.reason}"]) from None
    problems = Problems(lines)
    settings_rules.refuse_other_version(document.get("version"), problems)
    problems.stop_if_any()
    settings_rules.refuse_secrets(document, problems)
    settings = _settings(document, problems, stage)
    for rule in settings_rules.RULES:
        rule(settings, problems)
    problems.stop_if_any()
    warnings = [line for warn in settings_rules.WARNINGS for line in warn(settings, stage)]
    return Checked(_stored(settings), warnings)


def _settings(document: Mapping[str, Any], problems: Problems, stage: str) -> dict[str, Any]:
    """The file's own tables with every default filled in; what is wrong is left out."""
    problems.unknown((), document, FILE_KEYS)
    business = _table(document.get("business", {}), ("business",), BUSINESS, problems)
    spoken = {"language": business.get("language", "en")}
    hours = _table(document["hours"], ("hours",), HOURS, problems) if "hours" in document else {}
    open_always = {"always_open": not any(hours.get(day) for day in DAYS)}
    return {
        "business": business,
        "helpdesk": _filled(_table(document.get("helpdesk", {}), ("helpdesk",), HELPDESK, problems), spoken),
        "owner": _filled(_table(document.get("owner", {}), ("owner",), OWNER, problems), spoken),
        "agents": _tables(document.get("agents", []), "agents", AGENT, problems),
        "hours": hours,
        "policies": [
            _filled(policy, {**open_always, "name": f"policy {number}"})
            for number, policy in enumerate(_tables(document.get("policies", []), "policies", POLICY, problems), 1)
        ],
        "connections": _connections(document.get("connections", {}), problems, stage),
    }


def _tables(found: Any, name: str, known: Mapping[str, Setting], problems: Problems) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        problems.add((name,), f"{name} is {settings_values.shown(found)}, allowed: tables that begin with [[{name}]]")
        return []
    return [_table(each, (name, number), known, problems) for number, each in enumerate(found)]


def _table(found: Any, path: toml_lines.Path, known: Mapping[str, Setting], problems: Problems) -> dict[str, Any]:
    if not isinstance(found, dict):
        problems.wrong(path, settings_values.Wrong(found, allowed=f"a table that begins with [{path[0]}]"))
        return {}
    problems.unknown(path, found, known)
    read = {key: _value(found, path, key, setting, problems) for key, setting in known.items()}
    return {key: value for key, value in read.items() if value is not None}


def _value(found: Mapping[str, Any], path: toml_lines.Path, key: str, setting: Setting, problems: Problems) -> Any:
    if key in found:
        try:
            return setting.value.read(found[key])
        except settings_values.Wrong as wrong:
            problems.wrong((*path, key), wrong, setting.value.allowed)
            return None
    if setting.required:
        problems.add((*path, key), f"{name_of((*path, key))} is missing, it is {setting.value.allowed}")
    return setting.default


def _connections(found: Any, problems: Problems, stage: str) -> dict[str, dict[str, Any]]:
    if not isinstance(found, dict):
        problems.wrong(("connections",), settings_values.Wrong(found, allowed="tables [connections.<name>]"))
        return {}
    return {name: _connection(name, each, problems, stage) for name, each in found.items()}


def _connection(name: str, found: Any, problems: Problems, stage: str) -> dict[str, Any]:
    path = ("connections", name)
    if not CONNECTION_NAME.fullmatch(name):
        allowed = "a name of 1 to 32 characters a-z, 0-9 and -"
        problems.wrong(path, settings_values.Wrong(name, allowed=allowed))
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
    return {key: Setting(_option(key, default, stage)) for key, default in (spec.settings if spec else {}).items()}


def _option(key: str, default: Any, stage: str) -> Value:
    if key.endswith("_url"):
        return url(local=stage == LOCAL)
    return {bool: FLAG, int: NUMBER}.get(type(default), text(200))


def _filled(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {**defaults, **table}


def _stored(settings: Mapping[str, Any]) -> dict[str, Any]:
    """In the shape of chalicelib.settings; what only served the check is left out."""
    business, helpdesk = settings["business"], settings["helpdesk"]
    hours = {day: settings["hours"][day] for day in DAYS if settings["hours"].get(day)}
    return {
        "version": VERSION,
        "business": business["name"],
        "reply_domain": business["reply_domain"],
        "helpdesk": {key: helpdesk[key] for key in ("address", "kind", "language", "sends_from", "marks")},
        "owner": settings["owner"],
        "agents": settings["agents"],
        "agent_domains": helpdesk["agent_domains"],
        "hours": {"zone": business["zone"], "days": hours, "closed": settings["hours"].get("closed", [])},
        "policies": _policies(settings, not hours),
        "connections": settings["connections"],
    }


def _policies(settings: Mapping[str, Any], open_always: bool) -> list[dict[str, Any]]:
    """As written, and the defaults for what none of them is for."""
    written = list(settings["policies"])
    if any(settings_rules.catches_all(policy) for policy in written):
        return written
    defaults = {key: setting.default for key, setting in POLICY.items()}
    return [*written, {**defaults, "name": "default", "always_open": open_always}]
