"""Every table of `bridgehead.toml`: its keys, what each may be, and its default. `docs/settings.md` has the same for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.channels import CHANNELS
from chalicelib.helpdesks import HELPDESKS
from chalicelib.model import Kind
from chalicelib.settings import LANGUAGES
from chalicelib.sla import NEEDS_NO_ANSWER
from chalicelib.sla.calendars import DAYS
from chalicelib.triage import INTENTS
from chalicelib.triage.languages import KNOWN
from infra.settings.clock import (
    DAY,
    DURATION,
    DURATION_OR_OFF,
    HOLIDAYS,
    PERCENT,
    PHONE_NUMBER,
    REMINDERS,
    SPANS,
    SPECIAL,
    ZONE,
)
from infra.settings.values import ACCOUNT, ADDRESS, COUNT, DOMAIN, FLAG, NUMBER, Value, choice, many, text


@dataclass(frozen=True)
class Setting:
    """One key of a table: its kind of value, or the keys of the tables in it; and its default where it may be left out."""

    value: Value | Mapping[str, Setting]
    default: Any = None
    required: bool = False


ALWAYS = "always"  # the calendar without a closed minute
FILE_TABLES = (
    "version", "business", "helpdesk", "owner", "lead", "phone", "agents", "hours", "calendars", "policies", "connections",
)  # fmt: skip
QUIET = ["22:00-07:00"]

CHANNEL = choice(
    CHANNELS, {"twitter": "x", "fb": "facebook", "google": "google_business", "webhook": "standard_webhooks"}
)
LANGUAGE = choice(LANGUAGES, {"jp": "ja", "cn": "zh", "vn": "vi", "de-de": "de", "en-us": "en", "zh-cn": "zh"})
KIND = choice(HELPDESKS, dict.fromkeys(("outlook", "exchange", "microsoft 365", "imap", "mailbox"), "plain"))
BUSINESS = {
    "name": Setting(text(), required=True),
    "zone": Setting(ZONE, required=True),
    "reply_domain": Setting(DOMAIN, required=True),
    "reply_domain_is_dedicated": Setting(FLAG, False),
    "language": Setting(LANGUAGE, "en"),
    "reach": Setting(COUNT, 10_000),
}
HELPDESK = {
    "address": Setting(ADDRESS, required=True),
    "kind": Setting(KIND, "plain"),
    "language": Setting(LANGUAGE),
    "sends_from": Setting(many(ADDRESS), []),
    "marks": Setting(many(text(200)), []),
    "agent_domains": Setting(many(DOMAIN), []),
    "allow_whole_domains": Setting(FLAG, False),
}
OWNER = {
    "address": Setting(ADDRESS, required=True),
    "name": Setting(text(), ""),
    "language": Setting(LANGUAGE),
    "phone": Setting(PHONE_NUMBER, ""),
    "quiet": Setting(SPANS, QUIET),
}
PHONE = {
    "provider": Setting(choice(("aws", "twilio")), required=True),
    "number": Setting(PHONE_NUMBER, required=True),
    "account": Setting(text(), ""),
    "daily_cap": Setting(NUMBER, 20),
}
AGENT = {"address": Setting(ADDRESS, required=True), "name": Setting(text(), "")}
HOURS = {
    **{day: Setting(SPANS, []) for day in DAYS},
    "closed": Setting(many(DAY), []),
    "holidays": Setting(many(HOLIDAYS), []),
    "special": Setting(SPECIAL, {}),
}
CALENDAR = {"zone": Setting(ZONE), **HOURS}
STEP = {
    "percent": Setting(PERCENT),
    "before_window": Setting(DURATION),
    "to": Setting(many(choice(("ticket", "agents", "lead", "owner")), least=1), ["ticket"]),
    "by": Setting(many(choice(("mail", "sms")), least=1), ["mail"]),
    "urgent": Setting(FLAG, False),
}
POLICY = {
    "name": Setting(text(40)),
    "first_response": Setting(DURATION, 3600),
    "next_response": Setting(DURATION, 4 * 3600),
    "resolution": Setting(DURATION_OR_OFF, 7 * 86400),
    "reminders": Setting(REMINDERS),
    "ladder": Setting(STEP),
    "channels": Setting(many(CHANNEL), []),
    "connections": Setting(many(text(32)), []),
    "accounts": Setting(many(ACCOUNT), []),
    "kinds": Setting(many(choice(Kind)), []),
    "public": Setting(FLAG),
    "intents": Setting(many(choice(INTENTS)), []),
    "priorities": Setting(many(choice(("urgent", "high", "normal"))), []),
    "languages": Setting(many(choice(KNOWN)), []),
    "calendar": Setting(text(32)),
    "always_open": Setting(FLAG),
    "starts": Setting(many(choice(NEEDS_NO_ANSWER)), []),
}
MATCHES = ("channels", "connections", "accounts", "kinds", "public", "intents", "priorities", "languages")
CONNECTION = {
    "channel": Setting(CHANNEL, required=True),
    "accounts": Setting(many(ACCOUNT, least=1), required=True),
}
