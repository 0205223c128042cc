"""What was decided, written down at once: the conversation, the mails that follow, what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib import stored
from chalicelib.aws import clocks, conversations, phones
from chalicelib.aws.conversations import Entry, done, head, outgoing, told
from chalicelib.aws.table import Change, Put
from chalicelib.channels import RESERVED
from chalicelib.desk.view import View
from chalicelib.model import Alarm, Learnt, OutgoingText
from chalicelib.phone.people import place_of
from chalicelib.phone.quiet import quiet_until


def save(view: View, more: Sequence[Put | Change] = (), pk: str = "") -> View:
    """One transaction. Raises table.Refused when somebody else saved the conversation meanwhile: the job comes again."""
    conversation = view.conversation
    place = conversation.id if conversation else pk
    heads = [head(conversation, view.now)] if conversation else []
    mails = [outgoing(place, mail, view.now) for mail in view.mails]
    texts = [put for text in view.texts for put in _handed_over(replace(text, conversation=place), view)]
    alarms = [clocks.alarm(each, _when_awake(each, view)) for each in view.alarms]
    turns = [clocks.turned(place, turn, number) for number, turn in enumerate(view.turns, len(view.told))]
    settled = [_settled(entry, view) for entry in view.settled]
    conversations.write([*heads, *mails, *texts, *alarms, *turns, *settled, *more])
    saved = conversation and replace(conversation, version=conversation.version + 1)
    kept = replace(view, conversation=saved, told=(*view.told, *view.turns))
    return replace(kept, mails=(), texts=(), alarms=(), turns=(), settled=(), covers=())


def _when_awake(alarm: Alarm, view: View) -> datetime:
    """When its person may hear of it: not in quiet hours, unless it is urgent."""
    person = (view.settings.lead if alarm.person == "lead" else None) or view.settings.owner
    quiet = None if alarm.urgent else quiet_until(person.quiet, view.settings.hours.zone, view.now)
    return quiet or view.now


def _handed_over(text: OutgoingText, view: View) -> list[Put]:
    """The writes that leave a text to the job of its person's phone; none when there is no phone."""
    phone = place_of(text.person, view.settings)
    return phones.text_on_its_way(phone, text, view.now) if phone else []


def _settled(entry: Entry, view: View) -> Change:
    """What is held stays on the operator's list; of a helpdesk's mail its subject goes, which quotes the customer."""
    is_customers = view.conversation is not None and view.conversation.connection not in RESERVED
    if entry.kind == "learnt" and is_customers:
        return done(entry, data=stored.dump(replace(entry.read(Learnt), subject="")))
    return told(entry, view.now) if entry.kind == "held" else done(entry)
