"""TikTok: comments below a business account's videos, mentions of it, and, outside Europe, messages to it.

Deliveries are read in `events.py`. What goes out is loaded only where it is needed: answers in `answers.py`, the words of
a comment in `look_ups.py`, what was never pushed in `recent.py`, tokens and subscriptions in `upkeep.py`.
https://business-api.tiktok.com/portal/docs
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Media,
    Outcome,
    WebhookRequest,
    read_json,
    utc_now,
)
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.tiktok.events import events
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Message, Reply

LONGEST_MESSAGE, LONGEST_COMMENT = 6000, 1200  # characters
MOST_PARTS = 3  # of the ten messages that are allowed until the customer writes again
WINDOW = timedelta(hours=48)
MOST_POSTS = 10  # after each message of a customer
PICTURES = Media(types=("image/jpeg", "image/png"), size=3_000_000, most=3)
TOLERANCE = timedelta(minutes=5)
SIGNATURE = re.compile(r"t=(?P<at>\d{1,12}),s=(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True)
class TikTok:
    """One app's webhook and the business accounts it serves."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing. Within the tolerance a replay is recognised by its ids."""
        secrets = self.connection.secret("app_secret")
        given = SIGNATURE.fullmatch(request.headers.get("tiktok-signature", ""))
        if given is None or abs(request.received_at - int(given["at"])) > TOLERANCE.total_seconds():
            raise Forged("tiktok-signature")
        expected = [signature(secret, given["at"], request.body) for secret in secrets]
        if True not in [hmac.compare_digest(each, given["digest"]) for each in expected]:
            raise Forged("tiktok-signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        return events(read_json(request.body), self.connection.accounts)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """A message is answered privately, everything else where all can read it."""
        if kind is Kind.DIRECT:
            return Limits(False, LONGEST_MESSAGE, window=WINDOW, parts=MOST_PARTS, media=PICTURES, posts=MOST_POSTS)
        return Limits(True, LONGEST_COMMENT)

    def send(self, reply: Reply) -> str:
        """The id of the message or comment. Raises PostFailed."""
        from chalicelib.channels.tiktok.answers import post

        return post(self.connection, self.http, reply, self.now())

    def find(self, reply: Reply) -> str | None:
        """By author, words and time, among the latest messages or the replies there. Raises PostFailed."""
        from chalicelib.channels.tiktok.look_ups import find

        return find(self.connection, self.http, reply)

    def complete(self, message: Message) -> Message | None:
        """What a comment says and who wrote it, which the webhook leaves out. Raises PostFailed."""
        from chalicelib.channels.tiktok.look_ups import complete

        return complete(self.connection, self.http, message, self.now())

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        """A picture or video of a message."""
        from chalicelib.channels.tiktok.look_ups import download

        return download(self.connection, self.http, self.get, account, attachment, most, seconds)

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Comments below the latest videos, and messages; mentions elsewhere cannot be listed so."""
        from chalicelib.channels.tiktok import recent
        from chalicelib.channels.tiktok.calls import call

        def get(path: str, query: Any) -> Mapping[str, Any]:
            return call(self.connection, self.http, account, "GET", path, Outcome.PASSING, query=query)

        yield from recent.recent(get, account, since)

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """One address for each kind of event, for the whole app. Raises PostFailed."""
        from chalicelib.channels.tiktok.upkeep import resubscribe

        return resubscribe(self.connection, self.http, account, callback)

    def refresh(self, account: str) -> Refreshed | None:
        """An access token for another day. Raises PostFailed."""
        from chalicelib.channels.tiktok.upkeep import refresh

        return refresh(self.connection, self.http, account, self.now())


def signature(secret: str, at: str, body: bytes) -> str:
    """Over the time as it was sent and the raw body."""
    return hmac.new(secret.encode(), at.encode() + b"." + body, sha256).hexdigest()
