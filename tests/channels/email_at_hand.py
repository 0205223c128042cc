"""A café that customers write mail to, for the tests of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from chalicelib import press
from chalicelib.aws import clients
from tests import aws
from tests.mailroom.shop import Shop, opened

HELLO, LETTERS = "hello@reply.lindner.example", "letters@reply.lindner.example"
PAYLOADS = Path(__file__).parents[1] / "payloads"
CONNECTIONS: dict[str, Any] = {
    **aws.SETTINGS["connections"],
    "mail": {"channel": "email", "accounts": [HELLO], "options": {}},
    "post": {"channel": "letter", "accounts": [LETTERS], "options": {"senders": "scans.example"}},
}


class Press:
    """AWS Lambda, with the press in it."""

    def __init__(self) -> None:
        self.broken = ""

    def invoke(self, **asked: Any) -> dict[str, Any]:
        if self.broken:
            return {"FunctionError": self.broken}
        assert asked["FunctionName"] == "bridgehead-test-press"
        return {"Payload": BytesIO(json.dumps(press.handle(json.loads(asked["Payload"]), None)).encode())}


@contextmanager
def cafe(monkeypatch: pytest.MonkeyPatch, lambdas: Any = None, **options: Any) -> Iterator[Shop]:
    """With options for both connections."""
    with opened(monkeypatch) as shop:
        others, function = clients.client, lambdas or Press()
        monkeypatch.setattr(clients, "client", lambda service: function if service == "lambda" else others(service))
        connections = {
            name: {**each, "options": {**each["options"], **(options if name in ("mail", "post") else {})}}
            for name, each in CONNECTIONS.items()
        }
        shop.configure(settings={**aws.SETTINGS, "connections": connections})
        yield shop


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def sent(raw: bytes) -> EmailMessage:
    """A mail as its reader's program shows it."""
    return message_from_bytes(raw, policy=policy.default)


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())
