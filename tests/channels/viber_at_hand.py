"""A café's Viber bot, its token, events as Viber posts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.viber import Viber
from chalicelib.model import Event
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "viber"
BOT, MIA = "cafelindner", "Mia/7301+88442q2=="
SENT_AT = datetime(2026, 10, 3, 10, 0, 0, 123_000, UTC)
TOKEN, OLD_TOKEN = "4453b6ac-token-of-the-cafes-bot", "4453b6ac-token-before-it"
ANSWER = "Ja, bis 18 Uhr. はい نعم 🙂"


def connection(**options: Any) -> Connection:
    return Connection("cafe", "viber", (BOT,), options, {"auth_token": [TOKEN, OLD_TOKEN]})


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, token: str = TOKEN) -> WebhookRequest:
    return WebhookRequest("POST", signing.viber(body, token), {}, body, SENT_AT.timestamp() + 1)


def read(name: str) -> list[Event]:
    return Viber(connection()).parse(delivered(payload(name)))


reply = replying(
    channel="viber",
    account=BOT,
    thread=MIA,
    author_id=MIA,
    parent="5741311803571721088",
    text=ANSWER,
    window_from=SENT_AT - timedelta(days=20),
)
