"""An Official Account, its secrets, deliveries as LINE signs them, and a LINE that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.line import Line
from chalicelib.http import Response
from chalicelib.model import Event, Kind, Reply
from tests import signing

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


def reply(**more: Any) -> Reply:
    fields: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "3f9c2a7e",
        "channel": "line",
        "account": BOT,
        "thread": MIA,
        "author_id": MIA,
        "parent": "571000000000000001",
        "kind": Kind.DIRECT,
        "public": False,
        "text": ANSWER,
        "window_from": SENT_AT,
    }
    return Reply(**{**fields, **more})


class Platform:
    """Answers in order: a body, a status with a message, a response or an exception; keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        answer = self.answers.pop(0) if self.answers else {"sentMessages": [{"id": "461230966842064897"}]}
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            status, body = answer
            return Response(status, json.dumps(body if isinstance(body, dict) else {"message": body}).encode())
        return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [more["json"] for _, _, more in self.asked if more.get("json")]


def at(now: datetime, platform: Platform, **options: Any) -> Line:
    return Line(connection(**options), platform, lambda: now)
