"""Looking for one person in the whole table: which items name them, and what of it came only after they were forgotten.

What names a person stands in many places, and only by looking at everything it is certain that nothing is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import inf
from typing import Any

from chalicelib.aws.conversations import author_key, identity_key
from chalicelib.aws.table import Item
from chalicelib.model import identity
from infra.operate.forget.kept import RAW_MAIL, Shelf, mail_of
from infra.operate.forget.person import SEAL, Person

NEWS = ("message", "note")  # what opens a conversation
AUTHORED = ("message", "note", "echo")
LOOKED_INTO = ("quarantine", "text-in", "phone")  # whatever they name


@dataclass
class Look:
    """What a walk through the table found; `sealed` has the time of each seal in epoch seconds."""

    person: Person
    shelf: Shelf
    connections: Collection[str]
    items: list[Item] = field(default_factory=list)
    looked_at: int = 0

    @cached_property
    def sealed(self) -> Mapping[str, int]:
        """When each conversation was sealed."""
        return {item["pk"]: int(item["at"]) for item in self.items if item["sk"] == SEAL}

    @cached_property
    def afresh(self) -> frozenset[str]:
        """The conversations in which a new question came after the seal."""
        return frozenset(item["pk"] for item in self.items if item["pk"] in self.sealed and self.is_news(item))

    @cached_property
    def identities(self) -> frozenset[str]:
        """The partitions of what was said in the conversations, and of what waits elsewhere."""
        kept = {(item["pk"], item["sk"]) for item in self.items if self.stays(item, item["pk"])}
        places = (item for item in self.items if item["sk"] == "id" and self.names(item))
        known = {item["pk"] for item in places if (item["conversation"], item["item"]) not in kept}
        waiting = (item for item in self.items if self.is_by(item) and not self.stays(item, item["pk"]))
        data = (data_of(item) for item in waiting)
        return frozenset(known | {identity_key(each["channel"], each["account"], each["id"]) for each in data})

    @cached_property
    def mails_of_others(self) -> frozenset[str]:
        """The objects of mails that brought something of somebody else."""
        return frozenset(key for item in self.items if (key := mail_of(item)) and item["pk"] not in self.identities)

    def names(self, item: Item) -> bool:
        """Whether it stands elsewhere and names one of the conversations."""
        return named_in(item) in self._own

    def is_own(self, item: Item) -> bool:
        """Whether it lies in one of the conversations."""
        return item["pk"] in self._own

    def is_by(self, item: Item) -> bool:
        """Whether it tells of something that the person wrote, or that was written to them, wherever it lies."""
        person, data = self.person, data_of(item) if item["kind"] in AUTHORED else {}
        wrote = {data.get("author_id"), data["author"].get("id") if "author" in data else None}
        return (data.get("channel"), data.get("account")) == (person.channel, person.account) and not wrote.isdisjoint(
            person.ids
        )

    def is_news(self, item: Item) -> bool:
        """Whether it is a question that came after the seal."""
        return item["kind"] in NEWS and since(item) >= self._cut(item["pk"])

    def stays(self, item: Item, conversation: str) -> bool:
        """Whether it belongs to what began afresh in a conversation."""
        began = conversation in self.afresh and (since(item) >= self._cut(conversation) or item["sk"] == "head")
        return began or self.is_news(item)

    def _cut(self, pk: str) -> float:
        return self.sealed.get(pk, max(self.sealed.values(), default=inf))

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self.person.conversations)


def sieve(person: Person) -> Callable[[Item], bool]:
    """What may be somebody's, told cheaply."""
    own, places = frozenset(person.conversations), places_of(person)
    names = [*own, *(json.dumps(id)[1:-1] for id in person.ids)]

    def may_concern(item: Item) -> bool:
        if item["pk"] in own or item["pk"] in places or item.get("conversation") in own or item["kind"] in LOOKED_INTO:
            return True
        said = f"{item.get('data', '')}{item.get('raw', '')}"
        return str(item.get("raw", "")).startswith(RAW_MAIL) or any(name in said for name in names)

    return may_concern


def places_of(person: Person) -> frozenset[str]:
    """The partitions that are named by a person's ids."""
    about = [(person.channel, person.account, id) for id in person.ids]
    profiles = (f"author#{author_key(*each)}" for each in about)
    return frozenset([*profiles, *(f"sender#{identity(*each)}" for each in about)])


def since(item: Item) -> float:
    """When something came to us or was decided on, in epoch seconds; 0 where it does not tell."""
    known = item.get("arrived") or item.get("used_at")
    stamped = item["sk"].split("#")[1:2] if item["sk"][:2] in ("o#", "c#") else []
    return float(known or (datetime.fromisoformat(stamped[0]).timestamp() if stamped else 0))


def named_in(item: Item) -> str:
    """The conversation that something elsewhere is about, "" if none."""
    # what platforms sent may have anything under any name
    told = "" if item["kind"] == "quarantine" else data_of(item).get("conversation", "")
    return str(item.get("conversation") or told)


def data_of(item: Item) -> dict[str, Any]:
    """The data class in it, as plain JSON; {} where it has none."""
    found = json.loads(item["data"]) if str(item.get("data", "")).startswith("{") else {}
    return found if isinstance(found, dict) else {}
