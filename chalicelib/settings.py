"""What the owner decided, as one typed object. Checked when written (`infra/settings_file.py`); here it is only read.

Kept as JSON in Parameter Store under <PARAMETERS>/settings; secrets are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.channels.base import Connection

VERSION = 1  # of the settings; a stack that was rolled back refuses newer ones
LANGUAGES = ("en", "de", "ja", "vi", "zh")


@dataclass(frozen=True)
class Helpdesk:
    """Where tickets go. `kind` names a row in helpdesks.py; `sends_from` are the addresses its answers come from."""

    address: str
    kind: str = "plain"
    language: str = "en"
    sends_from: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()  # marker lines the business put around the answer in its helpdesk's template


@dataclass(frozen=True)
class Agent:
    """Somebody whose mail may be posted."""

    address: str
    name: str = ""


@dataclass(frozen=True)
class Owner:
    """Who hears of what went wrong."""

    address: str
    name: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Policy:
    """When an answer is due, for the messages that match; the first policy that matches is taken."""

    name: str = "default"
    first_response: timedelta = timedelta(hours=4)
    next_response: timedelta = timedelta(hours=8)
    reminders: tuple[int, ...] = (50, 80, 100)  # percent of the target
    channels: tuple[str, ...] = ()  # () = any
    accounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    always_open: bool = True  # False: only the business's hours count


@dataclass(frozen=True)
class Hours:
    """When the business answers: by day ("mon" … "sun"), spans "09:00-12:30"; a span may cross midnight. () = always."""

    zone: str = "UTC"
    days: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[str, ...] = ()  # own days off, "2026-12-24" or yearly "12-24"


@dataclass(frozen=True)
class Settings:
    """bridgehead.toml, checked."""

    business: str
    reply_domain: str
    helpdesk: Helpdesk
    owner: Owner
    version: int = 1
    public_url: str = ""  # of the deployed API, for links in mails; written by `deploy`, not by the owner
    agents: tuple[Agent, ...] = ()
    agent_domains: tuple[str, ...] = ()  # whole domains, only with the explicit unsafe flag
    hours: Hours = field(default_factory=Hours)
    policies: tuple[Policy, ...] = (Policy(),)
    connections: Mapping[str, Connection] = field(default_factory=dict)


def read(text: str) -> Settings:
    """From the stored JSON. Raises KeyError or ValueError only on what `configure` would not have written."""
    return build(json.loads(text))


def build(stored: Mapping[str, Any]) -> Settings:
    """From the stored JSON, read."""
    if stored["version"] > VERSION:
        raise ValueError(f"settings of version {stored['version']}, known up to {VERSION}")
    return Settings(
        version=stored["version"],
        business=stored["business"],
        reply_domain=stored["reply_domain"],
        helpdesk=_helpdesk(stored["helpdesk"]),
        owner=Owner(**stored["owner"]),
        public_url=stored.get("public_url", ""),
        agents=tuple(Agent(**agent) for agent in stored.get("agents", ())),
        agent_domains=tuple(stored.get("agent_domains", ())),
        hours=_hours(stored.get("hours", {})),
        policies=tuple(map(_policy, stored.get("policies", ()))) or (Policy(),),
        connections={name: _connection(name, found) for name, found in stored.get("connections", {}).items()},
    )


def _helpdesk(stored: Mapping[str, Any]) -> Helpdesk:
    lists = {key: tuple(stored.get(key, ())) for key in ("sends_from", "marks")}
    return Helpdesk(**{**stored, **lists})


def _hours(stored: Mapping[str, Any]) -> Hours:
    days = {day: tuple(spans) for day, spans in stored.get("days", {}).items()}
    return Hours(zone=stored.get("zone", "UTC"), days=days, closed=tuple(stored.get("closed", ())))


def _policy(stored: Mapping[str, Any]) -> Policy:
    spans = {key: timedelta(seconds=stored[key]) for key in ("first_response", "next_response") if key in stored}
    lists = {key: tuple(stored[key]) for key in ("reminders", "channels", "accounts", "kinds") if key in stored}
    return Policy(**{**stored, **spans, **lists})


def _connection(name: str, stored: Mapping[str, Any]) -> Connection:
    return Connection(name, stored["channel"], tuple(stored["accounts"]), stored.get("options", {}))
