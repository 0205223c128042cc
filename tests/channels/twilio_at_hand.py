"""A shop's number at Twilio, its token, deliveries as Twilio signs them, and a Twilio that answers by address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.http import Response
from chalicelib.model import Kind, Reply
from tests import signing

PAYLOADS = Path(__file__).parents[1] / "payloads"
SHOP, MIA = "+4366012345", "+436641234567"
SID, TOKEN, OLD_TOKEN = f"AC{'7' * 32}", "auth-token-of-the-shop-1", "auth-token-of-the-shop-0"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
URL = "https://api.lindner.example/webhooks/{channel}/shop"
ANSWER = "Ja, bis 18 Uhr. はい نعم 🙂"


def connection(channel: str, **options: Any) -> Connection:
    return Connection("shop", channel, (SHOP,), {"account_sid": SID, **options}, {"auth_token": [TOKEN, OLD_TOKEN]})


def payload(name: str) -> bytes:
    found = PAYLOADS / name
    return next(path for path in (found.with_suffix(".form"), found.with_suffix(".json")) if path.exists()).read_bytes()


def delivered(channel: str, body: bytes, token: str = TOKEN) -> WebhookRequest:
    url = URL.format(channel=channel)
    return WebhookRequest("POST", signing.twilio(body, token, url), {}, body, SENT_AT.timestamp(), url)


def reply(channel: str, **more: Any) -> Reply:
    fields: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "3f9c2a7e",
        "channel": channel,
        "account": SHOP,
        "thread": MIA,
        "author_id": MIA,
        "parent": "SM1",
        "kind": Kind.DIRECT,
        "public": False,
        "text": ANSWER,
        "window_from": SENT_AT - timedelta(days=20),
    }
    return Reply(**{**fields, **more})


class Api:
    """Answers by the end of an address: a body, a response, an exception, or a list of them, one each time."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        answer = self.answers[url.partition("?")[0].rpartition("/")[2].partition(".")[0]]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())

    def fetch(self, url: str, **more: Any) -> Response:
        """The other seam, for files."""
        return self("GET", url, **more)

    @property
    def forms(self) -> list[dict[str, str]]:
        """What was posted."""
        return [dict(parse_qsl(more["body"].decode())) for method, _, more in self.asked if method == "POST"]


def refused(code: int, status: int = 400) -> Response:
    return Response(status, json.dumps({"code": code, "message": "Ja", "status": status}).encode())
