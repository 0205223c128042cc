"""The clock: a reminder that is due becomes a mail, once; the next one is set as a one-time schedule.

The decision is one conditional write of the conversation's head, so it does not matter how often a schedule fires;
a schedule that was lost is made up for by the sweep.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.aws import schedules
from chalicelib.desk.absorb import View, name_of
from chalicelib.model import Clock, Conversation, MailKind, OutgoingMail, Reminder

OWNER_FROM_PERCENT = 100  # the owner hears of it when the target is missed


def remind(view: View) -> View:
    """With the mails of the highest step that is due; steps that were slept through are over with it. Pure."""
    if not view.conversation:
        return view
    clock = view.conversation.clock
    due = [step for step in clock.reminders[clock.stage :] if step.at <= view.now] if clock.waiting_since else []
    if not due:
        return view
    over = replace(clock, stage=clock.stage + len(due))
    conversation = replace(view.conversation, clock=over)
    events = (("sla.missed", conversation.id),) if due[-1].percent >= 100 else ()
    mails = _mails(view, conversation, due[-1])
    return replace(view, conversation=conversation, mails=(*view.mails, *mails), events=(*view.events, *events))


def reschedule(conversation: Conversation) -> Conversation:
    """With the schedule of the next reminder set, and one that is no longer needed taken back."""
    clock = conversation.clock
    step = clock.next_reminder
    name = schedule_name(conversation.id, clock) if step else ""
    if name == clock.scheduled:
        return conversation
    if step:
        schedules.set_(name, conversation.id, step.at)
    if clock.scheduled:
        schedules.cancel(clock.scheduled)
    return replace(conversation, clock=replace(clock, scheduled=name))


def schedule_name(conversation: str, clock: Clock) -> str:
    """Named by its cause: conversation, cycle and stage."""
    return f"{conversation}-{clock.cycle}-{clock.stage}"


def _mails(view: View, conversation: Conversation, step: Reminder) -> list[OutgoingMail]:
    cause = schedule_name(conversation.id, conversation.clock)
    ticket = OutgoingMail(name_of("reminder", cause), MailKind.REMINDER, view.now, (), str(step.percent))
    owner = OutgoingMail(name_of("owner", cause), MailKind.OWNER, view.now, (), "missed")
    return [ticket, owner] if step.percent >= OWNER_FROM_PERCENT else [ticket]
