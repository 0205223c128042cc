"""A café that customers write mail to, for the tests of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests import aws
from tests.mailroom.shop import Shop, opened

HELLO, LETTERS = "hello@reply.lindner.example", "letters@reply.lindner.example"
PAYLOADS = Path(__file__).parents[1] / "payloads"
CONNECTIONS: dict[str, Any] = {
    **aws.SETTINGS["connections"],
    "mail": {"channel": "email", "accounts": [HELLO], "options": {}},
    "post": {"channel": "letter", "accounts": [LETTERS], "options": {"senders": "scans.example"}},
}


@contextmanager
def cafe(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Shop]:
    """With options for both connections."""
    with opened(monkeypatch) as shop:
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
