"""What the webhook does: proven -> parsed -> kept, then 2xx. Nothing slow, nothing sent, one write.

Parsed events become items of their conversation; the table's stream takes it from there. Nothing is answered 2xx
before it is written; what is proven but unreadable is written as well, raw, and brought back by `replay`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib import stored
from chalicelib.aws import conversations, objects, table
from chalicelib.aws.conversations import RAW_DAYS, connection_key, entry, epoch, identity_key, item_key
from chalicelib.aws.table import LARGEST_TRANSACTION, Put, Refused
from chalicelib.channels.base import Channel, Malformed, WebhookRequest
from chalicelib.model import (
    Echo,
    Edit,
    Event,
    Message,
    Note,
    Reaction,
    Trouble,
    Unreadable,
    Unsend,
    conversation_id,
    identity,
)

LARGEST_ITEM = 200_000  # bytes; what is larger lies in the bucket
SHOWN_OF_LARGE = 20_000  # characters of a too large text that stay in the item
LARGEST_WRITE = 2_000_000  # bytes in one transaction; DynamoDB takes 4 MB
HEADERS_FOR_REPLAY = ("webhook-id", "svix-id", "webhook-timestamp", "svix-timestamp", "content-type")


@dataclass(frozen=True)
class Kept:
    """What became of one delivery."""

    new: int = 0
    known: int = 0
    unreadable: int = 0


Steps = list[Put]  # the writes of one event; the first tells whether the event is new


def receive(request: WebhookRequest, channel: Channel, connection: str) -> Kept:
    """One delivery. Raises Forged before anything is kept, table.Busy when it could not be kept."""
    channel.verify(request)
    return keep(request, channel, connection)


def keep(request: WebhookRequest, channel: Channel, connection: str) -> Kept:
    """A proven delivery; keeping the same one again changes nothing. Raises table.Busy."""
    now = datetime.fromtimestamp(request.received_at, UTC)
    try:
        events = channel.parse(request)
    except Malformed as malformed:
        events = [Unreadable(str(malformed))]
    unreadable = [event for event in events if isinstance(event, Unreadable)]
    readable = [event for event in events if not isinstance(event, Unreadable)]
    # a microsecond apart: what has the same time on its platform stays in the order in which it came
    writes = [_steps(event, connection, now + timedelta(microseconds=n)) for n, event in enumerate(readable)]
    if unreadable:
        writes.append([_put_aside(request, connection, unreadable, now)])
    known = _write_new(writes)
    return Kept(len(writes) - known - bool(unreadable), known, len(unreadable))


def read_put_aside(item: Mapping[str, Any]) -> WebhookRequest:
    """The delivery that a quarantine item holds, for `replay`. Raises KeyError when its object is gone."""
    data = item["data"] if "object" not in item else objects.get(item["object"], 10 * LARGEST_WRITE).decode()
    body = b64decode(data)
    return WebhookRequest("POST", json.loads(item["headers"]), {}, body, float(item["received_at"]))


def _write_new(writes: Sequence[Steps]) -> int:
    distinct = {(steps[0].item["pk"], steps[0].item["sk"]): steps for steps in reversed(writes)}
    known = len(writes) - len(distinct)
    return known + sum(_write(batch) for batch in _batches(list(reversed(distinct.values()))))


def _batches(writes: Sequence[Steps]) -> Iterator[list[Steps]]:
    batch: list[Steps] = []
    actions = size = 0
    for steps in writes:
        weight = sum(len(str(put.item.get("data", ""))) + len(str(put.item.get("raw", ""))) + 1000 for put in steps)
        if batch and (actions + len(steps) > LARGEST_TRANSACTION or size + weight > LARGEST_WRITE):
            yield batch
            batch, actions, size = [], 0, 0
        batch.append(steps)
        actions, size = actions + len(steps), size + weight
    if batch:
        yield batch


def _write(batch: list[Steps]) -> int:
    """How many of a batch's events were known already."""
    writer, known = table.new_writer(), 0
    while batch:
        try:
            table.write([put for steps in batch for put in steps], writer)
        except Refused as refused:
            new = _without(batch, refused)
            known += len(batch) - len(new)
            batch = new
        else:
            return known
    return known


def _without(batch: Sequence[Steps], refused: Refused) -> list[Steps]:
    starts = [0]
    for steps in batch:
        starts.append(starts[-1] + len(steps))
    spans = zip(batch, starts, starts[1:], strict=False)
    return [steps for steps, start, end in spans if not any(start <= each < end for each in refused.there)]


def _steps(event: Event, connection: str, now: datetime) -> Steps:
    steps: Steps = _KEEPERS[type(event)](event, connection, now)
    return steps


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


def _keep_once(
    event: Message | Note | Echo, kind: str, place: str, at: datetime, connection: str, now: datetime
) -> Steps:
    key = identity_key(event.channel, event.account, event.id)
    name = f"{round(now.timestamp() * 1e6):x}-{key.removeprefix('id#')[:16]}"
    item = entry(place, item_key(at, kind, name), kind, replace(event, raw={}), now, connection=connection)
    known = {
        "pk": key,
        "sk": "id",
        "kind": "id",
        "conversation": place,
        "item": item["sk"],
        "raw": _raw(event),
        "expires_at": epoch(now + timedelta(days=RAW_DAYS)),
    }
    return [Put(known, unless_there=True), Put(item, unless_there=True)]


def _keep_change(change: Edit | Unsend | Reaction, connection: str, now: datetime) -> Steps:
    """A change waits at its message's identity, also when it overtook the message."""
    kind = type(change).__name__.lower()
    name = sha256(_raw(change).encode()).hexdigest()[:16]
    place = identity_key(change.channel, change.account, change.id)
    item = entry(place, f"i#{kind}#{name}", kind, replace(change, raw={}), now, days=RAW_DAYS, connection=connection)
    return [Put(item, unless_there=True)]


def _keep_trouble(trouble: Trouble, connection: str, now: datetime) -> Steps:
    name = identity(trouble.channel, trouble.account, trouble.id)[:16]
    key = item_key(min(trouble.at, now), "trouble", name)
    item = entry(
        connection_key(connection), key, "trouble", replace(trouble, raw={}), now, days=RAW_DAYS, connection=connection
    )
    return [Put(item, unless_there=True)]


_KEEPERS: dict[type, Any] = {
    Message: _keep_message,
    Note: _keep_note,
    Echo: _keep_echo,
    Edit: _keep_change,
    Unsend: _keep_change,
    Reaction: _keep_change,
    Trouble: _keep_trouble,
}


def _place(channel: str, account: str, thread: str, author_id: str, parent: str) -> str:
    """The conversation, or, where the platform does not tell the thread, the message whose thread it shares."""
    if thread:
        return conversation_id(channel, account, thread, author_id)
    return identity_key(channel, account, parent)


def _fit(message: Message) -> Message:
    if len(message.text) * 6 < LARGEST_ITEM or len(stored.dump(message.text)) < LARGEST_ITEM:
        return message
    key = f"bodies/{identity(message.channel, message.account, message.id)}"
    objects.put(key, message.text.encode("utf-8", "replace"), "text/plain; charset=utf-8")
    return replace(message, text=message.text[:SHOWN_OF_LARGE], overflow=key)


def _raw(event: Event) -> str:
    raw = stored.dump(event.raw)
    return raw if len(raw) < LARGEST_ITEM else ""


def _put_aside(request: WebhookRequest, connection: str, found: Sequence[Unreadable], now: datetime) -> Put:
    reasons = "; ".join(dict.fromkeys(each.reason for each in found).keys())
    body = b64encode(request.body).decode()
    more: dict[str, Any] = {
        "connection": connection,
        "headers": json.dumps({name: request.headers[name] for name in HEADERS_FOR_REPLAY if name in request.headers}),
        "received_at": str(request.received_at),
    }
    if len(body) > LARGEST_ITEM:
        more["object"] = f"quarantine/{sha256(request.body).hexdigest()}"
        objects.put(more["object"], body.encode())
        body = ""
    return Put(conversations.quarantined("webhook", reasons[:400], body, now, **more))
