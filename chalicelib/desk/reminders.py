"""Reminders: a step of the ladder that is due reaches whom it names, once; the next one is set as a one-time schedule.

The decision is one conditional write of the conversation's head, so it does not matter how often a schedule fires;
a schedule that was lost is made up for by the sweep. Agents are reminded in the ticket or by a mail of their own, the
owner and the lead through `people`, which makes one mail of many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.aws import schedules
from chalicelib.desk import clock as turns
from chalicelib.desk.view import View, name_of
from chalicelib.model import Alarm, Clock, Conversation, MailKind, OutgoingMail, OutgoingText, Reminder
from chalicelib.settings import Settings

UNRESOLVED = (
    "unresolved"  # the code of what is said when a customer still waits at the end of the time to settle it all
)
PEOPLE = ("owner", "lead")

Told = tuple[tuple[str, str], ...]  # whom and how


def remind(view: View) -> View:
    """With what is due: of several steps that were slept through only the highest, to all whom they name. Pure.

    The very same view when nothing is due.
    """
    conversation = view.conversation
    look_at = conversation.next_look if conversation else None
    if conversation is None or look_at is None or look_at > view.now:
        return view
    view = turns.resume(view)
    clock = conversation.clock
    if clock.due_at and clock.due_at <= view.now and not clock.missed:
        view = turns.missed(view, conversation)
    return _resolution(_steps(view))


def reschedule(conversation: Conversation) -> Conversation:
    """With the schedule of the next look set, and one that is no longer needed taken back."""
    clock, at = conversation.clock, conversation.next_look
    name = f"{conversation.id}-{clock.cycle}-{int(at.timestamp())}" if at else ""
    if name == clock.scheduled:
        return conversation
    if at:
        schedules.set_(name, conversation.id, at)
    if clock.scheduled:
        schedules.cancel(clock.scheduled)
    return replace(conversation, clock=replace(clock, scheduled=name))


def _steps(view: View) -> View:
    assert view.conversation
    clock = view.conversation.clock
    due = [step for step in clock.reminders[clock.stage :] if step.at <= view.now]
    if not due:
        return view
    over = replace(clock, stage=clock.stage + len(due))
    told = tuple(dict.fromkeys(pair for step in due for pair in _named(step, clock)))
    view = turns.reminded(view, over, due[-1].code, tuple(" ".join(pair) for pair in told))
    return _told(view, told, due[-1].code, "window" if due[-1].window else "", any(step.urgent for step in due))


def _named(step: Reminder, clock: Clock) -> Iterator[tuple[str, str]]:
    # clocks of before the ladder told the owner of what was missed, without a word of it
    old = not clock.policy_version and step.percent >= 100
    for who in (*step.to, "owner") if old else step.to:
        yield from ((who, how) for how in step.by if how == "mail" or who in PEOPLE)


def _resolution(view: View) -> View:
    conversation = view.conversation
    if conversation is None or conversation.resolution or not conversation.resolve_by:
        return view
    if conversation.resolve_by > view.now:
        return view
    return _told(turns.unresolved(view), (("ticket", "mail"), ("owner", "mail")), UNRESOLVED)


def _told(view: View, told: Told, code: str, detail: str = "", urgent: bool = False) -> View:
    """With all that goes out."""
    conversation, settings = view.conversation, view.settings
    assert conversation
    clock = conversation.clock
    cause = f"{conversation.id}-{clock.cycle}-{clock.stage}-{code}"
    ticket = OutgoingMail(name_of("reminder", cause), MailKind.REMINDER, view.now, (), code, "", detail)
    mails = [ticket] if ("ticket", "mail") in told else []
    if ("agents", "mail") in told:
        mails += [
            replace(ticket, id=name_of("agent", cause, address), kind=MailKind.AGENT, to=address)
            for address in _agents(settings)
        ]
    people = [(_present(who, settings), how) for who, how in told if who in PEOPLE]
    alarms = [
        Alarm(who, conversation.id, clock.cycle, clock.stage, view.now, code, urgent)
        for who in dict.fromkeys(who for who, how in people if how == "mail")
    ]
    texts = [
        OutgoingText(name_of("text", cause, who), who, view.now, _text_code(code), urgent, detail=code)
        for who in dict.fromkeys(who for who, how in people if how == "sms")
    ]
    return replace(
        view,
        mails=(*view.mails, *mails),
        alarms=(*view.alarms, *alarms),
        texts=(*view.texts, *texts),
    )


def _agents(settings: Settings) -> Sequence[str]:
    """Their own addresses; one that is the helpdesk's own would make a ticket of it."""
    helpdesk = {address.casefold() for address in (settings.helpdesk.address, *settings.helpdesk.sends_from)}
    found = dict.fromkeys(agent.address for agent in settings.agents if agent.address.casefold() not in helpdesk)
    return list(found)


def _present(who: str, settings: Settings) -> str:
    """Without a lead it is the owner who hears of it."""
    return who if settings.lead else "owner"


def _text_code(code: str) -> str:
    if not code.isdecimal():
        return code
    return "missed" if int(code) >= 100 else "reminder"
