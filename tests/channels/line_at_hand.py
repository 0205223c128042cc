"""An Official Account, its secrets, deliveries as LINE signs them, and a LINE that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.line import Line
from chalicelib.http import Response
from chalicelib.model import Event
from tests import signing
from tests.channels import at_hand
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "line"
BOT = "Uc0ffee00000000000000000000000001"
MIA, YUI, LAYLA = (
    "U1a11a000000000000000000000000001",
    "U2b22b000000000000000000000000002",
    "U3c33c000000000000000000000000003",
)
GROUP, ROOM = "C4d44d000000000000000000000000004", "R5e55e000000000000000000000000005"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
NOW = SENT_AT + timedelta(hours=1)
SECRET, OLD_SECRET = "a-secret-of-the-channel", "the-secret-before-it"
TOKEN = "token-of-the-cafes-account"
ANSWER = "Ja, bis 18 Uhr. はい、営業しています。 نعم 🙂"


def connection(**options: Any) -> Connection:
    secrets = {"channel_secret": [SECRET, OLD_SECRET], "access_tokens": {BOT: TOKEN}}
    return Connection("cafe", "line", (BOT,), options, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, headers: dict[str, str] | None = None) -> WebhookRequest:
    signed = signing.line(body, SECRET) if headers is None else headers
    return WebhookRequest("POST", signed, {}, body, 1_791_021_700)


def read(name: str, **options: Any) -> list[Event]:
    return Line(connection(**options)).parse(delivered(payload(name)))


reply = replying(
    channel="line",
    account=BOT,
    thread=MIA,
    author_id=MIA,
    parent="571000000000000001",
    text=ANSWER,
    window_from=SENT_AT,
)


class Platform(at_hand.Platform):
    """Answers with a body, or a status with a message."""

    usual: ClassVar[Any] = {"sentMessages": [{"id": "461230966842064897"}]}

    def told(self, answer: Any) -> Response:
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return Response(status, json.dumps(body if isinstance(body, dict) else {"message": body}).encode())


def at(now: datetime, platform: Platform, **options: Any) -> Line:
    return Line(connection(**options), platform, lambda: now)
