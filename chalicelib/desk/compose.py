"""What a mail says, put together from what is stored when it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Literal, cast

from chalicelib import public_web, reply_address
from chalicelib.aws import conversations, environment, objects
from chalicelib.aws.conversations import Entry
from chalicelib.channels import open_channel, spec_of
from chalicelib.desk import parts
from chalicelib.desk.absorb import View
from chalicelib.desk.media import Shelf, keep_text, show
from chalicelib.desk.notices import (
    Alert,
    AlertKind,
    Notice,
    NoticeKind,
    Reminding,
    notice_mail,
    owner_mail,
    reminder_mail,
)
from chalicelib.desk.speeches import LONGEST_WORDS, Line, Shown
from chalicelib.desk.tickets import Ticket, ticket_mail
from chalicelib.model import (
    AgentReply,
    Author,
    Conversation,
    Echo,
    Edit,
    Held,
    Kind,
    MailKind,
    Message,
    Note,
    OutgoingMail,
    Reaction,
    ReplyState,
    TroubleKind,
    Unsend,
    identity,
)
from chalicelib.reply_address import Keys
from chalicelib.settings import Settings

EARLIER = 5  # of what was said before
LOOK_BACK = 12
LARGEST_TEXT = 2_000_000  # bytes
MOST_SHOWN, LONGEST_SHOWN = 50, 100_000  # messages and characters in one mail; what comes after lies behind a link
LOCAL_STAGE = "local"  # `configure` takes addresses of this machine for it only


def compose(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    """One of our mails. Raises what only a defect raises."""
    return _COMPOSERS[mail.kind](view, mail, keys)


def _ticket(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    conversation = _conversation(view)
    covered = [found for sk in mail.covers if (found := conversations.one(conversation.id, sk))]
    news, rest = _split(sorted(covered, key=lambda each: each.sk))
    before = [each for each in conversations.latest(conversation.id, LOOK_BACK) if each.sk not in mail.covers]
    shelf = _shelf(view.settings, conversation, keys)
    fetched = partial(_fetched, shelf=shelf, now=view.now)
    said = [_marked_late(each, before, _LINES[each.kind](each, conversation, fetched)) for each in news]
    shown = [] if view.is_brief else [each for each in before if _was_said(each)]
    earlier = [_LINES[each.kind](each, conversation, _named) for each in shown]
    return ticket_mail(
        replace(
            _frame(view, mail, keys, view.settings.helpdesk.language),
            news=tuple(said),
            history=tuple(earlier[-EARLIER:]),
            first_words=next((line.text for line in said if line.text), ""),
            original_link=_original_link(news, shelf),
            more=len(rest),
            more_link=_whole_link(mail, covered, conversation, shelf) if rest else "",
        )
    )


def _split(covered: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """What is shown in full, at least one, and what only lies behind a link: a flood must not make a mail nobody takes."""
    length = 0
    for position, each in enumerate(covered):
        length += min(len(each.data), LONGEST_WORDS)
        if position and (position >= MOST_SHOWN or length > LONGEST_SHOWN):
            return covered[:position], covered[position:]
    return covered, ()


def _marked_late(entry: Entry, before: Sequence[Entry], line: Line) -> Line:
    mailed = [each.sk for each in before if each.kind == "message"]
    return replace(line, note="late") if entry.kind == "message" and entry.sk < max(mailed, default="") else line


def _notice(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    kind, _, code = mail.code.partition(":")
    found = conversations.one(_conversation(view).id, mail.covers[0]) if mail.covers else None
    held = found.read(Held) if found and found.kind == "held" else None
    words = held.answer.text if held else mail.text
    told = Notice(cast(NoticeKind, kind), code, words, mail.detail, _last_permalink(view), held=held)
    if found and found.kind == "reply":
        told = _of_answer(told, found, view)
    return notice_mail(_frame(view, mail, keys, view.settings.helpdesk.language), told)


def _of_answer(told: Notice, entry: Entry, view: View) -> Notice:
    """With which parts of it are posted, and what is allowed the way it was meant to go."""
    conversation, answer, done = _conversation(view), entry.read(AgentReply), len(parts.posted_ids(entry))
    public = conversation.public if answer.public is None else answer.public
    limits = view.limits(replace(conversation, public=public))
    if told.kind == "posted":
        form = spec_of(conversation.channel).post_link if public else ""
        return replace(told, link=form.format(id=parts.posted_ids(entry)[-1]), at=view.now)
    return replace(
        told,
        limits=limits,
        length=limits.measure(answer.text),
        posted=parts.words(entry, 0, done) if done else "",
        count=(done, len(parts.planned(entry))),
    )


def _reminder(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    clock = _conversation(view).clock
    since, due = clock.waiting_since or view.now, clock.due_at or view.now
    ticket = replace(_frame(view, mail, keys, view.settings.helpdesk.language), news=_unanswered(view))
    return reminder_mail(ticket, Reminding(int(mail.code), since, due))


def _owner(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    settings, conversation = view.settings, view.conversation or _nobody(mail)
    kind, _, trouble = mail.code.partition(":")
    unanswered = _unanswered(view)
    return owner_mail(
        Alert(
            kind=cast(AlertKind, kind),
            delivery_id=mail.id,
            at=view.now,
            business=settings.business,
            reply_domain=settings.reply_domain,
            owner_address=settings.owner.address,
            owner_name=settings.owner.name,
            channel_title=_title(settings, conversation),
            account_name=settings.business if view.conversation else conversation.account,
            language=settings.owner.language,
            zone=settings.hours.zone,
            author=conversation.author,
            words="\n\n".join(line.text for line in unanswered),
            link=next((line.permalink for line in reversed(unanswered) if line.permalink), ""),
            trouble=TroubleKind(trouble) if trouble else None,
            detail="" if trouble else mail.detail,
            helpdesk_address=settings.helpdesk.address,
            waiting_since=conversation.clock.waiting_since,
            due_at=conversation.clock.due_at,
        )
    )


_COMPOSERS: Mapping[MailKind, Callable[[View, OutgoingMail, Keys], EmailMessage]] = {
    MailKind.TICKET: _ticket,
    MailKind.NOTICE: _notice,
    MailKind.REMINDER: _reminder,
    MailKind.OWNER: _owner,
}


def _unanswered(view: View) -> tuple[Line, ...]:
    """What the customer wrote since they have been waiting."""
    conversation = view.conversation
    since = conversation.clock.waiting_since if conversation else None
    if conversation is None or since is None:
        return ()
    written = [each for each in conversations.latest(conversation.id, LOOK_BACK) if each.kind == "message"]
    lines = [_message_line(each, conversation, _named) for each in written]
    return tuple(line for line in lines if line.at >= since)


def _last_permalink(view: View) -> str:
    """Where the agent can look for an answer whose fate nobody knows."""
    return next((line.permalink for line in reversed(_unanswered(view)) if line.permalink), "")


def _frame(view: View, mail: OutgoingMail, keys: Keys, language: str) -> Ticket:
    """The ticket without anything said in it."""
    settings, conversation = view.settings, _conversation(view)
    limits = view.limits(conversation)
    since, ours = conversation.last_message_at, conversation.ticket.our_ids
    return Ticket(
        conversation_id=conversation.id,
        delivery_id=mail.id,
        at=view.now,
        channel_title=_title(settings, conversation),
        account_name=settings.business,
        kind=conversation.kind,
        author=conversation.author,
        business=settings.business,
        limits=limits,
        reply_address=reply_address.mint(conversation.id, settings.reply_domain, keys),
        helpdesk_address=settings.helpdesk.address,
        window_until=since + limits.window if since and limits.window else None,
        extended_until=since + limits.extended_window if since and limits.extended_window else None,
        language=language,
        zone=settings.hours.zone,
        private_way=conversation.public and _has_private_way(settings, conversation),
        last_subject=" ".join(filter(None, (conversation.ticket.tag, conversation.ticket.subject))),
        references=(*ours[:1], *conversation.ticket.their_ids),
        in_reply_to=ours[-1] if ours else "",
    )


def _has_private_way(settings: Settings, conversation: Conversation) -> bool:
    limits = open_channel(settings.connections[conversation.connection]).limits(conversation.kind, False)
    return limits.answers and not limits.public


def _conversation(view: View) -> Conversation:
    if view.conversation is None:
        raise LookupError("a ticket mail without a conversation")
    return view.conversation


def _nobody(mail: OutgoingMail) -> Conversation:
    """A connection's trouble is nobody's conversation; detail: channel, account, the platform's reason."""
    channel, account, _ = (*mail.detail.split(" ", 2), "", "")[:3]
    return Conversation("", "", channel, account, "", Author(""), Kind.DIRECT, False, mail.created_at)


def _title(settings: Settings, conversation: Conversation) -> str:
    connection = settings.connections.get(conversation.connection)
    own = str(connection.options.get("title", "")) if connection else ""
    return own or spec_of(conversation.channel).title


def _shelf(settings: Settings, conversation: Conversation, keys: Keys) -> Shelf:
    connection = settings.connections[conversation.connection]
    hosts = (*spec_of(conversation.channel).media_hosts, *connection.options.get("media_hosts", ()))
    is_local = environment.get("STAGE") == LOCAL_STAGE
    return Shelf(
        hosts=hosts,
        token=lambda name: reply_address.link_token("media", name, keys),
        link=f"{settings.public_url.rstrip('/')}/files/",
        check=partial(public_web.check, loopback=is_local),
    )


def _fetched(entry: Entry, shelf: Shelf, now: datetime) -> tuple[Shown, ...]:
    message = entry.read(Message)
    name = identity(message.channel, message.account, message.id)
    return tuple(show(each, f"{name}:{place}", entry, shelf, now) for place, each in enumerate(message.attachments))


def _named(entry: Entry) -> tuple[Shown, ...]:
    """What was said before shows only that there was something."""
    return tuple(Shown(each.kind) for each in entry.read(Message).attachments)


def _original_link(news: Sequence[Entry], shelf: Shelf) -> str:
    """To the whole text of the first message that is too long for a mail; "" when none is."""
    for entry in (each for each in news if each.kind == "message"):
        message = entry.read(Message)
        if message.overflow or len(message.text) > LONGEST_WORDS:
            name = f"{identity(message.channel, message.account, message.id)}:text"
            return keep_text(_whole_text(message), name, [entry], shelf)
    return ""


def _whole_link(mail: OutgoingMail, covered: Sequence[Entry], conversation: Conversation, shelf: Shelf) -> str:
    """To all that a flood brought, as one text; gone as soon as any of it is taken back."""
    lines = [_LINES[each.kind](each, conversation, _named) for each in covered]
    said = "\n\n".join(f"{line.at:%Y-%m-%d %H:%M:%S}Z {line.name}\n{line.text}" for line in lines)
    return keep_text(said[:LARGEST_TEXT], f"{conversation.id}:{mail.id}", covered, shelf)


def _whole_text(message: Message) -> str:
    return objects.get(message.overflow, LARGEST_TEXT).decode("utf-8", "replace") if message.overflow else message.text


Show = Callable[[Entry], tuple[Shown, ...]]


def _message_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    message = entry.read(Message)
    unsent = "unsend" in entry.more
    return Line(
        at=message.sent_at,
        who="customer",
        name=message.author.name or conversation.author.name,
        text=message.text,
        attachments=() if unsent else show(entry),
        permalink=message.permalink,
        change="unsent" if unsent else "edited" if "edit" in entry.more else "",
        rating=message.rating,
    )


def _note_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    note = entry.read(Note)
    return Line(note.at, "note", conversation.author.name, "", note=note.kind.value)


def _edit_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    edit = entry.read(Edit)
    return Line(edit.at, "customer", conversation.author.name, edit.text, change="edited")


def _unsend_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    return Line(entry.read(Unsend).at, "customer", conversation.author.name, "", change="unsent")


def _reaction_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    reaction = entry.read(Reaction)
    change: Literal["reacted", "unreacted"] = "reacted" if reaction.sign else "unreacted"
    return Line(reaction.at, "note", conversation.author.name, reaction.sign, change=change)


def _echo_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    echo = entry.read(Echo)
    return Line(echo.at, "business", "", echo.text)


def _reply_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    reply = entry.read(AgentReply)
    return Line(reply.at, "business", "", reply.text)


_LINES: Mapping[str, Callable[[Entry, Conversation, Show], Line]] = {
    "message": _message_line,
    "note": _note_line,
    "edit": _edit_line,
    "unsend": _unsend_line,
    "reaction": _reaction_line,
    "echo": _echo_line,
    "reply": _reply_line,
}


def _was_said(entry: Entry) -> bool:
    posted = entry.kind == "reply" and entry.more["state"] == ReplyState.DONE
    return (
        posted or entry.kind in ("message", "note", "reaction") or (entry.kind == "echo" and "ours" not in entry.more)
    )
