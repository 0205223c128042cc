"""Channels of which nothing comes by HTTP: their platform is asked, or mail brings what their customers write."""

from __future__ import annotations

from chalicelib.channels.base import Answer, Forged, WebhookRequest
from chalicelib.model import Event


class NotByHttp:
    """Refuses whatever comes: it is somebody else's."""

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Nothing is ever delivered. Raises Forged."""
        raise Forged("no deliveries")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Nothing is ever delivered. Raises Forged."""
        raise Forged("no deliveries")
