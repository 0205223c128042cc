"""Zalo: messages to Official Accounts, by people who follow them, visitors of a website's chat, and groups.

Deliveries are read in `events.py`; what goes out is loaded only where it is needed: answers in `answers.py`, lost ones
in `look_ups.py`, names in `calls.py`, new tokens in `tokens.py`.
https://developers.zalo.me/docs/official-account
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib import http
from chalicelib.channels.base import Answer, Connection, Forged, Limits, Media, WebhookRequest, read_json, utc_now
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.zalo.events import events
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Reply

LONGEST_TEXT = 2000  # characters
MOST_PARTS = 3
FREE = timedelta(hours=48)  # after each message of the customer's
WINDOW = timedelta(days=7)  # later answers are not taken
FILES = Media(types=("",), size=10_000_000, most=3, by_link=True)  # of those that Zalo does not take
PROBE = b"{}"  # what the console sends when the address is entered
PREFIX = "mac="
TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*"?(\d{1,20})')  # in somebody's words its quotes would be escaped
MOST_TIMES = 4


@dataclass(frozen=True)
class Zalo:
    """One app's webhook and the Official Accounts it serves."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing."""
        secrets, given = self.connection.secret("oa_secret_key"), request.headers.get("x-zevent-signature", "")
        if not given and request.body.strip() == PROBE:
            return  # nobody proves it, and nothing is in it
        found = given.removeprefix(PREFIX).encode(errors="replace")
        # as the body has it, whether or not the rest can be read
        times = dict.fromkeys([*TIMESTAMP.findall(request.body)[:MOST_TIMES], b""])
        expected = [signature(self._app, request.body, at, secret) for secret in secrets for at in times]
        if True not in [hmac.compare_digest(each.encode(), found) for each in expected]:
            raise Forged("x-zevent-signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        return events(read_json(request.body), self.connection.accounts)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What a group reads counts as public: its members read along."""
        if kind is Kind.DIRECT:
            return Limits(False, LONGEST_TEXT, window=FREE, extended_window=WINDOW, parts=MOST_PARTS, media=FILES)
        return Limits(kind is Kind.GROUP, LONGEST_TEXT, answers=kind is Kind.GROUP)

    def send(self, reply: Reply) -> str:
        """The id of the message. Raises PostFailed."""
        from chalicelib.channels.zalo.answers import post

        return post(self.connection, self.http, reply, self.now())

    def find(self, reply: Reply) -> str | None:
        """The id of the posted answer, None when it is certainly not there. Raises PostFailed when nobody can tell."""
        from chalicelib.channels.zalo.look_ups import find

        return find(self.connection, self.http, reply, self.now())

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        from chalicelib.channels.zalo.calls import profile

        return profile(self.connection, self.http, account, author_id)

    def refresh(self, account: str) -> Refreshed | None:
        """A new access token for a day, and the refresh token that is good for the one after it. Raises PostFailed."""
        from chalicelib.channels.zalo.tokens import refresh

        return refresh(self.connection, self.http, account, self.now())

    @property
    def _app(self) -> str:
        return str(self.connection.options.get("app_id", ""))


def signature(app: str, body: bytes, timestamp: bytes, secret: str) -> str:
    """A plain hash, not an HMAC; the secret comes last, so nothing can be added behind it."""
    return sha256(app.encode() + body + timestamp + secret.encode()).hexdigest()
