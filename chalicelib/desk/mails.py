"""Mails of ours on their way: written down, handed to SES once, concluded.

SES cannot be asked whether it sent something; its send event, which the mailroom notes on the item, is the only proof.
Without it a mail whose outcome is unknown goes out a second time after five minutes, with the same References and
delivery id, and never a third time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from chalicelib import metrics
from chalicelib.aws.conversations import Entry, done, watched
from chalicelib.aws.mail import MailFailed
from chalicelib.aws.table import Change
from chalicelib.desk import ledger
from chalicelib.desk.absorb import View
from chalicelib.desk.delivery import Wake
from chalicelib.desk.saving import save
from chalicelib.model import MailKind, OutgoingMail

SETTLE = timedelta(minutes=5)  # how long a send event may take
MOST_SENDS = 2
OUR_IDS_KEPT = 5

Compose = Callable[[View, OutgoingMail], EmailMessage]
Send = Callable[[EmailMessage, Mapping[str, str]], str]


def send(view: View, entry: Entry, compose: Compose, post: Send, wake: Wake) -> View:
    """One mail, a step further."""
    if ledger.too_early(entry, view.now):
        return view
    if entry.more["state"] == "pending":
        return _attempt(view, entry, compose, post, wake)
    if entry.more.get("accepted"):
        return _sent(view, entry, str(entry.more["accepted"]), subject="")
    if ledger.since_attempt(entry, view.now) < SETTLE:
        return view
    if ledger.tries(entry) < MOST_SENDS:
        return _attempt(view, entry, compose, post, wake)
    return _failed(view, entry, "unknown")


def _is_late_reminder(view: View, mail: OutgoingMail) -> bool:
    """The answer was quicker than the mail that would have asked for it."""
    reminds = mail.kind is MailKind.REMINDER or mail.code == "missed"
    return reminds and not (view.conversation and view.conversation.clock.waiting_since)


def tags(pk: str, mail: OutgoingMail) -> dict[str, str]:
    """How SES's events about a mail find its item; SES allows letters, digits, _ and - in a tag."""
    return {"place": pk.replace("#", "_"), "mail": mail.id, "created": str(round(mail.created_at.timestamp() * 1000))}


def _attempt(view: View, entry: Entry, compose: Compose, post: Send, wake: Wake) -> View:
    mail = entry.read(OutgoingMail)
    if _is_late_reminder(view, mail):
        return save(view, [done(entry, state="cancelled")], entry.pk)
    composed = compose(view, mail)
    claimed = ledger.claim(entry, view.now, SETTLE)
    if claimed is None:
        return view
    try:
        message_id = post(composed, tags(entry.pk, mail))
    except MailFailed as failed:
        return _not_sent(view, claimed, failed, wake)
    return _sent(view, claimed, message_id, str(composed["Subject"]))


def _sent(view: View, entry: Entry, message_id: str, subject: str) -> View:
    conversation = view.conversation
    if conversation and entry.read(OutgoingMail).kind is not MailKind.OWNER:
        ticket = conversation.ticket
        ids = (
            (*ticket.our_ids[:1], *[*ticket.our_ids[1:], message_id][-OUR_IDS_KEPT:])
            if ticket.our_ids
            else (message_id,)
        )
        thread = replace(ticket, our_ids=ids, subject=ticket.subject or subject)
        view = replace(view, conversation=replace(conversation, ticket=thread))
    return save(view, [done(entry, state="done", message_id=message_id)], entry.pk)


def _not_sent(view: View, entry: Entry, failed: MailFailed, wake: Wake) -> View:
    if not failed.sure:
        unknown = {"state": "unknown", **watched(entry.pk, view.now + SETTLE)}
        wake(view.now + SETTLE)
        return save(view, [Change(entry.pk, entry.sk, set=unknown)], entry.pk)
    if not failed.passing:
        return _failed(view, entry, failed.code)
    change, later = ledger.put_off(entry, view.now)
    wake(later)
    return save(view, [change], entry.pk)


def _failed(view: View, entry: Entry, code: str) -> View:
    metrics.count("MailFailed")
    return save(view, [done(entry, state="failed", code=code)], entry.pk)
