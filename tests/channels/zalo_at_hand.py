"""An Official Account, its secrets, deliveries as Zalo signs them, and a Zalo that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.zalo import Zalo
from chalicelib.http import Response
from chalicelib.model import Event
from tests import signing
from tests.channels import at_hand
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "zalo"
OA, LINH = "2880123456789012345", "5710123456789012345"
GROUP, VISITOR = "7340123456789012345", "6620123456789012345"
ID = "a1b2c3d4e5f60718293a"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
NOW = SENT_AT + timedelta(hours=1)
SECRET, OLD_SECRET, APP_SECRET = "a-secret-key-of-the-oa", "the-secret-key-before", "the-apps-own-secret"
TOKEN, RENEWING = "access-token-of-the-account", "refresh-token-of-the-account"
ANSWER = "Dạ, mở đến 18 giờ ạ. はい 🙂 نعم"


def connection(pair: str = f"{TOKEN}:{RENEWING}", **options: Any) -> Connection:
    secrets = {"oa_secret_key": [SECRET, OLD_SECRET], "app_secret": APP_SECRET, "access_tokens": {OA: pair}}
    return Connection("oa", "zalo", (OA,), {"app_id": signing.ZALO_APP, **options}, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, headers: dict[str, str] | None = None) -> WebhookRequest:
    signed = signing.zalo(body, SECRET) if headers is None else headers
    return WebhookRequest("POST", signed, {}, body, 1_791_021_700)


def read(name: str) -> list[Event]:
    return Zalo(connection()).parse(delivered(payload(name), {}))


reply = replying(
    channel="zalo",
    account=OA,
    thread=LINH,
    author_id=LINH,
    parent=ID,
    text=ANSWER,
    window_from=SENT_AT,
)


class Platform(at_hand.Platform):
    """Answers with data, or an error's code."""

    usual: ClassVar[Any] = {"message_id": "c0ffee0001"}

    def told(self, answer: Any) -> Response:
        failed = {"error": answer, "message": "Sai rồi"} if isinstance(answer, int) else {}
        return Response(200, json.dumps(failed or {"error": 0, "message": "Success", "data": answer}).encode())


def at(now: datetime, platform: Platform, pair: str = f"{TOKEN}:{RENEWING}") -> Zalo:
    return Zalo(connection(pair), platform, lambda: now)
