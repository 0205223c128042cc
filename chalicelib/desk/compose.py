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
from chalicelib.desk import parts, people
from chalicelib.desk.labels import labels
from chalicelib.desk.lines import LINES, LOOK_BACK, last_permalink, named, unanswered, was_said
from chalicelib.desk.mails import Needless
from chalicelib.desk.media import LARGEST_INLINE_TOGETHER, Allowance, Shelf, keep_text, show
from chalicelib.desk.notices import (
    Alert,
    AlertKind,
    Notice,
    NoticeKind,
    notice_mail,
    owner_mail,
)
from chalicelib.desk.pace import helpdesk_of
from chalicelib.desk.reminder_mails import Reminding, Summary, Waits, reminder_mail, summary_mail
from chalicelib.desk.speeches import LONGEST_WORDS, Line, Shown
from chalicelib.desk.tickets import Ticket, ticket_mail
from chalicelib.desk.view import View
from chalicelib.desk.voice import Voice
from chalicelib.mail_headers import without_answer_signs
from chalicelib.model import (
    AgentReply,
    Author,
    Clock,
    Conversation,
    Held,
    Kind,
    MailKind,
    Message,
    OutgoingMail,
    TroubleKind,
    identity,
)
from chalicelib.reply_address import Keys
from chalicelib.settings import Owner, Settings

EARLIER = 5  # of what was said before
LARGEST_TEXT = 2_000_000  # bytes
MOST_SHOWN, LONGEST_SHOWN = 50, 100_000  # messages and characters in one mail; what comes after lies behind a link
COUNTED = (TroubleKind.UNPUSHED, TroubleKind.QUOTA)  # troubles whose detail is a number
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
    clock, until = conversation.clock, _window_until(view, conversation)
    since, due = clock.waiting_since or view.now, clock.due_at or view.now
    return Reminding(code, since, due, until if is_window else None, conversation.resolve_by)


def _window_until(view: View, conversation: Conversation) -> datetime | None:
    """Until when the platform takes an answer; later than the clock knows if the customer wrote again."""
    window, since = view.limits(conversation).longest_window, conversation.last_message_at
    return since + window if window and since else None


def _owner(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    if mail.covers:
        return _person(view, mail)
    settings, conversation = view.settings, view.conversation or _nobody(mail)
    kind, _, trouble = mail.code.partition(":")
    alert = _alert(view, mail, settings.owner, conversation, cast(AlertKind, kind))
    account = settings.business if view.conversation else conversation.account
    about, reason = TroubleKind(trouble) if trouble else None, mail.detail.rpartition(" ")[2]
    count = int(reason) if about in COUNTED else 0
    detail = "" if trouble else mail.detail
    return owner_mail(replace(alert, account_name=account, trouble=about, detail=detail, count=count))


def _person(view: View, mail: OutgoingMail) -> EmailMessage:
    """To the owner or the lead, about customers who still wait. Raises Needless."""
    settings = view.settings
    role, person = ("lead", settings.lead) if mail.to == "lead" and settings.lead else ("owner", settings.owner)
    waiting = people.still_waiting(mail)
    if not waiting:
        raise Needless
    if len(waiting) == 1:
        ((alarm, conversation),) = waiting
        of_one = replace(view, conversation=conversation)
        due = _due(of_one, alarm.code, conversation)
        alert = _alert(of_one, mail, person, conversation, people.about(alarm, due, view.now))
        return owner_mail(replace(alert, role=role, due_at=due))
    listed = [_waits(settings, person, conversation) for _, conversation in waiting]
    voice = Voice(person.language, settings.hours.zone, "", settings.business, settings.business, Author(""))
    return summary_mail(
        Summary(role, mail.id, view.now, voice, settings.reply_domain, person.address, person.name, listed)
    )


def _due(view: View, code: str, conversation: Conversation) -> datetime | None:
    """The time that an alarm is about."""
    ends = {"window": _window_until(view, conversation), "unresolved": conversation.resolve_by}
    return ends.get(code) or conversation.clock.due_at


def _waits(settings: Settings, person: Owner, conversation: Conversation) -> Waits:
    title = _title(settings, conversation)
    voice = Voice(
        person.language, settings.hours.zone, title, settings.business, settings.business, conversation.author
    )
    clock = conversation.clock
    return Waits(voice, conversation.ticket.subject, clock.waiting_since or conversation.opened_at, clock.due_at)


def _alert(view: View, mail: OutgoingMail, person: Owner, conversation: Conversation, kind: AlertKind) -> Alert:
    settings, said = view.settings, unanswered(view)
    return Alert(
        kind=kind,
        delivery_id=mail.id,
        at=view.now,
        business=settings.business,
        reply_domain=settings.reply_domain,
        owner_address=person.address,
        owner_name=person.name,
        channel_title=_title(settings, conversation),
        account_name=settings.business,
        language=person.language,
        zone=settings.hours.zone,
        author=conversation.author,
        words="\n\n".join(line.text for line in said),
        link=next((line.permalink for line in reversed(said) if line.permalink), ""),
        helpdesk_address=settings.helpdesk.address,
        waiting_since=conversation.clock.waiting_since,
        due_at=conversation.clock.due_at,
    )


_COMPOSERS: Mapping[MailKind, Callable[[View, OutgoingMail, Keys], EmailMessage]] = {
    MailKind.TICKET: _ticket,
    MailKind.NOTICE: _notice,
    MailKind.REMINDER: _reminder,
    MailKind.AGENT: _agent,
    MailKind.OWNER: _owner,
    MailKind.SUMMARY: _owner,
}


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


def _nobody(mail: OutgoingMail) -> Conversation:
    """A connection's trouble is nobody's conversation; detail: channel, account, the platform's reason."""
    channel, account, _ = (*mail.detail.split(" ", 2), "", "")[:3]
    return Conversation("", "", channel, account, "", Author(""), Kind.DIRECT, False, mail.created_at)


def _title(settings: Settings, conversation: Conversation) -> str:
    connection = settings.connections.get(conversation.connection)
    own = str(connection.options.get("title", "")) if connection else ""
    return own or (spec_of(conversation.channel).title if conversation.channel else "")


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
