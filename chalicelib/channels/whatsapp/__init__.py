"""WhatsApp Business: messages to any number of business phone numbers, through Meta's Cloud API or through AWS.

With `provider = "aws"` (AWS End User Messaging Social) deliveries come by a topic and answers go through AWS; what they
say is the same. Deliveries are read in `whatsapp_events.py`; answers, `answers.py`, are loaded where they are
posted.
https://developers.facebook.com/docs/whatsapp/cloud-api
https://docs.aws.amazon.com/social-messaging/latest/userguide/what-is-service.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.channels import meta, option
from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Media,
    Outcome,
    PostFailed,
    WebhookRequest,
    utc_now,
)
from chalicelib.channels.whatsapp.events import GROUP, events
from chalicelib.http import Http, NotSent, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Reply

if TYPE_CHECKING:
    from chalicelib.channels.whatsapp.answers import Way
    from chalicelib.channels.whatsapp.by_cloud import Cloud

LONGEST_TEXT = 4096  # characters
MOST_PARTS = 3
WINDOW = timedelta(hours=24)
FILES = Media(
    types=(
        *("image/jpeg", "image/png", "image/gif", "video/mp4", "audio/mpeg", "audio/mp4", "audio/ogg"),
        *("application/pdf", "text/plain"),
    ),
    size=16_000_000,  # bytes; what video and audio may have, documents could have more
    most=5,
)
AWS = "aws"


@dataclass(frozen=True)
class WhatsApp:
    """One app's webhook, or one AWS account's topic, and the phone numbers it serves, by Meta's ids of them."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        self._refuse_what_comes_by_http()
        return meta.handshake(request, self.connection.secret("verify_token"))

    def verify(self, request: WebhookRequest) -> None:
        self._refuse_what_comes_by_http()
        meta.verify(request, self.connection.secret("app_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return events(request, self.connection.accounts)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What a group reads counts as public: its members read along. A day after their last word only templates go."""
        if kind not in (Kind.DIRECT, Kind.GROUP):
            return Limits(False, LONGEST_TEXT, answers=False)
        if kind is Kind.GROUP:
            return Limits(True, LONGEST_TEXT, window=WINDOW)
        names = tuple(option(self.connection, "templates"))
        return Limits(False, LONGEST_TEXT, window=WINDOW, parts=MOST_PARTS, media=FILES, templates=names)

    def send(self, reply: Reply) -> str:
        """The `wamid`, or AWS's own id of the message. Raises PostFailed."""
        from chalicelib.channels.whatsapp import answers

        if reply.public != reply.thread.startswith(GROUP):
            raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
        if not reply.template and self.now() - reply.window_from > WINDOW:
            raise PostFailed(Outcome.REFUSED, "window")
        if len(reply.text) > LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        return answers.post(reply, self._way(reply.account), option(self.connection, "templates"))

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        try:
            return self._way(account).download(attachment.ref, most, seconds)
        except PostFailed as failed:
            raise NotSent(failed.code) from None

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """Only where the owner told the business account's id, which no look-up gives. AWS subscribes by itself."""
        business = option(self.connection, "business_account")
        if not business or option(self.connection, "provider") == AWS:
            return ()
        return self._cloud(account).resubscribe(business)

    def _way(self, account: str) -> Way:
        """To Meta, straight or through AWS."""
        if option(self.connection, "provider") != AWS:
            return self._cloud(account)
        from chalicelib.channels.whatsapp.by_aws import Aws

        return Aws(option(self.connection, "aws_numbers").get(account, ""), option(self.connection, "api_version"))

    def _cloud(self, account: str) -> Cloud:
        from chalicelib.channels.whatsapp.by_cloud import Cloud

        url = f"{option(self.connection, 'api_url')}/{option(self.connection, 'api_version')}"
        return Cloud(self.connection, account, url, self.http, self.get)

    def _refuse_what_comes_by_http(self) -> None:
        # AWS's topic alone speaks for such a connection; nobody gave us a secret to prove anything else
        if option(self.connection, "provider") == AWS:
            raise Forged("provider")
