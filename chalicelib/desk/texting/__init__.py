"""One text, handed to the provider once: written down before, concluded after.

No provider recognises a repeat or can be asked. What was begun and never concluded may have gone out, so it does not go
again: customers who wait are then told of by mail. A text too few is better than the same text twice in the night.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import metrics
from chalicelib.aws import clocks, conversations, phones
from chalicelib.aws.conversations import Entry, epoch, outgoing, watched
from chalicelib.aws.table import Change, Check, Put, Refused
from chalicelib.desk import ledger
from chalicelib.desk.view import name_of
from chalicelib.model import Alarm, Handset, MailKind, OutgoingMail, OutgoingText
from chalicelib.phone.quiet import quiet_until
from chalicelib.phone.sending import Send, TextFailed
from chalicelib.settings import Owner, Settings

SOON = timedelta(seconds=5)
SETTLE = timedelta(seconds=30)  # longer than a call of the provider may take
MOST_WAITS = 6  # after half a minute, a minute, two ...: half an hour


@dataclass(frozen=True)
class Line:
    """A person's phone, and what texting it needs."""

    pk: str
    role: str  # owner or lead
    person: Owner
    settings: Settings
    send: Send
    wake: Callable[[datetime], None]
    now: datetime


def attempt(
    entries: Sequence[Entry],
    words: str,
    before: Handset,
    noted: Handset,
    line: Line,
    conditions: Sequence[Check] = (),
) -> None:
    """One text about one or several entries, which share its fate; `noted` is what the phone's state becomes by it."""
    claimed = [_claimed(each, line.now) for each in entries]
    try:
        conversations.write([*map(_claim, entries, claimed), phones.save(line.pk, noted), *conditions])
    except Refused:
        # somebody else is at it, or a customer got an answer just now
        line.wake(line.now + SOON)
        return
    try:
        sent = line.send(line.person.phone, words)
    except TextFailed as failed:
        _not_sent(claimed, failed, replace(before, version=noted.version + 1), line)
    else:
        _end(claimed, "done", provider_id=sent)


def lost(entries: Sequence[Entry], line: Line) -> None:
    """Begun, and what came of it not written down."""
    if min(ledger.since_attempt(each, line.now) for each in entries) < SETTLE:
        line.wake(line.now + SETTLE)
        return
    metrics.count("TextUnknown")
    by_mail(entries, "unknown", line)


def by_mail(entries: Sequence[Entry], reason: str, line: Line) -> None:
    """No text any more: of customers who wait the person hears by mail, collected like all mail to a person."""
    for entry in entries:
        text = entry.read(OutgoingText)
        if text.code in phones.ALARMS:
            _raise_alarm(text, line)
        _end([entry], "mailed" if text.code in phones.ALARMS else "dropped", reason=reason)


def cancel(entry: Entry, reason: str) -> None:
    """Ends a text that nobody needs any more."""
    _end([entry], "cancelled", reason=reason)


def unplug(entry: Entry) -> None:
    """Ends what came from, or was to go to, a number that is nobody's any more."""
    gone = {"state": "cancelled", "reason": "no-phone"}
    conversations.write(phones.ended(entry, **gone) if entry.kind == "text" else [conversations.done(entry, **gone)])


def stop_mail(line: Line) -> Put:
    """The write that tells the owner that a phone takes no more texts."""
    name = name_of("stopped", line.pk, conversations.stamp(line.now))
    return outgoing(line.pk, OutgoingMail(name, MailKind.OWNER, line.now, (), "stopped"), line.now)


def _claimed(entry: Entry, now: datetime) -> Entry:
    mine = {"state": "attempting", "tries": ledger.tries(entry) + 1, "attempted_at": epoch(now)}
    return replace(entry, more={**entry.more, **mine, **watched(entry.pk, now + SETTLE)})


def _claim(entry: Entry, claimed: Entry) -> Change:
    noted = {name: claimed.more[name] for name in ("state", "tries", "attempted_at", "shard", "check_at")}
    return Change(entry.pk, entry.sk, set=noted, when={name: entry.more[name] for name in ("state", "tries")})


def _end(entries: Sequence[Entry], state: str, **more: Any) -> None:
    conversations.write([change for each in entries for change in phones.ended(each, state, **more)])


def _not_sent(entries: Sequence[Entry], failed: TextFailed, before: Handset, line: Line) -> None:
    if failed.sure and failed.passing and not _is_hopeless(entries):
        later = [ledger.put_off(each, line.now) for each in entries]
        conversations.write([*(change for change, _ in later), phones.save(line.pk, before)])
        line.wake(max(at for _, at in later))
        return
    metrics.count("TextFailed" if failed.sure else "TextUnknown")
    if failed.stopped:
        conversations.write([phones.save(line.pk, replace(before, stopped=True)), stop_mail(line)])
    elif failed.sure:
        _warn(failed.code, line)
    by_mail(entries, "failed" if failed.sure else "unknown", line)


def _is_hopeless(entries: Sequence[Entry]) -> bool:
    return any(int(each.more.get("waits", 0)) >= MOST_WAITS for each in entries)


def _warn(code: str, line: Line) -> None:
    """A mail to the owner that texts do not go out, one a day and phone; its detail names no channel and no account."""
    day = line.now.replace(hour=0, minute=0, second=0, microsecond=0)
    mail = OutgoingMail(name_of("untexted", line.pk), MailKind.OWNER, day, (), "untexted", "", f"  {code}")
    with suppress(Refused):
        conversations.write([outgoing(line.pk, mail, line.now)])


def _raise_alarm(text: OutgoingText, line: Line) -> None:
    conversation = conversations.load(text.conversation)
    if conversation is None:
        return
    clock = conversation.clock
    alarm = Alarm(
        line.role, conversation.id, clock.cycle, clock.stage, text.created_at, text.detail or text.code, text.urgent
    )
    quiet = None if text.urgent else quiet_until(line.person.quiet, line.settings.hours.zone, line.now)
    with suppress(Refused):  # the same step of the ladder has sent a mail as well
        conversations.write([clocks.alarm(alarm, quiet or line.now)])
