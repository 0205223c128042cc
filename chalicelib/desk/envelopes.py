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
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Any, ClassVar, cast

from chalicelib.desk.pages import Block, as_html, as_text
from chalicelib.model import MailKind
from chalicelib.text import JOINER, one_line

LONGEST_SUBJECT = 200  # characters; a helpdesk's own subject may be twice that, its tag can stand at the end
LONGEST_NAME = 60
MOST_REFERENCES = 12
LINE = 76  # characters; RFC 2047 allows no longer line with an encoded word
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


def plain_name(name: str) -> str:
    """A name in which no parser, however careless, finds an address, a list of them or a second header."""
    return one_line(name.translate(_NAME_SIGNS), LONGEST_NAME)


def answering(subject: str) -> str:
    """`Re: ` and the subject as it was, tag and all, however often it has been answered before."""
    line = one_line(subject, 2 * LONGEST_SUBJECT)
    return f"Re: {_ANSWER_SIGNS.sub('', line)}"


def _headers(envelope: Envelope) -> Mapping[str, Any]:
    domain = envelope.sender.rpartition("@")[2]
    sender = Address(_literal(envelope.name), addr_spec=envelope.sender)
    delivery = _UNSAFE.sub("-", envelope.delivery_id)
    common = {
        "From": sender,
        "To": envelope.recipient,
        "Subject": _literal(envelope.subject),
        "Date": envelope.at.astimezone(UTC),
        "Message-ID": f"<{delivery}@{domain}>",
        "X-Auto-Response-Suppress": "All",
        "X-Bridgehead-Kind": envelope.kind.value,
        "X-Bridgehead-Delivery": delivery,
    }
    return {**common, **(_thread(envelope, sender, domain) if envelope.conversation_id else _AUTOMATIC)}


def _literal(words: str) -> str:
    # the standard library decodes an encoded word in any value it is given, and writes out the line ends it finds in it
    return words.replace("=?", f"={JOINER}?")


def _thread(envelope: Envelope, sender: Address, domain: str) -> dict[str, Any]:
    # never an automation header here: several helpdesks lose mail that has one
    ours = conversation_reference(envelope.conversation_id, domain)
    return {
        "Reply-To": sender,
        "References": " ".join(_references(ours, [*envelope.references, envelope.in_reply_to])),
        **({"In-Reply-To": envelope.in_reply_to} if _MESSAGE_ID.fullmatch(envelope.in_reply_to) else {}),
        "X-Bridgehead-Conversation": envelope.conversation_id,
    }


def _references(ours: str, others: Iterable[str]) -> list[str]:
    # the conversation's id and the first mail's stay; of the rest the newest
    sound = list(dict.fromkeys(each for each in others if each != ours and _MESSAGE_ID.fullmatch(each)))
    return [ours, *sound[:1], *sound[1:][-(MOST_REFERENCES - 2) :]]


def _add_pictures(written: EmailMessage, pictures: Sequence[Inline]) -> None:
    page: Any = written.get_payload(1)
    for picture in pictures:
        main, _, sub = picture.media_type.partition("/")
        # a name of our own: the platform's could carry line ends or a false ending, and stands in the text anyway
        name = f"{picture.cid.partition('@')[0]}.{sub.replace('jpeg', 'jpg')}"
        page.add_related(picture.content, main, sub, cid=f"<{picture.cid}>", filename=name, disposition="inline")


class MessageIds:
    """A header of message ids that is folded between them only.

    The standard library's takes an id longer than a line (Outlook's are) for a word and encodes it: no thread is found by that.
    """

    max_count: ClassVar[int] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"], kwds["decoded"] = None, " ".join(value.split())

    def fold(self, *, policy: Policy) -> str:
        name: str = self.name  # type: ignore[attr-defined]
        return f"{name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


class Words(UniqueUnstructuredHeader):
    """A line of words. The standard library's folding may lose the space between two encoded words; `Header`'s does not."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_encoded(str(self), self.name, policy)}{policy.linesep}"


class Mailbox(UniqueAddressHeader):
    """One address under one name; folded with the same care."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        (address,) = self.addresses
        if address.display_name.isascii():
            return f"{self.name}: {address}{policy.linesep}"
        name = _encoded(address.display_name, self.name, policy)
        return f"{self.name}: {name}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


def _encoded(words: str, name: str, policy: Policy) -> str:
    charset = "us-ascii" if words.isascii() else "utf-8"
    return Header(words, charset, maxlinelen=LINE, header_name=name).encode(linesep=policy.linesep)


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", cast(Any, Words))
    for name in ("From", "Reply-To"):
        registry.map_to_type(name, cast(Any, Mailbox))
    for name in ("References", "In-Reply-To", "Message-ID"):
        registry.map_to_type(name, cast(Any, MessageIds))
    return registry


SEVEN_BIT = SMTP.clone(cte_type="7bit", header_factory=_registry())
_AUTOMATIC = {"Auto-Submitted": "auto-generated"}
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,480}>")
_NAME_SIGNS = str.maketrans({"<": "‹", ">": "›", '"': "”", "\\": "/", ",": " ", ";": " ", "@": " "})
_ANSWER_SIGNS = re.compile(r"^(?:(?:re|aw|antw|sv|回复|答复|返信|trả lời)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
