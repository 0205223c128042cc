"""An untrusted mail, read safely: from the bytes SES kept to a `Mail` of plain strings, or `Malformed`.

How the tree is walked stands in `structure`, how bytes become words in `decoding`; here is what of them matters to
the mailroom. Nothing in a `Mail` says whose it is: for that see `addresses` and `authority`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.mailroom import decoding
from chalicelib.mailroom.structure import RAW_LIMIT, Fields, Malformed, Part, first, parts_of

__all__ = ["AttachedFile", "Kind", "Mail", "Malformed", "read"]

LONGEST_SUBJECT = 200  # characters
MOST_REFERENCES = 100  # the last ones count
FLOWED_LIMIT = 256 * 1024  # characters; longer texts keep their line ends


class Kind(StrEnum):
    """What a mail holds that is not just somebody's words."""

    ENCRYPTED = "encrypted"  # S/MIME or PGP, or signed so that the words are wrapped in it
    REPORT = "report"  # delivery status, disposition notification, feedback
    CALENDAR = "calendar"
    TNEF = "tnef"  # winmail.dat
    UUENCODED = "uuencoded"  # files inside the text
    FORWARDED = "forwarded"  # a whole mail inside


@dataclass(frozen=True)
class AttachedFile:
    """A file that came along: `name` is safe to show ("" if none was given), `type` is the sender's claim."""

    name: str
    type: str
    content: bytes = field(repr=False)
    inline: bool = False  # the HTML shows it, as it does with pictures in signatures


@dataclass(frozen=True)
class Mail:
    """A mail without surprises. `headers` are raw unfolded values without controls, by lower-case name."""

    subject: str
    from_values: tuple[str, ...]  # every From as received, for `addresses.only_mailbox` alone
    message_id: str  # with its angle brackets, or ""
    in_reply_to: str
    references: tuple[str, ...]
    headers: Fields = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[AttachedFile, ...] = ()
    kinds: frozenset[Kind] = frozenset()

    def header(self, name: str) -> str:
        """The first value of a header, or ""."""
        return first(self.headers, name)


KINDS: Mapping[str, Kind] = {
    "multipart/encrypted": Kind.ENCRYPTED,
    "application/pgp-encrypted": Kind.ENCRYPTED,
    "application/pkcs7-mime": Kind.ENCRYPTED,
    "application/x-pkcs7-mime": Kind.ENCRYPTED,
    "multipart/report": Kind.REPORT,
    "message/delivery-status": Kind.REPORT,
    "message/global-delivery-status": Kind.REPORT,
    "message/disposition-notification": Kind.REPORT,
    "message/global-disposition-notification": Kind.REPORT,
    "message/feedback-report": Kind.REPORT,
    "text/calendar": Kind.CALENDAR,
    "application/ms-tnef": Kind.TNEF,
    "application/vnd.ms-tnef": Kind.TNEF,
    "message/rfc822": Kind.FORWARDED,
    "message/global": Kind.FORWARDED,
    "multipart/digest": Kind.FORWARDED,
}
KINDS_IN_TEXT = (
    (re.compile(r"^-----BEGIN PGP (?:SIGNED )?MESSAGE-----", re.MULTILINE), Kind.ENCRYPTED),
    (re.compile(r"^begin 0?[0-7]{3} \S.*\n[\x21-\x60][\x20-\x60]*$", re.MULTILINE), Kind.UUENCODED),
)
SIGNATURES = (  # and what mail programs add to them by themselves
    "application/pgp-signature",
    "application/pgp-keys",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)

MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,500}>")


def read(raw: bytes, most: int = RAW_LIMIT) -> Mail:
    """The mail in `raw`, of at most so many bytes. Raises Malformed and nothing else, whatever the bytes."""
    try:
        return to_mail(parts_of(raw, most))
    except Malformed:
        raise
    except Exception as error:  # one hostile mail must not stop the queue
        raise Malformed(f"unreadable: {type(error).__name__}") from error


def to_mail(parts: list[Part]) -> Mail:
    fields, own = parts[0].fields, [part for part in parts if not part.enclosed]
    text, html = body(own, "text/plain"), body(own, "text/html")
    return Mail(
        subject=decoding.line(first(fields, "subject"))[:LONGEST_SUBJECT],
        from_values=senders(fields),
        message_id=first_id(first(fields, "message-id")),
        in_reply_to=first_id(first(fields, "in-reply-to")),
        references=tuple(MESSAGE_ID.findall(" ".join(fields.get("references", ())))[-MOST_REFERENCES:]),
        headers={name: tuple(map(decoding.clean_line, values)) for name, values in fields.items()},
        text=text,
        html=html,
        attachments=tuple(to_file(part, html) for part in own if is_file(part)),
        kinds=kinds(own, text) | {Kind.FORWARDED for part in parts if part.enclosed},
    )


def senders(fields: Fields) -> tuple[str, ...]:
    values = fields.get("from", ())
    for value in values:
        # an encoded word with a line break in it is nobody's name
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", decoding.words(value)):
            raise Malformed("a line break or control character in From")
    return values


def first_id(value: str) -> str:
    found = MESSAGE_ID.search(value)
    return found.group() if found else ""


def body(parts: Iterable[Part], type_: str) -> str:
    """All inline texts of one type: mailing lists and mail programs cut a text around attachments and footers."""
    return "\n".join(words(part) for part in parts if part.type == type_ and not is_attached(part)).strip("\n")


def words(part: Part) -> str:
    charset, flow = part.parameters.get("charset", ""), part.parameters.get("format", "")
    text = decoding.text(part.content(), charset)
    if part.type == "text/plain" and flow.lower() == "flowed" and len(text) <= FLOWED_LIMIT:
        return decoding.unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
    return text


def is_attached(part: Part) -> bool:
    return part.disposition == "attachment" or part.name != ""


def is_file(part: Part) -> bool:
    """A leaf that is neither the mail's text, in whatever form, nor part of its wrapping."""
    if part.type.startswith("multipart/") or part.type in SIGNATURES:
        return False
    return is_attached(part) or not (part.type.startswith("text/") or part.type in KINDS)


def to_file(part: Part, html: str) -> AttachedFile:
    content_id = first(part.fields, "content-id").strip("<> ")
    is_shown = part.disposition != "attachment" and content_id != "" and f"cid:{content_id}" in html
    return AttachedFile(part.name, part.type, part.content(), is_shown)


def kinds(parts: Iterable[Part], text: str) -> frozenset[Kind]:
    by_type = {KINDS[part.type] for part in parts if part.type in KINDS and not is_invitation(part)}
    by_name = {Kind.TNEF for part in parts if part.name.lower() == "winmail.dat"}
    in_text = {kind for pattern, kind in KINDS_IN_TEXT if pattern.search(text)}
    return frozenset(by_type | by_name | in_text)


def is_invitation(part: Part) -> bool:
    """An .ics file that an agent attached is a file like others."""
    return part.type == "text/calendar" and part.disposition == "attachment"
