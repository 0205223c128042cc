"""Telegram: what people write to a bot, in groups it is in, and to a business account that it is connected to.

One connection is one bot, by its number: an update does not say whose it is. Updates are read in `updates.py`; what goes
out is loaded only where it is needed: answers in `answers.py`, files and the webhook in `upkeep.py`.
https://core.telegram.org/bots/api
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Malformed,
    Media,
    WebhookRequest,
    read_json,
    utc_now,
    utf16_length,
)
from chalicelib.channels.telegram.updates import events
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Reply

HEADER = "x-telegram-bot-api-secret-token"
LONGEST_TEXT = 4096  # Telegram does not say of what; UTF-16 units are the smallest it could mean
MOST_PARTS = 3
FILES = Media(types=("",), size=50_000_000, most=5)
NOTHING = Answer("")


@dataclass(frozen=True)
class Telegram:
    """One bot."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none: Telegram just begins to push. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """The token that we gave Telegram with the address; the body is not signed. Raises Forged or SecretMissing."""
        given = request.headers.get(HEADER, "").encode("utf-8", "replace")
        known = [hmac.compare_digest(each.encode(), given) for each in self.connection.secret("secret_token")]
        if True not in known:
            raise Forged(HEADER)

    def parse(self, request: WebhookRequest) -> list[Event]:
        return events(read_json(request.body), next(iter(self.connection.accounts), ""), request.received_at)

    def respond(self, request: WebhookRequest) -> Answer:
        """Who pressed a button sees it turn until somebody says that it arrived; Telegram does what our answer says."""
        try:
            pressed = read_json(request.body)["callback_query"]["id"]
        except (Malformed, LookupError, TypeError):
            return NOTHING
        return Answer(json.dumps({"method": "answerCallbackQuery", "callback_query_id": pressed}), "application/json")

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What a group or a channel reads counts as public: its members read along."""
        if kind is Kind.DIRECT:
            return Limits(False, LONGEST_TEXT, utf16_length, "utf16", parts=MOST_PARTS, media=FILES)
        return Limits(True, LONGEST_TEXT, utf16_length, "utf16", answers=kind in (Kind.GROUP, Kind.POST))

    def send(self, reply: Reply) -> str:
        """The chat and the number of the message in it. Raises PostFailed."""
        from chalicelib.channels.telegram import answers

        return answers.post(self.connection, self.http, reply, self.now())

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        from chalicelib.channels.telegram import upkeep

        return upkeep.download(self.connection, self.http, self.get, attachment.ref, most, seconds)

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        from chalicelib.channels.telegram import upkeep

        return upkeep.resubscribe(self.connection, self.http, callback)
