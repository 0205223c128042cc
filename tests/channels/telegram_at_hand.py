"""A café's bot, its secrets, updates as Telegram pushes them, and a Telegram that answers from a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.telegram import Telegram
from chalicelib.http import Response
from chalicelib.model import Event, Reply
from tests import signing
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
BOT = "7000111222"
MIA, GROUP = "7301884422", "-1001900800700"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
CAME_AT = SENT_AT + timedelta(seconds=100)
NOW = SENT_AT + timedelta(hours=1)
SECRET, OLD_SECRET = "a-token-that-we-gave", "the-token-before-it"
TOKEN = f"{BOT}:AAtoken-of-the-cafes-bot"
ANSWER = "Ja, bis 18 Uhr. <b>はい</b> _نعم_ 🙂"


def connection(**options: Any) -> Connection:
    secrets = {"secret_token": [SECRET, OLD_SECRET], "bot_token": TOKEN}
    return Connection("cafe-x7k2m9", "telegram", (BOT,), options, secrets)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes, secret: str = SECRET) -> WebhookRequest:
    return WebhookRequest("POST", signing.telegram(body, secret), {}, body, CAME_AT.timestamp())


def read(name: str) -> list[Event]:
    return Telegram(connection()).parse(delivered(payload(name)))


reply = replying(
    channel="telegram",
    account=BOT,
    thread=MIA,
    author_id=MIA,
    parent=f"{MIA}:101",
    text=ANSWER,
    window_from=SENT_AT,
)


def sent(number: int = 140, chat: str = MIA, **more: Any) -> dict[str, Any]:
    return {"ok": True, "result": {"message_id": number, "chat": {"id": int(chat)}, "date": 1791025200, **more}}


def error(status: int, description: str, **parameters: Any) -> Response:
    more = {"parameters": parameters} if parameters else {}
    body = {"ok": False, "error_code": status, "description": description, **more}
    return Response(status, json.dumps(body).encode())


class Api:
    """Answers in order: a body, a response or an exception; keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((url, more))
        answer = self.answers.pop(0) if self.answers else sent()
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())

    @property
    def methods(self) -> list[str]:
        return [url.rpartition("/")[2] for url, _ in self.asked]

    @property
    def bodies(self) -> list[Any]:
        return [more.get("json") or more.get("form") for _, more in self.asked]


def at(now: datetime, api: Api, **options: Any) -> Telegram:
    return Telegram(connection(**options), api, lambda: now)


def refusal(channel: Telegram, answer: Reply) -> PostFailed:
    with pytest.raises(PostFailed) as failed:
        channel.send(answer)
    return failed.value


def meant(failed: PostFailed) -> tuple[Outcome, str]:
    return failed.outcome, failed.code
