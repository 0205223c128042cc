"""Mails about customers who wait: to the agents, in the ticket or at their own address, and to the owner or the lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from chalicelib.desk.writing.envelopes import Envelope, mail
from chalicelib.desk.writing.notices import OWNER_LOCAL_PART, footer_of, speech_of
from chalicelib.desk.writing.pages import Block, Box, Fact, Foot, Hello, Speech, Tone
from chalicelib.desk.writing.tickets import Ticket, foot, reply_box, thread_envelope, title
from chalicelib.desk.writing.voice import Voice, label, words
from chalicelib.mail_headers import LONGEST_SUBJECT
from chalicelib.model import MailKind
from chalicelib.text import defuse_subject, one_line

SOON, MISSED = 80, 100  # percent of the target
LONGEST_LISTED = 120  # characters of a ticket's subject


@dataclass(frozen=True)
class Reminding:
    """Which step of the ladder it is, `Reminder.code` or "unresolved", and the times that it is about."""

    code: str
    waiting_since: datetime
    due_at: datetime
    window_at: datetime | None = None  # the end of the platform's window, where that is what is near
    resolve_by: datetime | None = None


@dataclass(frozen=True)
class Waits:
    """One customer of many who wait."""

    voice: Voice
    subject: str  # of the ticket
    waiting_since: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class Summary:
    """Many customers who wait at once, for the owner or the lead; who has waited longest first."""

    role: str
    delivery_id: str
    at: datetime  # now
    voice: Voice
    reply_domain: str
    address: str
    name: str
    waiting: Sequence[Waits]


def reminder_mail(ticket: Ticket, reminding: Reminding, kind: MailKind = MailKind.REMINDER) -> EmailMessage:
    """To the agents: how long the customer has been waiting, and until when an answer is due."""
    stage, say = _stage(ticket, reminding), ticket.voice.say
    text = say(f"reminder_{stage}_text", **_times(ticket, reminding))
    note = _note(ticket, reminding) if stage in ("early", "soon", "missed") else ""
    tone = Tone.CALM if stage in ("early", "soon") else Tone.WARNING
    box = Box(tone, say(f"reminder_{stage}"), (text, note), (Fact(say("notice_from")),))
    waiting = [speech_of(ticket.voice, line.text, line.permalink) for line in ticket.news[-1:]]
    blocks: list[Block] = [title(ticket), box, *waiting, reply_box(ticket), foot(ticket)]
    return mail(thread_envelope(ticket, kind), blocks, ticket.language)


def summary_mail(summary: Summary) -> EmailMessage:
    """To the owner or the lead, from an address that is no conversation's."""
    voice, count = summary.voice, len(summary.waiting)
    heading = voice.say("owner_summary", count=count, number=voice.number(count))
    box = Box(Tone.WARNING, heading, (voice.say("owner_summary_text"), voice.say("owner_summary_do")))
    hello = [Hello(voice.say("owner_hello", owner=label(summary.name)))] if summary.name else []
    blocks: list[Block] = [*hello, box, *_listed(summary), Foot(voice.say(footer_of(summary.role)))]
    return mail(_envelope(summary, heading), blocks, voice.language)


def _stage(ticket: Ticket, reminding: Reminding) -> str:
    if not reminding.code.isdecimal():
        return "missed" if reminding.code == "window" and _is_over(ticket, reminding) else reminding.code
    percent = int(reminding.code)
    if percent >= MISSED or reminding.due_at <= ticket.at:
        return "missed"
    return "soon" if percent >= SOON else "early"


def _times(ticket: Ticket, reminding: Reminding) -> dict[str, str]:
    voice = ticket.voice
    ends = {"unresolved": reminding.resolve_by, "window": reminding.window_at}
    due = ends.get(reminding.code) or reminding.due_at
    return {
        "waited": voice.span(ticket.at - reminding.waiting_since),
        "left": voice.span(due - ticket.at),
        "due": voice.when(due),
    }


def _note(ticket: Ticket, reminding: Reminding) -> str:
    """What the end of the platform's window means, where that is the deadline; "" where it is not."""
    if reminding.window_at is None:
        return ""
    return ticket.voice.say("reminder_note_over" if _is_over(ticket, reminding) else "reminder_note_window")


def _is_over(ticket: Ticket, reminding: Reminding) -> bool:
    return reminding.window_at is not None and reminding.window_at <= ticket.at


def _listed(summary: Summary) -> Iterator[Speech]:
    for each in summary.waiting:
        voice = each.voice
        since = voice.say("summary_since", since=voice.short_when(each.waiting_since))
        late = each.due_at is not None and each.due_at <= summary.at
        due = voice.short_when(each.due_at) if each.due_at else ""
        until = voice.say("summary_late" if late else "summary_due", due=due) if due else ""
        yield Speech(
            voice.display_name,
            since,
            words(one_line(each.subject, LONGEST_LISTED), LONGEST_LISTED),
            remark=until,
            small=True,
        )


def _envelope(summary: Summary, heading: str) -> Envelope:
    return Envelope(
        kind=MailKind.SUMMARY,
        delivery_id=summary.delivery_id,
        at=summary.at,
        name=summary.voice.say("owner_from"),
        sender=f"{OWNER_LOCAL_PART}@{summary.reply_domain}",
        recipient=summary.address,
        subject=one_line(defuse_subject(heading), LONGEST_SUBJECT),
    )
