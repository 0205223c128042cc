"""LinkedIn: comments under the posts of a company page, and posts that mention or share it; answers are comments of the page's.

What a notification says is read in `linkedin_notifications.py`. What goes out is loaded only where it is needed: answers
in `linkedin_answers.py`, the care for subscription and token in `linkedin_upkeep.py`.
https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation
https://learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-social-action-notifications
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from chalicelib import http
from chalicelib.channels.base import Answer, Connection, Forged, Limits, WebhookRequest, read_json, utc_now
from chalicelib.channels.linkedin.notifications import read
from chalicelib.channels.powers import Refreshed
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Message, Reply

LONGEST_COMMENT = 1250  # characters
SIGNED_PREFIX = b"hmacsha256="  # in what is signed, not in the header
APP_SECRET = re.compile(r"(?:(?P<app>\d{1,20}):)?(?P<secret>.+)")

# The challenge is answered under the key that signs deliveries, over a text that anybody may choose. It is a UUID; what
# could begin like a delivery's signed bytes must never be answered, or this would sign forged webhooks for whoever asks.
CHALLENGE = re.compile(r"[A-Za-z0-9-]{1,128}")


@dataclass(frozen=True)
class LinkedIn:
    """One app's webhook, or that of a parent app and its children, and the company pages it serves."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        """LinkedIn's question every two hours; three wrong answers block the address. Raises Forged or SecretMissing."""
        code = request.query.get("challengeCode", "")
        if not CHALLENGE.fullmatch(code):
            raise Forged("challengeCode")
        secret = self._secret_of(request.query.get("applicationId", ""))
        answer = {"challengeCode": code, "challengeResponse": signature(secret, code.encode())}
        return Answer(json.dumps(answer), "application/json")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing. LinkedIn signs no time: a replay is recognised by its ids only."""
        given = request.headers.get("x-li-signature", "").removeprefix(SIGNED_PREFIX.decode()).encode(errors="replace")
        expected = [signature(secret, SIGNED_PREFIX + request.body) for _, secret in self._secrets()]
        if True not in [hmac.compare_digest(each.encode(), given) for each in expected]:
            raise Forged("x-li-signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        return read(read_json(request.body), self.connection.accounts, request.received_at)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Always public: pages have no private messages for other people's programs."""
        return Limits(public=True, text=LONGEST_COMMENT)

    def send(self, reply: Reply) -> str:
        """The comment's URN. Raises PostFailed."""
        from chalicelib.channels.linkedin.answers import post

        return post(self.connection, self.http, reply, self.now())

    def find(self, reply: Reply) -> str | None:
        """By author, words and time, among the comments there. Raises PostFailed."""
        from chalicelib.channels.linkedin.answers import find

        return find(self.connection, self.http, reply, self.now())

    def complete(self, message: Message) -> Message | None:
        """Who wrote it, and what, where LinkedIn left that out. Raises PostFailed."""
        from chalicelib.channels.linkedin.answers import complete

        return complete(self.connection, self.http, message, self.now())

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """What LinkedIn notified of, whether or not it reached us; kept there for 60 days. Raises PostFailed."""
        from chalicelib.channels.linkedin.upkeep import recent

        return recent(self.connection, self.http, account, since, self.now())

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """LinkedIn drops a subscription without a word. Raises PostFailed."""
        from chalicelib.channels.linkedin.upkeep import resubscribe

        return resubscribe(self.connection, self.http, account, callback, self.now())

    def refresh(self, account: str) -> Refreshed | None:
        """A new access token for another 60 days. Raises PostFailed."""
        from chalicelib.channels.linkedin.upkeep import refresh

        return refresh(self.connection, self.http, account, self.now())

    def _secret_of(self, app: str) -> str:
        """The app's own, where several are named; else the newest. Raises Forged or SecretMissing."""
        secrets = self._secrets()
        own = [secret for name, secret in secrets if name == app]
        unnamed = [secret for name, secret in secrets if not name]
        found = own or unnamed or ([] if app else [secrets[0][1]])
        if not found:
            raise Forged("applicationId")
        return found[0]

    def _secrets(self) -> list[tuple[str, str]]:
        """App id ("" where there is one app only) and secret, a line each, the newest first. Raises SecretMissing."""
        lines = [line for value in self.connection.secret("client_secret") for line in value.split()]
        return [(match["app"] or "", match["secret"]) for match in map(APP_SECRET.fullmatch, lines) if match]


def signature(secret: str, content: bytes) -> str:
    """As LinkedIn writes it, in the header and in the answer to a challenge."""
    return hmac.new(secret.encode(), content, sha256).hexdigest()
