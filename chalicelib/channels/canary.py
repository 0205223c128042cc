"""The canary: a conversation with nobody, by which `bridgehead doctor --canary` tries the whole way there and back.

It is no channel that could be configured and takes no webhooks; what is answered to it goes nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import http
from chalicelib.channels.base import Answer, Connection, Forged, Limits, WebhookRequest, read_json
from chalicelib.locales import say
from chalicelib.model import Author, Event, Kind, Message, Reply


def question(language: str, thread: str, word: str) -> bytes:
    """What `parse` reads, in the helpdesk's language: please answer with this word."""
    asked = {"thread": thread, "name": say(language, "canary_name"), "text": say(language, "canary_text", word=word)}
    return json.dumps(asked).encode()


@dataclass(frozen=True)
class Canary:
    """The test's own channel; `parse` reads what the test writes: thread, name, text."""

    connection: Connection
    http: http.Http = http.request

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("canary")

    def verify(self, request: WebhookRequest) -> None:
        """Nothing from outside is ever the canary's. Raises Forged."""
        raise Forged("canary")

    def parse(self, request: WebhookRequest) -> list[Event]:
        told: dict[str, Any] = read_json(request.body)
        sent_at = datetime.fromtimestamp(request.received_at, UTC)
        name = self.connection.name
        author = Author(told["thread"], told["name"])
        return [Message(name, name, f"question-{told['thread']}", told["thread"], author, told["text"], sent_at)]

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        return Limits(public=False, text=10_000)

    def send(self, reply: Reply) -> str:
        """Posts nothing; that it would have is written down like any post."""
        return f"canary-{reply.id}"
