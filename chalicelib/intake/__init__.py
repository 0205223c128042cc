"""What the webhook does: proven -> parsed -> kept, then 2xx. Nothing slow, nothing sent, one write.

What platforms tell when they are asked is kept in the same way, under the same identities.

Parsed events become items of their conversation; the table's stream takes it from there. Nothing is answered 2xx
before it is written; what is proven but unreadable is written as well, raw, and brought back by `replay`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib import stored
from chalicelib.aws import conversations, objects, table
from chalicelib.aws.conversations import QUARANTINE_DAYS
from chalicelib.aws.table import LARGEST_TRANSACTION, Put, Refused
from chalicelib.channels import days_kept
from chalicelib.channels.base import Channel, Connection, Malformed, WebhookRequest
from chalicelib.intake.items import LARGEST_ITEM, Steps, steps
from chalicelib.model import Event, Unreadable

LARGEST_WRITE = 2_000_000  # bytes in one transaction; DynamoDB takes 4 MB
HEADERS_FOR_REPLAY = ("webhook-id", "svix-id", "webhook-timestamp", "svix-timestamp", "content-type")


@dataclass(frozen=True)
class Kept:
    """What became of one delivery."""

    new: int = 0
    known: int = 0
    unreadable: int = 0


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
    aside = [_put_aside(request, channel.connection, unreadable, now)] if unreadable else []
    return _keep(events, aside, connection, now)


def keep_events(events: Sequence[Event], connection: Connection, now: datetime) -> Kept:
    """What a platform told when it was asked, exactly as if it had been pushed; what cannot be read is put aside, piece by piece.

    Raises table.Busy.
    """
    unreadable = [event for event in events if isinstance(event, Unreadable)]
    aside = {each.item["sk"]: each for each in (_piece_aside(one, connection, now) for one in unreadable)}
    return _keep(events, list(aside.values()), connection.name, now)


def read_put_aside(item: Mapping[str, Any]) -> WebhookRequest:
    """The delivery that a quarantine item holds, for `replay`. Raises KeyError when its object is gone."""
    data = item["data"] if "object" not in item else objects.get(item["object"], 10 * LARGEST_WRITE).decode()
    body = b64decode(data)
    return WebhookRequest("POST", json.loads(item["headers"]), {}, body, float(item["received_at"]))


def _keep(events: Sequence[Event], aside: Sequence[Put], connection: str, now: datetime) -> Kept:
    readable = [event for event in events if not isinstance(event, Unreadable)]
    # a microsecond apart: what has the same time on its platform stays in the order in which it came
    writes = [steps(event, connection, now + timedelta(microseconds=n)) for n, event in enumerate(readable)]
    known = _write_new([*writes, *([put] for put in aside)])
    return Kept(len(writes) - known, known, len(events) - len(readable))


def _write_new(writes: Sequence[Steps]) -> int:
    distinct = {(each[0].item["pk"], each[0].item["sk"]): each for each in reversed(writes)}
    known = len(writes) - len(distinct)
    return known + sum(_write(batch) for batch in _batches(list(reversed(distinct.values()))))


def _batches(writes: Sequence[Steps]) -> Iterator[list[Steps]]:
    batch: list[Steps] = []
    actions = size = 0
    for each in writes:
        weight = sum(len(str(put.item.get("data", ""))) + len(str(put.item.get("raw", ""))) + 1000 for put in each)
        if batch and (actions + len(each) > LARGEST_TRANSACTION or size + weight > LARGEST_WRITE):
            yield batch
            batch, actions, size = [], 0, 0
        batch.append(each)
        actions, size = actions + len(each), size + weight
    if batch:
        yield batch


def _write(batch: list[Steps]) -> int:
    """How many of a batch's events were known already."""
    writer, known = table.new_writer(), 0
    while batch:
        try:
            table.write([put for each in batch for put in each], writer)
        except Refused as refused:
            new = _without(batch, refused)
            known += len(batch) - len(new)
            batch = new
        else:
            return known
    return known


def _without(batch: Sequence[Steps], refused: Refused) -> list[Steps]:
    starts = [0]
    for each in batch:
        starts.append(starts[-1] + len(each))
    spans = zip(batch, starts, starts[1:], strict=False)
    return [each for each, start, end in spans if not any(start <= place < end for place in refused.there)]


def _put_aside(request: WebhookRequest, connection: Connection, found: Sequence[Unreadable], now: datetime) -> Put:
    days = days_kept(connection.channel, QUARANTINE_DAYS)
    reasons = "; ".join(dict.fromkeys(each.reason for each in found).keys())
    body = b64encode(request.body).decode()
    more: dict[str, Any] = {
        "connection": connection.name,
        "headers": json.dumps({name: request.headers[name] for name in HEADERS_FOR_REPLAY if name in request.headers}),
        "received_at": str(request.received_at),
    }
    if len(body) > LARGEST_ITEM:
        more["object"] = f"{_shelf(days)}{sha256(request.body).hexdigest()}"
        objects.put(more["object"], body.encode())
        body = ""
    return Put(conversations.quarantined("webhook", reasons[:400], body, now, days, **more))


def _shelf(days: int) -> str:
    """The bucket empties it in time."""
    return "quarantine/" if days == QUARANTINE_DAYS else "quarantine/brief/"


def _piece_aside(found: Unreadable, connection: Connection, now: datetime) -> Put:
    days, raw = days_kept(connection.channel, QUARANTINE_DAYS), stored.dump(found.raw)
    more: dict[str, Any] = {"connection": connection.name}
    if len(raw) > LARGEST_ITEM:
        more["object"] = f"{_shelf(days)}{sha256(raw.encode()).hexdigest()}"
        objects.put(more["object"], raw.encode())
        raw = ""
    return Put(conversations.quarantined("poll", found.reason, raw, now, days, **more))
