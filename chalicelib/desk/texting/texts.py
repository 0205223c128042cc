"""Texts on their way to the owner's and the lead's phone: which may go now, and as what.

Each phone has a partition and a job of its own, one at a time, so pacing needs no counter that many write. What comes
too soon after another text or in quiet hours waits, and then goes as one text: the customer who waits longest in full,
the others by their codes. What is over the day's cap goes by mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.aws import conversations, phones
from chalicelib.aws.conversations import OVERDUE_AFTER, Entry, epoch, watched
from chalicelib.aws.table import LARGEST_TRANSACTION, Change
from chalicelib.desk import ledger, parts, texting
from chalicelib.desk.texting import Line
from chalicelib.desk.texting.customers import code_for, reader_of, subject_of
from chalicelib.desk.texting.words import words_of
from chalicelib.desk.view import View, name_of
from chalicelib.model import AgentReply, Conversation, Handset, MailKind, OutgoingMail, OutgoingText
from chalicelib.phone import wording
from chalicelib.phone.quiet import quiet_until

BETWEEN = timedelta(minutes=10)  # two texts that nobody asked for, unless the later one is urgent
MOST_LOOKED_AT = 200
POSTED = "posted"

Blaming = Callable[[Entry], AbstractContextManager[None]]


@dataclass(frozen=True)
class Due:
    """A text about a customer who still waits."""

    entry: Entry
    text: OutgoingText
    conversation: Conversation


def send(line: Line, blaming: Blaming) -> None:
    """All that may go now; for the rest the desk is woken later."""
    found = [each for each in conversations.pending(line.pk, MOST_LOOKED_AT) if each.kind == "text"]
    for entry in (each for each in found if not _is_alarm(each)):
        with blaming(entry):
            _answer(entry, line)
    alarms = [each for each in found if _is_alarm(each)]
    begun = [each for each in alarms if each.more["state"] == "attempting"]
    if begun:
        texting.lost(begun, line)
        return
    due: list[Due] = []
    for entry in (each for each in alarms if not ledger.too_early(each, line.now)):
        with blaming(entry):
            due += _still_due(entry, line)
    if due:
        with blaming(due[0].entry):
            _alarm(_latest(due), line)


def told(view: View, entry: Entry, became: str) -> View:
    """With a text to whom gave this answer by text: posted, or a state and why not. Pure.

    What was posted also goes into the ticket, since the helpdesk has not seen it.
    """
    answer = entry.read(AgentReply)
    if not answer.texted:
        return view
    if became == POSTED:
        shown = OutgoingMail(name_of("ticket", entry.sk), MailKind.TICKET, view.now, (entry.sk,))
        return tell(replace(view, mails=(*view.mails, shown)), answer.texted, POSTED, entry.sk, answer.text)
    code = "unsure" if became.endswith(":unknown") else "partly" if parts.position(entry) else "refused"
    return tell(view, answer.texted, code, entry.sk, answer.text, became)


def tell(view: View, role: str, code: str, cause: str, words: str, detail: str = "") -> View:
    """With a text to somebody about an answer they gave by text, the sort key of which is `cause`. Pure."""
    name = name_of("text", cause, code, detail)
    text = OutgoingText(name, role, view.now, code, words=words, detail=detail)
    return replace(view, texts=(*view.texts, text))


def free_at(handset: Handset, line: Line) -> datetime | None:
    """When a text that nobody asked for and that is not urgent may go; None: now. Pure."""
    quiet = quiet_until(line.person.quiet, line.settings.hours.zone, line.now)
    spaced = handset.alerted_at + BETWEEN if handset.alerted_at else line.now
    later = max(quiet or line.now, spaced)
    return later if later > line.now else None


def _is_alarm(entry: Entry) -> bool:
    return entry.read(OutgoingText).code in phones.ALARMS


def _answer(entry: Entry, line: Line) -> None:
    """A text that answers one goes at once, but not without end: the other side may be a machine as well."""
    if entry.more["state"] == "attempting":
        texting.lost([entry], line)
        return
    handset, text = _today(phones.load(line.pk), line), entry.read(OutgoingText)
    if handset.stopped or handset.answers >= _cap(line):
        texting.cancel(entry, "stopped" if handset.stopped else "cap")
    elif not ledger.too_early(entry, line.now):
        noted = replace(handset, answers=handset.answers + 1)
        texting.attempt([entry], words_of(text, line), handset, noted, line)


def _still_due(entry: Entry, line: Line) -> list[Due]:
    """Nothing when the customer waits no more, or the person has seen it: the text is cancelled."""
    text = entry.read(OutgoingText)
    conversation = conversations.load(text.conversation)
    since = conversation.clock.waiting_since if conversation else None
    if conversation is None or since is None or since > text.created_at:
        texting.cancel(entry, "answered")
    elif (conversation.clock.paused_until or line.now) > line.now:
        texting.cancel(
            entry, "written"
        )  # and waits for its time; the next step of the ladder comes if it is not posted
    elif phones.is_seen(conversation.id, conversation.clock.cycle):
        texting.cancel(entry, "seen")
    else:
        return [Due(entry, text, conversation)]
    return []


def _latest(due: Sequence[Due]) -> list[Due]:
    """One of each conversation: a step of the ladder that waited until the next one came is over with it."""
    newest = {each.conversation.id: each for each in sorted(due, key=lambda each: each.text.created_at)}
    for each in due:
        if newest[each.conversation.id] is not each:
            texting.cancel(each.entry, "overtaken")
    return list(newest.values())


def _alarm(due: Sequence[Due], line: Line) -> None:
    """One text, or a later time, or mail."""
    handset = _today(phones.load(line.pk), line)
    if handset.stopped or handset.alerts >= _cap(line):
        reason = "stopped" if handset.stopped else "cap"
        texting.by_mail([each.entry for each in due], reason, line)
        return
    later = free_at(handset, line)
    now = [each for each in due if each.text.urgent or not later]
    if later:
        _put_off([each.entry for each in due if each not in now], later, line)
    if now:
        _text(sorted(now, key=_urgency)[: 1 + wording.MOST_OTHERS], handset, line)


def _urgency(due: Due) -> tuple[bool, datetime]:
    return not due.text.urgent, due.conversation.clock.waiting_since or due.text.created_at


def _text(due: Sequence[Due], handset: Handset, line: Line) -> None:
    try:
        codes = [code_for(each.conversation, line.now) for each in due]
    except phones.NoCode:
        texting.by_mail([each.entry for each in due], "no-code", line)
        return
    subject = subject_of(due[0].conversation, codes[0], line.settings, line.person.language)
    words = wording.alarm(due[0].text.code, subject, codes[1:], reader_of(line.person, line.settings, line.now))
    noted = replace(handset, alerts=handset.alerts + 1, alerted_at=line.now)
    as_read = [conversations.unchanged(each.conversation) for each in due]
    texting.attempt([each.entry for each in due], words, handset, noted, line, as_read)


def _put_off(entries: Sequence[Entry], later: datetime, line: Line) -> None:
    waits = {"not_before": epoch(later), **watched(line.pk, later + OVERDUE_AFTER)}
    for start in range(0, len(entries), LARGEST_TRANSACTION):
        conversations.write(
            [Change(each.pk, each.sk, set=waits) for each in entries[start : start + LARGEST_TRANSACTION]]
        )
    line.wake(later + timedelta(seconds=1))


def _today(handset: Handset, line: Line) -> Handset:
    today = f"{line.now.astimezone(ZoneInfo(line.settings.hours.zone)):%Y-%m-%d}"
    return handset if handset.day == today else replace(handset, day=today, alerts=0, answers=0)


def _cap(line: Line) -> int:
    return line.settings.phone.daily_cap if line.settings.phone else 0
