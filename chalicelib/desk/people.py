"""What the owner and the lead hear of: customers who wait, one mail each while they are few, one mail of all in a storm.

Each conversation puts its alarm into the partition of the person, in the write that decides on it. The person's own job
(one at a time, in its own group) makes mails of the alarms: at once when it was quiet, else after two minutes, and not
in quiet hours. An alarm is taken off in the write that puts it into a mail, so nobody is listed twice or forgotten;
whom an answer reached meanwhile is left out when the mail is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from chalicelib.aws import clocks, conversations
from chalicelib.aws.conversations import Entry, done, epoch, outgoing
from chalicelib.aws.table import Check
from chalicelib.desk.view import name_of
from chalicelib.model import Alarm, Conversation, MailKind, OutgoingMail

COLLECTED = timedelta(minutes=2)  # between two mails to a person
MOST_SINGLE = 5  # mails of one customer each; of more at a time one mail tells
MOST_LISTED = 90  # in one write; mails that wait together become one
MOST_LOOKED_AT = 1000


def gather(pk: str, now: datetime, wake: Callable[[datetime], None]) -> None:
    """Mails of the alarms that a person may hear of now; for the others the desk is woken later."""
    waiting = [each for each in conversations.pending(pk, MOST_LOOKED_AT) if each.kind == "alarm"]
    ripe = [each for each in waiting if each.more["not_before"] <= epoch(now)]
    later = [each.more["not_before"] for each in waiting if each not in ripe]
    quiet = clocks.quiet_until(pk) if ripe else None
    if quiet and quiet > now:
        wake(quiet)
    elif ripe:
        _tell(pk, ripe, now)
    if later:
        wake(datetime.fromtimestamp(min(later), UTC))


def _tell(pk: str, ripe: Sequence[Entry], now: datetime) -> None:
    many = len(ripe) > MOST_SINGLE
    size = MOST_LISTED if many else 1
    for start in range(0, len(ripe), size):
        listed = ripe[start : start + size]
        mail = _mail(listed, MailKind.SUMMARY if many else MailKind.OWNER, now)
        taken = [replace(done(each, state="told", mail=mail.id), when={"state": "waiting"}) for each in listed]
        conversations.write([outgoing(pk, mail, now), *taken, clocks.quieten(pk, now + COLLECTED)])


def _mail(listed: Sequence[Entry], kind: MailKind, now: datetime) -> OutgoingMail:
    keys, person = tuple(each.sk for each in listed), listed[0].read(Alarm).person
    return OutgoingMail(name_of("person", person, *keys), kind, now, keys, to=person)


def still_waiting(mail: OutgoingMail) -> list[tuple[Alarm, Conversation]]:
    """Of those whom a mail is about, who has no answer yet: each once, who has waited longest first."""
    alarms = [found.read(Alarm) for sk in mail.covers if (found := conversations.one(_place(mail), sk))]
    latest = {alarm.conversation: alarm for alarm in alarms}
    pairs = ((alarm, conversations.load(alarm.conversation)) for alarm in latest.values())
    waiting = [(alarm, loaded) for alarm, loaded in pairs if loaded and _waits(alarm, loaded)]
    return sorted(waiting, key=lambda pair: pair[1].clock.waiting_since or pair[0].at)


def as_read(mail: OutgoingMail) -> list[Check]:
    """The conditions that a mail to a person is claimed under: nobody answered, or wrote, while it was being written.

    None for a list longer than one write can check: that is how things stood when it was written.
    """
    waiting = still_waiting(mail)
    return [conversations.unchanged(conversation) for _, conversation in waiting] if len(waiting) <= MOST_LISTED else []


def about(alarm: Alarm, due: datetime | None, now: datetime) -> Literal["missed", "soon", "window", "unresolved"]:
    """Which text says it: by the time that it is, since the night may lie between the alarm and the mail."""
    if alarm.code == "unresolved":
        return "unresolved"
    if due is None or due <= now:
        return "missed"
    return "window" if alarm.code == "window" else "soon"


def _waits(alarm: Alarm, conversation: Conversation) -> bool:
    return conversation.clock.waiting_since is not None and conversation.clock.cycle == alarm.cycle


def _place(mail: OutgoingMail) -> str:
    return clocks.person_key(mail.to)
