"""Mails to the owner and the lead, put together from what is stored when they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from typing import cast

from chalicelib.desk import people
from chalicelib.desk.lines import unanswered
from chalicelib.desk.mails import Needless
from chalicelib.desk.view import View
from chalicelib.desk.writing import names
from chalicelib.desk.writing.notices import Alert, AlertKind, owner_mail
from chalicelib.desk.writing.reminder_mails import Summary, Waits, summary_mail
from chalicelib.desk.writing.voice import Voice
from chalicelib.model import Author, Conversation, Kind, OutgoingMail, TroubleKind
from chalicelib.reply_address import Keys
from chalicelib.settings import Owner, Settings

COUNTED = (TroubleKind.UNPUSHED, TroubleKind.QUOTA)  # troubles whose detail is a number


def owner(view: View, mail: OutgoingMail, keys: Keys) -> EmailMessage:
    """Trouble of a connection, or customers who still wait. Raises Needless."""
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
    ends = {"window": window_until(view, conversation), "unresolved": conversation.resolve_by}
    return ends.get(code) or conversation.clock.due_at


def window_until(view: View, conversation: Conversation) -> datetime | None:
    """Until when the platform takes an answer; later than the clock knows if the customer wrote again."""
    window, since = view.limits(conversation).longest_window, conversation.last_message_at
    return since + window if window and since else None


def _waits(settings: Settings, person: Owner, conversation: Conversation) -> Waits:
    voice = Voice(
        person.language,
        settings.hours.zone,
        names.title(settings, conversation, person.language),
        settings.business,
        settings.business,
        conversation.author,
        conversation.channel,
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
        channel_title=names.title(settings, conversation, person.language),
        channel=conversation.channel,
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


def _nobody(mail: OutgoingMail) -> Conversation:
    """A connection's trouble is nobody's conversation; detail: channel, account, the platform's reason."""
    channel, account, _ = (*mail.detail.split(" ", 2), "", "")[:3]
    return Conversation("", "", channel, account, "", Author(""), Kind.DIRECT, False, mail.created_at)
