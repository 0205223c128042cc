"""A helpdesk that says nothing: perhaps it suspends our mails, and nobody would know that questions are lost.

Only one that confirms new tickets says something by silence, and whether it does is the account's own setting: so it is
learnt from what comes. One that does not is silent when no mail of it came for a day, about whatever ticket.
Looked at whenever a reminder is due, so it costs nothing otherwise. The owner hears of it once a day, not once a ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from chalicelib import metrics
from chalicelib.aws import conversations, known
from chalicelib.aws.conversations import Entry, epoch
from chalicelib.aws.table import Put, Refused
from chalicelib.desk.saving import save
from chalicelib.desk.view import View, owner
from chalicelib.model import Learnt, MailKind

REMEMBERED = timedelta(days=2)
PROMPT = timedelta(minutes=30)  # a confirmation comes within this, if it comes
LONGEST = timedelta(days=1)
CONFIRMATIONS = ("automatic", "notice")  # why a mail was no answer
HEARD_OF = timedelta(days=30)
NEWS = timedelta(hours=1)  # a busy helpdesk is noted no more often


def listen(view: View, batch: Sequence[Entry]) -> None:
    """Notes that a mail of the helpdesk came, and whether it confirms new tickets."""
    mails = [each.read(Learnt) for each in batch if each.kind == "learnt"]
    if not mails or view.conversation is None:
        return
    address = view.settings.helpdesk.address
    before, told = known.heard(address), _confirms(view, mails[0])
    confirms = before.confirms if told is None else told
    if confirms != before.confirms or before.at + NEWS.total_seconds() < epoch(view.now):
        conversations.write([known.hears(address, confirms, view.now, view.now + HEARD_OF)])


def warn(view: View) -> View:
    """With a mail to the owner when this conversation's helpdesk is silent, if today there was none yet."""
    metrics.count("HelpdeskSilent")
    today = {"pk": f"silence#{view.now:%Y-%m-%d}", "sk": "warned", "kind": "marker"}
    first = Put({**today, "expires_at": epoch(view.now + REMEMBERED)}, unless_there=True)
    told = owner(replace(view, mails=()), f"silence {view.now:%Y-%m-%d}", "silent")
    try:
        return save(told, [first])
    except Refused as refused:
        # somebody else saved the conversation: the job comes again; else today's mail is on its way already
        if not all(item.get("kind") == "marker" for item in refused.there.values()):
            raise
    return view


def is_silent(view: View) -> bool:
    """A reminder is due, and the helpdesk's silence since our first mail means something."""
    conversation = view.conversation
    opened = conversation.ticket.opened_at if conversation else None
    if conversation is None or opened is None or conversation.ticket.their_ids:
        return False
    reminds = any(mail.kind is MailKind.REMINDER for mail in view.mails)
    if not reminds or view.now - opened < PROMPT:
        return False
    last = known.heard(view.settings.helpdesk.address)
    return last.confirms or (view.now - opened >= LONGEST and last.at < epoch(opened))


def _confirms(view: View, mail: Learnt) -> bool | None:
    """By the first mail about a ticket: at once and by a machine, or by an agent; None when it tells neither."""
    ticket = view.conversation.ticket if view.conversation else None
    if ticket is None or ticket.opened_at is None or ticket.their_ids:
        return None
    if mail.reason in CONFIRMATIONS:
        return True if mail.at - ticket.opened_at <= PROMPT else None
    return None if mail.reason else False
