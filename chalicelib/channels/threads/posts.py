"""Replies and mentions on Threads: what a delivery says.

Not Meta's usual envelope: one thing a delivery, under `values`. It never tells whose account it is for, and people and
accounts alike only by their handles; so an account of ours is its handle, and a connection of one account takes all.

https://developers.facebook.com/docs/threads/webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Malformed, WebhookRequest, each, read_json, text_id
from chalicelib.channels.meta import moment
from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Event, Kind, Message, Unreadable

SITE = "https://www.threads.com"
SILENT = ("publish", "delete")  # our own posts, there and gone again
NO_WORDS = "REPOST_FACADE"  # somebody showed a post to others
KINDS = {"IMAGE": AttachmentKind.IMAGE, "VIDEO": AttachmentKind.VIDEO, "AUDIO": AttachmentKind.AUDIO}


@dataclass(frozen=True)
class Told:
    """One thing that a delivery tells; `raw` is a delivery of its own that holds only this."""

    account: str
    value: Mapping[str, Any]
    times: tuple[Any, ...]  # what to fall back on
    raw: Mapping[str, Any]


def read(request: WebhookRequest, accounts: Sequence[str]) -> list[Event]:
    """Everything a delivery tells. Raises Malformed."""
    to_event = partial(_event, {plain(account): account for account in accounts}, request.received_at)
    return list(each(list(_cut(read_json(request.body))), to_event))


def plain(handle: str) -> str:
    """A handle as it is compared."""
    return handle.removeprefix("@").casefold()


def _cut(delivery: Any) -> Iterator[Any]:
    for envelope in delivery if isinstance(delivery, list) and delivery else [delivery]:
        if not isinstance(envelope, dict) or not envelope.keys() & {"values", "entry"}:
            raise Malformed("no values")
        for item in _listed(envelope.get("values")):
            yield {**envelope, "values": item}
        # not seen, but Meta's other platforms all write so
        for entry in _listed(envelope.get("entry")):
            yield from ({"object": envelope.get("object"), "entry": [part]} for part in _parts(entry))


def _parts(entry: Any) -> list[Any]:
    if not isinstance(entry, dict):
        return [entry]
    return [{**entry, "changes": [change]} for change in _listed(entry.get("changes"))]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _event(accounts: Mapping[str, str], received_at: float, raw: Mapping[str, Any]) -> Event | None:
    told, target, time = _opened(raw)
    field, value = told["field"], told.get("value", {})
    read = READERS.get(field)
    if field in SILENT or value.get("media_type") == NO_WORDS:
        return None
    if read is None:
        return Unreadable("unknown-kind", raw)
    account = _account(accounts, value, target)
    if not account:
        return Unreadable("unknown-account", raw)
    return read(Told(account, value, (time, received_at), raw))


def _opened(raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any, Any]:
    """What it tells, of whom or what, and when Meta sent it."""
    if "entry" not in raw:
        return raw["values"], raw.get("target_id"), raw.get("time")
    entry = raw["entry"][0]
    return entry["changes"][0], entry.get("id"), entry.get("time")


def _account(accounts: Mapping[str, str], value: Mapping[str, Any], target: Any) -> str:
    """Whose post it is under, or the only one there is; "" when nobody can tell."""
    owner = plain(words((value.get("root_post") or {}).get("username")))
    only = next(iter(accounts.values())) if len(accounts) == 1 else ""
    return accounts.get(owner) or accounts.get(plain(str(target))) or only


def _reply(told: Told) -> Event | None:
    if is_own(told):
        return _echo(told)
    return _message(told, Kind.COMMENT)


def _mention(told: Told) -> Event | None:
    return None if is_own(told) else _message(told, Kind.MENTION)


READERS: Mapping[str, Callable[[Told], Event | None]] = {"replies": _reply, "mentions": _mention}


def is_own(told: Told) -> bool:
    """Whether the account itself wrote it."""
    return plain(words(told.value.get("username"))) == plain(told.account)


def _message(told: Told, kind: Kind) -> Message:
    id, handle = text_id(told.value["id"]), words(told.value.get("username"))
    return Message(
        channel="threads",
        account=told.account,
        id=id,
        thread=_id_of(told.value, "root_post") or id,
        author=Author(handle, handle=handle, url=f"{SITE}/@{quote(handle, safe='')}" if handle else ""),
        text=words(told.value.get("text")),
        sent_at=_at(told),
        kind=kind,
        public=True,
        attachments=tuple(_attachments(told.value)),
        permalink=address(told.value.get("permalink")),
        parent=_id_of(told.value, "replied_to"),
        raw=told.raw,
    )


def _echo(told: Told) -> Echo | None:
    above = _id_of(told.value, "replied_to")
    if not above:
        return None
    id, text = text_id(told.value["id"]), words(told.value.get("text"))
    return Echo("threads", told.account, id, text, _at(told), parent=above, raw=told.raw)


def _id_of(value: Mapping[str, Any], name: str) -> str:
    found = (value.get(name) or {}).get("id")
    return text_id(found) if found else ""


def _at(told: Told) -> datetime:
    try:
        at = datetime.fromisoformat(told.value["timestamp"])
    except (LookupError, TypeError, ValueError):
        return moment(*told.times)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _attachments(value: Mapping[str, Any]) -> Iterator[Attachment]:
    name = words(value.get("alt_text"))
    kind = KINDS.get(str(value.get("media_type")), AttachmentKind.FILE)
    found = {kind: value.get("media_url"), AttachmentKind.LINK: value.get("link_attachment_url")}
    for kind, url in ((AttachmentKind.IMAGE, value.get("gif_url")), *found.items()):
        if address(url):
            yield Attachment(kind, address(url), name if kind is not AttachmentKind.LINK else "")
