"""A helpdesk that says nothing: perhaps it suspends our mails, and nobody would know that questions are lost.

Looked at whenever a reminder is due, so it costs nothing otherwise. The owner hears of it once a day, not once a ticket.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib import metrics
from chalicelib.aws.conversations import epoch
from chalicelib.aws.table import Put, Refused
from chalicelib.desk.pace import helpdesk_of
from chalicelib.desk.saving import save
from chalicelib.desk.view import View, owner
from chalicelib.model import MailKind

REMEMBERED = timedelta(days=2)


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
    """A reminder is due, and for longer than this helpdesk takes no mail of it came since our first. Pure."""
    conversation, desk = view.conversation, helpdesk_of(view.settings)
    opened = conversation.ticket.opened_at if conversation else None
    if conversation is None or opened is None or conversation.ticket.their_ids:
        return False
    reminds = any(mail.kind is MailKind.REMINDER for mail in view.mails)
    return reminds and view.now - opened >= desk.expected_silence
