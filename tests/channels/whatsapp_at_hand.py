"""A café's phone number, its secrets, deliveries as Meta signs them, and a Meta that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.http import Response
from chalicelib.model import Event
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "whatsapp"
NUMBER = "410066123450001"  # Meta's id of the business phone number
MIA, MIAS_NUMBER = "AT.7301884422019", "436601234567"
WAMID = "wamid.HBgMNDM2NjAxMjM0NTY3FQIAEhgUM0EBQ"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
NOW = SENT_AT + timedelta(hours=1)
SECRET, OLD_SECRET, VERIFY_TOKEN = "a-secret-of-the-app", "the-secret-before-it", "a-verify-token-1"
TOKEN = "token-of-the-cafes-number"
TEMPLATES = {"order_update": "de", "we_are_open": "en_US"}
ANSWER = "Ja, bis 18 Uhr. はい、営業しています。 نعم 🙂"


def connection(**options: Any) -> Connection:
    secrets = {"app_secret": [SECRET, OLD_SECRET], "verify_token": VERIFY_TOKEN, "access_tokens": {NUMBER: TOKEN}}
    return Connection("cafe", "whatsapp", (NUMBER,), {"templates": TEMPLATES, **options}, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, headers: Mapping[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest(
        "POST", signing.whatsapp(body, SECRET) if headers is None else headers, {}, body, 1_791_021_700
    )


def read(name: str) -> list[Event]:
    return WhatsApp(connection()).parse(delivered(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


reply = replying(
    channel="whatsapp",
    account=NUMBER,
    thread=MIA,
    author_id=MIA,
    parent=WAMID,
    text=ANSWER,
    window_from=SENT_AT,
)


class Meta:
    """Answers in order: a body, an error's code, a response or an exception; keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        answer = self.answers.pop(0) if self.answers else {"messages": [{"id": "wamid.OURS"}]}
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            error = {"message": "(#1) Ja, bis 18 Uhr.", "code": answer, "fbtrace_id": "A1b2"}
            return Response(400, json.dumps({"error": error}).encode())
        return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())

    @property
    def bodies(self) -> Sequence[dict[str, Any]]:
        return [more["json"] for _, _, more in self.asked if more.get("json")]


def at(now: datetime, meta: Meta, **options: Any) -> WhatsApp:
    return WhatsApp(connection(**options), meta, lambda: now)
