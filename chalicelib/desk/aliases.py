"""People who come back under another id, such as a new phone number: their conversation goes on where it was.

A conversation's name is made of its author's id. Where a platform renames people (`Spec.renames`) an alias stands at the
name that the new id makes, and what comes in there moves on to the old conversation. Two things lead to one: the
platform tells of the change (`Moved`), or a message tells a second id by which its author was known before (`also`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib import stored
from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, alias, done, identity_key
from chalicelib.aws.conversations import entry as new_item
from chalicelib.aws.table import Change, Put
from chalicelib.channels import spec_of
from chalicelib.desk.parked import write_once
from chalicelib.model import Conversation, Echo, Message, Moved, Note, conversation_id

Arrived = Message | Note | Echo | Moved
KINDS: Mapping[str, type[Arrived]] = {"message": Message, "note": Note, "echo": Echo, "moved": Moved}


def follow(pk: str, inbox: Sequence[Entry], now: datetime) -> bool:
    """Moves what came in for somebody without a conversation to the one they had under another id; whether there is one."""
    arrived = [(each, each.read(KINDS[each.kind])) for each in inbox if each.kind in KINDS]
    if not arrived or not spec_of(arrived[0][1].channel).renames:
        return False
    home = conversations.goes_on_at(pk) or _known_before([event for _, event in arrived])
    if home is None:
        return False
    # anew each time: it lives as long as the conversation
    conversations.write([alias(pk, home, now)])
    for entry, event in arrived:
        write_once(_move(entry, event, home, now))
    return True


def remember(conversation: Conversation | None, batch: Sequence[Entry], now: datetime) -> None:
    """The aliases of a conversation whose author got another id."""
    for moved in (each.read(Moved) for each in batch if each.kind == "moved" and conversation):
        place = conversation_id(moved.channel, moved.account, moved.new, moved.new)
        if conversation and place != conversation.id:
            conversations.write([alias(place, conversation.id, now)])


def _known_before(events: Sequence[Arrived]) -> str | None:
    for event in events:
        if isinstance(event, Message) and event.also:
            place = conversation_id(event.channel, event.account, event.also, event.also)
            known = conversations.load(place)
            # a number that its owner has left may be somebody else's by now
            if known and known.thread == event.also:
                return place
    return None


def _move(entry: Entry, event: Arrived, home: str, now: datetime) -> list[Put | Change]:
    kept = {name: entry.more[name] for name in ("connection", "arrived") if name in entry.more}
    arrived = Put(new_item(home, entry.sk, entry.kind, event, now, **kept), unless_there=True)
    key = identity_key(event.channel, event.account, event.id)
    # words are kept in one place, so that there they can be erased
    left = done(entry, data=stored.dump(_emptied(event)))
    return [arrived, Change(key, "id", set={"conversation": home, "item": entry.sk}), left]


def _emptied(event: Arrived) -> Arrived:
    if isinstance(event, Message):
        return replace(event, text="", attachments=(), overflow="")
    return replace(event, text="") if isinstance(event, Echo) else event
