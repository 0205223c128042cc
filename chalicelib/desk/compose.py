"""What a mail says, put together from what is stored when it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import cast

from chalicelib import public_web, reply_address
from chalicelib.aws import conversations, environment, objects
from chalicelib.aws.conversations import Entry, epoch
from chalicelib.channels import open_channel, spec_of
from chalicelib.desk import allowance, parts
from chalicelib.desk.alerts import owner, window_until
from chalicelib.desk.lines import LINES, LOOK_BACK, last_permalink, named, unanswered, was_said
from chalicelib.desk.media import LARGEST_INLINE_TOGETHER, Allowance, Shelf, keep_text, show
from chalicelib.desk.pace import helpdesk_of
from chalicelib.desk.view import View
from chalicelib.desk.writing import names
from chalicelib.desk.writing.labels import labels
from chalicelib.desk.writing.notices import (
    Notice,
    NoticeKind,
    notice_mail,
)
from chalicelib.desk.writing.reminder_mails import Reminding, reminder_mail
from chalicelib.desk.writing.speeches import LONGEST_WORDS, Line, Shown
from chalicelib.desk.writing.tickets import Ticket, first_subject, ticket_mail
from chalicelib.mail_headers import without_answer_signs
from chalicelib.model import (
    AgentReply,
    Clock,
    Conversation,
    Held,
    MailKind,
    Message,
    OutgoingMail,
    identity,
)
from chalicelib.reply_address import Keys
from chalicelib.settings import Settings

EARLIER = 5  # of what was said before
LARGEST_TEXT = 2_000_000  # bytes
MOST_SHOWN, LONGEST_SHOWN = 50, 100_000  # messages and characters in one mail; what comes after lies behind a link
LOCAL_STAGE = "local"  # `configure` takes addresses of this machine for it only


def compose(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    """One of our mails. Raises Needless, else what only a defect raises."""
    return _COMPOSERS[mail.kind](view, mail, keys)


def _ticket(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    conversation = _conversation(view)
    covered = [found for sk in mail.covers if (found := conversations.one(conversation.id, sk))]
    news, rest = _split(sorted(covered, key=lambda each: each.sk))
    latest = [each for each in conversations.latest(conversation.id, LOOK_BACK) if _is_kept(each, view.now)]
    before = [each for each in latest if each.sk not in mail.covers]
    shelf = replace(_shelf(view.settings, conversation, keys), download=partial(view.download, conversation))
    fetched = partial(_fetched, shelf=shelf, now=view.now)
    said = [_marked_late(each, before, LINES[each.kind](each, conversation, fetched)) for each in news]
    shown = [] if view.is_brief else [each for each in before if was_said(each)]
    earlier = [LINES[each.kind](each, conversation, named) for each in shown]
    return ticket_mail(
        replace(
            _frame(view, mail, keys, view.settings.helpdesk.language),
            news=tuple(said),
            history=tuple(earlier[-EARLIER:]),
            # the subject stays with the conversation, for longer than some platforms let words be kept
            first_words="" if _is_brief(conversation) else _first_words(conversation, said),
            original_link=_original_link(news, shelf),
            more=len(rest),
            more_link=_whole_link(mail, covered, conversation, shelf) if rest else "",
        )
    )


def _first_words(conversation: Conversation, said: Sequence[Line]) -> str:
    """What the ticket is called by: the subject of a mail, else what was written first."""
    return without_answer_signs(conversation.title) or next((line.text for line in said if line.text), "")


def _split(covered: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """What is shown in full, at least one, and what only lies behind a link: a flood must not make a mail nobody takes."""
    length = 0
    for position, each in enumerate(covered):
        length += min(len(each.data), LONGEST_WORDS)
        if position and (position >= MOST_SHOWN or length > LONGEST_SHOWN):
            return covered[:position], covered[position:]
    return covered, ()


def _is_kept(entry: Entry, now: datetime) -> bool:
    # the table takes its time to delete what has expired
    return int(entry.more["expires_at"]) > epoch(now)


def _is_brief(conversation: Conversation) -> bool:
    return spec_of(conversation.channel).keeps_words is not None


def _marked_late(entry: Entry, before: Sequence[Entry], line: Line) -> Line:
    mailed = [each.sk for each in before if each.kind == "message"]
    return (
        replace(line, note=line.note or "late")
        if entry.kind == "message" and entry.sk < max(mailed, default="")
        else line
    )


def _notice(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    kind, _, code = mail.code.partition(":")
    found = conversations.one(_conversation(view).id, mail.covers[0]) if mail.covers else None
    held = found.read(Held) if found and found.kind == "held" else None
    words = held.answer.text if held else mail.text
    told = Notice(cast(NoticeKind, kind), code, words, mail.detail, last_permalink(view), held=held)
    if found and found.kind == "reply":
        told = _of_answer(told, found, view)
    return notice_mail(_frame(view, mail, keys, view.settings.helpdesk.language), told)


def _of_answer(told: Notice, entry: Entry, view: View) -> Notice:
    """With which parts of it are posted, and what is allowed the way it was meant to go."""
    conversation, answer = _conversation(view), entry.read(AgentReply)
    if told.kind == "undelivered":
        return replace(told, words=parts.words(entry))
    done = len(parts.posted_ids(entry))
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
    ticket = replace(_frame(view, mail, keys, view.settings.helpdesk.language), news=unanswered(view))
    return reminder_mail(ticket, _reminding(view, mail.code, bool(mail.detail)))


def _agent(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    """To an agent's own mailbox, where the ticket's thread is not."""
    said = unanswered(view)
    frame = _frame(view, mail, keys, view.settings.helpdesk.language)
    first = next((line.text for line in said if line.text), "")
    own = replace(frame, helpdesk_address=mail.to, last_subject="", references=(), in_reply_to="", labels=())
    reminding = _reminding(view, mail.code, bool(mail.detail))
    return reminder_mail(replace(own, news=said, first_words=first), reminding, MailKind.AGENT)


def _reminding(view: View, code: str, is_window: bool) -> Reminding:
    conversation = _conversation(view)
    clock, until = conversation.clock, window_until(view, conversation)
    since, due = clock.waiting_since or view.now, clock.due_at or view.now
    return Reminding(code, since, due, until if is_window else None, conversation.resolve_by)


_COMPOSERS: Mapping[MailKind, Callable[[View, OutgoingMail, Keys], EmailMessage]] = {
    MailKind.TICKET: _ticket,
    MailKind.NOTICE: _notice,
    MailKind.REMINDER: _reminder,
    MailKind.AGENT: _agent,
    MailKind.OWNER: owner,
    MailKind.SUMMARY: owner,
}


def _frame(view: View, mail: OutgoingMail, keys: Keys, language: str) -> Ticket:
    """The ticket without anything said in it; by a name without words where those it had were taken back."""
    frame, known = _unnamed(view, mail, keys, language), _conversation(view).ticket
    subject = known.subject or (first_subject(frame) if known.our_ids else "")
    return replace(frame, last_subject=" ".join(filter(None, (known.tag, subject))))


def _unnamed(view: View, mail: OutgoingMail, keys: Keys, language: str) -> Ticket:
    settings, conversation = view.settings, _conversation(view)
    limits = view.limits(conversation)
    since, ours = conversation.last_message_at, conversation.ticket.our_ids
    return Ticket(
        conversation_id=conversation.id,
        delivery_id=mail.id,
        at=view.now,
        channel_title=names.title(settings, conversation, language),
        channel=conversation.channel,
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
        posts_left=allowance.left(conversation, limits),
        private_way=conversation.public and _has_private_way(settings, conversation),
        references=(*ours[:1], *conversation.ticket.their_ids),
        in_reply_to=ours[-1] if ours else "",
        suppress=helpdesk_of(settings).suppress,
        labels=labels(conversation, helpdesk_of(settings)),
        due_at=conversation.clock.due_at if conversation.clock.waiting_since else None,
        target="window" if _window_is_nearer(conversation.clock) else conversation.clock.target,
    )


def _window_is_nearer(clock: Clock) -> bool:
    return clock.window_at is not None and clock.window_at == clock.due_at


def _has_private_way(settings: Settings, conversation: Conversation) -> bool:
    limits = open_channel(settings.connections[conversation.connection]).limits(conversation.kind, False)
    return limits.answers and not limits.public


def _conversation(view: View) -> Conversation:
    if view.conversation is None:
        raise LookupError("a ticket mail without a conversation")
    return view.conversation


def _shelf(settings: Settings, conversation: Conversation, keys: Keys) -> Shelf:
    connection = settings.connections[conversation.connection]
    hosts = (*spec_of(conversation.channel).media_hosts, *connection.options.get("media_hosts", ()))
    is_local = environment.get("STAGE") == LOCAL_STAGE
    return Shelf(
        hosts=hosts,
        token=lambda name: reply_address.link_token("media", name, keys),
        link=f"{settings.public_url.rstrip('/')}/files/",
        check=partial(public_web.check, loopback=is_local),
        # as of our own bound: half of a mail for pictures, before base64
        allowance=Allowance(min(LARGEST_INLINE_TOGETHER, helpdesk_of(settings).largest_mail // 2)),
    )


def _fetched(entry: Entry, shelf: Shelf, now: datetime) -> tuple[Shown, ...]:
    message = entry.read(Message)
    name = identity(message.channel, message.account, message.id)
    return tuple(show(each, f"{name}:{place}", entry, shelf, now) for place, each in enumerate(message.attachments))


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
    lines = [LINES[each.kind](each, conversation, named) for each in covered]
    said = "\n\n".join(f"{line.at:%Y-%m-%d %H:%M:%S}Z {line.name}\n{line.text}" for line in lines)
    return keep_text(said[:LARGEST_TEXT], f"{conversation.id}:{mail.id}", covered, shelf)


def _whole_text(message: Message) -> str:
    return objects.get(message.overflow, LARGEST_TEXT).decode("utf-8", "replace") if message.overflow else message.text
