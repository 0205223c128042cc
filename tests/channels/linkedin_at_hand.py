"""A company page, its secrets, deliveries as LinkedIn signs them, and a LinkedIn that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.linkedin import LinkedIn
from chalicelib.http import Http, Response
from chalicelib.model import Event, Kind
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "linkedin"

PAGE, OURS = "30911502", "urn:li:organization:30911502"
MAI, YUI = "urn:li:person:Qx7mAiNg_2", "urn:li:person:yU1-tanaka"
POST = "urn:li:activity:7291004455667788990"
COMMENT = f"urn:li:comment:({POST},7291100000000000001)"
SHARE = "urn:li:share:7291200000000000018"
SENT_AT = datetime(2026, 10, 3, 10, 0, 1, tzinfo=UTC)
NOW = SENT_AT + timedelta(hours=1)
SECRET, OLD_SECRET = "WPL_AP1.a-client-secret==", "WPL_AP1.the-one-before=="
TOKEN, RENEWING = "AQX-an-access-token-of-the-page", "AQY-a-refresh-token-of-the-page"
ANSWER = "Zwei bis drei Tage. 2〜3日で届きます 🙂"


def connection(token: str = TOKEN, secret: Any = None, **options: Any) -> Connection:
    secrets = {"client_secret": secret or [SECRET, OLD_SECRET], "access_tokens": {PAGE: token}}
    return Connection("linkedin", "linkedin", (PAGE,), options, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes | Any, headers: dict[str, str] | None = None) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest("POST", signing.linkedin(raw, SECRET) if headers is None else headers, {}, raw, 1_791_025_200)


def read(name: str) -> list[Event]:
    return LinkedIn(connection()).parse(delivered(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


reply = replying(
    channel="linkedin",
    account=PAGE,
    thread=POST,
    author_id=MAI,
    parent=COMMENT,
    kind=Kind.COMMENT,
    public=True,
    text=ANSWER,
    window_from=SENT_AT,
)


def opened(http: Http, token: str = TOKEN, **options: Any) -> LinkedIn:
    return LinkedIn(connection(token, **options), http, lambda: NOW)


def answering(*answers: Any, log: list[Any] | None = None) -> Http:
    """LinkedIn, as a list of what it answers: a body, a status with a message, a response or an exception."""
    left = list(answers)

    def http(method: str, url: str, *, headers: dict[str, str], json: Any = None, body: bytes = b"") -> Response:
        if log is not None:
            log.append((method, url.removeprefix("https://api.linkedin.com/rest/"), headers, json or body.decode()))
        return respond(left.pop(0))

    return http


def respond(answer: Any) -> Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, tuple):
        status, message = answer
        return Response(status, json.dumps({"status": status, "message": message}).encode())
    return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())


def posted(number: str = "7291300000000000001", text: str = ANSWER, actor: str = OURS, **more: Any) -> dict[str, Any]:
    """A comment as the API lists it."""
    made = {"time": round(NOW.timestamp() * 1000)}
    return {"id": number, "actor": actor, "object": POST, "message": {"text": text}, "created": made, **more}


def page(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"paging": {"start": 0, "count": 100, "links": []}, "elements": list(elements)}
