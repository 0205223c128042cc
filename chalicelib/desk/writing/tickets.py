"""The ticket mail: who writes, where, what was said, and what a reply will do. Plain data in, a mail out; nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from chalicelib.channels.base import Limits
from chalicelib.desk.writing import speeches
from chalicelib.desk.writing.envelopes import Envelope, mail
from chalicelib.desk.writing.pages import Block, Box, Fact, Foot, Heading, Title, Tone
from chalicelib.desk.writing.speeches import LONGEST_WORDS, Line, Shown
from chalicelib.desk.writing.voice import Voice, call_link, label, link
from chalicelib.mail_headers import LONGEST_SUBJECT, answering
from chalicelib.model import Author, Kind, MailKind
from chalicelib.text import defuse_subject, isolate, mark, one_line

__all__ = [
    "LONGEST_WORDS",
    "Line",
    "Shown",
    "Ticket",
    "first_subject",
    "foot",
    "reply_box",
    "templates",
    "thread_envelope",
    "ticket_mail",
    "title",
]

SUBJECT_WORDS = 70


@dataclass(frozen=True)
class Ticket:
    """All that the mails of one conversation are made of."""

    conversation_id: str
    delivery_id: str
    at: datetime  # now
    channel_title: str
    account_name: str
    kind: Kind
    author: Author
    business: str
    limits: Limits
    reply_address: str  # the conversation's own; its domain is ours
    helpdesk_address: str
    first_words: str = ""  # of the conversation: they make its subject and never change
    news: tuple[Line, ...] = ()
    history: tuple[Line, ...] = ()  # what was said before, the newest last; a handful
    window_until: datetime | None = None
    extended_until: datetime | None = None
    language: str = "en"
    zone: str = "UTC"
    last_subject: str = ""  # the helpdesk's, with its tag; "" before it has answered
    references: tuple[str, ...] = ()
    in_reply_to: str = ""  # our own previous mail; "" in the first
    suppress: str = "All"  # the value of X-Auto-Response-Suppress that this helpdesk needs
    labels: tuple[tuple[str, str], ...] = ()  # headers by which it can sort tickets
    original_link: str = ""  # to the whole text of what is too long for a mail
    posts_left: int | None = None  # until the customer writes again; None where the platform does not count
    private_way: bool = False  # a public message that can also be answered privately
    more: int = 0  # messages that are not shown, and where all of them can be read
    more_link: str = ""
    due_at: datetime | None = None  # until when an answer is due; None when nobody waits
    target: str = ""  # first_response, next_response; window where the platform's end is nearer
    channel: str = ""  # by which the words for it are chosen

    @property
    def voice(self) -> Voice:
        """How we speak of this conversation in the helpdesk."""
        title, account = self.channel_title, self.account_name
        return Voice(self.language, self.zone, title, account, self.business, self.author, self.channel)


def ticket_mail(ticket: Ticket) -> EmailMessage:
    """What the customer said, as a mail that can be answered."""
    pictures = speeches.pictures(ticket.news)
    return mail(thread_envelope(ticket, MailKind.TICKET), list(_blocks(ticket)), ticket.language, pictures)


def first_subject(ticket: Ticket) -> str:
    """`[Facebook] Mia Muster: first words`, the conversation's subject until the helpdesk has put its own tag on it."""
    words = one_line(ticket.first_words, SUBJECT_WORDS) or ticket.voice.say(f"about_{ticket.kind}")
    name = defuse_subject(ticket.voice.shown_name)
    return one_line(f"[{ticket.channel_title}] {name}: {defuse_subject(words)}", LONGEST_SUBJECT)


def thread_envelope(ticket: Ticket, kind: MailKind) -> Envelope:
    """The headers of any mail that belongs into the conversation's ticket."""
    is_first = not (ticket.last_subject or ticket.in_reply_to)
    return Envelope(
        kind=kind,
        delivery_id=ticket.delivery_id,
        at=ticket.at,
        name=ticket.voice.display_name,
        sender=ticket.reply_address,
        recipient=ticket.helpdesk_address,
        subject=first_subject(ticket) if is_first else answering(ticket.last_subject or first_subject(ticket)),
        conversation_id=ticket.conversation_id,
        references=ticket.references,
        in_reply_to=ticket.in_reply_to,
        suppress=ticket.suppress,
        labels=ticket.labels if kind is MailKind.TICKET else (),
    )


def title(ticket: Ticket, facts: tuple[Fact, ...] = ()) -> Title:
    """The first line of every mail of the conversation; its mark is where a quoted copy begins."""
    return Title(isolate(ticket.voice.display_name), mark(ticket.conversation_id), facts)


def foot(ticket: Ticket, held: str = "") -> Foot:
    """The last line, with the mark again and, in a mail about a held answer, which one that is."""
    return Foot(" · ".join(filter(None, ("Bridgehead", ticket.business, mark(ticket.conversation_id), held))))


def reply_box(ticket: Ticket) -> Box:
    """What a reply will do: who can read it, how long it may be, until when, and what of the mail is left out."""
    limits, say = ticket.limits, ticket.voice.say
    if not limits.answers:
        instead = (say(_no_way(ticket)), say("reply_settled"))
        return Box(Tone.CALM, say("reply_title_none"), instead, (*_original(ticket), *_to_call(ticket)))
    openness = "public" if limits.public else "private"
    ways = ticket.voice.joined(say("reply_how"), say("reply_by_text" if _is_call(ticket) else f"reply_{openness}"))
    bounds = ticket.voice.joined(*_bounds(ticket), _until(ticket))
    left_out = ticket.voice.joined(say("reply_left_out"), ticket.voice.files(limits.media))
    privately = say("reply_commands_private") if ticket.private_way else ""
    commands = ticket.voice.joined(*filter(None, (say("reply_commands"), privately)))
    said = (ways, bounds, left_out, commands, templates(ticket))
    return Box(Tone(openness), say(f"reply_title_{openness}"), said, _to_call(ticket))


def templates(ticket: Ticket) -> str:
    """How an approved text is sent, and their names; "" where there are none."""
    names = ", ".join(map(label, ticket.limits.templates))
    return ticket.voice.say("reply_templates", names=names) if names else ""


def _bounds(ticket: Ticket) -> Iterator[str]:
    voice, limits = ticket.voice, ticket.limits
    yield voice.say("reply_length", length=voice.length(limits))
    if limits.parts > 1:
        yield voice.say("reply_parts", length=voice.counted(limits.text, limits))
    if limits.overwrites:
        yield voice.say("reply_overwrites")
    if ticket.posts_left is not None:
        count, number = ticket.posts_left, voice.number(ticket.posts_left)
        yield voice.say("reply_left" if count else "reply_left_none", count=count, number=number)


def _blocks(ticket: Ticket) -> Iterator[Block]:
    yield title(ticket, tuple(_who(ticket)))
    for number, line in enumerate(ticket.news):
        yield speeches.said(ticket.voice, line, number, ticket.original_link)
    if ticket.more:
        yield _more(ticket)
    if ticket.history:
        yield Heading(ticket.voice.say("heading_before"))
        yield from (speeches.earlier(ticket.voice, line) for line in ticket.history)
    yield reply_box(ticket)
    yield foot(ticket)


def _more(ticket: Ticket) -> Box:
    number = ticket.voice.number(ticket.more)
    heading = ticket.voice.say("more_messages", count=ticket.more, number=number)
    whole = Fact(ticket.voice.say("more_whole"), link(ticket.more_link))
    return Box(Tone.CALM, heading, (), (whole,))


def _who(ticket: Ticket) -> Iterator[Fact]:
    author, voice = ticket.author, ticket.voice
    yield Fact(voice.say(f"about_{ticket.kind}"))
    known = [voice.handle] if author.name else []
    if author.followers is not None:
        known.append(voice.say("followers", count=author.followers, number=voice.number(author.followers)))
    if not voice.name and author.id:
        known.append(voice.say("author_id", id=label(author.id)))
    if "@" in author.id:
        known.append(label(author.id))  # where a mail goes
    profile = link(author.url)
    told = " · ".join(filter(None, known)) or (voice.say("open_profile") if profile else "")
    if told:
        yield Fact(told, profile)
    if ticket.due_at:
        yield Fact(_deadline(ticket, ticket.due_at))


def _deadline(ticket: Ticket, due_at: datetime) -> str:
    """Until when an answer is due, and how much of the time is left, in one line."""
    voice = ticket.voice
    key = f"deadline_{ticket.target}" if due_at > ticket.at else "deadline_late"
    return voice.say(key, due=voice.short_when(due_at), left=voice.span(due_at - ticket.at))


def _no_way(ticket: Ticket) -> str:
    """Which text says that a reply goes nowhere, and what to do instead."""
    if not _is_call(ticket):
        return "reply_none"
    return "reply_call_back" if ticket.author.id else "reply_nobody"


def _is_call(ticket: Ticket) -> bool:
    return ticket.kind in (Kind.CALL, Kind.CALL_BACK)


def _to_call(ticket: Ticket) -> tuple[Fact, ...]:
    number = call_link(ticket.author.id) if _is_call(ticket) else ""
    return (Fact(ticket.voice.say("call_now", number=ticket.author.id), number),) if number else ()


def _original(ticket: Ticket) -> tuple[Fact, ...]:
    address = link(ticket.news[-1].permalink) if ticket.news else ""
    return (Fact(ticket.voice.say("open_original"), address),) if address else ()


def _until(ticket: Ticket) -> str:
    voice, soon, latest = ticket.voice, ticket.window_until, ticket.extended_until or ticket.window_until
    if latest is None or soon is None:
        return voice.say("reply_anytime")
    if latest <= ticket.at:
        return voice.say("reply_over", when=voice.when(latest))
    if soon <= ticket.at or soon == latest:
        return voice.say("reply_until", when=voice.when(latest))
    return voice.say("reply_until_latest", when=voice.when(soon), latest=voice.when(latest))
