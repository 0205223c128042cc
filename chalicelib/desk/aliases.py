"""Whose conversation goes on elsewhere: what comes in under a name without a conversation moves to where it belongs.

A conversation's name is made of its thread's and its author's id. An alias stands at a name that means an older
conversation, and what comes in there moves on. Three things lead to one:

- The platform renames people (`Spec.renames`): it tells of it (`Moved`), or a message tells a second id by which its
  author was known before (`also`).
- A group has got another id (`ThreadMoved`).
- What answers an answer comes under a thread of its own (`Spec.scatters`): the message above it tells whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from chalicelib import stored
from chalicelib.aws import conversations, known
from chalicelib.aws.conversations import Entry, alias, done, identity_key
from chalicelib.aws.conversations import entry as new_item
from chalicelib.aws.table import Change, Item, Put
from chalicelib.channels import spec_of
from chalicelib.channels.base import Spec
from chalicelib.desk.erasing import emptied
from chalicelib.desk.parked import write_once
from chalicelib.model import (
    Conversation,
    Echo,
    Edit,
    Kind,
    Message,
    Moved,
    Note,
    Reaction,
    Unsend,
    conversation_id,
)

Arrived = Message | Note | Echo | Moved
Arriving = Arrived | Edit | Unsend | Reaction
ARRIVED: Mapping[str, type[Arrived]] = {"message": Message, "note": Note, "echo": Echo, "moved": Moved}
KINDS: Mapping[str, type[Arriving]] = {**ARRIVED, "edit": Edit, "unsend": Unsend, "reaction": Reaction}
BOUND = ("shard", "check_at", "writer")  # attributes that belong to where an item is


def follow(pk: str, inbox: Sequence[Entry], now: datetime) -> bool:
    """Moves what came in under a name without a conversation to where it belongs; whether that is elsewhere."""
    arrived = [(each, each.read(KINDS[each.kind])) for each in inbox if each.kind in KINDS]
    if not any(each.kind in ARRIVED for each, _ in arrived):
        return False
    home = _home(pk, [event for _, event in arrived], spec_of(arrived[0][1].channel))
    if home is None or home == pk:
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


def _home(pk: str, events: Iterable[Arriving], spec: Spec) -> str | None:
    looks = [look for trait, look in _LOOKS if getattr(spec, trait)]
    alias_there = conversations.goes_on_at(pk) if looks else None
    messages = [event for event in events if isinstance(event, Message)]
    return alias_there or next((home for look in looks for each in messages if (home := look(each))), None)


def _as_before(message: Message) -> str | None:
    """Where somebody wrote under the second id that a message tells."""
    if not message.also:
        return None
    place = conversation_id(message.channel, message.account, message.also, message.also)
    before = conversations.load(place)
    # a number that its owner has left may be somebody else's by now
    return place if before and before.thread == message.also else None


def _in_the_group(message: Message) -> str | None:
    """In a group that was another: whoever writes goes on under its first name, also who never wrote there."""
    if message.kind is not Kind.GROUP:
        return None
    first = known.thread_began_as(message.channel, message.account, message.thread)
    return conversation_id(message.channel, message.account, first, message.author.id) if first else None


def _below(message: Message) -> str | None:
    """The conversation of what it answers where that is the author's own, else the author's in the same thread."""
    if not (message.parent and message.author.id):
        return None
    place = conversations.whereabouts(identity_key(message.channel, message.account, message.parent))
    above = _opened_by(place) if place else None
    if place is None or above is None or above.public != message.public:
        return None
    if above.author.id == message.author.id:
        return str(place["conversation"])
    own = conversation_id(message.channel, message.account, above.thread, message.author.id)
    return own if conversations.load(own) else None


def _opened_by(place: Item) -> Conversation | Message | None:
    """Who wrote where and how, as the conversation says, or, while the desk has not come to it, its message."""
    conversation = conversations.load(place["conversation"])
    if conversation:
        return conversation
    found = conversations.one(place["conversation"], place["item"])
    message = found.read(Message) if found and found.kind == "message" else None
    # as long as it waits for its own thread nobody knows where that is
    return message if message and message.thread else None


# what a channel's `Spec` says of it: how a message's place is found
_LOOKS: Sequence[tuple[str, Callable[[Message], str | None]]] = (
    ("renames", _as_before),
    ("renames", _in_the_group),
    ("scatters", _below),
)


def _move(entry: Entry, event: Arriving, home: str, now: datetime) -> list[Put | Change]:
    kept = {name: value for name, value in entry.more.items() if name not in BOUND}
    arrived = Put(new_item(home, entry.sk, entry.kind, event, now, **kept), unless_there=True)
    # words are kept in one place, so that there they can be erased
    left = done(entry, data=stored.dump(emptied(event)))
    if entry.kind not in ARRIVED:
        return [arrived, left]
    key = identity_key(event.channel, event.account, event.id)
    return [arrived, Change(key, "id", set={"conversation": home, "item": entry.sk}), left]
