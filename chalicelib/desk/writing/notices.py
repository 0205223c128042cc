"""What we say ourselves: to the agent in the ticket's thread, to the owner and the lead by a mail of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

from chalicelib.channels.base import Limits
from chalicelib.desk.writing.envelopes import Envelope, mail
from chalicelib.desk.writing.pages import Block, Box, Fact, Foot, Hello, Speech, Tone
from chalicelib.desk.writing.tickets import Ticket, foot, reply_box, templates, thread_envelope, title
from chalicelib.desk.writing.voice import Voice, label, link, words
from chalicelib.locales import knows
from chalicelib.mail_headers import LONGEST_SUBJECT
from chalicelib.model import Author, Held, MailKind, TroubleKind
from chalicelib.text import LONGEST_SHOWN, defuse_subject, one_line

NOBODY = Author("")
NoticeKind = Literal["refused", "held", "posted", "elsewhere", "undelivered"]
AlertKind = Literal[
    "missed", "soon", "window", "unresolved", "trouble", "bounced", "refused", "silent", "flood", "stopped", "untexted"
]


@dataclass(frozen=True)
class Notice:
    """What became of an answer. `code` is a key of locales, `refused_<code>`; one we have no text for reads as "rejected"."""

    kind: NoticeKind
    code: str = ""
    words: str = ""  # the answer it is about: what was, would be or was not posted
    detail: str = ""  # the platform's own reason
    link: str = ""  # to what was posted, or to where one can look
    at: datetime | None = None  # posted, elsewhere: when
    limits: Limits | None = None  # that it had to keep; None: those of any answer in this conversation
    length: int = 0  # of its words, in the units of `limits`
    posted: str = ""  # what the customer has of it, when only a part could be posted
    count: tuple[int, int] = (0, 1)  # how many of its posts that are, of how many
    held: Held | None = None  # what would be posted, and whether a "yes" is enough for it


@dataclass(frozen=True)
class Alert:
    """Something only the owner can mend: a ticket nobody answered, a connection in trouble, a mail that did not arrive,
    a helpdesk that keeps silent, a conversation that floods it."""

    kind: AlertKind
    delivery_id: str
    at: datetime  # now
    business: str
    reply_domain: str
    owner_address: str
    channel_title: str
    account_name: str
    owner_name: str = ""
    language: str = "en"
    zone: str = "UTC"
    author: Author = NOBODY  # missed, bounced: who is waiting
    words: str = ""  # and what for
    link: str = ""  # to the customer's message
    trouble: TroubleKind | None = None
    detail: str = ""  # the platform's or mail system's own reason
    helpdesk_address: str = ""  # bounced: whose mailbox it was
    waiting_since: datetime | None = None  # missed, silent
    due_at: datetime | None = None  # missed, soon; window: its end; unresolved: when all was to be settled
    role: str = "owner"  # or "lead"
    count: int = 0  # unpushed: how many messages that were
    channel: str = ""  # by which the words for it are chosen

    @property
    def voice(self) -> Voice:
        """How we speak of it to the owner."""
        title, account = self.channel_title, self.account_name
        return Voice(self.language, self.zone, title, account, self.business, self.author, self.channel)


def notice_mail(ticket: Ticket, notice: Notice) -> EmailMessage:
    """To the agent, in the ticket: what became of their answer, why, and what to do. An answer to it goes to the customer."""
    blocks: list[Block] = [title(ticket), _notice_box(ticket, notice)]
    if notice.words.strip():
        heading = "missing" if notice.posted else _WORDS.get(_code(notice)) or _WORDS.get(notice.kind, notice.kind)
        quoted, how = words(notice.words, LONGEST_SHOWN), tuple(_how(ticket, notice.held)) if notice.held else ()
        blocks.append(Speech(ticket.voice.say(f"notice_words_{heading}"), "", quoted, Tone.BUSINESS, facts=how))
    if notice.posted:
        had = words(notice.posted, LONGEST_SHOWN)
        blocks.append(Speech(ticket.voice.say("notice_words_posted"), "", had, Tone.BUSINESS))
    if notice.kind in DEFAULT_CODES and _code(notice) not in NO_WAY_BACK:
        blocks.append(reply_box(ticket))
    last = foot(ticket, notice.held.code if notice.held else "")
    return mail(thread_envelope(ticket, MailKind.NOTICE), [*blocks, last], ticket.language)


def owner_mail(alert: Alert) -> EmailMessage:
    """To the owner, from an address that is no conversation's."""
    voice = alert.voice
    text = f"trouble_{alert.trouble}" if alert.trouble else f"owner_{alert.kind}_text"
    do = f"trouble_{alert.trouble}_do" if alert.trouble else f"owner_{alert.kind}_do"
    detail = voice.say("detail", detail=label(alert.detail)) if alert.detail else ""
    own = f"owner_{alert.trouble}"  # some troubles ask nothing of anybody
    heading = voice.say(own if knows(voice.language, own) else f"owner_{alert.kind}", **_values(alert))
    box = Box(Tone.WARNING, heading, (voice.say(text, **_values(alert)), detail, voice.say(do)))
    said = [speech_of(voice, alert.words, alert.link)] if alert.words or alert.link else []
    hello = [Hello(voice.say("owner_hello", owner=label(alert.owner_name)))] if alert.owner_name else []
    blocks: list[Block] = [*hello, box, *said, Foot(voice.say(footer_of(alert.role)))]
    return mail(_owner_envelope(alert, heading), blocks, alert.language)


def footer_of(role: str) -> str:
    """The text that says why this person gets the mail."""
    return "lead_footer" if role == "lead" else "owner_footer"


def speech_of(voice: Voice, said: str, address: str) -> Speech:
    """What the customer said, as far as a mail about it shows it."""
    return Speech(voice.say("first_words"), "", words(said, LONGEST_SHOWN), facts=_open(voice, address))


def _notice_box(ticket: Ticket, notice: Notice) -> Box:
    say, code = ticket.voice.say, _code(notice)
    heading = say("notice_unknown" if code == "unknown" else f"notice_{notice.kind}")
    facts = (*_open(ticket.voice, notice.link), Fact(say("notice_from")))
    if notice.kind in ("posted", "elsewhere"):
        kind = "replaced" if notice.code == "replaced" else notice.kind
        told = say(f"notice_{kind}_text", when=ticket.voice.when(notice.at or ticket.at))
        return Box(Tone.PRIVATE, heading, (told,), facts)
    why, do = _why(ticket, notice, code), say(f"refused_{code}_do")
    if notice.held and notice.held.by_yes:
        do = say("held_yes")
    if notice.posted:
        rest = "" if code in NO_WAY_BACK else say("refused_partly_do")
        return Box(Tone.WARNING, say("notice_partly"), (_partly(ticket, notice), *why, do, rest), facts)
    instead = templates(ticket) if code == "window" else ""
    taken = say("notice_undelivered_text") if notice.kind == "undelivered" else ""
    return Box(Tone.WARNING, heading, (taken, *why, do, instead), facts)


def _why(ticket: Ticket, notice: Notice, code: str) -> tuple[str, ...]:
    voice, limits = ticket.voice, notice.limits or ticket.limits
    counted = voice.counted(notice.length or limits.measure(notice.words), limits)
    why = voice.say(f"refused_{code}", length=voice.length(limits), counted=counted)
    if code == "attachment":
        file = voice.say("notice_file", file=label(notice.detail)) if notice.detail else ""
        return why, file, voice.files(limits.media)
    return why, voice.say("detail", detail=label(notice.detail)) if notice.detail else ""


def _partly(ticket: Ticket, notice: Notice) -> str:
    posted, planned = map(ticket.voice.number, notice.count)
    return ticket.voice.say("refused_partly", posted=posted, parts=planned)


def _how(ticket: Ticket, held: Held) -> Iterator[Fact]:
    """What else would be posted, where and when, if it is not as always."""
    answer = held.answer
    yield from (Fact(label(each.name)) for each in answer.attachments)
    if answer.public is not None:
        yield Fact(ticket.voice.say(f"reply_{'public' if answer.public else 'private'}"))
    if answer.not_before:
        yield Fact(ticket.voice.say("held_later", when=ticket.voice.when(answer.not_before)))


def _code(notice: Notice) -> str:
    if notice.kind in ("posted", "elsewhere"):
        return ""
    code = ALIASES.get(notice.code, notice.code)
    return code if knows("en", f"refused_{code}") else DEFAULT_CODES[notice.kind]


def _open(voice: Voice, address: str) -> tuple[Fact, ...]:
    return (Fact(voice.say("open_original"), link(address)),) if link(address) else ()


def _values(alert: Alert) -> dict[str, object]:
    now, voice = alert.at, alert.voice
    return {
        "waited": voice.span(now - (alert.waiting_since or now)),
        "due": voice.when(alert.due_at or now),
        "left": voice.span((alert.due_at or now) - now),
        "address": label(alert.helpdesk_address),
        "count": alert.count,
        "number": voice.number(alert.count),
    }


def _owner_envelope(alert: Alert, heading: str) -> Envelope:
    return Envelope(
        kind=MailKind.OWNER,
        delivery_id=alert.delivery_id,
        at=alert.at,
        name=alert.voice.say("owner_from"),
        sender=f"{OWNER_LOCAL_PART}@{alert.reply_domain}",
        recipient=alert.owner_address,
        subject=one_line(defuse_subject(heading), LONGEST_SUBJECT),
    )


OWNER_LOCAL_PART = "bridgehead"
NO_WAY_BACK = (
    "blocked",
    "gone",
    "no-answers",
    "not-summoned",
    "window",
    "unknown",
)  # another answer would fare the same
# codes that mean the same to an agent
ALIASES = {
    "no-way-to-answer": "no-answers",
    "no-recipient": "gone",
    "not-reachable": "blocked",
    "forbidden": "permission",
    "private": "private-only",
    "text-html-differ": "unsure",
}
DEFAULT_CODES = {"refused": "rejected", "held": "unsure", "undelivered": "rejected"}
_WORDS = {
    "elsewhere": "posted",
    "unknown": "refused",
    "undelivered": "refused",
}  # under which heading the words stand, where not under the kind's own
