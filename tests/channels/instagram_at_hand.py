"""Two accounts, their secrets, deliveries as Meta signs them, and answers on their way out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.instagram import Instagram
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Reply
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "instagram"

ACCOUNT, OTHER = "17841455512093748", "17841455587340112"
PERSON, COMMENTER = "902244178833551", "55510022"
MEDIA, COMMENT = "17998342210065533", "18032275561904417"
MENTIONED_IN, MENTION = "17887111222333444", "17887555666777888"
MID = "aWdfZAG1faXRlbToxLq2Xk9abcDEF0123456789"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
TOLD_AT = SENT_AT + timedelta(seconds=3)
NOW = SENT_AT + timedelta(hours=1)
SECRET, INSTAGRAM_SECRET, VERIFY_TOKEN = "the-secret-of-the-app", "the-instagram-app-secret", "a-verify-token-1"
TOKENS = {ACCOUNT: "token-of-the-first-account", OTHER: "token-of-the-second-account"}
ANSWER = "Kommt morgen an. 明日届きます。"


def connection(**options: Any) -> Connection:
    secrets = {"app_secret": [SECRET, INSTAGRAM_SECRET], "verify_token": VERIFY_TOKEN, "access_tokens": TOKENS}
    return Connection("instagram", "instagram", (ACCOUNT, OTHER), options, secrets)


INSTAGRAM = Instagram(connection())
PAYLOAD_NAMES = sorted(file.stem for file in PAYLOADS.glob("*.json"))


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes | Any, headers: dict[str, str] | None = None) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest(
        "POST", signing.instagram(raw, SECRET) if headers is None else headers, {}, raw, 1_791_021_700
    )


def read(name: str) -> list[Event]:
    return INSTAGRAM.parse(delivered(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


def at(now: datetime, http: Http, **options: Any) -> Instagram:
    return Instagram(connection(**options), http, lambda: now)


reply = replying(
    channel="instagram",
    account=ACCOUNT,
    thread=PERSON,
    author_id=PERSON,
    parent=MID,
    text=ANSWER,
    window_from=SENT_AT,
)


def comment_reply(**more: Any) -> Reply:
    fields = {"thread": f"{MEDIA}:{COMMENT}", "author_id": COMMENTER, "parent": COMMENT, "kind": Kind.COMMENT}
    return reply(**{**fields, "public": True, **more})
