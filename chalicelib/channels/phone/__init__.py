"""Phone calls by Twilio: a caller is greeted and leaves a message, which becomes a ticket with the recording and its words.

The first thing Twilio tells of a call opens its ticket-to-be, before the caller hears a word of ours; what came of the
call the desk asks for itself, so that nothing hangs on a later delivery, and a call without a message is a ticket, too.
What a call is told by is read in `events.py`, what the caller hears is in `speech.py`, what came of it in `calls.py`.
https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.channels import option, twilio
from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Outcome,
    PostFailed,
    WebhookRequest,
    utc_now,
    utf16_length,
)
from chalicelib.channels.phone.events import events
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Message, Reply


@dataclass(frozen=True)
class Phone:
    """Numbers that people call, as `+4366012345`."""

    connection: Connection
    http: Http = request
    get: Callable[..., Response] = fetch
    callback: Callable[[Connection], str] = twilio.own_address
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        twilio.proven(request, request.url, self.connection.secret("auth_token"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return events(request, self.connection.accounts)

    def respond(self, request: WebhookRequest) -> Answer:
        """What the caller hears next, as TwiML."""
        from chalicelib.channels.phone import speech

        return Answer(speech.after(request, self.connection), "text/xml")

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """An answer is a text to the caller."""
        return Limits(False, twilio.LONGEST_TEXT, utf16_length, "utf16", answers=kind is Kind.CALL)

    def send(self, reply: Reply) -> str:
        """Twilio's id of the text. Raises PostFailed."""
        from chalicelib.channels.sms import answers

        if reply.public:
            raise PostFailed(Outcome.REFUSED, "no-public")
        if reply.kind is not Kind.CALL:
            raise PostFailed(Outcome.REFUSED, "no-texts")
        account = twilio.account_of(self.connection, self.http)
        ours = option(self.connection, "text_from") or reply.account
        return answers.by_twilio(account, ours, reply.thread, reply.text, self.callback(self.connection))

    def complete(self, message: Message) -> Message | None:
        from chalicelib.channels.phone import calls

        return calls.complete(self.connection, self.http, self.get, message, self.now())

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        from chalicelib.channels.sms import files

        return files.download(self.connection, self.http, self.get, attachment.ref, most, seconds)
