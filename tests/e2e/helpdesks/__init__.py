"""Real helpdesks for the end-to-end tests: each installs its product, runs it on loopback, and plays its agent."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

AGENT = "anna@sonnenschein.example"


@dataclass(frozen=True)
class Ticket:
    """A ticket as the product's own interface tells of it; `texts` are the words in it, oldest first."""

    number: str
    subject: str
    texts: tuple[str, ...]
    is_open: bool


class Helpdesk(Protocol):
    """One product at work. What it mails goes to the mail server it was made with."""

    kind: str  # its row in chalicelib/helpdesks.py

    def start(self) -> None: ...
    def take(self, mail: bytes) -> None: ...  # as its mail gateway does
    def tickets(self) -> list[Ticket]: ...
    def answer(self, ticket: Ticket, text: str) -> None: ...  # an agent, in the product's web form
    def resolve(self, ticket: Ticket, text: str = "") -> None: ...  # in the same form
    def close(self, ticket: Ticket, text: str = "") -> None: ...
    def provocation(self, mail: EmailMessage) -> EmailMessage: ...  # of a customer's mail, one it answers automatically
