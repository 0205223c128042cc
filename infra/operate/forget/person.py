"""Who is to be forgotten: all the ids of one account's author, and all their conversations, however they are named.

A conversation names its author, the author index their other conversations; aliases, moved ids and messages that joined
a conversation from another thread name more of both. Nothing here is told apart by name or words, only by ids.
While somebody is being forgotten, a seal in each of their conversations keeps who it was: an interrupted run goes on
from any of them, also where nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import stored
from chalicelib.aws import conversations, table
from chalicelib.aws.conversations import author_key, epoch, stamp
from chalicelib.aws.table import Item, Put, Refused, Remove
from chalicelib.model import Conversation, Message, Moved, Note, conversation_id
from infra.commands.asking import NotSure
from infra.sla.show import conversation_of

SEAL = "forgotten"
SEALED_FOR = timedelta(days=7)  # an interrupted run is to be finished within
TRIES = 20  # against a desk that saves the conversation meanwhile


class Busy(Exception):
    """The desk is at work on the conversation, again and again."""


@dataclass(frozen=True)
class Person:
    """One author of one account, as far as we know; `conversations` are the partitions that are only theirs."""

    channel: str = ""
    account: str = ""
    ids: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()

    def with_(self, other: Person) -> Person:
        """With what somebody else knows of the same person; nothing of another account."""
        if other.channel and self.channel and (other.channel, other.account) != (self.channel, self.account):
            return self
        whole = replace(self, channel=self.channel or other.channel, account=self.account or other.account)
        ids = dict.fromkeys((*self.ids, *filter(None, other.ids)))
        return replace(whole, ids=tuple(ids), conversations=tuple(sorted({*self.conversations, *other.conversations})))


def named(given: Sequence[str]) -> Person:
    """By a conversation's id, a ticket's address, or channel, account and the author's id there. Raises NotFound, NotSure."""
    if len(given) == 1:
        return _grown(Person(conversations=(conversation_of(given[0]),)))
    if len(given) == 3:
        channel, account, id = given
        return _grown(Person(channel, account, (id,)))
    raise NotSure("Name a conversation, a ticket mail's address, or three: channel, account, author's id.")


def seal(pk: str, person: Person, now: datetime) -> int:
    """Takes the head off a conversation, so that nobody goes on with it: how many were taken. Raises Busy.

    A seal that is there stays: what has a head by then, or came after, began afresh.
    """
    for _ in range(TRIES):
        if table.get(pk, SEAL) or not (items := table.everything(pk)):
            return 0
        head = next((item for item in items if item["sk"] == "head"), None)
        off = [Remove(pk, "head", {"version": head["version"]})] if head else []
        try:
            conversations.write([*off, Put(_seal(pk, person, now), unless_there=True)])
        except Refused:
            continue  # it was saved meanwhile
        return len(off)
    raise Busy


def _seal(pk: str, person: Person, now: datetime) -> Item:
    index = {}
    if person.ids:
        index = {"author_key": author_key(person.channel, person.account, person.ids[0]), "opened_at": stamp(now)}
    known = {"data": stored.dump(person), "at": epoch(now), "expires_at": epoch(now + SEALED_FOR)}
    return {"pk": pk, "sk": SEAL, "kind": SEAL, **known, **index}


def _grown(person: Person) -> Person:
    """With all that leads on from what is known, until nothing new comes."""
    looked_at: set[str] = set()
    while new := {*person.ids, *person.conversations} - looked_at:
        for each in sorted(new):
            for found in _leads(each, person):
                person = person.with_(found)
        looked_at |= new
    return person


def _leads(name: str, person: Person) -> Iterator[Person]:
    if name in person.conversations:
        yield from (found for item in table.everything(name) for found in _told_by(item))
    if name in person.ids:
        key = author_key(person.channel, person.account, name)
        yield from (Person(conversations=(item["pk"],)) for item in table.by_author(key))
        # where a person's thread is called as they are there may be more than heads: what waits, an alias
        place = conversation_id(person.channel, person.account, name, name)
        yield from (Person(conversations=(place,)) for _ in table.everything(place)[:1])


def _told_by(item: Item) -> Iterator[Person]:
    reader = _READERS.get(item["kind"])
    if reader:
        yield reader(item)


def _writer(kind: type[Conversation] | type[Message] | type[Note]) -> Callable[[Item], Person]:
    def read(item: Item) -> Person:
        found: Any = stored.load(kind, item["data"])
        return Person(found.channel, found.account, (found.author.id,))

    return read


def _moved(item: Item) -> Person:
    found = stored.load(Moved, item["data"])
    places = (conversation_id(found.channel, found.account, name, name) for name in (found.old, found.new))
    return Person(found.channel, found.account, (), tuple(place for place in places if table.everything(place)))


_READERS: Mapping[str, Callable[[Item], Person]] = {
    "head": _writer(Conversation),
    "message": _writer(Message),
    "note": _writer(Note),
    "moved": _moved,
    "alias": lambda item: Person(conversations=(str(item["conversation"]),)),
    SEAL: lambda item: stored.load(Person, item["data"]),
}
