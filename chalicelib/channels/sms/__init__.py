"""Text messages: customers text a number of the business's, by Twilio or by AWS End User Messaging.

With `provider = "aws"` texts come by a topic of the own account and answers go through AWS. What comes is read in
`events.py`; what goes out, `answers.py`, is loaded where it is posted. Who texts STOP gets no answer any more until
START: whoever carries the texts, that is kept in our own table.
https://www.twilio.com/docs/messaging/guides/webhook-request
https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.channels import option, twilio
from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Outcome,
    PostFailed,
    WebhookRequest,
    utf16_length,
)
from chalicelib.channels.sms.events import by_aws, by_twilio, is_plain, wish
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Message, Reply
from chalicelib.phone.reading import Wish

AWS = "aws"
STOPPED = "stopped"


@dataclass(frozen=True)
class Sms:
    """Numbers of one provider, as `+4366012345`."""

    connection: Connection
    http: Http = request
    get: Callable[..., Response] = fetch
    callback: Callable[[Connection], str] = twilio.own_address

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        if self._by_aws:
            # the topic alone speaks for such a connection; nobody gave us a secret to prove anything else
            raise Forged("provider")
        twilio.proven(request, request.url, self.connection.secret("auth_token"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return (by_aws if self._by_aws else by_twilio)(request, self.connection.accounts)

    def respond(self, request: WebhookRequest) -> Answer:
        """Anything else would be texted to the customer."""
        return Answer(twilio.NOTHING, "text/xml")

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        return Limits(False, twilio.LONGEST_TEXT, utf16_length, "utf16", answers=kind is Kind.DIRECT)

    def send(self, reply: Reply) -> str:
        """The provider's id of the text. Raises PostFailed."""
        from chalicelib.channels.sms import answers

        if reply.public or reply.kind is not Kind.DIRECT:
            raise PostFailed(Outcome.REFUSED, "no-public")
        if self._by_aws:
            return answers.by_aws(reply.account, reply.thread, reply.text, option(self.connection, "configuration_set"))
        account = twilio.account_of(self.connection, self.http)
        return answers.by_twilio(account, reply.account, reply.thread, reply.text, self.callback(self.connection))

    def complete(self, message: Message) -> Message | None:
        """What asks for silence, or ends it, is heeded before the agent sees it; a bare STOP or START asks nothing else."""
        from chalicelib.aws import stops

        wanted = wish(message.text)
        stops.keep(message.account, message.author.id, wanted is Wish.STOP)
        if is_plain(message.text):
            return None
        return replace(message, doubt=STOPPED) if wanted is Wish.STOP else message

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        from chalicelib.channels.sms import files

        return files.download(self.connection, self.http, self.get, attachment.ref, most, seconds)

    @property
    def _by_aws(self) -> bool:
        return bool(option(self.connection, "provider") == AWS)
