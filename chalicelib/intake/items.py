"""What each event becomes in the table: items of its conversation, or of the message it speaks of, and how long they stay.

Of a channel that lets nobody keep people's words (`Spec.keeps_words`) all that holds words expires early; only the
identity, by which a redelivery is recognised, stays as long as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib import stored
from chalicelib.aws import objects
from chalicelib.aws.conversations import (
    CONVERSATION_DAYS,
    RAW_DAYS,
    connection_key,
    entry,
    epoch,
    identity_key,
    item_key,
    raw_item,
)
from chalicelib.aws.known import thread_moved
from chalicelib.aws.table import Put
from chalicelib.channels import days_kept
from chalicelib.model import (
    Echo,
    Edit,
    Event,
    Message,
    Moved,
    Note,
    Reaction,
    Ring,
    ThreadMoved,
    Trouble,
    Undelivered,
    Unsend,
    conversation_id,
    identity,
)

LARGEST_ITEM = 200_000  # bytes; what is larger lies in the bucket
SHOWN_OF_LARGE = 20_000  # characters of a too large text that stay in the item

RING_DAYS = 1  # longer than a platform repeats a delivery

Steps = list[Put]  # the writes of one event; the first tells whether the event is new
Change = Edit | Unsend | Reaction | Undelivered


def steps(event: Event, connection: str, now: datetime) -> Steps:
    """The writes that keep an event. Raises objects.NotKept when the bucket does not take a large text."""
    made: Steps = _KEEPERS[type(event)](event, connection, now)
    return made


def _keep_message(message: Message, connection: str, now: datetime) -> Steps:
    place = _place(message.channel, message.account, message.thread, message.author.id, message.parent)
    fitting = _fit(replace(message, sent_at=min(message.sent_at, now)))
    return _keep_once(fitting, "message", place, fitting.sent_at, connection, now)


def _keep_note(note: Note, connection: str, now: datetime) -> Steps:
    place = conversation_id(note.channel, note.account, note.thread, note.author.id)
    return _keep_once(note, "note", place, min(note.at, now), connection, now)


def _keep_echo(echo: Echo, connection: str, now: datetime) -> Steps:
    place = _place(echo.channel, echo.account, echo.thread, echo.author_id, echo.parent)
    return _keep_once(echo, "echo", place, min(echo.at, now), connection, now)


def _keep_moved(moved: Moved, connection: str, now: datetime) -> Steps:
    """In the conversation as it was called so far: there it is known what follows."""
    place = conversation_id(moved.channel, moved.account, moved.old, moved.old)
    return _keep_once(moved, "moved", place, min(moved.at, now), connection, now)


def _keep_thread_moved(moved: ThreadMoved, connection: str, now: datetime) -> Steps:
    """Nobody is woken: whoever writes next finds it."""
    return [thread_moved(moved.channel, moved.account, moved.old, moved.new, now)]


def _keep_once(
    event: Message | Note | Echo | Moved, kind: str, place: str, at: datetime, connection: str, now: datetime
) -> Steps:
    key, days = identity_key(event.channel, event.account, event.id), days_kept(event.channel, CONVERSATION_DAYS)
    name = f"{round(now.timestamp() * 1e6):x}-{key.removeprefix('id#')[:16]}"
    item = entry(place, item_key(at, kind, name), kind, replace(event, raw={}), now, days=days, connection=connection)
    known = {
        "pk": key,
        "sk": "id",
        "kind": "id",
        "conversation": place,
        "item": item["sk"],
        "expires_at": epoch(now + timedelta(days=RAW_DAYS)),
    }
    return [*_with_raw(known, event, now), Put(item, unless_there=True)]


def _with_raw(known: Mapping[str, Any], event: Message | Note | Echo | Moved, now: datetime) -> Steps:
    """The identity with the raw payload, or beside it where words may not live as long as an identity."""
    raw, days = _raw(event), days_kept(event.channel, RAW_DAYS)
    if days == RAW_DAYS:
        return [Put({**known, "raw": raw}, unless_there=True)]
    return [Put(known, unless_there=True), Put(raw_item(known["pk"], raw, now, days))]


def _keep_change(change: Change, connection: str, now: datetime) -> Steps:
    """A change waits at its message's identity, also when it overtook the message; a failed delivery waits at our answer's."""
    kind = type(change).__name__.lower()
    name = sha256(_raw(change).encode()).hexdigest()[:16]
    place, days = identity_key(change.channel, change.account, change.id), days_kept(change.channel, RAW_DAYS)
    item = entry(place, f"i#{kind}#{name}", kind, replace(change, raw={}), now, days=days, connection=connection)
    return [Put(item, unless_there=True)]


def _keep_trouble(trouble: Trouble, connection: str, now: datetime) -> Steps:
    name = identity(trouble.channel, trouble.account, trouble.id)[:16]
    key = item_key(min(trouble.at, now), "trouble", name)
    item = entry(
        connection_key(connection), key, "trouble", replace(trouble, raw={}), now, days=RAW_DAYS, connection=connection
    )
    return [Put(item, unless_there=True)]


def _keep_ring(ring: Ring, connection: str, now: datetime) -> Steps:
    """In the connection's partition: it wakes the desk like anything else that came in."""
    key = item_key(min(ring.at, now), "ring", identity(ring.channel, ring.account, ring.id)[:16])
    item = entry(connection_key(connection), key, "ring", replace(ring, raw={}), now, days=RING_DAYS)
    return [Put(item, unless_there=True)]


_KEEPERS: dict[type, Callable[[Any, str, datetime], Steps]] = {
    Message: _keep_message,
    Note: _keep_note,
    Echo: _keep_echo,
    Moved: _keep_moved,
    ThreadMoved: _keep_thread_moved,
    Edit: _keep_change,
    Unsend: _keep_change,
    Reaction: _keep_change,
    Undelivered: _keep_change,
    Trouble: _keep_trouble,
    Ring: _keep_ring,
}


def _place(channel: str, account: str, thread: str, author_id: str, parent: str) -> str:
    """The conversation, or, where the platform does not tell the thread, the message whose thread it shares."""
    if thread:
        return conversation_id(channel, account, thread, author_id)
    return identity_key(channel, account, parent)


def _fit(message: Message) -> Message:
    if len(message.text) * 6 < LARGEST_ITEM or len(stored.dump(message.text)) < LARGEST_ITEM:
        return message
    cut = replace(message, text=message.text[:SHOWN_OF_LARGE])
    if days_kept(message.channel, CONVERSATION_DAYS) < CONVERSATION_DAYS:
        return cut  # the bucket would keep it for too long
    key = f"bodies/{identity(message.channel, message.account, message.id)}"
    objects.put(key, message.text.encode("utf-8", "replace"), "text/plain; charset=utf-8")
    return replace(cut, overflow=key)


def _raw(event: Event) -> str:
    raw = stored.dump(event.raw)
    return raw if len(raw) < LARGEST_ITEM else ""
