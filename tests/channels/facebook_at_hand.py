"""Two Pages, their secrets, deliveries as Meta signs them, and a Meta that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import (
    Connection,
    WebhookRequest,
)
from chalicelib.channels.facebook import Facebook
from chalicelib.http import Http, Response
from chalicelib.model import (
    Event,
    Kind,
    Reply,
)
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads"

PAGE, OTHER_PAGE = "417093265118420", "298811407765231"
PERSON = "7003312245567810"
POST = f"{PAGE}_880114523907761"
COMMENT = "880114523907761_903345120087654"
MID = "m_Lq2Xk9-abc_DEF0123456789"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
SECRET, OLD_SECRET, VERIFY_TOKEN = "a-secret-of-the-app", "the-secret-before-it", "a-verify-token-1"
TOKENS = {PAGE: "token-of-the-first-page", OTHER_PAGE: "token-of-the-second-page"}


def connection(**options: Any) -> Connection:
    secrets = {"app_secret": [SECRET, OLD_SECRET], "verify_token": VERIFY_TOKEN, "page_tokens": TOKENS}
    return Connection("facebook", "facebook", (PAGE, OTHER_PAGE), options, secrets)


FACEBOOK = Facebook(connection())


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes | Any, headers: dict[str, str] | None = None) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest("POST", signing.facebook(raw, SECRET) if headers is None else headers, {}, raw, 1_791_021_700)


def read(name: str) -> list[Event]:
    return FACEBOOK.parse(delivered(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


def change(field: str = "feed", **value: Any) -> dict[str, Any]:
    return {
        "object": "page",
        "entry": [{"id": PAGE, "time": 1_791_021_603, "changes": [{"field": field, "value": value}]}],
    }


def comment(**more: Any) -> dict[str, Any]:
    value = {"item": "comment", "verb": "add", "comment_id": COMMENT, "post_id": POST, "from": {"id": "5", "name": "A"}}
    return change(**{**value, "message": "?", **more})


def messaging(**item: Any) -> dict[str, Any]:
    sides = {"sender": {"id": PERSON}, "recipient": {"id": PAGE}, "timestamp": 1_791_021_600_000}
    return {"object": "page", "entry": [{"id": PAGE, "time": 1_791_021_600_400, "messaging": [{**sides, **item}]}]}


PAYLOAD_NAMES = sorted(
    f"{folder}/{file.stem}" for folder in ("facebook", "messenger") for file in (PAYLOADS / folder).glob("*.json")
)
BODY = payload("messenger/text")
ANSWER = "Kommt morgen an. 明日届きます。"


NOW = SENT_AT + timedelta(hours=1)


reply = replying(
    channel="facebook",
    account=PAGE,
    thread=PERSON,
    author_id=PERSON,
    parent=MID,
    text="Kommt morgen an. 明日届きます。",
    window_from=SENT_AT,
)


def comment_reply(**more: Any) -> Reply:
    fields = {"thread": f"{POST}:{COMMENT}", "author_id": "6120045501987734", "parent": COMMENT, "kind": Kind.COMMENT}
    return reply(**{**fields, "public": True, **more})


def at(now: datetime, http: Http, **options: Any) -> Facebook:
    return Facebook(connection(**options), http, lambda: now)


def answering(*answers: Any, log: list[Any] | None = None) -> Http:
    """Meta, as a list of what it answers: a body, an error's (code, subcode), a response or an exception."""
    left = list(answers)

    def http(method: str, url: str, *, headers: dict[str, str], json: Any = None, form: Any = None) -> Response:
        if log is not None:
            log.append((method, url, headers, json if form is None else form))
        return respond(left.pop(0))

    return http


def respond(answer: Any) -> Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, tuple):
        code, subcode = answer
        error = {"message": "(#1) Kommt morgen an.", "code": code, "error_subcode": subcode, "fbtrace_id": "A1b2"}
        return Response(400, json.dumps({"error": error}).encode())
    return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())
