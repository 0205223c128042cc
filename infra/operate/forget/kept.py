"""What of a person lies in the bucket: files of their messages and of the answers to them, and the mails themselves.

Which files belong to an item it says itself, in fields that are ours; nothing that a customer wrote is taken for a key.
Agents' mails are named by nothing but their envelope, so every mail of the last 30 days is looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib import reply_address
from chalicelib.aws import objects
from chalicelib.aws.table import Item
from chalicelib.channels import EMAIL, PHONE, spec_of
from chalicelib.desk.media import NOTED
from chalicelib.mailroom import LARGEST_FROM_CUSTOMERS, customers, mime
from chalicelib.reply_address import Keys
from chalicelib.settings import Settings
from infra.operate.forget.person import Person

MAILS, KEPT = "inbound/", timedelta(days=30)  # the bucket's lifecycle for it
ADDRESS = re.compile(rb"c-([a-z2-7]{16})-[a-z2-7]{27}")
RAW_MAIL = '{"object":"inbound/'  # how the payload of what came by mail begins
RECORDING = re.compile(r"Recordings/([A-Za-z0-9]+)\.mp3")


@dataclass
class Shelf:
    """The bucket as far as one person is concerned; each mail is read once."""

    person: Person
    settings: Settings
    keys: Keys
    mails: dict[str, bool] = field(default_factory=dict)  # by key: whether it is theirs
    shared: dict[str, str] = field(default_factory=dict)  # mails that are others' as well, and until when they stay

    @property
    def is_by_mail(self) -> bool:
        """Whether the person writes by mail or letter: then the bucket has what they sent."""
        return bool(self.person.channel) and spec_of(self.person.channel).by_mail

    def look(self) -> list[str]:
        """The mails that are theirs, and that are there now."""
        there = dict(objects.names(MAILS))
        for key in there.keys() - self.mails.keys():
            self.mails[key] = self._is_theirs(key, f"{there[key] + KEPT:%Y-%m-%d}")
        return sorted(key for key in there if self.mails[key])

    def _is_theirs(self, key: str, until: str) -> bool:
        try:
            raw = objects.get(key, LARGEST_FROM_CUSTOMERS)
        except (KeyError, ValueError):
            return False
        named = {each.decode() for each in ADDRESS.findall(raw.lower())}
        if not named & set(self.person.conversations):
            return self._is_from_them(raw)
        if named <= set(self.person.conversations):
            return True
        self.shared[key] = until
        return False

    def _is_from_them(self, raw: bytes) -> bool:
        """A customer's own mail, also one that became no ticket."""
        person = self.person
        if person.channel != EMAIL.name or not any(id.lower().encode() in raw.lower() for id in person.ids):
            return False
        try:
            mail = mime.read(raw, LARGEST_FROM_CUSTOMERS)
        except mime.Malformed:
            return False
        return bool(customers.sender_of(mail)) and customers.author_of(mail, self.settings).id in person.ids


def objects_of(item: Item, shelf: Shelf) -> list[str]:
    """The keys of what belongs to an item; whether each is still there is not known."""
    noted = [f"media/{name.removeprefix(NOTED)}" for name in item if name.startswith(NOTED)]
    named = _NAMED.get(item["kind"])
    return [*noted, *(named(json.loads(item["data"]), item, shelf) if named else ())]


def mail_of(item: Item) -> str:
    """The object that holds the mail something came in, "" if none."""
    raw = str(item.get("raw", ""))
    return str(json.loads(raw)["object"]) if raw.startswith(RAW_MAIL) else ""


def _of_message(data: Mapping[str, Any], item: Item, shelf: Shelf) -> Iterator[str]:
    yield from filter(None, [data.get("overflow", "")])
    refs = [str(each.get("ref", "")) for each in data.get("attachments", ())]
    if shelf.is_by_mail:
        yield from (ref for ref in refs if ref.startswith("incoming/"))
    if shelf.person.channel == PHONE.name:
        recorded = [found[1] for ref in refs if (found := RECORDING.fullmatch(ref))]
        yield from (f"media/voice-{name}.{ending}" for name in recorded for ending in ("mp3", "json"))


def _of_answer(data: Mapping[str, Any], item: Item, shelf: Shelf) -> Iterator[str]:
    """What the agent attached, and the copies that a platform fetched by a link."""
    for place, each in enumerate(data.get("attachments", ())):
        yield str(each["key"])
        name = f"{item['pk']}:{data['id']}:{place}"
        yield from (f"media/{reply_address.token('media', name, key, shelf.keys)}" for key in shelf.keys.secrets)


_NAMED: Mapping[str, Callable[[Mapping[str, Any], Item, Shelf], Iterator[str]]] = {
    "message": _of_message,
    "reply": _of_answer,
    "held": lambda data, item, shelf: _of_answer(data["answer"], item, shelf),
}
