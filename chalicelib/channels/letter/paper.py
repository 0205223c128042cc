"""An answer on paper: a page that any browser prints in any script, mailed to whoever puts it into the post.

A page and not a PDF: fonts for Chinese and Japanese alone are larger than all of our functions, and every computer that
prints has them. The address stands where a window envelope (DIN 5008 B, also C6/5 in other countries) shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.letter.reading import reference
from chalicelib.mail_headers import SEVEN_BIT, literal, plain_name
from chalicelib.model import Reply

if TYPE_CHECKING:
    from chalicelib.settings import Settings

# the line with which an agent begins the address of the envelope
TO = re.compile(r"^(?:to|an|宛先|kính gửi|收件人)[ \t]*[:：][ \t]*", re.IGNORECASE)
MOST_LINES = 9  # that a window shows
FAILURES: Mapping[bool, tuple[Outcome, str]] = {
    True: (Outcome.PASSING, "rejected"),
    False: (Outcome.REFUSED, "rejected"),
}


def post(reply: Reply, print_to: str, letterhead: str, now: datetime) -> str:
    """The reference that stands on it. Raises PostFailed."""
    from chalicelib.aws import mail, parameters

    settings, name = parameters.load_settings(), reference(reply.conversation_id)
    written = compose(reply, print_to, letterhead, settings, now)
    try:
        mail.send(written, {"place": reply.conversation_id, "answer": reply.id, "id": name})
    except mail.MailFailed as failed:
        if not failed.sure:
            raise PostFailed(Outcome.UNKNOWN, "unknown", failed.code) from failed
        raise PostFailed(*FAILURES[failed.passing], failed.code) from failed
    return name


def compose(reply: Reply, print_to: str, letterhead: str, settings: Settings, now: datetime) -> EmailMessage:
    """The mail to whoever prints it, with the page beside. Pure."""
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
    address, words = divided(reply.text)
    steps = say(language, "letter_steps" if address else "letter_steps_address", business=settings.business)
    written.set_content(f"{steps}\n\n{reply.text}\n")
    head = letterhead or settings.business
    made = page(address, words, head, name, now.astimezone(ZoneInfo(settings.hours.zone)))
    charset = {"charset": "utf-8"}
    written.add_attachment(made.encode(), maintype="text", subtype="html", filename=f"{name}.html", params=charset)
    return written


def divided(text: str) -> tuple[list[str], str]:
    """The lines for the envelope's window, if the answer begins with "To:" or the like, and the letter's words."""
    first, _, rest = text.strip().partition("\n\n")
    if not TO.match(first):
        return [], text.strip()
    lines = [line.strip() for line in TO.sub("", first).splitlines() if line.strip()]
    return lines[:MOST_LINES], rest.strip()


def page(address: list[str], words: str, letterhead: str, name: str, at: datetime) -> str:
    """A page of A4 that prints as it is. Pure."""
    head = "".join(f"<div>{escape(each.strip())}</div>" for each in letterhead.split("|"))
    window = "".join(f'<div dir="auto">{escape(each)}</div>' for each in address)
    said = "".join(f'<p dir="auto">{_lines(each)}</p>' for each in re.split(r"\n{2,}", words))
    return _PAGE.format(head=head, window=window, said=said, name=escape(name), date=f"{at:%Y-%m-%d}")


def _lines(paragraph: str) -> str:
    return escape(paragraph).replace("\n", "<br>")


_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{name}</title><style>
@page {{ size: A4; margin: 20mm 20mm 20mm 25mm }}
body {{ font: 11pt/1.45 Arial, "Noto Sans", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei", sans-serif; color: #000 }}
.head {{ text-align: right; height: 22mm }}
.window {{ height: 45mm; width: 85mm }}
.facts {{ text-align: right; margin-bottom: 8mm }}
p {{ margin: 0 0 1em; overflow-wrap: anywhere }}
</style></head><body>
<div class="head">{head}</div>
<div class="window">{window}</div>
<div class="facts">{date}<br>{name}</div>
{said}
</body></html>
"""
