"""What is inside a mail, as a helpdesk shows it: its text, its HTML made harmless, its attachments and pictures."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Set
from dataclasses import dataclass
from email.message import EmailMessage, Message

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
CID = re.compile(r"""(["'(])cid:([^"')\s>]+)""", re.IGNORECASE)
MAIL_STYLE = (
    ":root{font:15px/1.5 system-ui,sans-serif}img{max-width:100%}"
    "blockquote{margin:.5em 0 0;padding-left:1em;border-left:2px solid #ccc}"
)
# no script, no form, nothing from elsewhere; same origin lets our own script see how high the mail is
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True)
class Attachment:
    """A part that is neither the text nor the HTML; `number` finds it again."""

    number: int
    name: str
    content_type: str
    content: bytes
    in_html: bool  # a picture that the HTML part shows

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it."""
        return self.content_type in PICTURES


def text_of(message: EmailMessage) -> str:
    """The text part, or ""."""
    return _body(message, "plain")


def html_of(message: EmailMessage) -> str:
    """The HTML part as sent, or ""."""
    return _body(message, "html")


def shown_html(message: EmailMessage) -> str:
    """The HTML part with its inline pictures in it, links opening elsewhere; to be sent with MAIL_POLICY."""
    inline = {_cid(part): part for part in message.walk() if part["Content-ID"]}
    body = CID.sub(lambda found: found.group(1) + _data_url(inline.get(found.group(2))), html_of(message))
    return f'<!doctype html><meta charset="utf-8"><base target="_blank"><style>{MAIL_STYLE}</style>{body}'


def attachments_of(message: EmailMessage) -> list[Attachment]:
    """Everything to download, the pictures inside the HTML part too."""
    bodies = [part for part in (message.get_body(("plain",)), message.get_body(("html",))) if part is not None]
    leaves = [part for part in message.walk() if not part.is_multipart() and not any(part is body for body in bodies)]
    shown = {found[1] for found in CID.findall(html_of(message))}
    return [_attachment(number, part, shown) for number, part in enumerate(leaves)]


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset nobody knows
        return _bytes(part).decode("utf-8", "replace")


def _attachment(number: int, part: EmailMessage, shown: Set[str]) -> Attachment:
    name = part.get_filename() or f"{number + 1}.{part.get_content_subtype()}"
    in_html = _cid(part) in shown and part.get_content_type() in PICTURES
    return Attachment(number, name, part.get_content_type(), _bytes(part), in_html)


def _data_url(part: EmailMessage | None) -> str:
    if part is None or part.get_content_type() not in PICTURES:
        return ""
    return f"data:{part.get_content_type()};base64,{b64encode(_bytes(part)).decode()}"


def _cid(part: EmailMessage) -> str:
    return str(part["Content-ID"] or "").strip().strip("<>")


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
