"""Mail to the addresses that are connections of their own: customers' mails, scanned letters. Kept as messages, files first.

What becomes no ticket is put aside with its reason, in silence: whoever it comes from gets no answer from us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.aws import conversations, mailings, objects
from chalicelib.aws.conversations import identity_key
from chalicelib.channels import EMAIL, LETTER, spec_of
from chalicelib.channels.base import Connection
from chalicelib.mailroom import customers, scans
from chalicelib.mailroom.authority import PASS, Receipt
from chalicelib.mailroom.guards import Disposition, Reason
from chalicelib.mailroom.letterbox import Letterbox, Stored
from chalicelib.mailroom.mime import Mail
from chalicelib.model import Event, Message
from chalicelib.settings import Settings

UNWANTED = "Unwanted"  # counted apart: strangers' rubbish is no alarm


class Kept(Protocol):
    """How many events were new."""

    @property
    def new(self) -> int:
        """Not known before."""


Keep = Callable[[Sequence[Event], Connection, datetime], Kept]
PutAside = Callable[..., str]  # receipt, reason, which metric


@dataclass(frozen=True)
class Kind:
    """How one channel's mails are read."""

    objection: Callable[[Mail, Receipt, Letterbox], Reason | None]
    read: Callable[[Mail, Receipt, bytes, Letterbox, bool, datetime], tuple[list[Message], list[Stored]]]
    from_anybody: bool  # a flood of one sender is nobody's mail; a service may bring a whole morning's post


KINDS: Mapping[str, Kind] = {
    EMAIL.name: Kind(customers.objection, customers.read, True),
    LETTER.name: Kind(scans.objection, scans.read, False),
}


def find(address: str, settings: Settings) -> Letterbox | None:
    """The connection whose address it is; `address` in lower case."""
    for connection in settings.connections.values():
        if spec_of(connection.channel).by_mail and address in map(str.lower, connection.accounts):
            return Letterbox(connection, address, settings)
    return None


def take_in(
    box: Letterbox,
    receipt: Receipt,
    mail: Mail,
    raw: bytes,
    keep: Keep,
    put_aside: PutAside,
    now: datetime,
    by_hand: bool = False,
) -> str:
    """What became of the mail, as a code; `by_hand`: somebody looked at it, only a virus speaks against it.

    Raises table.Busy or objects.NotKept: the notice comes again.
    """
    kind = KINDS[box.connection.channel]
    reason = _danger(receipt) if by_hand else kind.objection(mail, receipt, box)
    if kind.from_anybody and not (reason or by_hand):
        reason = _flood(box, mail, now)
    if reason:
        is_dropped = reason.disposition is Disposition.DROP
        return reason.code if is_dropped else put_aside(receipt, reason.code, UNWANTED)
    messages, files = kind.read(mail, receipt, raw, box, _is_known(mail, box), now)
    if not messages:
        return put_aside(receipt, "nothing-in-it", UNWANTED)
    for each in files:
        objects.put(each.key, each.file.content, each.media_type)
    return "message" if keep(messages, box.connection, now).new else "known"


def _danger(receipt: Receipt) -> Reason | None:
    return Reason("virus", Disposition.QUARANTINE) if receipt.virus != PASS else None


def _flood(box: Letterbox, mail: Mail, now: datetime) -> Reason | None:
    # a form brings many people's mails, each of whom is to be answered
    author, name = customers.author_of(mail, box.settings), customers.name_of(mail)
    is_flood = mailings.is_flood(box.connection.channel, box.account, author.id, name, now)
    return Reason("rate", Disposition.QUARANTINE) if is_flood else None


def _is_known(mail: Mail, box: Letterbox) -> bool:
    """Whether it answers a mail of ours: SES's id of that is all that some programs repeat."""
    key = identity_key(box.connection.channel, box.account, mail.in_reply_to)
    return mail.in_reply_to != "" and conversations.whereabouts(key) is not None
