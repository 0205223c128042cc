"""LINE: messages to an Official Account, by one person or in a group it was invited to; answers are push messages.

An answer by reply token would cost nothing, but such a token lives for a minute, and a mail never comes that soon. A push
counts against the account's monthly quota, so all that belongs to one answer goes out in as few pushes as it can.
Deliveries are read in `events.py`; what goes out is loaded only where it is needed: answers in `answers.py`, names and
files in `look_ups.py`, the care for webhook and quota in `upkeep.py`.
https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Media,
    WebhookRequest,
    read_json,
    utc_now,
    utf16_length,
)
from chalicelib.channels.line.events import events
from chalicelib.channels.powers import Polled
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Reply

LONGEST_ANSWER = 22_000  # UTF-16 units; five texts of 5,000, each ending where it reads well
FILES = Media(types=("",), size=10_000_000, most=5, together=5, by_link=True)
CHATS = (Kind.DIRECT, Kind.GROUP)


@dataclass(frozen=True)
class Line:
    """One Messaging API channel, and the Official Account it belongs to, by the user id of its bot."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none: the console's Verify button sends a delivery without events. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing. LINE signs no time: a replay is recognised by its ids only."""
        given = request.headers.get("x-line-signature", "").encode(errors="replace")
        expected = [signature(secret, request.body) for secret in self.connection.secret("channel_secret")]
        if True not in [hmac.compare_digest(each, given) for each in expected]:
            raise Forged("x-line-signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        wanted = str(self.connection.options.get("groups", "all"))
        return events(read_json(request.body), self.connection.accounts, wanted)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What a group reads counts as public: its members read along. LINE knows no window."""
        if kind not in CHATS:
            return Limits(False, LONGEST_ANSWER, measure=utf16_length, unit="utf16", answers=False)
        return Limits(kind is Kind.GROUP, LONGEST_ANSWER, measure=utf16_length, unit="utf16", media=FILES)

    def send(self, reply: Reply) -> str:
        """The id of the first message. Raises PostFailed."""
        from chalicelib.channels.line.answers import push

        return push(self.connection, self.http, reply, self.now())

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        from chalicelib.channels.line.look_ups import profile

        return profile(self.connection, self.http, account, author_id)

    def member(self, account: str, thread: str, author_id: str) -> Mapping[str, Any]:
        from chalicelib.channels.line.look_ups import member

        return member(self.connection, self.http, account, thread, author_id)

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        from chalicelib.channels.line.look_ups import download

        return download(self.connection, self.get, account, attachment, most, seconds)

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """The webhook's address where it was another one; what only the owner can switch on is refused. Raises PostFailed."""
        from chalicelib.channels.line.upkeep import resubscribe

        return resubscribe(self.connection, self.http, account, callback)

    def poll(self, account: str, cursor: str) -> Polled:
        """LINE pushes every message; what is asked for is how much of the month's quota is used up."""
        from chalicelib.channels.line.upkeep import look_at_quota

        return look_at_quota(self.connection, self.http, account, cursor, self.now())


def signature(secret: str, body: bytes) -> bytes:
    """As LINE writes it into the header."""
    return b64encode(hmac.new(secret.encode(), body, sha256).digest())
