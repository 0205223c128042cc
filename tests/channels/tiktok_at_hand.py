"""A business account, its secrets, deliveries as TikTok signs them, and a TikTok that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.tiktok import TikTok
from chalicelib.http import Response
from chalicelib.model import Event, Kind, Reply
from tests import signing
from tests.channels import at_hand
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "tiktok"
SHOP, MIKA, CHAT = "act.lindner0001Wien", "usr.mika0001Yokohama", "0:1:7301:7302=="
VIDEO, COMMENT = "7400000000000000042", "7400000000000000111"
AT = datetime(2026, 10, 3, 10, 0, 0, 123_000, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
SECRET, OLD_SECRET = "a-secret-key-of-the-app", "the-secret-key-before"
TOKEN, RENEWING = "act.access-token-of-the-shop", "rft.refresh-token-of-the-shop"
ANSWER = "はい、18時まで。Bis Sonntag! 🙂 نعم"
API = "https://business-api.tiktok.com/open_api/v1.3"


def connection(pair: str = f"{TOKEN}:{RENEWING}", **options: Any) -> Connection:
    secrets = {"app_secret": [SECRET, OLD_SECRET], "access_tokens": {SHOP: pair}}
    return Connection("tok", "tiktok", (SHOP,), {"app_id": "7400000000000000001", **options}, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, headers: dict[str, str] | None = None, late: float = 0) -> WebhookRequest:
    at = int(NOW.timestamp())
    signed = signing.tiktok(body, SECRET, at) if headers is None else headers
    return WebhookRequest("POST", signed, {}, body, at + late)


def read(name: str) -> list[Event]:
    return TikTok(connection()).parse(delivered(payload(name), {}))


reply = replying(
    channel="tiktok",
    account=SHOP,
    thread=CHAT,
    author_id=MIKA,
    parent="msg-0001",
    text=ANSWER,
    window_from=AT,
    tried_at=NOW,
)


def comment_reply(**more: Any) -> Reply:
    place = {"thread": f"{VIDEO}:{COMMENT}", "parent": COMMENT, "kind": Kind.COMMENT, "public": True}
    return reply(**{**place, **more})


class Platform(at_hand.Platform):
    """Answers with data, or an error's code."""

    usual: ClassVar[Any] = {}

    def told(self, answer: Any) -> Response:
        failed = {"code": answer, "message": "Sag ich nicht", "data": {}} if isinstance(answer, int) else {}
        told = failed or {"code": 0, "message": "OK", "request_id": "1", "data": answer}
        return Response(200, json.dumps(told).encode())


def at(now: datetime, platform: Callable[..., Response], pair: str = f"{TOKEN}:{RENEWING}", **more: Any) -> TikTok:
    return TikTok(connection(pair), platform, lambda: now, **more)
