"""E-mail: customers write to an address of the reply domain, or to a public one that forwards there.

No webhook: SES takes the mail in and the mailroom reads it (`mailroom/customers.py`), with what SES found out about its
sender. Answers, `answers.py`, go out through SES in the customer's own thread. What SES reports about them afterwards
comes to the mailroom as well (`mailroom/answered.py`): that a mail went out of which nobody knew, that one bounced.
https://docs.aws.amazon.com/ses/latest/dg/receiving-email.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.channels import kept_files
from chalicelib.channels.base import Connection, Limits, Media, Outcome, PostFailed, utc_now
from chalicelib.channels.not_by_http import NotByHttp
from chalicelib.http import Http, Response, request
from chalicelib.model import Attachment, Kind, Reply

LONGEST_TEXT = 50_000  # characters; nobody reads a longer mail, and it stays far below SES's 10 MB
FILES = Media(types=("",), size=5_000_000, most=10, together=10)


@dataclass(frozen=True)
class Email(NotByHttp):
    """The addresses that customers write to; each is an account."""

    connection: Connection
    http: Http = request  # never asked: mail goes through SES
    now: Callable[[], datetime] = utc_now

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """A mail goes to one person, at any time, with any files."""
        return Limits(False, LONGEST_TEXT, answers=kind is Kind.DIRECT, media=FILES)

    def send(self, reply: Reply) -> str:
        """The Message-ID under which SES sent it. Raises PostFailed."""
        from chalicelib.channels.email import answers

        if reply.public:
            raise PostFailed(Outcome.REFUSED, "no-public")
        if len(reply.text) > LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        return answers.post(reply, str(self.connection.options.get("name", "")), self.now())

    def find(self, reply: Reply) -> str | None:
        """Nobody can be asked; SES reports each mail it sends, and that is proof when it comes. Raises PostFailed."""
        raise PostFailed(Outcome.UNKNOWN, "unknown")

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        """Raises http.TooLarge or NotSent."""
        return kept_files.download(attachment, most)
