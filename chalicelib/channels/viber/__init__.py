"""Viber: what people write to a bot, in a chat of two. One connection is one bot; events do not say whose they are.

The bot's token signs what comes and lets answers in. Events are read in `events.py`; what goes out is loaded only where
it is needed: answers in `answers.py`, the webhook in `calls.py`.
https://developers.viber.com/docs/api/rest-bot-api/
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.channels.base import Answer, Connection, Forged, Limits, Media, WebhookRequest, read_json, utf16_length
from chalicelib.channels.viber.events import events
from chalicelib.http import Http, request
from chalicelib.model import Event, Kind, Reply

SIGNATURE = "x-viber-content-signature"
LONGEST_TEXT = 7000  # UTF-16 units: whatever is written, a request stays below Viber's 30 kB
MOST_PARTS = 2
FILES = Media(types=("",), size=50_000_000, most=5, by_link=True)


@dataclass(frozen=True)
class Viber:
    """One bot."""

    connection: Connection
    http: Http = request

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none by GET: when the address is set Viber posts an event there. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Over the raw bytes: numbers in them have more digits than some JSON readers keep. Raises Forged or SecretMissing."""
        given = request.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        tokens = self.connection.secret("auth_token")
        expected = [hmac.new(each.encode(), request.body, sha256).hexdigest().encode() for each in tokens]
        if True not in [hmac.compare_digest(each, given) for each in expected]:
            raise Forged(SIGNATURE)

    def parse(self, request: WebhookRequest) -> list[Event]:
        return events(read_json(request.body), next(iter(self.connection.accounts), ""))

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """As long as somebody is subscribed, which they are by writing."""
        if kind is not Kind.DIRECT:
            return Limits(False, LONGEST_TEXT, utf16_length, "utf16", answers=False)
        return Limits(False, LONGEST_TEXT, utf16_length, "utf16", parts=MOST_PARTS, media=FILES)

    def send(self, reply: Reply) -> str:
        """Viber's token of the message. Raises PostFailed."""
        from chalicelib.channels.viber import answers

        return answers.post(self.connection, self.http, reply)

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        from chalicelib.channels.viber import calls

        return calls.resubscribe(self.connection, self.http, callback)
