"""What came in without its conversation: an edit, an unsend, a reaction, an answer in the platform's app, a reply to a post.

They wait at the message they speak of. As soon as it is known where that message is they go there; a message whose
parent never came starts a conversation of its own, a change whose message never came is put aside after a day.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import stored
from chalicelib.aws import conversations
from chalicelib.aws.conversations import (
    CONVERSATION_DAYS,
    QUARANTINE_DAYS,
    Entry,
    done,
    identity_key,
    item_key,
    quarantined,
    raw_item,
    watched,
)
from chalicelib.aws.conversations import entry as new_item
from chalicelib.aws.table import Change, Item, Put, Refused
from chalicelib.channels import days_kept
from chalicelib.desk import parts
from chalicelib.desk.erasing import emptied, erased, version_of
from chalicelib.model import (
    AgentReply,
    Echo,
    Edit,
    Message,
    Reaction,
    ReplyState,
    Undelivered,
    Unsend,
    conversation_id,
)

LOOK_AGAIN = timedelta(minutes=10)
PATIENCE = timedelta(hours=24)
LATEST = 20

Actions = list[Put | Change]
Event = Message | Echo | Edit | Unsend | Reaction | Undelivered


def settle(pk: str, now: datetime) -> None:
    """Moves what waits at a message to where that message is."""
    place = conversations.whereabouts(pk)
    known = place if place and not place["conversation"].startswith("id#") else None
    for entry in conversations.pending(pk):
        write_once([*_MOVES[entry.kind](entry, known, now)])


def write_once(actions: Actions) -> None:
    """The writes that move an item, the last of which takes it off the list where it was."""
    try:
        conversations.write(actions)
    except Refused:
        # moved already; only the mark that it waits was left behind
        conversations.write(actions[-1:])


def _move_message(entry: Entry, known: Item | None, now: datetime) -> Actions:
    message = entry.read(Message)
    found = replace(message, thread=_thread_of(known) or message.parent)
    place = conversation_id(found.channel, found.account, found.thread, found.author.id)
    key = identity_key(found.channel, found.account, found.id)
    home = Change(key, "id", set={"conversation": place, "item": entry.sk})
    return [_arrive(entry, place, entry.sk, found, now), home, _left(entry, message)]


def _left(entry: Entry, event: Event) -> Change:
    """Words are kept in one place, so that there they can be erased."""
    return done(entry, data=stored.dump(emptied(event)))


def _thread_of(known: Item | None) -> str:
    if known is None:
        return ""
    conversation = conversations.load(known["conversation"])
    if conversation:
        return conversation.thread
    # kept a moment ago, the desk has not come to it yet
    first = conversations.one(known["conversation"], known["item"])
    return first.read(Message).thread if first and first.kind == "message" else ""


def _move_echo(entry: Entry, known: Item | None, now: datetime) -> Actions:
    if known is None:
        return _wait(entry, now)
    echo = entry.read(Echo)
    _name(echo, entry, known["conversation"])
    return [_arrive(entry, known["conversation"], entry.sk, echo, now), _left(entry, echo)]


def _name(echo: Echo, entry: Entry, place: str) -> None:
    """Who answers it is found by it; unless it is an answer of ours, which is known by itself."""
    key = identity_key(echo.channel, echo.account, echo.id)
    home = Change(key, "id", set={"conversation": place, "item": entry.sk}, when={"conversation": entry.pk})
    with suppress(Refused):
        conversations.write([home])


def _move_edit(entry: Entry, known: Item | None, now: datetime) -> Actions:
    if known is None:
        return _wait(entry, now)
    edit = entry.read(Edit)
    if _is_outdated(conversations.one(known["conversation"], known["item"]), edit):
        return [_left(entry, edit)]
    return _move_change(entry, known, edit, edit.at, lambda message: replace(message, text=edit.text), now)


def _is_outdated(original: Entry | None, edit: Edit) -> bool:
    """A later edit was quicker, or the words were taken back: this one must not bring them back."""
    if original is None:
        return False
    latest = original.more.get("edit")
    return "unsend" in original.more or bool(latest and datetime.fromisoformat(latest) > edit.at)


def _move_unsend(entry: Entry, known: Item | None, now: datetime) -> Actions:
    if known is None:
        return _wait(entry, now)
    unsend = entry.read(Unsend)
    forgotten = Change(entry.pk, "id", remove=("raw",))
    return [forgotten, *_without_raw(entry, unsend, now), *_move_change(entry, known, unsend, unsend.at, erased, now)]


def _without_raw(entry: Entry, unsend: Unsend, now: datetime) -> Actions:
    """The same beside the identity, where a channel's payloads lie there."""
    days = days_kept(unsend.channel, conversations.RAW_DAYS)
    return [Put(raw_item(entry.pk, "", now, days))] if days < conversations.RAW_DAYS else []


def _move_reaction(entry: Entry, known: Item | None, now: datetime) -> Actions:
    """It changes nothing: not the message, which may be our own answer, and not who is waiting."""
    if known is None:
        return _wait(entry, now)
    reaction = entry.read(Reaction)
    key = item_key(min(reaction.at, now), entry.kind, entry.sk.rsplit("#", 1)[-1])
    return [_arrive(entry, known["conversation"], key, reaction, now), done(entry)]


def _move_undelivered(entry: Entry, known: Item | None, now: datetime) -> Actions:
    """To the answer that did not arrive, once it is over; the answer is marked with the first of its posts that failed."""
    answer = conversations.one(known["conversation"], known["item"]) if known else None
    if answer is None or answer.kind != "reply" or "todo" in answer.more:
        return _wait(entry, now)
    if "undelivered" in answer.more:
        return [done(entry)]
    told = entry.read(Undelivered)
    state = {"state": ReplyState.UNDELIVERED} if answer.more["state"] == ReplyState.DONE else {}
    mark = Change(answer.pk, answer.sk, set={"undelivered": told.code, **state})
    key = item_key(min(told.at, now), entry.kind, entry.sk.rsplit("#", 1)[-1])
    given = answer.read(AgentReply)
    more = {"target": answer.sk, "followed": _is_followed(answer), "texted": given.texted, "words": given.text}
    return [_arrive(entry, answer.pk, key, told, now, **more), mark, done(entry)]


def _is_followed(answer: Entry) -> bool:
    """Whether the customer has got another answer since."""
    later = [each for each in conversations.latest(answer.pk, LATEST) if each.sk > answer.sk]
    return any(_is_answer(each, answer) for each in later)


def _is_answer(each: Entry, answer: Entry) -> bool:
    if each.kind == "echo":
        return not parts.is_ours(answer, each.read(Echo))
    return each.kind == "reply" and each.more["state"] == ReplyState.DONE


_MOVES: dict[str, Callable[[Entry, Item | None, datetime], Actions]] = {
    "message": _move_message,
    "echo": _move_echo,
    "edit": _move_edit,
    "unsend": _move_unsend,
    "reaction": _move_reaction,
    "undelivered": _move_undelivered,
}


def _move_change(
    entry: Entry,
    known: Item,
    change: Edit | Unsend,
    at: datetime,
    apply: Callable[[Message], Message],
    now: datetime,
) -> Actions:
    place, target = known["conversation"], known["item"]
    name = entry.sk.rsplit("#", 1)[-1]
    key = item_key(min(at, now), entry.kind, name)
    arrived, left = _arrive(entry, place, key, change, now, target=target), _left(entry, change)
    original = conversations.one(place, target)
    if original is None or original.kind != "message":
        return [arrived, left]
    changed = stored.dump(apply(original.read(Message)))
    noted = version_of(name, key) if entry.kind == "edit" else {}
    return [arrived, Change(place, target, set={"data": changed, entry.kind: stored.plain(at), **noted}), left]


def _arrive(entry: Entry, place: str, sk: str, event: Event, now: datetime, **more: Any) -> Put:
    days = days_kept(event.channel, CONVERSATION_DAYS)
    item = new_item(place, sk, entry.kind, event, now, days=days, connection=entry.more["connection"], **more)
    return Put(item, unless_there=True)


def _wait(entry: Entry, now: datetime) -> Actions:
    if now - _arrived(entry) < PATIENCE:
        return [Change(entry.pk, entry.sk, set=watched(entry.pk, now + LOOK_AGAIN))]
    change = _PUT_ASIDE.get(entry.kind)
    if change is None:
        return [done(entry)]
    days = days_kept(entry.read(change).channel, QUARANTINE_DAYS)
    aside = quarantined("desk", f"{entry.kind} of an unknown message", entry.data, now, days, pk_waited=entry.pk)
    return [Put(aside), done(entry)]


def _arrived(entry: Entry) -> datetime:
    # items of before this was noted live for as long as raw payloads do
    at = entry.more.get("arrived")
    return datetime.fromtimestamp(at or entry.more["expires_at"], UTC) - (timedelta() if at else _FORMERLY)


_FORMERLY = timedelta(days=conversations.RAW_DAYS)
_PUT_ASIDE: dict[str, type[Edit] | type[Unsend]] = {"edit": Edit, "unsend": Unsend}
