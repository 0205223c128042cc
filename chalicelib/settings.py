"""What the owner decided, as one typed object. Checked when written (`infra/settings/document.py`); here it is only read.

Kept as JSON in Parameter Store under <PARAMETERS>/settings; secrets are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from chalicelib import stored
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
    """Who hears of what went wrong; also the lead, who hears of what may go wrong."""

    address: str
    name: str = ""
    language: str = "en"
    phone: str = ""  # E.164: "+436601234567"
    quiet: tuple[str, ...] = ("22:00-07:00",)  # in the business's zone: then only what is urgent


@dataclass(frozen=True)
class Phone:
    """By whom texts to the owner and the lead go."""

    provider: str  # "aws" or "twilio"
    number: str  # E.164, ours
    daily_cap: int = 20  # texts a day to one person
    account: str = ""  # Twilio's account SID
    api_url: str = ""  # of Twilio's API; only the local stack has another


@dataclass(frozen=True)
class Step:
    """One step of the ladder of reminders: when it comes, whom it reaches and how."""

    percent: int = 0  # of the target that is used up
    before_window: timedelta | None = None  # instead: so long before the platform's window ends
    to: tuple[str, ...] = ("ticket",)  # of ticket, agents, lead, owner
    by: tuple[str, ...] = ("mail",)  # mail, sms; sms only reaches a lead or owner with a phone
    urgent: bool = False  # also in quiet hours


LAST_CALL = Step(before_window=timedelta(hours=2), to=("ticket", "owner"))
LADDER = (Step(50), Step(80), Step(100, to=("ticket", "owner")), LAST_CALL)


@dataclass(frozen=True)
class Policy:
    """When an answer is due, for the conversations that match; the first policy that matches is taken. () = any."""

    name: str = "default"
    first_response: timedelta = timedelta(hours=1)
    next_response: timedelta = timedelta(hours=4)
    resolution: timedelta | None = timedelta(days=7)  # None: off
    ladder: tuple[Step, ...] = LADDER
    channels: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    public: bool | None = None
    intents: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    calendar: str = ""  # a name in Settings.calendars; "" = wall clock
    starts: tuple[str, ...] = ()  # what starts a clock though it usually asks for no answer
    version: str = ""  # a hash of this policy and its calendar; `build` fills it in


@dataclass(frozen=True)
class Calendar:
    """When the business is open: by day ("mon" … "sun"), spans "09:00-12:30"; a span may cross midnight. No days = always."""

    zone: str = "UTC"
    days: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[str, ...] = ()  # own days off, "2026-12-24" or yearly "12-24"
    holidays: tuple[str, ...] = ()  # countries and regions of the `holidays` package: "DE-BE", "AT-9", "VN"
    special: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # days with hours of their own, as in `closed`


HOURS = "hours"  # the calendar of the [hours] table; its zone is the business's


@dataclass(frozen=True)
class Settings:
    """bridgehead.toml, checked."""

    business: str
    reply_domain: str
    helpdesk: Helpdesk
    owner: Owner
    version: int = 1
    public_url: str = ""  # of the deployed API, for links in mails; written by `deploy`, not by the owner
    lead: Owner | None = None
    phone: Phone | None = None
    agents: tuple[Agent, ...] = ()
    agent_domains: tuple[str, ...] = ()  # whole domains, only with the explicit unsafe flag
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: {HOURS: Calendar()})
    policies: tuple[Policy, ...] = (Policy(),)
    reach: int = 10_000  # followers from which an author's messages are of high priority; 0 = never
    connections: Mapping[str, Connection] = field(default_factory=dict)

    @property
    def hours(self) -> Calendar:
        """The business's own hours, and its zone."""
        return self.calendars[HOURS]


def read(text: str) -> Settings:
    """From the stored JSON. Raises KeyError or ValueError only on what `configure` would not have written."""
    return build(json.loads(text))


def build(found: Mapping[str, Any]) -> Settings:
    """From the stored JSON, read; keys that a newer version wrote are passed over."""
    if found["version"] > VERSION:
        raise ValueError(f"settings of version {found['version']}, known up to {VERSION}")
    calendars = {
        name: _calendar(each) for name, each in {**found.get("calendars", {}), HOURS: found.get("hours", {})}.items()
    }
    return Settings(
        version=found["version"],
        business=found["business"],
        reply_domain=found["reply_domain"],
        helpdesk=Helpdesk(**_known(Helpdesk, found["helpdesk"])),
        owner=Owner(**_known(Owner, found["owner"])),
        public_url=found.get("public_url", ""),
        lead=Owner(**_known(Owner, found["lead"])) if found.get("lead") else None,
        phone=Phone(**_known(Phone, found["phone"])) if found.get("phone") else None,
        agents=tuple(Agent(**_known(Agent, agent)) for agent in found.get("agents", ())),
        agent_domains=tuple(found.get("agent_domains", ())),
        calendars=calendars,
        policies=tuple(_policy(policy, calendars) for policy in found.get("policies", ())) or (Policy(),),
        reach=found.get("reach", Settings.reach),
        connections={name: _connection(name, each) for name, each in found.get("connections", {}).items()},
    )


def _known(kind: type[Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Lists become tuples; what the class does not know is left out."""
    names = {each.name for each in fields(kind)}
    return {key: tuple(held) if isinstance(held, list) else held for key, held in found.items() if key in names}


def _calendar(found: Mapping[str, Any]) -> Calendar:
    tables = {key: {day: tuple(spans) for day, spans in found.get(key, {}).items()} for key in ("days", "special")}
    return Calendar(**{**_known(Calendar, found), **tables})


def _policy(found: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> Policy:
    spans = {key: _span(found[key]) for key in ("first_response", "next_response", "resolution") if key in found}
    policy = Policy(**{**_known(Policy, found), **spans, **_ladder(found), **_old_calendar(found)})
    counted = calendars.get(policy.calendar) or Calendar()
    content = stored.dump([replace(policy, version=""), counted if policy.calendar else None])
    return replace(policy, version=sha256(content.encode()).hexdigest()[:8])


def _ladder(found: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
    if "ladder" in found:
        return {"ladder": tuple(map(_step, found["ladder"]))}
    # settings of before the ladder: percents for the ticket, and the owner hears of what is late
    olds = found.get("reminders")
    return {} if olds is None else {"ladder": tuple(map(step_at, olds))}


def step_at(percent: int) -> Step:
    """The step that a mere percentage means: a mail into the ticket, and at 100 one to the owner."""
    return Step(percent, to=("ticket", "owner") if percent >= 100 else ("ticket",))


def _step(found: Mapping[str, Any]) -> Step:
    before = {"before_window": _span(found["before_window"])} if "before_window" in found else {}
    return Step(**{**_known(Step, found), **before})


def _old_calendar(found: Mapping[str, Any]) -> dict[str, str]:
    return {"calendar": "" if found["always_open"] else HOURS} if "always_open" in found else {}


def _span(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds else None


def _connection(name: str, found: Mapping[str, Any]) -> Connection:
    return Connection(name, found["channel"], tuple(found["accounts"]), found.get("options", {}))
