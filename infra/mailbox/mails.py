"""The mails of the mailbox: files in a directory, read once, sorted into tickets the way a helpdesk does."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from itertools import count
from pathlib import Path

PERSONAL = ("agent", "owner", "summary")  # to somebody's own mailbox; what the product says in X-Bridgehead-Kind
KINDS = ("ticket", "notice", "reminder", *PERSONAL)
STAMP = "%Y%m%dT%H%M%S.%fZ"
MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True)
class Mail:
    """One mail; `ticket` names the conversation it belongs to, `recipients` are the envelope's."""

    id: str
    file: Path
    at: datetime
    kind: str  # one of KINDS, "sent" for an agent's own, "answer" for one that goes to a customer
    ticket: str
    message: EmailMessage
    recipients: tuple[str, ...]

    def header(self, name: str) -> str:
        """The decoded value, or "" when it is not there or past reading."""
        return header(self.message, name)

    @property
    def sender(self) -> tuple[str, str]:
        """(name, address); the address again where there is no name."""
        name, address = parseaddr(self.header("From"))
        return name or address, address

    @property
    def marks(self) -> dict[str, str]:
        """The product's own headers."""
        names = [name for name in self.message if name.lower().startswith("x-bridgehead-")]
        return {name: self.header(name) for name in names}


@dataclass(frozen=True)
class Box:
    """What somebody got into their own mailbox, newest first."""

    address: str
    mails: tuple[Mail, ...]


@dataclass(frozen=True)
class Ticket:
    """A conversation as the helpdesk sees it, its mails oldest first."""

    id: str
    mails: tuple[Mail, ...]

    @property
    def first(self) -> Mail:
        """The mail that opened it."""
        return next(mail for mail in self.mails if mail.kind != "sent")

    @property
    def latest(self) -> Mail:
        """What the list shows."""
        return self.mails[-1]

    @property
    def answered(self) -> bool:
        """Whether an agent had the last word."""
        return self.latest.kind == "sent"


class Mails:
    """All mails of one directory. What arrives is a file before it is anything else."""

    def __init__(self, directory: Path, owners: Sequence[str] = ()) -> None:
        self.directory, self.owners = directory, {owner.lower() for owner in owners}
        self._known: dict[Path, Mail] = {}
        self._numbers, self._lock = count(1), threading.Lock()
        (directory / "sent").mkdir(parents=True, exist_ok=True)

    def keep(self, raw: bytes, sender: str, recipients: Sequence[str]) -> Mail:
        """Writes a mail that arrived, with its envelope on top as a mail server does."""
        envelope = f"Return-Path: <{sender}>\r\n" + "".join(f"Delivered-To: {each}\r\n" for each in recipients)
        return self._write(self.directory / f"{self._name()}.eml", envelope.encode() + raw)

    def keep_sent(self, raw: bytes, ticket: str) -> Mail:
        """Writes an agent's own mail; its ticket stands in the file's name."""
        return self._write(self.directory / "sent" / f"{self._name()}-{ticket}.eml", raw)

    def all(self) -> list[Mail]:
        """Oldest first, the agents' own among them."""
        files = [*self.directory.glob("*.eml"), *self.directory.glob("sent/*.eml")]
        return sorted(map(self._read, files), key=lambda mail: mail.id)

    def get(self, mail_id: str) -> Mail | None:
        """By id."""
        return next((mail for mail in self.all() if mail.id == mail_id), None)

    def tickets(self) -> list[Ticket]:
        """The ticket with the newest mail first."""
        found: dict[str, list[Mail]] = {}
        for mail in self.all():
            if mail.kind not in PERSONAL and mail.ticket:
                found.setdefault(mail.ticket, []).append(mail)
        tickets = [
            Ticket(key, tuple(mails)) for key, mails in found.items() if any(mail.kind != "sent" for mail in mails)
        ]
        return sorted(tickets, key=_last_id, reverse=True)

    def boxes(self) -> list[Box]:
        """People's own mailboxes: the owner's first, whatever is in it, then those of whoever got something."""
        found: dict[str, list[Mail]] = {owner: [] for owner in sorted(self.owners)}
        for mail in reversed(self.all()):
            for address in mail.recipients if mail.kind in PERSONAL else ():
                found.setdefault(address.lower(), []).append(mail)
        others = sorted(address for address in found if address not in self.owners)
        return [Box(address, tuple(found[address])) for address in [*sorted(self.owners), *others]]

    def _name(self) -> str:
        return f"{datetime.now(UTC).strftime(STAMP)}-{next(self._numbers):04}"

    def _write(self, file: Path, content: bytes) -> Mail:
        # readers look for *.eml: they never find half a mail
        unfinished = file.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.rename(file)
        return self._read(file)

    def _read(self, file: Path) -> Mail:
        with self._lock:
            if file not in self._known:
                self._known[file] = read(file, self.owners)
            return self._known[file]


def _last_id(ticket: Ticket) -> str:
    return ticket.latest.id


def read(file: Path, owners: Iterable[str]) -> Mail:
    """A mail from its file; when it came, and which ticket an agent answered, is in the file's name."""
    stamp, number, *answered = file.stem.split("-")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    recipients = _recipients(message)
    kind = "sent" if answered else _kind(message, recipients, owners)
    at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    ticket = answered[0] if answered else ticket_of(message)
    return Mail(f"{stamp}-{number}", file, at, kind, ticket, message, recipients)


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    delivered = message.get_all("Delivered-To", [])
    return tuple(str(each) for each in delivered) or tuple(a for _, a in getaddresses([header(message, "To")]) if a)


def _kind(message: EmailMessage, recipients: Sequence[str], owners: Iterable[str]) -> str:
    said = header(message, "X-Bridgehead-Kind")
    if said in KINDS:
        return said
    if header(message, "X-Bridgehead-Answer"):
        return "answer"
    # what tells the owner something is marked as automatic, and never what a customer wrote
    automatic = header(message, "Auto-Submitted").lower().startswith("auto-")
    return "owner" if automatic or any(each.lower() in owners for each in recipients) else "ticket"


def ticket_of(message: EmailMessage) -> str:
    """Names the conversation: by the root of References, which stays when everything else changes, else by the sender."""
    if header(message, "X-Bridgehead-Answer"):
        return ""  # to a customer, who has a mailbox of their own
    references = MESSAGE_ID.findall(header(message, "References"))
    root = references[0] if references else parseaddr(header(message, "From"))[1].lower()
    return hashlib.sha256(root.encode()).hexdigest()[:12]


def header(message: EmailMessage, name: str) -> str:
    """The decoded value, or "". A mail that Python cannot decode is shown as it is: customers choose what is in it."""
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError):
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return str(raw)
