"""What came in, taken into account: the conversation as it now is, and the mails that follow. Pure.

One handler a kind of item, in `HANDLERS`; each gives back the view it got, changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib import sla, triage
from chalicelib.aws.conversations import Entry
from chalicelib.desk import clock, pace, parts
from chalicelib.desk.erasing import unnamed
from chalicelib.desk.texting import texts
from chalicelib.desk.view import View, name_of, notice, owner
from chalicelib.model import (
    Bounced,
    Closed,
    Conversation,
    Echo,
    Held,
    HeldState,
    Kind,
    Learnt,
    MailKind,
    Message,
    Moved,
    Note,
    NoteKind,
    OutgoingMail,
    Reaction,
    Trouble,
    Undelivered,
    Unsend,
)

THEIR_IDS_KEPT = 5  # of the helpdesk's newest mails; References must not grow with the conversation


def absorb(view: View, entries: Sequence[Entry]) -> View:
    """Everything that can be settled by looking; answers to post stay for `delivery`."""
    for entry in entries:
        handler = HANDLERS.get(entry.kind)
        if handler:
            handled = handler(view, entry)
            view = replace(handled, settled=(*handled.settled, entry))
    return _with_ticket_mail(view)


def _message(view: View, entry: Entry) -> View:
    message = entry.read(Message)
    conversation = view.conversation or _open(entry, message, message.kind, message.sent_at)
    latest = conversation.last_message_at
    if latest is None or message.sent_at >= latest:
        conversation = replace(conversation, last_message_at=message.sent_at, last_message_id=message.id)
        # a group may have got another id
        thread = message.thread if message.kind is Kind.GROUP else conversation.thread
        conversation = replace(conversation, title=message.title or conversation.title, thread=thread)
    known, author = conversation.author, message.author
    if (author.name and not known.name) or (author.id and not known.id):
        conversation = replace(conversation, author=message.author)
    return _news(view, _sorted(view, conversation, message), entry, message.sent_at)


def _sorted(view: View, conversation: Conversation, message: Message) -> Conversation:
    """With what the message is about; a priority once raised stays."""
    followers = message.author.followers or conversation.author.followers
    found = triage.sort(message.text, message.kind, message.rating, followers, view.settings)
    # what hangs on the message may be all that matters: a picture of what is broken, and "thanks"
    sure = not (message.attachments and found.intent in sla.NEEDS_NO_ANSWER)
    return replace(
        conversation,
        intent=found.intent if sure else "",
        priority=found.priority or conversation.priority,
        language=found.language or conversation.language,
    )


def _note(view: View, entry: Entry) -> View:
    note = entry.read(Note)
    if note.kind is NoteKind.LEFT:
        # worth knowing where somebody may want to answer; it asks nothing
        return replace(view, covers=(*view.covers, entry.sk)) if view.conversation else view
    conversation = view.conversation or _open(entry, note, Kind.DIRECT, note.at)
    conversation = replace(conversation, last_message_at=max(conversation.last_message_at or note.at, note.at))
    return _news(view, conversation, entry, note.at)


def _edit(view: View, entry: Entry) -> View:
    return replace(view, covers=(*view.covers, entry.sk))


def _unsend(view: View, entry: Entry) -> View:
    conversation, unsend = view.conversation, entry.read(Unsend)
    if conversation and unsend.id == conversation.last_message_id and _alone(conversation):
        view = clock.stop(view, unsend.at, "unsend", entry.sk)
    if view.conversation:
        view = replace(view, conversation=unnamed(view.conversation, str(entry.more["target"])))
    return replace(view, covers=(*view.covers, entry.sk))


def _reaction(view: View, entry: Entry) -> View:
    """Shown in the next mail's history; nobody waits for an answer to it, unless the policy says so."""
    reaction, conversation = entry.read(Reaction), view.conversation
    if conversation is None or not reaction.sign:
        return view
    intent = conversation.intent
    asked = replace(view, conversation=replace(conversation, intent="reaction"))
    started = clock.start(asked, reaction.at, _arrived(entry, view), entry.kind, entry.sk)
    return replace(started, conversation=started.conversation and replace(started.conversation, intent=intent))


def _echo(view: View, entry: Entry) -> View:
    echo = entry.read(Echo)
    ours = next((reply for reply in view.replies if parts.is_ours(reply, echo)), None)
    if ours is None and echo.reply_id and not echo.text:
        return view  # a status of an answer from long ago
    if ours is None:
        covers = (*view.covers, entry.sk) if view.conversation else view.covers
        return replace(_answered(view, echo.at, entry), covers=covers)
    if parts.proves(ours, echo):
        return replace(view, posted=(*view.posted, (ours, echo.id)))
    if not parts.is_known(ours, echo.id):
        return replace(view, named=(*view.named, (ours, echo.id)))
    return view


def _moved(view: View, entry: Entry) -> View:
    """Answers go to the customer's new id from now on."""
    if view.conversation is None:
        return view
    return replace(view, conversation=replace(view.conversation, thread=entry.read(Moved).new))


def _answered(view: View, at: datetime, entry: Entry) -> View:
    """Somebody of the business answered there; who wrote after that, or is told of late, goes on waiting."""
    conversation = view.conversation
    if conversation is None or at < (conversation.clock.waiting_since or at):
        return view
    view, latest = clock.stop(view, at, "echo", entry.sk), conversation.last_message_at
    return clock.start(view, latest, view.now, "message", entry.sk) if latest and latest > at else view


def _held(view: View, entry: Entry) -> View:
    """The agent is told, unless it was released or replaced before that, or is one more of a flood."""
    held = entry.read(Held)
    if held.silent or entry.more["state"] != HeldState.OPEN:
        return view
    return notice(view, held.answer.id, f"held:{held.reason}", held.answer.text, covers=(entry.sk,))


def _closed(view: View, entry: Entry) -> View:
    return clock.close(view, entry.read(Closed).at, entry.sk)


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
    code = "refused" if bounced.event == "refused" else "bounced"
    return owner(view, entry.sk, code, f"{bounced.event} {bounced.reason}")


def _trouble(view: View, entry: Entry) -> View:
    trouble = entry.read(Trouble)
    return owner(view, entry.sk, f"trouble:{trouble.kind}", f"{trouble.channel} {trouble.account} {trouble.detail}")


def _undelivered(view: View, entry: Entry) -> View:
    """The agent is told, and the customer waits again, unless another answer followed."""
    told, answer = entry.read(Undelivered), str(entry.more["target"])
    view = notice(view, answer, f"undelivered:{told.code}", detail=told.detail, covers=(answer,))
    if entry.more.get("texted"):
        words = str(entry.more["words"])
        view = texts.tell(view, str(entry.more["texted"]), "undelivered", answer, words, f"undelivered:{told.code}")
    view = replace(view, events=(*view.events, ("reply.undelivered", answer)))
    return view if entry.more["followed"] else clock.reopen(view, entry.sk)


HANDLERS: Mapping[str, Callable[[View, Entry], View]] = {
    "message": _message,
    "note": _note,
    "edit": _edit,
    "unsend": _unsend,
    "reaction": _reaction,
    "echo": _echo,
    "moved": _moved,
    "held": _held,
    "closed": _closed,
    "repinned": lambda view, entry: view,  # only wakes the desk, which sets the clock's schedule anew
    "learnt": _learnt,
    "bounced": _bounced,
    "trouble": _trouble,
    "undelivered": _undelivered,
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


def _news(view: View, conversation: Conversation, entry: Entry, at: datetime) -> View:
    opened = () if view.conversation else (("ticket.opened", entry.pk),)
    events, covers = (*view.events, *opened), (*view.covers, entry.sk)
    opened_view = replace(view, conversation=conversation, covers=covers, events=events)
    return clock.start(opened_view, at, _arrived(entry, view), entry.kind, entry.sk)


def _arrived(entry: Entry, view: View) -> datetime:
    """When it came, by our own time."""
    return datetime.fromtimestamp(entry.more["arrived"], UTC) if "arrived" in entry.more else view.now


def _alone(conversation: Conversation) -> bool:
    return conversation.clock.waiting_since == conversation.last_message_at


def _with_ticket_mail(view: View) -> View:
    if not view.covers or not view.conversation:
        return view
    mail = OutgoingMail(name_of("ticket", *view.covers), MailKind.TICKET, view.now, view.covers)
    return replace(view, mails=(*view.mails, mail))
