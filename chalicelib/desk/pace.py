"""When a mail of ours may go: not before the helpdesk can put it onto its ticket, not so often that it blocks the sender.

Each conversation has an address of its own in From, so what helpdesks count by sender is a conversation's mails. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.helpdesks import HELPDESKS, Helpdesk
from chalicelib.model import Conversation, OutgoingMail, TicketThread
from chalicelib.settings import Settings
from chalicelib.text import fuse, one_line

LONGEST_TAG = 80  # characters
CEILING = "ceiling"  # the wait that the owner hears of


class Limit(NamedTuple):
    """So many mails of one conversation in a time."""

    reason: str
    most: int
    span: timedelta


# stricter than every limit we know: 15 of one sender in 10 minutes (Deskpro), 25 to 50 an hour (BoldDesk)
OWN_LIMITS = (Limit("pace", 12, timedelta(minutes=10)), Limit(CEILING, 24, timedelta(hours=1)))


@dataclass(frozen=True)
class Wait:
    """Why a mail does not go yet, and until when."""

    reason: str
    until: datetime


def wait_for(conversation: Conversation, mail: OutgoingMail, settings: Settings, now: datetime) -> Wait | None:
    """What this mail has to wait for; None when it may go."""
    if not mail.kind.in_ticket:
        return None
    desk = helpdesk_of(settings)
    patience = desk.waits_for_first_mail or timedelta()
    if is_unheard(conversation.ticket, desk) and now < mail.created_at + patience:
        return Wait("first-mail", mail.created_at + patience)
    waits = [wait for limit in _limits(desk) if (wait := _within(limit, conversation.ticket.sent_at, now))]
    return max(waits, key=lambda wait: wait.until, default=None)


def is_unheard(ticket: TicketThread, desk: Helpdesk) -> bool:
    """Our first mail is out, and nothing came back by which this helpdesk would know a second one."""
    if not ticket.our_ids or desk.waits_for_first_mail is None:
        return False
    return not (ticket.tag or (ticket.their_ids and not desk.threads_by_tag_only))


def tag_in(subject: str, ours: str, settings: Settings) -> str:
    """The ticket's name as the helpdesk wrote it into a subject; "" when there is none but what we wrote ourselves."""
    pattern = re.compile(helpdesk_of(settings).tag or ANY_TAG)
    own = fuse(ours)
    found = (match.group() for match in pattern.finditer(fuse(one_line(subject, 400))))
    return next((tag for tag in found if tag not in own and len(tag) <= LONGEST_TAG), "")


def helpdesk_of(settings: Settings) -> Helpdesk:
    """The row of the business's helpdesk."""
    return HELPDESKS[settings.helpdesk.kind]


def sent(times: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """The times with one more; those that no limit looks at any more are left out."""
    oldest = now - max(limit.span for limit in OWN_LIMITS)
    return (*(each for each in times if each > oldest), now)


def _limits(desk: Helpdesk) -> Iterator[Limit]:
    yield from OWN_LIMITS
    if desk.pace:
        # a fifth is kept back: what SES took without telling us is not counted
        yield Limit("pace", max(1, desk.pace[0] * 4 // 5), desk.pace[1])


def _within(limit: Limit, times: tuple[datetime, ...], now: datetime) -> Wait | None:
    counted = [each for each in times if now - each < limit.span]
    return Wait(limit.reason, counted[-limit.most] + limit.span) if len(counted) >= limit.most else None


ANY_TAG = r"\[[^\[\]]{1,70}\d\]|#\d+"  # "[name #1]", "[issue1]", "Ticket #1"
