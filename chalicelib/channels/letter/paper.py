"""An answer on paper: a PDF on the business's letter paper, mailed to whoever prints it and puts it into the post.

The address stands where a window envelope shows it (DL in Europe, #10 in the US).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from io import BytesIO
from typing import TYPE_CHECKING

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.letter.reading import reference
from chalicelib.mail_headers import SEVEN_BIT, literal, plain_name
from chalicelib.model import Reply
from chalicelib.press import Sheet, Unusable

if TYPE_CHECKING:
    from chalicelib.aws.mail import MailFailed
    from chalicelib.settings import Settings

# the line with which an agent begins the address of the envelope
TO = re.compile(r"^(?:to|an|宛先|kính gửi|收件人)[ \t]*[:：][ \t]*", re.IGNORECASE)
MOST_LINES = 9  # that a window shows
LARGEST_LETTERHEAD = 2_000_000  # bytes; it comes along with every letter
MOST_PAGES = 2  # of it: the first page, and one for all that follow


@dataclass(frozen=True)
class Stationery:
    """How the owner's letters look, as the connection's settings have it."""

    print_to: str = ""  # "": the owner
    letterhead: str = ""  # lines with | between; "": the business's name, unless there is a file
    letterhead_file: str = ""  # a PDF in the bucket; "": none
    paper: str = "a4"


def post(reply: Reply, stationery: Stationery, now: datetime) -> str:
    """The reference that stands on it. Raises PostFailed."""
    from chalicelib.aws import mail, parameters, press

    settings = parameters.load_settings()
    own = _own(stationery.letterhead_file)
    try:
        pdf = press.typeset(sheet(reply, stationery, own, settings, now), own)
    except press.PressFailed as failed:
        raise PostFailed(Outcome.PASSING, "throttled", str(failed)) from failed
    except (ValueError, Unusable) as error:
        raise PostFailed(Outcome.REFUSED, "rejected", "letterhead") from error
    written = compose(reply, stationery.print_to, pdf, settings, now)
    try:
        mail.send(written, {"place": reply.conversation_id, "answer": reply.id, "id": reference(reply.conversation_id)})
    except mail.MailFailed as failed:
        raise _not_sent(failed) from failed
    return reference(reply.conversation_id)


def _own(key: str) -> bytes:
    """The letter paper, b"" if there is none. Raises PostFailed: nothing is sent yet."""
    from chalicelib.aws import clients, objects

    try:
        return objects.get(key, LARGEST_LETTERHEAD) if key else b""
    except (KeyError, ValueError) as error:
        raise PostFailed(Outcome.REFUSED, "rejected", "letterhead") from error
    except Exception as error:
        if not clients.is_passing(error):
            raise
        raise PostFailed(Outcome.PASSING, "throttled", type(error).__name__) from error


def _not_sent(failed: MailFailed) -> PostFailed:
    if not failed.sure:
        return PostFailed(Outcome.UNKNOWN, "unknown", failed.code)
    return PostFailed(Outcome.PASSING if failed.passing else Outcome.REFUSED, "rejected", failed.code)


def sheet(reply: Reply, stationery: Stationery, own: bytes, settings: Settings, now: datetime) -> Sheet:
    """What stands on the letter, in the language of its words; `own` is the letter paper. Raises ValueError."""
    from chalicelib.locales import day, say
    from chalicelib.triage.languages import language_of

    address, words = divided(reply.text)
    language = language_of(words) or settings.owner.language
    head = stationery.letterhead or ("" if own else settings.business)
    return Sheet(
        words=words,
        address=address,
        sender=[each.strip() for each in head.split("|") if each.strip()],
        language=language,
        date=day(language, now, settings.hours.zone),
        reference=say(language, "letter_reference", reference=reference(reply.conversation_id)),
        paper=stationery.paper,
        letterhead_pages=min(page_count(own), MOST_PAGES) if own else 0,
    )


def page_count(pdf: bytes) -> int:
    """Raises ValueError when it is no PDF that can be opened."""
    from pypdf import PdfReader

    try:
        return len(PdfReader(BytesIO(pdf)).pages)
    except Exception as error:
        raise ValueError("no PDF") from error


def compose(reply: Reply, print_to: str, pdf: bytes, settings: Settings, now: datetime) -> EmailMessage:
    """The mail to whoever prints it. Pure."""
    from chalicelib.locales import say

    name, to = reference(reply.conversation_id), print_to or settings.owner.address
    language, domain = settings.owner.language, settings.reply_domain
    sender = reply.account if "@" in reply.account else f"letters@{domain}"
    written = EmailMessage(policy=SEVEN_BIT)
    written["From"] = Address(literal(plain_name(settings.business)), addr_spec=sender)
    written["To"] = Address(addr_spec=to)
    written["Subject"] = literal(say(language, "letter_subject", reference=name))
    written["Date"] = now
    written["Message-ID"] = f"<{reply.id}@{domain}>"
    written["Auto-Submitted"] = "auto-generated"
    written["X-Bridgehead-Answer"] = reply.id
    address, _ = divided(reply.text)
    steps = say(language, "letter_steps" if address else "letter_steps_address", business=settings.business)
    written.set_content(f"{steps}\n\n{reply.text}\n")
    written.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    return written


def divided(text: str) -> tuple[list[str], str]:
    """The lines for the envelope's window, if the answer begins with "To:" or the like, and the letter's words."""
    first, _, rest = text.strip().partition("\n\n")
    lines = [line.strip() for line in TO.sub("", first).splitlines() if line.strip()]
    if not TO.match(first) or len(lines) > MOST_LINES:
        return [], text.strip()
    return lines, rest.strip()
