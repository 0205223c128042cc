"""The company's mail server: takes what the product and the helpdesk send, and brings each mail to where it belongs.

Bridgehead -> helpdesk's address -> the helpdesk's gateway, a copy to the local mailbox
helpdesk   -> a customer's address at the reply domain -> Bridgehead's inbound mail
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from threading import Thread
from typing import Any

from infra.mailbox.door import open_door

SECONDS = 30


@dataclass(frozen=True)
class Letter:
    """A mail in its envelope."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass(frozen=True)
class Routes:
    """Where mail goes; servers are host:port."""

    helpdesk: str
    gateway: Callable[[bytes], None]
    reply_domain: str
    inbound: str
    mailbox: str


class MailServer:
    """At work from its first moment; it brings mail as soon as it knows the routes."""

    def __init__(self) -> None:
        self.to_helpdesk: list[Letter] = []  # brought there
        self.to_customers: list[Letter] = []
        self.failures: list[Exception] = []
        self._waiting: Queue[Letter | None] = Queue()
        self._door = open_door(self._accept)
        self._carrier: Thread | None = None

    @property
    def address(self) -> str:
        """host:port."""
        return self._door.address

    def bring(self, routes: Routes) -> None:
        """Begins to bring what waits and what comes."""
        self._carrier = Thread(target=self._carry, args=(routes,), daemon=True)
        self._carrier.start()

    def stop(self) -> None:
        """Returns when nothing is on its way any more."""
        self._door.stop()
        if self._carrier:
            self._waiting.put(None)
            self._carrier.join()

    def take(self, letter: Letter) -> None:
        """As if it had come by SMTP."""
        self._waiting.put(letter)

    def _accept(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        self.take(Letter(raw, sender, tuple(recipients)))

    def _carry(self, routes: Routes) -> None:
        while letter := self._waiting.get():
            try:
                self._bring(letter, routes)
            except Exception as error:  # noqa: BLE001 - the test tells of it, and the next mail is brought all the same
                self.failures.append(error)

    def _bring(self, letter: Letter, routes: Routes) -> None:
        ours = [each for each in letter.recipients if each.lower().endswith(f"@{routes.reply_domain}")]
        others = [each for each in letter.recipients if each not in ours]
        if ours:
            _pass_on(letter, ours, routes.inbound)
            self.to_customers.append(letter)
        if others:
            _pass_on(letter, others, routes.mailbox)
        if routes.helpdesk in others:
            routes.gateway(letter.raw)
            self.to_helpdesk.append(letter)


def _pass_on(letter: Letter, recipients: Sequence[str], server: str) -> None:
    host, _, port = server.partition(":")
    options: dict[str, Any] = {"timeout": SECONDS, "local_hostname": "localhost"}
    with smtplib.SMTP(host, int(port), **options) as smtp:
        smtp.sendmail(letter.sender, recipients, letter.raw)
