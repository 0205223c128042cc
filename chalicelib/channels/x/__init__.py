"""X: posts that mention, answer or quote the business, and direct messages; answers as posts and direct messages.

Three products deliver to one webhook with one signature: the Activity API, the older Account Activity API and, for
enterprises, filtered streams; they are told apart by their shape. Payloads: `x_activity.py`, `x_account_activity.py`.
Outgoing: `x_answers.py`, loaded only where answers are posted.
https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import hmac
import json
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from chalicelib import http
from chalicelib.channels.base import Answer, Connection, Forged, Limits, Malformed, Media, WebhookRequest, read_json
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.x.account_activity import account_events, control_events
from chalicelib.channels.x.activity import activity_events, stream_events
from chalicelib.model import Event, Kind, Reply, Unreadable

PICTURES = Media(("image/jpeg", "image/png", "image/webp"), size=5_000_000, most=4, together=4)
MOST_PARTS = 3  # messages that one long answer becomes

# The answer to a CRC is an HMAC, under the key that signs bodies too, over a text that anybody on the internet may
# choose. What looks like a body must therefore never be answered, or this would sign forged webhooks for whoever asks:
# every body we read is a JSON object, and no token with a brace or a quote gets this far.
CRC_TOKEN = re.compile(r"[A-Za-z0-9._~ +/=-]{1,256}")


@dataclass(frozen=True)
class X:
    """One X app's webhook and the accounts it serves."""

    connection: Connection
    http: http.Http = http.request
    now: Callable[[], float] = time.time

    def handshake(self, request: WebhookRequest) -> Answer:
        """X's challenge-response check, repeated every day or more often. Raises Forged or SecretMissing."""
        token = request.query.get("crc_token", "")
        if not CRC_TOKEN.fullmatch(token):
            raise Forged("crc_token")
        response = {"response_token": signature(self.connection.secret("consumer_secret")[0], token.encode())}
        return Answer(json.dumps(response), "application/json")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing. X signs no time: a replay is recognised by its ids only."""
        given = request.headers.get("x-twitter-webhooks-signature", "").encode(errors="replace")
        secrets = self.connection.secret("consumer_secret")
        matches = [hmac.compare_digest(signature(each, request.body).encode(), given) for each in secrets]
        if not any(matches):
            raise Forged("x-twitter-webhooks-signature")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        delivery = read_json(request.body)
        if not isinstance(delivery, dict):
            raise Malformed("no object")
        at = datetime.fromtimestamp(request.received_at, UTC)
        read = next((read for shape, read in SHAPES if shape(delivery)), None)
        if read is None:
            return [Unreadable("unknown-kind", delivery)]
        return list(read(delivery, self.connection.accounts, at))

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Nothing ends the time to answer; a post's length is weighted by script."""
        from chalicelib.channels.x.weighted import weighted_length

        if kind is Kind.DIRECT or public is False:
            return Limits(public=False, text=10_000, parts=MOST_PARTS, media=replace(PICTURES, together=1))
        return Limits(public=True, text=280, measure=weighted_length, unit="weighted", media=PICTURES)

    def send(self, reply: Reply) -> str:
        """The id of the post or of the direct message. Raises PostFailed or SecretMissing."""
        from chalicelib.channels.x.answers import post

        return post(self.connection, self.http, reply, self.now())

    def find(self, reply: Reply) -> str | None:
        """Looks through what the account posted lately. Raises PostFailed or SecretMissing."""
        from chalicelib.channels.x.answers import find

        return find(self.connection, self.http, reply, self.now())

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        """Name, handle, followers and address of an author."""
        from chalicelib.channels.x.answers import profile

        return profile(self.connection, self.http, account, author_id)

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Posts that mention the account, and direct messages; posts that only quote it cannot be listed."""
        from chalicelib.channels.x.recent import deliveries

        for told in deliveries(self.connection, self.http, account, since, self.now()):
            yield from self.parse(WebhookRequest("POST", {}, {}, json.dumps(told).encode(), self.now()))

    def refresh(self, account: str) -> Refreshed | None:
        """A new access token for two hours, and the refresh token for the one after it. Raises PostFailed."""
        from chalicelib.channels.x.tokens import refresh

        return refresh(self.connection, self.http, account, self.now())

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """Validates the webhook again, subscribes again. Raises PostFailed."""
        from chalicelib.channels.x.upkeep import resubscribe

        return resubscribe(self.connection, self.http, account, callback, self.now())


def signature(secret: str, content: bytes) -> str:
    """As X writes it, in the header and in the answer to a CRC: base64, not hex."""
    return "sha256=" + b64encode(hmac.new(secret.encode(), content, sha256).digest()).decode()


def _is_activity(delivery: Mapping[str, Any]) -> bool:
    return isinstance(delivery.get("data"), dict) and "event_type" in delivery["data"]


def _is_stream(delivery: Mapping[str, Any]) -> bool:
    return "matching_rules" in delivery


def _is_control(delivery: Mapping[str, Any]) -> bool:
    return "user_event" in delivery or "replay_job_status" in delivery


def _is_account_activity(delivery: Mapping[str, Any]) -> bool:
    return any(key.endswith("_events") for key in delivery)


SHAPES = (
    (_is_activity, activity_events),
    (_is_stream, stream_events),
    (_is_control, control_events),
    (_is_account_activity, account_events),
)
