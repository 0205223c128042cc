"""Mails of ours on their way: written down, handed to SES once, concluded.

SES cannot be asked whether it sent something; its send event, which the mailroom notes on the item, is the only proof.
Without it a mail whose outcome is unknown goes out again after five minutes, with the same References and delivery id:
a customer's words twice in a ticket are better than not at all. What waits, for the helpdesk's first mail or for its
pace, goes as one mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from chalicelib import metrics, stored
from chalicelib.aws import conversations
from chalicelib.aws.conversations import OVERDUE_AFTER, SETTLED, Entry, done, epoch, mail_key, outgoing, watched
from chalicelib.aws.mail import MailFailed
from chalicelib.aws.table import Change, Put
from chalicelib.desk import ledger, pace, people
from chalicelib.desk.delivery import Wake
from chalicelib.desk.pace import Wait
from chalicelib.desk.saving import save
from chalicelib.desk.view import View, name_of
from chalicelib.model import MailKind, OutgoingMail

SETTLE = timedelta(minutes=5)  # how long a send event may take
SOON = timedelta(seconds=5)
GIVE_UP = timedelta(days=3)
MOST_COVERED = 300  # messages in one mail; the first are shown in full, the others lie behind a link
MOST_LISTED = 1000  # customers who wait, in one mail
MOST_SPLIT = 90  # mails that take the place of one: one transaction
OUR_IDS_KEPT = 5

MERGED = {MailKind.TICKET: MOST_COVERED, MailKind.SUMMARY: MOST_LISTED}

Compose = Callable[[View, OutgoingMail], EmailMessage]  # raises Needless
Send = Callable[[EmailMessage, Mapping[str, str]], str]


class Needless(Exception):
    """There is nothing left that the mail would say: everybody it was about has an answer."""


def merged(entries: Sequence[Entry]) -> list[Entry]:
    """The mails that are to go; ticket mails that certainly did not go yet as one, and summaries.

    Of one moment what the customer said goes first: a reminder of it must not open the ticket.
    Raises table.Refused: the job comes again.
    """
    found = sorted(entries, key=_order)
    for kind, most in MERGED.items():
        found = _merged(found, kind, most)
    return found


def _order(entry: Entry) -> tuple[str, bool]:
    mail = entry.read(OutgoingMail)
    return conversations.stamp(mail.created_at), mail.kind is not MailKind.TICKET


def send(view: View, entry: Entry, before: Sequence[Entry], compose: Compose, post: Send, wake: Wake) -> View:
    """One mail, a step further; `before` are those that were to go before it."""
    if entry.more["state"] == "pending":
        return _start(view, entry, before, compose, post, wake)
    if ledger.too_early(entry, view.now):
        return view
    if entry.more.get("accepted"):
        return _sent(view, entry, str(entry.more["accepted"]))
    if ledger.since_attempt(entry, view.now) < _patience(entry):
        return view
    if _is_hopeless(view, entry):
        return _failed(view, entry, "unknown")
    return _attempt(view, entry, compose, post, wake)


def _patience(entry: Entry) -> timedelta:
    """How long proof of the last attempt is waited for; longer each time, so that an outage brings few copies."""
    doubled: int = 1 << min(ledger.tries(entry) - 1, 3)
    return min(SETTLE * doubled, ledger.LONGEST_WAIT)


def _is_hopeless(view: View, entry: Entry) -> bool:
    return view.now - entry.read(OutgoingMail).created_at > GIVE_UP


def set_aside(entry: Entry, struck: Change, now: datetime) -> list[Put | Change]:
    """The writes that take a mail off the list; what it brings goes on in mails of their own, if that is more than one thing."""
    mail = entry.read(OutgoingMail)
    if mail.kind is not MailKind.TICKET or len(mail.covers) < 2:
        return [replace(struck, set={**struck.set, "state": "failed"}, remove=(*SETTLED, "subject"))]
    size = -(-len(mail.covers) // MOST_SPLIT)
    pieces = (mail.covers[start : start + size] for start in range(0, len(mail.covers), size))
    return [_over(entry, state="split"), *(_apart(entry.pk, piece, now) for piece in pieces)]


def _apart(pk: str, covers: tuple[str, ...], now: datetime) -> Put:
    # struck from the start, so that it is not put together with others again
    put = outgoing(pk, OutgoingMail(name_of("ticket", "apart", *covers), MailKind.TICKET, now, covers), now)
    return replace(put, item={**put.item, "strikes": 1})


def _is_late_reminder(view: View, mail: OutgoingMail) -> bool:
    """The answer was quicker than the mail that would have asked for it."""
    reminds = mail.kind in (MailKind.REMINDER, MailKind.AGENT)
    since = view.conversation.clock.waiting_since if view.conversation else None
    # who waits since then waits with another question
    return reminds and (since is None or since > mail.created_at)


def tags(pk: str, mail: OutgoingMail) -> dict[str, str]:
    """How SES's events about a mail find its item; SES allows letters, digits, _ and - in a tag."""
    return {"place": pk.replace("#", "_"), "mail": mail.id, "created": str(round(mail.created_at.timestamp() * 1000))}


def _merged(entries: list[Entry], kind: MailKind, most: int) -> list[Entry]:
    unsent = [each for each in entries if each.more["state"] == "pending" and not each.strikes]
    for first, *joined in _groups([each for each in unsent if each.read(OutgoingMail).kind is kind], most):
        if joined:
            whole = _merge(first, [sk for each in (first, *joined) for sk in _covers(each)], joined)
            entries = [whole if each is first else each for each in entries if each not in joined]
    return entries


def _groups(waiting: Sequence[Entry], most: int) -> list[list[Entry]]:
    """In their order, as many together as bring no more than that."""
    groups: list[list[Entry]] = []
    size = 0
    for each in waiting:
        size += len(_covers(each))
        if not groups or size > most:
            groups, size = [*groups, []], len(_covers(each))
        groups[-1].append(each)
    return groups


def _covers(entry: Entry) -> list[str]:
    return list(entry.read(OutgoingMail).covers)


def _merge(first: Entry, covers: list[str], joined: Sequence[Entry]) -> Entry:
    # whoever read the mail as it was cannot claim it any more: `merges` has changed
    data = stored.dump(replace(first.read(OutgoingMail), covers=tuple(covers)))
    merges = int(first.more.get("merges", 0))
    pending = {"state": "pending", "merges": merges} if "merges" in first.more else {"state": "pending"}
    grown = Change(first.pk, first.sk, set={"data": data, "merges": merges + 1}, when=pending)
    ended = [replace(done(each, state="merged", into=first.sk), when={"state": "pending"}) for each in joined]
    conversations.write([grown, *ended])
    return replace(first, data=data, more={**first.more, "merges": merges + 1})


def _start(view: View, entry: Entry, before: Sequence[Entry], compose: Compose, post: Send, wake: Wake) -> View:
    """What a mail waits for may have come before its time; what SES asked us to wait for may not."""
    if ledger.too_early(entry, view.now) and not entry.more.get("waits_for"):
        return view
    mail = entry.read(OutgoingMail)
    wait = _wait_for(view, mail, before)
    return _wait(view, entry, wait, wake) if wait else _attempt(view, entry, compose, post, wake)


def _wait_for(view: View, mail: OutgoingMail, before: Sequence[Entry]) -> Wait | None:
    conversation = view.conversation
    if conversation is None or _is_late_reminder(view, mail):
        return None
    if mail.kind.in_ticket and not conversation.ticket.our_ids and any(map(_is_out, before)):
        return Wait("first-unknown", view.now + SETTLE)
    return pace.wait_for(conversation, mail, view.settings, view.now)


def _is_out(entry: Entry) -> bool:
    return entry.more["state"] in ("attempting", "unknown")


def _wait(view: View, entry: Entry, wait: Wait, wake: Wake) -> View:
    later = {"waits_for": wait.reason, "not_before": epoch(wait.until)}
    if all(entry.more.get(name) == value for name, value in later.items()):
        return view
    metrics.count("MailWaits")
    wake(wait.until + timedelta(seconds=1))
    warned = _owner_told(view, entry, wake) if wait.reason == pace.CEILING else view
    put_off = Change(entry.pk, entry.sk, set={**later, **watched(entry.pk, wait.until + OVERDUE_AFTER)})
    return save(warned, [put_off], entry.pk)


def _owner_told(view: View, entry: Entry, wake: Wake) -> View:
    """With a mail to the owner, one a day and conversation."""
    day = view.now.replace(hour=0, minute=0, second=0, microsecond=0)
    mail = OutgoingMail(name_of("owner", entry.pk, "flood"), MailKind.OWNER, day, (), "flood")
    if conversations.one(entry.pk, mail_key(mail)):
        return view
    wake(view.now + SOON)
    return replace(view, mails=(*view.mails, mail))


def _attempt(view: View, entry: Entry, compose: Compose, post: Send, wake: Wake) -> View:
    mail = entry.read(OutgoingMail)
    if _is_late_reminder(view, mail):
        return save(view, [done(entry, state="cancelled")], entry.pk)
    is_of_people = mail.kind in (MailKind.OWNER, MailKind.SUMMARY) and mail.covers
    conditions = people.as_read(mail) if is_of_people else []
    try:
        composed = compose(replace(view, is_brief=entry.strikes > 0), mail)
    except Needless:
        return save(view, [done(entry, state="cancelled")], entry.pk)
    noted = {"subject": str(composed["Subject"]), **_remarks(view, mail)}
    claimed = ledger.claim(entry, view.now, SETTLE, noted, conditions)
    if claimed is None:
        if conditions:
            wake(view.now + SOON)
        return view
    try:
        message_id = post(composed, tags(entry.pk, mail))
    except MailFailed as failed:
        return _not_sent(view, claimed, failed, wake)
    return _sent(view, claimed, message_id)


def _remarks(view: View, mail: OutgoingMail) -> dict[str, Any]:
    """What is noted on a mail that goes: no longer what it waited for, but that it waited in vain."""
    conversation = view.conversation
    desk = pace.helpdesk_of(view.settings)
    if not mail.kind.in_ticket or not (conversation and pace.is_unheard(conversation.ticket, desk)):
        return {"waits_for": ""}
    metrics.count("Unthreaded")
    return {"waits_for": "", "reason": "no-first-mail"}


def _sent(view: View, entry: Entry, message_id: str) -> View:
    conversation = view.conversation
    if conversation and entry.read(OutgoingMail).kind.in_ticket:
        ticket = conversation.ticket
        first, others = (*ticket.our_ids, message_id)[:1], (*ticket.our_ids, message_id)[1:]
        thread = replace(
            ticket,
            our_ids=(*first, *others[-OUR_IDS_KEPT:]),
            # one that was taken out later stays out
            subject=ticket.subject if ticket.our_ids else str(entry.more.get("subject", "")),
            opened_at=ticket.opened_at or view.now,
            sent_at=pace.sent(ticket.sent_at, view.now),
        )
        view = replace(view, conversation=replace(conversation, ticket=thread))
    return save(view, [_over(entry, state="done", message_id=message_id)], entry.pk)


def _not_sent(view: View, entry: Entry, failed: MailFailed, wake: Wake) -> View:
    if not failed.sure:
        until = view.now + _patience(entry)
        wake(until)
        return save(view, [Change(entry.pk, entry.sk, set={"state": "unknown", **watched(entry.pk, until)})], entry.pk)
    if not failed.passing or _is_hopeless(view, entry):
        return _failed(view, entry, failed.code)
    change, later = ledger.put_off(entry, view.now)
    wake(later)
    return save(view, [change], entry.pk)


def _failed(view: View, entry: Entry, code: str) -> View:
    metrics.count("MailFailed")
    return save(view, [_over(entry, state="failed", code=code)], entry.pk)


def _over(entry: Entry, **more: Any) -> Change:
    """Done with, and without the subject: a customer's words are kept where they can be taken back."""
    change = done(entry, **more)
    return replace(change, remove=(*change.remove, "subject"))
