"""What an operator looks at and sets right: quarantine, replay, a conversation. Nothing here shows raw control characters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from chalicelib import intake, mailroom, stored
from chalicelib.aws import conversations, objects, parameters
from chalicelib.aws.conversations import QUARANTINE_DAYS, Entry
from chalicelib.aws.table import Change
from chalicelib.channels import open_channel
from chalicelib.mailroom.authority import Receipt
from chalicelib.model import Conversation
from chalicelib.text import one_line, tidy

SHOWN = 4_000  # characters of a raw payload or mail
ACCEPTED = ("reply", "held", "closed", "released", "note", "known", "message")
LARGEST_SHOWN = 10_000_000  # bytes
Item = Mapping[str, Any]


class NotFound(Exception):
    """There is no such thing; the message says how to find one."""


class NotTrusted(Exception):
    """A quarantined mail is still not to be used; the message says why."""


def put_aside() -> Iterator[Item]:
    """Everything in quarantine that nobody dealt with yet, oldest first."""
    today = datetime.now(UTC)
    for days in range(QUARANTINE_DAYS, -1, -1):
        yield from (item for item in conversations.quarantine(today - timedelta(days=days)) if "dealt_with" not in item)


def quarantine_lines() -> Iterator[str]:
    """A line each: id, when, where from, why."""
    for item in put_aside():
        yield f"{name_of(item)}  {item['sk'][:19]}Z  {item['source']:<8} {one_line(item['reason'], 100)}"


def quarantine_details(name: str) -> str:
    """One item in full, as far as it can be shown. Raises NotFound."""
    item = _find(name)
    known = [f"{key}: {one_line(str(item[key]), 200)}" for key in sorted(item) if key not in ("data", "writer")]
    return "\n".join([*known, "", shortened(tidy(_content(item)))])


def shortened(words: str) -> str:
    """As much of it as anybody reads on a screen."""
    return words if len(words) <= SHOWN else f"{words[:SHOWN]}\n(cut: {len(words):,} characters in all)"


def drop(name: str) -> None:
    """Marks an item as dealt with; it stays until it expires. Raises NotFound."""
    _deal_with(_find(name), "dropped")


def release(name: str) -> str:
    """Reads a quarantined mail once more, by the agents and keys of now; what became of it. Raises NotFound or NotTrusted."""
    item = _find(name)
    if "receipt" not in item:
        raise NotTrusted(f"{name} is no mail. Webhooks are read again with: bridgehead replay {name}")
    outcome = _received(stored.load(Receipt, item["receipt"]))
    if not outcome.startswith(ACCEPTED):
        raise NotTrusted(f"still not to be used: {outcome}. An agent must be on the list, and the mail be theirs.")
    _deal_with(item, "released")
    return outcome


def replay(names: Sequence[str] = ()) -> Iterator[str]:
    """Reads quarantined webhooks again, after a fix; all of them without names. What came before is recognised."""
    chosen = [item for item in put_aside() if item["source"] == "webhook" and (not names or name_of(item) in names)]
    missing = set(names) - {name_of(item) for item in chosen}
    if missing:
        raise NotFound(f"not in quarantine: {', '.join(sorted(missing))}. See: bridgehead quarantine list")
    if not chosen:
        yield "No webhook is in quarantine."
    for position, item in enumerate(chosen, 1):
        yield f"{position}/{len(chosen)}  {name_of(item)}  {_replay(item)}"


def conversation_lines(name: str) -> Iterator[str]:
    """A conversation's state, then what came in, went out and waits. Raises NotFound."""
    conversation = conversations.load(name)
    if conversation is None:
        raise NotFound(
            f"there is no conversation {one_line(name, 40)}. Its id stands in a ticket mail's address, after c-"
        )
    yield from _head_lines(conversation)
    for entry in [*conversations.latest(name, 100), *conversations.mails(name, 100)]:
        yield _entry_line(entry)


def name_of(item: Item) -> str:
    """How an operator names a quarantined item."""
    return str(item["sk"]).rpartition("#")[2]


def _received(receipt: Receipt) -> str:
    """Nothing is put aside a second time, and what the mailroom prints for alarms is not for this screen."""
    room = mailroom.open_room(intake.keep_events)
    room = replace(room, put_aside=lambda receipt, reason, metric="": reason, by_hand=True)
    with redirect_stdout(StringIO()):
        outcomes = mailroom.receive(receipt, mailroom.fetch(receipt, room), room)
    return ", ".join(outcomes.values()) or "no-address-of-ours"


def _deal_with(item: Item, how: str) -> None:
    at = conversations.stamp(datetime.now(UTC))
    conversations.write([Change(item["pk"], item["sk"], set={"dealt_with": at, "dealt_with_how": how})])


def _replay(item: Item) -> str:
    request = intake.read_put_aside(item)
    _, connection = parameters.load_connection(item["connection"], "receive")
    kept = intake.keep(request, open_channel(connection), connection.name)
    if not kept.unreadable:
        _deal_with(item, "replayed")
    return f"{kept.new} new, {kept.known} known, {kept.unreadable} still unreadable"


def _find(name: str) -> Item:
    found = next((item for item in put_aside() if name_of(item) == name), None)
    if found is None:
        raise NotFound(f"not in quarantine: {one_line(name, 40)}. See: bridgehead quarantine list")
    return found


def _content(item: Item) -> str:
    try:
        if item["source"] == "webhook":
            return intake.read_put_aside(item).body.decode("utf-8", "replace")
        if "object" in item:
            return objects.get(item["object"], LARGEST_SHOWN).decode("utf-8", "replace")
    except (KeyError, ValueError):
        return "(its content is gone, or too large to show)"
    return str(item.get("data", ""))


def _head_lines(conversation: Conversation) -> Iterator[str]:
    clock, author = conversation.clock, conversation.author
    waiting = (
        f"{clock.waiting_since:%Y-%m-%d %H:%M:%SZ}, due {clock.due_at:%Y-%m-%d %H:%M:%SZ}"
        if clock.waiting_since and clock.due_at
        else "nobody"
    )
    yield f"conversation  {conversation.id}"
    openness = "public" if conversation.public else "private"
    yield f"channel       {conversation.channel} {conversation.account} ({conversation.kind}, {openness})"
    yield f"author        {one_line(author.name or author.handle or '-', 60)} (id {one_line(author.id or '-', 40)})"
    yield f"waiting       {waiting} (cycle {clock.cycle}, policy {clock.policy or '-'}, {clock.stage} reminders)"
    yield f"ticket        {one_line(f'{conversation.ticket.tag} {conversation.ticket.subject}', 100) or '-'}"
    yield ""


def _entry_line(entry: Entry) -> str:
    at = entry.sk.split("#")[1][:19]
    data = json.loads(entry.data)
    state = entry.more.get("state") or ("waits" if "todo" in entry.more else "")
    what = data.get("kind", "") if entry.kind == "mail" else ""
    detail = " ".join(str(entry.more[key]) for key in ("code", "reason") if key in entry.more)
    said = data.get("answer", data)  # a held answer has its words one level deeper
    words = one_line(str(said.get("text", "") or data.get("code", "")), 70)
    return f"{at}Z  {entry.kind + (' ' + what if what else ''):<16} {state:<10} {detail:<14} {words}".rstrip()
