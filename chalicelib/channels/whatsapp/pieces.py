"""WhatsApp: how a delivery is cut into items, each with the one contact it is about and the number it was written to.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.meta import entries

LISTS = ("messages", "statuses", "message_echoes", "user_id_update", "errors")
SIDES = ("from", "from_user_id", "to", "to_user_id", "recipient_id", "recipient_user_id")


@dataclass(frozen=True)
class Piece:
    """One item of a delivery; `raw` is a delivery of its own that holds only this item, so it can be read again by itself."""

    account: str  # Meta's id of the business phone number
    item: Mapping[str, Any]
    contact: Mapping[str, Any]  # of the customer it is about, {} if not told
    times: tuple[Any, ...]
    raw: Mapping[str, Any]


def cut(delivery: Any) -> Iterator[dict[str, Any]]:
    """One delivery for each item. Raises Malformed."""
    for kind, entry in entries(delivery):
        for part in _parts(entry):
            yield {"object": kind, "entry": [part]}


def account_of(entry: Any) -> str:
    """The business phone number that an entry is about; "" when it tells none."""
    try:
        return text_id(entry["changes"][0]["value"]["metadata"]["phone_number_id"])
    except (LookupError, TypeError, ValueError):
        return ""


def _parts(entry: Any) -> list[Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
        return [entry]
    head = {name: entry[name] for name in ("id", "time") if name in entry}
    return [{**head, "changes": [change]} for found in entry["changes"] for change in _changes(found)]


def _changes(change: Any) -> list[Any]:
    value = change.get("value") if isinstance(change, dict) else None
    names = [name for name in LISTS if isinstance(value, dict) and isinstance(value.get(name), list)]
    # errors beside messages only say what those messages show themselves
    names = [name for name in names if name != "errors" or names == ["errors"]]
    if not isinstance(value, dict) or not names:
        return [change]
    around = {name: found for name, found in value.items() if name not in (*LISTS, "contacts")}
    return [
        {"field": change.get("field"), "value": {**around, **_contact(item, value.get("contacts")), name: [item]}}
        for name in names
        for item in value[name]
    ]


def _contact(item: Any, contacts: Any) -> dict[str, Any]:
    """The contact an item is about: by its ids, never by its place in the list."""
    known = [each for each in contacts if isinstance(each, dict)] if isinstance(contacts, list) else []
    named = {str(item[side]) for side in SIDES if item.get(side)} if isinstance(item, dict) else set()
    found = [each for each in known if named & {str(each.get("wa_id")), str(each.get("user_id"))}]
    # somebody who shares a number they had kept to themselves is named by the contact alone
    alone = known if len(known) == 1 and not named else []
    return {"contacts": (found or alone)[:1]} if found or alone else {}
