"""An agent's reply as a mail program writes it: answer on top, signature, then what is answered, quoted."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from uuid import uuid4

from infra.mailbox.mails import MESSAGE_ID, Mail, header
from infra.mailbox.parts import html_of, text_of
from infra.pages.texts import text

# Python folds long names of some scripts wrongly, with a space inside a word: so it may not fold them
UNFOLDED = policy.SMTP.clone(max_line_length=998)
STRANGER = "Sam Stranger <sam@elsewhere.example>"
BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What an agent typed. `agent` is "Name <address>"; `html` None: made from the text, False: no HTML part."""

    text: str
    agent: str
    html: str | bool | None = None
    language: str = "en"  # of the line above the quote
    dmarc_fail: bool = False


def mail_for(answer: Answer, original: Mail, now: datetime) -> EmailMessage:
    """The finished mail, ready for SMTP."""
    name, address = parseaddr(answer.agent)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = _whom(original)
    mail["Subject"] = _subject(original.header("Subject"))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{uuid4()}@{address.rpartition('@')[2]}>"
    _thread(mail, original.message)
    mail["User-Agent"] = "Local helpdesk"
    if answer.dmarc_fail:
        mail["X-Local-DMARC"] = "FAIL"
    mail.set_content(_plain(answer, name, original), cte="quoted-printable")
    if answer.html is not False:
        mail.add_alternative(_rich(answer, name, original), subtype="html", cte="quoted-printable")
    return mail


def _whom(original: Mail) -> Address:
    name, address = parseaddr(original.header("Reply-To") or original.header("From"))
    return Address(" ".join(name.split()), addr_spec=address)


def _subject(subject: str) -> str:
    flat = " ".join(subject.split())
    return flat if flat.lower().startswith("re:") else f"Re: {flat}"


def _thread(mail: EmailMessage, original: EmailMessage) -> None:
    answered = MESSAGE_ID.findall(header(original, "Message-ID"))
    before = MESSAGE_ID.findall(header(original, "References"))
    if answered:
        mail["In-Reply-To"] = answered[0]
    if before or answered:
        mail["References"] = " ".join([*before, *answered])


def _plain(answer: Answer, name: str, original: Mail) -> str:
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in text_of(original.message).splitlines())
    return f"{answer.text.rstrip()}\n\n-- \n{name}\n\n{_attribution(answer, original)}\n{quoted}"


def _rich(answer: Answer, name: str, original: Mail) -> str:
    said = answer.html if isinstance(answer.html, str) else _paragraphs(answer.text)
    return (
        f'<html><body><div dir="auto">{said}</div><br><div class="signature">-- <br>{html.escape(name)}</div><br>'
        f"<div>{html.escape(_attribution(answer, original))}</div>"
        f'<blockquote type="cite">{_quotable(original)}</blockquote></body></html>'
    )


def _attribution(answer: Answer, original: Mail) -> str:
    name, address = original.sender
    date = original.header("Date") or format_datetime(original.at)
    return text("attribution", answer.language).format(date=date, name=name, address=address)


def _quotable(original: Mail) -> str:
    rich = html_of(original.message)
    found = BODY.search(rich)
    return found.group(1) if found else rich or _paragraphs(text_of(original.message))


def _paragraphs(plain: str) -> str:
    return html.escape(plain.rstrip()).replace("\r\n", "\n").replace("\n", "<br>\n")
