"""What came in, taken into account: the conversation as it now is, and the mails that follow. Pure.

One handler a kind of item, in `HANDLERS`; each gives back the view it got, changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from chalicelib import sla
from chalicelib.aws.conversations import Entry
from chalicelib.channels import RESERVED
from chalicelib.channels.base import Limits
from chalicelib.desk import pace, parts
from chalicelib.model import (
    Bounced,
    Clock,
    Conversation,
    Echo,
    Held,
    HeldState,
    Kind,
    Learnt,
    MailKind,
    Message,
    Note,
    OutgoingMail,
    Reminder,
    Trouble,
    Unsend,
)
from chalicelib.settings import Settings

THEIR_IDS_KEPT = 5  # of the helpdesk's newest mails; References must not grow with the conversation


@dataclass(frozen=True)
class View:
    """A conversation in the course of a job, and what has been decided about it so far."""

    conversation: Conversation | None
    now: datetime
    settings: Settings
    limits: Callable[[Conversation], Limits]  # what the platform allows as an answer
    replies: tuple[Entry, ...] = ()  # the latest answers, to recognise our own coming back
    covers: tuple[str, ...] = ()  # what the next ticket mail brings
    mails: tuple[OutgoingMail, ...] = ()
    settled: tuple[Entry, ...] = ()
    posted: tuple[tuple[Entry, str], ...] = ()  # answers that an echo proves, with the platform's id
    events: tuple[tuple[str, str], ...] = ()  # for the bus: kind, item
    is_brief: bool = False  # the next mail shows nothing of what was said before: it may be what made it fail


def absorb(view: View, entries: Sequence[Entry]) -> View:
    """Everything that can be settled by looking; answers to post stay for `delivery`."""
    for entry in entries:
        handler = HANDLERS.get(entry.kind)
        if handler:
            handled = handler(view, entry)
            view = replace(handled, settled=(*handled.settled, entry))
    return _with_ticket_mail(view)


def notice(view: View, cause: str, code: str, text: str = "", detail: str = "", covers: tuple[str, ...] = ()) -> View:
    """With a mail to the agent in the ticket's thread; `covers` has the sort key of the answer it is about."""
    mail = OutgoingMail(name_of("notice", cause, code), MailKind.NOTICE, view.now, covers, code, text, detail)
    return replace(view, mails=(*view.mails, mail))


def owner(view: View, cause: str, code: str, detail: str = "") -> View:
    """With a mail to the owner."""
    mail = OutgoingMail(name_of("owner", cause, code), MailKind.OWNER, view.now, (), code, "", detail)
    return replace(view, mails=(*view.mails, mail))


def answered(conversation: Conversation) -> Conversation:
    """The platform accepted a human's answer: nobody is waiting any more."""
    return replace(conversation, clock=replace(conversation.clock, waiting_since=None))


def name_of(*causes: str) -> str:
    """An effect's name made from its cause: doing it twice does no harm."""
    return sha256("|".join(causes).encode()).hexdigest()[:20]


def _message(view: View, entry: Entry) -> View:
    message = entry.read(Message)
    conversation = view.conversation or _open(entry, message, message.kind, message.sent_at)
    latest = conversation.last_message_at
    if latest is None or message.sent_at >= latest:
        conversation = replace(conversation, last_message_at=message.sent_at, last_message_id=message.id)
    if not conversation.author.name and message.author.name:
        conversation = replace(conversation, author=message.author)
    return _news(view, _waiting(view, conversation, message.sent_at), entry)


def _note(view: View, entry: Entry) -> View:
    note = entry.read(Note)
    conversation = view.conversation or _open(entry, note, Kind.DIRECT, note.at)
    conversation = replace(conversation, last_message_at=max(conversation.last_message_at or note.at, note.at))
    return _news(view, _waiting(view, conversation, note.at), entry)


def _edit(view: View, entry: Entry) -> View:
    return replace(view, covers=(*view.covers, entry.sk))


def _unsend(view: View, entry: Entry) -> View:
    conversation = view.conversation
    if conversation and entry.read(Unsend).id == conversation.last_message_id and _alone(conversation):
        conversation = answered(conversation)
    return replace(view, conversation=conversation, covers=(*view.covers, entry.sk))


def _reaction(view: View, entry: Entry) -> View:
    """Shown in the next mail's history; nobody waits for an answer to it."""
    return view


def _echo(view: View, entry: Entry) -> View:
    echo = entry.read(Echo)
    ours = next((reply for reply in view.replies if parts.is_ours(reply, echo)), None)
    if ours is None:
        conversation = view.conversation and answered(view.conversation)
        covers = (*view.covers, entry.sk) if conversation else view.covers
        return replace(view, conversation=conversation, covers=covers)
    if parts.proves(ours, echo):
        return replace(view, posted=(*view.posted, (ours, echo.id)))
    return view


def _held(view: View, entry: Entry) -> View:
    """The agent is told, unless it was released or replaced before that, or is one more of a flood."""
    held = entry.read(Held)
    if held.silent or entry.more["state"] != HeldState.OPEN:
        return view
    return notice(view, held.answer.id, f"held:{held.reason}", held.answer.text, covers=(entry.sk,))


def _closed(view: View, entry: Entry) -> View:
    return replace(view, conversation=view.conversation and answered(view.conversation))


def _learnt(view: View, entry: Entry) -> View:
    if not view.conversation:
        return view
    learnt, ticket = entry.read(Learnt), view.conversation.ticket
    # some helpdesks send our own mails back to us
    new = [each for each in learnt.message_ids if each not in ticket.our_ids]
    ids = [*(each for each in ticket.their_ids if each not in new), *new][-THEIR_IDS_KEPT:]
    tag = pace.tag_in(learnt.subject, ticket.subject, view.settings) or ticket.tag
    thread = replace(ticket, tag=tag, their_ids=tuple(ids))
    return replace(view, conversation=replace(view.conversation, ticket=thread))


def _bounced(view: View, entry: Entry) -> View:
    bounced = entry.read(Bounced)
    return owner(view, entry.sk, "bounced", f"{bounced.event} {bounced.reason}")


def _trouble(view: View, entry: Entry) -> View:
    trouble = entry.read(Trouble)
    return owner(view, entry.sk, f"trouble:{trouble.kind}", f"{trouble.channel} {trouble.account} {trouble.detail}")


HANDLERS: Mapping[str, Callable[[View, Entry], View]] = {
    "message": _message,
    "note": _note,
    "edit": _edit,
    "unsend": _unsend,
    "reaction": _reaction,
    "echo": _echo,
    "held": _held,
    "closed": _closed,
    "learnt": _learnt,
    "bounced": _bounced,
    "trouble": _trouble,
}


def _open(entry: Entry, source: Message | Note, kind: Kind, at: datetime) -> Conversation:
    return Conversation(
        id=entry.pk,
        connection=str(entry.more["connection"]),
        channel=source.channel,
        account=source.account,
        thread=source.thread,
        author=source.author,
        kind=kind,
        public=isinstance(source, Message) and source.public,
        opened_at=at,
    )


def _waiting(view: View, conversation: Conversation, since: datetime) -> Conversation:
    """With the clock running from the oldest unanswered message, under the policy that holds when it starts."""
    clock, settings = conversation.clock, view.settings
    if clock.waiting_since or conversation.connection in RESERVED:
        return conversation
    policy = sla.policy_for(settings, conversation.channel, conversation.account, conversation.kind)
    target = policy.next_response if clock.cycle else policy.first_response
    window = view.limits(conversation).longest_window
    due = sla.deadline(since, target, settings.hours, policy.always_open, since + window if window else None)
    steps = sla.reminder_times(since, due, policy.reminders, settings.hours, policy.always_open)
    ladder = tuple(Reminder(step.stage, step.at) for step in steps)
    started = Clock(clock.cycle + 1, since, due, policy.name, ladder, stage=0, scheduled=clock.scheduled)
    return replace(conversation, clock=started)


def _news(view: View, conversation: Conversation, entry: Entry) -> View:
    opened = () if view.conversation else (("ticket.opened", entry.pk),)
    return replace(view, conversation=conversation, covers=(*view.covers, entry.sk), events=(*view.events, *opened))


def _alone(conversation: Conversation) -> bool:
    return conversation.clock.waiting_since == conversation.last_message_at


def _with_ticket_mail(view: View) -> View:
    if not view.covers or not view.conversation:
        return view
    mail = OutgoingMail(name_of("ticket", *view.covers), MailKind.TICKET, view.now, view.covers)
    return replace(view, mails=(*view.mails, mail))
