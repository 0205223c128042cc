"""Letters: scans come by mail from a digital mailbox or the business's own scanner, answers go out on paper.

The mailroom takes the scans in (`mailroom/scans.py`), the desk has them read (`reading.py`). With `provider = "dropscan"`
that mailbox is asked for them instead, and read by it (`dropscan.py`). An answer is
set as a PDF (`paper.py`) and mailed to whoever posts it; it carries a reference, by which the customer's next letter
finds its conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

from chalicelib.channels import kept_files, option
from chalicelib.channels.base import Answer, Connection, Forged, Limits, Outcome, PostFailed, WebhookRequest, utc_now
from chalicelib.channels.letter import dropscan, reading
from chalicelib.channels.powers import Polled
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Message, Reply

LONGEST_TEXT = 6_000  # characters, about two pages


@dataclass(frozen=True)
class Letter:
    """The addresses that scans are mailed to, or the scanboxes at Dropscan; each is an account."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Only Dropscan tells of letters by HTTP. Raises Forged."""
        if not self._is_dropscans:
            raise Forged("no deliveries")
        dropscan.verify(request, self.connection.secret("webhook_token"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Which letters were scanned. Raises Forged where none is told of by HTTP."""
        if not self._is_dropscans:
            raise Forged("no deliveries")
        return [*dropscan.triggers(request, self.connection)]

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Two pages, at any time; what is enclosed is for whoever posts it to put in."""
        return Limits(False, LONGEST_TEXT, answers=kind is Kind.DIRECT)

    def complete(self, message: Message) -> Message:
        """With what the letter says, in the conversation whose reference it names. Raises PostFailed while it is being read."""
        if self._is_dropscans:
            return self._dropscan().complete(message)
        return reading.read(message, bool(option(self.connection, "textract")))

    def send(self, reply: Reply) -> str:
        """Our reference on the letter. Raises PostFailed."""
        from chalicelib.channels.letter import paper

        if reply.public:
            raise PostFailed(Outcome.REFUSED, "no-public")
        if len(reply.text) > LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        chosen = {each.name: str(option(self.connection, each.name)) for each in fields(paper.Stationery)}
        return paper.post(reply, paper.Stationery(**chosen), self.now())

    def find(self, reply: Reply) -> str | None:
        """Nobody can be asked; SES reports each mail it sends, and that is proof when it comes. Raises PostFailed."""
        raise PostFailed(Outcome.UNKNOWN, "unknown")

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        """Raises http.TooLarge or NotSent."""
        if self._is_dropscans:
            return self._dropscan().download(account, attachment.ref, most, seconds)
        return kept_files.download(attachment, most)

    def poll(self, account: str, cursor: str) -> Polled:
        """What Dropscan has scanned; by mail nobody asks. Raises PostFailed or SecretMissing."""
        return self._dropscan().poll(account, cursor, self.now())

    @property
    def _is_dropscans(self) -> bool:
        return bool(option(self.connection, "provider") == "dropscan")

    def _dropscan(self) -> dropscan.Dropscan:
        token = self.connection.secret("api_token")[0]
        return dropscan.Dropscan(str(option(self.connection, "api_url")), token, self.http, self.get)
