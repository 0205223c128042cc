"""The headers of our mails, in one place: what a helpdesk threads on, and what keeps it from taking us for a machine.

Every mail of a conversation comes from the conversation's own address, under the customer's name, and names our own id
in References. SES replaces Message-ID and Date, keeps the rest. Mail to the owner comes from another address and says
that it is automatic, so that it never starts a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from chalicelib.desk.writing.pages import Block, as_html, as_text
from chalicelib.mail_headers import MESSAGE_ID, SEVEN_BIT, literal, plain_name
from chalicelib.model import MailKind

MOST_REFERENCES = 12
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True)
class Inline:
    """A picture that goes into the mail itself."""

    cid: str
    media_type: str  # one of PICTURE_TYPES
    content: bytes


@dataclass(frozen=True)
class Envelope:
    """What stands around a mail; `conversation_id` and `references` are empty for mail to the owner."""

    kind: MailKind
    delivery_id: str
    at: datetime
    name: str
    sender: str
    recipient: str
    subject: str
    conversation_id: str = ""
    references: tuple[str, ...] = ()
    in_reply_to: str = ""
    suppress: str = "All"  # which automatic answers are asked to be left out
    labels: tuple[tuple[str, str], ...] = ()  # headers by which a helpdesk sorts; words of ours only


def mail(envelope: Envelope, blocks: Sequence[Block], language: str, pictures: Iterable[Inline] = ()) -> EmailMessage:
    """Text and HTML of the same blocks under these headers; all of it 7-bit."""
    written = EmailMessage(policy=SEVEN_BIT)
    for name, value in _headers(envelope).items():
        written[name] = value
    written.set_content(as_text(blocks))
    written.add_alternative(as_html(blocks, language), subtype="html")
    _add_pictures(written, list(pictures))
    return written


def conversation_reference(conversation_id: str, domain: str) -> str:
    """The id of ours that stands first in the References of every mail of a conversation, whatever SES does."""
    return f"<conv-{conversation_id}@{domain}>"


def display_name(name: str, channel_title: str) -> str:
    """The plain name and the channel, "Mia Muster (Facebook)": stable, since some helpdesks keep the first name they see."""
    return f"{name} ({plain_name(channel_title)})"


def _headers(envelope: Envelope) -> Mapping[str, Any]:
    domain = envelope.sender.rpartition("@")[2]
    sender = Address(literal(envelope.name), addr_spec=envelope.sender)
    delivery = _UNSAFE.sub("-", envelope.delivery_id)
    common = {
        "From": sender,
        "To": envelope.recipient,
        "Subject": literal(envelope.subject),
        "Date": envelope.at.astimezone(UTC),
        "Message-ID": f"<{delivery}@{domain}>",
        "X-Auto-Response-Suppress": envelope.suppress,
        "X-Bridgehead-Kind": envelope.kind.value,
        "X-Bridgehead-Delivery": delivery,
        **dict(envelope.labels),
    }
    thread = _thread(envelope, sender, domain) if envelope.conversation_id else {}
    # in a helpdesk's mail never an automation header: several lose mail that has one
    return {**common, **thread, **({} if envelope.kind.in_ticket else _AUTOMATIC)}


def _thread(envelope: Envelope, sender: Address, domain: str) -> dict[str, Any]:
    ours = conversation_reference(envelope.conversation_id, domain)
    return {
        "Reply-To": sender,
        "References": " ".join(_references(ours, [*envelope.references, envelope.in_reply_to])),
        **({"In-Reply-To": envelope.in_reply_to} if MESSAGE_ID.fullmatch(envelope.in_reply_to) else {}),
        "X-Bridgehead-Conversation": envelope.conversation_id,
    }


def _references(ours: str, others: Iterable[str]) -> list[str]:
    # the conversation's id and the first mail's stay; of the rest the newest
    sound = list(dict.fromkeys(each for each in others if each != ours and MESSAGE_ID.fullmatch(each)))
    return [ours, *sound[:1], *sound[1:][-(MOST_REFERENCES - 2) :]]


def _add_pictures(written: EmailMessage, pictures: Sequence[Inline]) -> None:
    page: Any = written.get_payload(1)
    for picture in pictures:
        main, _, sub = picture.media_type.partition("/")
        # a name of our own: the platform's could carry line ends or a false ending, and stands in the text anyway
        name = f"{picture.cid.partition('@')[0]}.{sub.replace('jpeg', 'jpg')}"
        page.add_related(picture.content, main, sub, cid=f"<{picture.cid}>", filename=name, disposition="inline")


_AUTOMATIC = {"Auto-Submitted": "auto-generated"}
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
