"""A conversation in the course of a job, and what has been decided about it so far. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from chalicelib.aws.conversations import Entry
from chalicelib.channels.base import Limits
from chalicelib.http import NotSent, Response
from chalicelib.model import Alarm, Attachment, Conversation, MailKind, OutgoingMail, OutgoingText, Turn
from chalicelib.settings import Settings

Download = Callable[[Conversation, Attachment, int, float], Response]


def _not_here(conversation: Conversation, attachment: Attachment, most: int, seconds: float) -> Response:
    raise NotSent("no channel")


@dataclass(frozen=True)
class View:
    """What one pass of the desk knows and decides; `saving.save` writes it down at once."""

    conversation: Conversation | None
    now: datetime
    settings: Settings
    limits: Callable[[Conversation], Limits]  # what the platform allows as an answer
    download: Download = _not_here  # a file that only the channel can fetch: at most so many bytes in so many seconds
    replies: tuple[Entry, ...] = ()  # the latest answers, to recognise our own coming back
    covers: tuple[str, ...] = ()  # what the next ticket mail brings
    mails: tuple[OutgoingMail, ...] = ()
    texts: tuple[OutgoingText, ...] = ()
    alarms: tuple[Alarm, ...] = ()  # for the owner and the lead
    turns: tuple[Turn, ...] = ()  # of the clock, not yet written down
    settled: tuple[Entry, ...] = ()
    posted: tuple[tuple[Entry, str], ...] = ()  # answers that an echo proves, with the platform's id
    named: tuple[tuple[Entry, str], ...] = ()  # answers of which an echo tells another id than we were given
    events: tuple[tuple[str, str], ...] = ()  # for the bus: kind, item
    told: tuple[Turn, ...] = ()  # turns that are written down, for the bus
    is_brief: bool = False  # the next mail shows nothing of what was said before: it may be what made it fail


def notice(view: View, cause: str, code: str, text: str = "", detail: str = "", covers: tuple[str, ...] = ()) -> View:
    """With a mail to the agent in the ticket's thread; `covers` has the sort key of the answer it is about."""
    mail = OutgoingMail(name_of("notice", cause, code), MailKind.NOTICE, view.now, covers, code, text, detail)
    return replace(view, mails=(*view.mails, mail))


def owner(view: View, cause: str, code: str, detail: str = "") -> View:
    """With a mail to the owner."""
    mail = OutgoingMail(name_of("owner", cause, code), MailKind.OWNER, view.now, (), code, "", detail)
    return replace(view, mails=(*view.mails, mail))


def name_of(*causes: str) -> str:
    """An effect's name made from its cause: doing it twice does no harm."""
    return sha256("|".join(causes).encode()).hexdigest()[:20]
