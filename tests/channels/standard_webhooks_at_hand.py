"""A shop's own system, what it delivers, and an answer on its way to it."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.standard_webhooks import StandardWebhooks
from chalicelib.http import Http
from chalicelib.model import Event
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "standard_webhooks"

FORM, FORUM = "kontaktformular", "forum"
NOW = 1_790_000_000
ID = "msg_2KWPBgLlAfxdpx2AI54"
SECRET, OLD_SECRET = "whsec_" + b64encode(b"k" * 32).decode(), "whsec_" + b64encode(b"o" * 24).decode()
REPLY_SECRET = "whsec_" + b64encode(b"r" * 32).decode()
REPLY_URL = "https://shop.example/bridgehead/replies"
SENT_AT = datetime(2026, 9, 21, 14, 13, 20, 344522, tzinfo=UTC)


def connection(accounts: tuple[str, ...] = (FORM,), reply_url: str = REPLY_URL, **secrets: Any) -> Connection:
    held = {"signing_secret": SECRET, "reply_secret": REPLY_SECRET, **secrets}
    return Connection("form", "standard_webhooks", accounts, {"reply_url": reply_url}, held)


def request(body: bytes, headers: dict[str, str] | None = None, received_at: float = NOW) -> WebhookRequest:
    given = signing.standard_webhooks(body, SECRET, ID, NOW) if headers is None else headers
    return WebhookRequest("POST", given, {}, body, received_at)


def verify(asked: WebhookRequest, **secrets: Any) -> None:
    StandardWebhooks(connection(**secrets)).verify(asked)


def events_of(body: bytes | dict[str, Any], accounts: tuple[str, ...] = (FORM,)) -> list[Event]:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    return StandardWebhooks(connection(accounts)).parse(request(raw))


def event_of(name: str) -> Event:
    (event,) = events_of((PAYLOADS / f"{name}.json").read_bytes())
    return event


def message(**data: Any) -> Event:
    whole = {"author": {"id": "kunde-9"}, "text": "Hallo"} | data
    (event,) = events_of({"type": "message.created", "data": whole})
    return event


ADDRESS = "203.0.113.7"


reply = replying(
    id="r-5h2k",
    channel="standard_webhooks",
    account=FORM,
    thread="faden-12",
    author_id="kunde-9",
    parent="anfrage-4711",
    text="はい、できます。Grüße 💡",
    window_from=datetime(2026, 9, 21, tzinfo=UTC),
)


def sending(http: Http, check: Any = lambda url: ADDRESS, **more: Any) -> StandardWebhooks:
    return StandardWebhooks(connection(**more), http=http, check=check, now=lambda: NOW)
