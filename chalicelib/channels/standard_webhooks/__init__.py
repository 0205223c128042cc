"""Anything that can send a signed webhook: the shop's own form, a forum, a kiosk; answers go back the same way.

The envelope and the signature are those of https://www.standardwebhooks.com, read in `standard_webhooks_signing.py`;
what stands in `data` is ours: `standard_webhooks_data.py`, docs/channels/standard_webhooks.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib import http
from chalicelib.channels.base import Answer, Connection, Forged, Limits, Malformed, Media, WebhookRequest, read_json
from chalicelib.channels.standard_webhooks.data import event
from chalicelib.channels.standard_webhooks.signing import Key, headers, keys, prove
from chalicelib.model import Event, Kind, Reply

FILES = Media(types=("",), size=10_000_000, most=10, together=10, by_link=True)  # larger than any mail we take


@dataclass(frozen=True)
class StandardWebhooks:
    """One system of the business's own."""

    connection: Connection
    http: http.Http = http.request
    check: Callable[[str], str | None] | None = None  # of the address answered to; None: `public_web.check`
    now: Callable[[], float] = time.time

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing."""
        prove(request, self._keys("signing_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        delivery = read_json(request.body)
        if not isinstance(delivery, dict):
            raise Malformed("no object")
        id, timestamp, _ = headers(request)
        return [event(delivery, self.connection.accounts, id, datetime.fromtimestamp(timestamp, UTC))]

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """As configured; without an address for answers there are none."""
        options = self.connection.options
        length = int(options.get("text_limit", 10_000))
        is_public = kind is not Kind.DIRECT if public is None else public
        return Limits(is_public, length, answers=bool(options.get("reply_url")), media=FILES)

    def send(self, reply: Reply) -> str:
        """The id the other side gave, else our own. Raises PostFailed or SecretMissing."""
        from chalicelib.channels.standard_webhooks.answers import check_address, post

        url = str(self.connection.options.get("reply_url", ""))
        return post(self.http, self.check or check_address, url, self._keys("reply_secret"), reply, self.now())

    def _keys(self, name: str) -> list[Key]:
        return keys(self.connection.name, name, self.connection.secret(name))
