"""What of a person was put aside: mails to their conversations, deliveries that name them, texts from their number."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib import intake, stored
from chalicelib.aws import objects
from chalicelib.aws.table import Action, Change, Item, Remove
from chalicelib.mailroom.authority import Receipt
from chalicelib.reply_address import LOCAL_PART
from infra.operate import LARGEST_SHOWN, name_of
from infra.operate.forget.kept import Shelf
from infra.operate.forget.person import Person
from infra.operate.forget.pieces import without


@dataclass(frozen=True)
class Aside:
    """What becomes of something that was put aside; `left` says why a part stays."""

    actions: Sequence[Action] = ()
    objects: Sequence[str] = ()
    left: str = ""


def aside(
    item: Item, person: Person, identities: Collection[str], connections: Collection[str], shelf: Shelf
) -> Aside | None:
    """None where it is not theirs, as far as anybody can tell."""
    if item["source"] == "mail":
        return _mail(item, person, shelf)
    if item.get("connection", "") not in ("", *connections):
        return None
    if item["source"] == "desk":
        waited = item.get("pk_waited") in identities
        return _whole(item) if waited else None
    return _delivery(item, person, *_FORMS.get(item["source"], _PLAIN))


def _mail(item: Item, person: Person, shelf: Shelf) -> Aside | None:
    receipt = stored.load(Receipt, item["receipt"])
    parts = (LOCAL_PART.fullmatch(each.lower().partition("@")[0]) for each in receipt.recipients)
    named = {part["conversation"] for part in parts if part}
    theirs = named & set(person.conversations)
    if receipt.key in shelf.shared or (theirs != named and theirs):
        return Aside(left=_until(item, "a mail to several conversations"))
    is_from_them = shelf.mails.get(receipt.key) or receipt.return_path in person.ids
    return _whole(item) if theirs or is_from_them else None


def _delivery(item: Item, person: Person, read: Callable[[Item], str], write: Callable[[str], str]) -> Aside | None:
    try:
        raw = read(item)
    except (KeyError, ValueError):
        return None  # its object is gone
    rest = without(raw, person.ids)
    if rest is None:
        return _whole(item)
    if rest == raw:
        return None
    if "object" in item:
        # stored anew it would stay longer than others' words may
        return Aside(left=_until(item, "a delivery that holds others' words as well"))
    return Aside([Change(item["pk"], item["sk"], set={"data": write(rest)}, when={"data": item["data"]})])


def _whole(item: Item) -> Aside:
    return Aside([Remove(item["pk"], item["sk"])], [item["object"]] if "object" in item else [])


def _until(item: Item, what: str) -> str:
    return f"{what}; it ends by itself on {datetime.fromtimestamp(item['expires_at'], UTC):%Y-%m-%d}: {name_of(item)}"


def _body(item: Item) -> str:
    return intake.read_put_aside(item).body.decode("utf-8", "surrogateescape")


def _plain(item: Item) -> str:
    if "object" in item:
        return objects.get(item["object"], LARGEST_SHOWN).decode("utf-8", "replace")
    return str(item["data"])


_PLAIN: tuple[Callable[[Item], str], Callable[[str], str]] = (_plain, str)
_FORMS: Mapping[str, tuple[Callable[[Item], str], Callable[[str], str]]] = {
    "webhook": (_body, lambda rest: b64encode(rest.encode("utf-8", "surrogateescape")).decode()),
}  # how the raw delivery is read and written back, by where it came from
