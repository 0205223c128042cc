"""A shop on X, what is delivered to it, and an answer on its way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.x import X
from chalicelib.http import Http
from chalicelib.model import Author, Event, Kind, Message, Unreadable
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "x"

SHOP, SECOND_SHOP = "7100000000000000001", "7100000000000000002"
MAI, JUERGEN = "7200000000000000002", "7200000000000000003"
PAIR = f"{SHOP}-{MAI}"
OUR_POST = "2101000000000000100"
RECEIVED_AT = 1_789_500_000.0
SECRET = "a-consumer-secret-of-the-app"
TOKEN = "a-user-token-of-the-shop"


def connection(**secrets: Any) -> Connection:
    held = {"consumer_secret": SECRET, "access_tokens": {SHOP: TOKEN}, **secrets}
    return Connection("x-shop", "x", (SHOP, SECOND_SHOP), {}, held)


def opened(http: Http, **secrets: Any) -> X:
    return X(connection(**secrets), http, now=lambda: RECEIVED_AT)


def request(body: bytes, headers: dict[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest("POST", signing.x(body, SECRET) if headers is None else headers, {}, body, RECEIVED_AT)


def challenge(**query: str) -> WebhookRequest:
    return WebhookRequest("GET", {}, query, b"", RECEIVED_AT)


def events_of(body: bytes | str | dict[str, Any], accounts: tuple[str, ...] = (SHOP, SECOND_SHOP)) -> list[Event]:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
    return X(Connection("x-shop", "x", accounts)).parse(request(raw))


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    return found


def event_of(name: str) -> Event:
    (event,) = events_of(payload(name))
    return event


MAI_AS_AUTHOR = Author(MAI, "Nguyễn Thị Mai", "maitrongvuon", 412, "https://x.com/maitrongvuon")


NOTHING: tuple[str, ...] = ()


def kinds(events: list[Event]) -> tuple[str, ...]:
    return tuple(_kind(event) for event in events)


def _kind(event: Event) -> str:
    name = type(event).__name__
    if isinstance(event, Message):
        return f"{name} {event.kind}"
    return f"{name} {event.reason}" if isinstance(event, Unreadable) else name


reply = replying(
    id="r1",
    channel="x",
    account=SHOP,
    thread=OUR_POST,
    author_id=MAI,
    parent="2101000000000000101",
    kind=Kind.MENTION,
    public=True,
    text="Chào chị Mai 💡, Größe M ist da",
    window_from=datetime(2026, 9, 14, tzinfo=UTC),
)


DIRECT = {"public": False, "kind": Kind.DIRECT, "thread": PAIR, "parent": "2101000000000000201"}


def problem(kind: str, detail: str = "", **more: Any) -> dict[str, Any]:
    return {"title": kind, "type": f"https://api.x.com/2/problems/{kind}", "detail": detail, **more}
