"""What is kept of phones: texts on their way, what was texted to us, the phone's own state, and the codes of conversations.

pk = phone#<hash of the number>: phone             what we know about the phone, one writer at a time (version)
                                 i#<time>#text#<id>     texts to it, in the group of which they are paced and sent
                                 i#<time>#text-in#<id>  what its owner texted us
pk = code#<code>:                code              which conversation a code stands for, and when it was last texted
pk = conversation id:            code              its code, and the cycle of which its owner wants no more texts
                                 o#<time>#<id>     that a text was decided on, and what became of it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import stored
from chalicelib.aws import conversations, table
from chalicelib.aws.conversations import CONVERSATION_DAYS, Entry, entry, epoch, item_key, mail_key
from chalicelib.aws.table import Change, Item, Put, Refused
from chalicelib.model import Handset, OutgoingText
from chalicelib.phone.codes import candidates

KEPT = timedelta(days=7)  # a code stands for its conversation so long after the last text with it
RESTS = timedelta(days=1)  # of a settled conversation at least so long: its last text may still be answered
ALARMS = ("reminder", "missed", "window", "unresolved")  # texts that nobody asked for

IsSettled = Callable[[str], bool]


class NoCode(Exception):
    """Every code that the conversation may have is taken."""


def text_on_its_way(pk: str, text: OutgoingText, now: datetime) -> list[Put]:
    """The writes that put a text into the hands of its phone's job; deciding on the same one again changes nothing."""
    item = entry(pk, text_key(text), "text", text, now, state="pending", tries=0)
    return [Put(item, unless_there=True), *_record(text)]


def text_key(text: OutgoingText) -> str:
    """The sort key of a text in its phone's partition."""
    return item_key(text.created_at, "text", text.id)


def ended(found: Entry, state: str, **more: Any) -> list[Change]:
    """The writes that end a text, in its phone's partition and in its conversation's record."""
    text = found.read(OutgoingText)
    record = [Change(text.conversation, mail_key(text), set={"state": state, **more})] if _is_recorded(text) else []
    return [replace(conversations.done(found, state=state, **more), when={"state": found.more["state"]}), *record]


def load(pk: str) -> Handset:
    """What we know about a phone; nothing yet about a new one."""
    item = table.get(pk, "phone")
    return replace(stored.load(Handset, item["data"]), version=item["version"]) if item else Handset()


def save(pk: str, handset: Handset) -> Put | Change:
    """The write that keeps it; it fails when somebody else did since it was loaded."""
    item = {"data": stored.dump(replace(handset, version=0)), "version": handset.version + 1, "kind": "phone"}
    if not handset.version:
        return Put({"pk": pk, "sk": "phone", **item}, unless_there=True)
    return Change(pk, "phone", set=item, when={"version": handset.version})


def name(conversation: str, now: datetime, is_settled: IsSettled) -> str:
    """The conversation's code, from now on for a week; the same as long as it has one. Raises NoCode, Refused."""
    own = code_of(conversation)
    for code in dict.fromkeys((own, *candidates(conversation)) if own else candidates(conversation)):
        taken = table.get(_key(code), "code")
        if taken and taken["conversation"] != conversation and not _is_free(taken, now, is_settled):
            continue
        try:
            conversations.write([*_claim(code, conversation, taken, now), *_pointer(conversation, code, own, now)])
        except Refused:
            continue  # somebody else was quicker
        return code
    raise NoCode(conversation)


def code_of(conversation: str) -> str:
    """The code a conversation had last, "" if none."""
    pointer = table.get(conversation, "code")
    return str(pointer["code"]) if pointer else ""


def whose(code: str, now: datetime) -> str:
    """The conversation that a code stands for; "" when it stands for none (any more)."""
    taken = table.get(_key(code), "code")
    return str(taken["conversation"]) if taken and now - _at(taken) <= KEPT else ""


def is_seen(conversation: str, cycle: int) -> bool:
    """Whether somebody said that no more texts are wanted in this cycle."""
    pointer = table.get(conversation, "code")
    return bool(pointer) and (pointer or {}).get("seen") == cycle


def seen(conversation: str, cycle: int) -> Change:
    """The write that keeps that no more texts are wanted in this cycle."""
    return Change(conversation, "code", set={"seen": cycle})


def _record(text: OutgoingText) -> list[Put]:
    if not _is_recorded(text):
        return []
    kept = {"kind": "text", "data": stored.dump(text), "state": "pending"}
    expires_at = epoch(text.created_at + timedelta(days=CONVERSATION_DAYS))
    return [Put({"pk": text.conversation, "sk": mail_key(text), **kept, "expires_at": expires_at}, unless_there=True)]


def _is_recorded(text: OutgoingText) -> bool:
    return text.code in ALARMS


def _claim(code: str, conversation: str, taken: Item | None, now: datetime) -> list[Put | Change]:
    mine = {"conversation": conversation, "used_at": epoch(now), "expires_at": epoch(now + 4 * KEPT)}
    if taken is None:
        return [Put({"pk": _key(code), "sk": "code", "kind": "code", **mine}, unless_there=True)]
    unchanged = {"conversation": taken["conversation"], "used_at": taken["used_at"]}
    return [Change(_key(code), "code", set=mine, when=unchanged)]


def _pointer(conversation: str, code: str, own: str, now: datetime) -> list[Put | Change]:
    known = {"code": code, "expires_at": epoch(now + timedelta(days=CONVERSATION_DAYS))}
    if own:
        return [Change(conversation, "code", set=known, when={"code": own})]
    return [Put({"pk": conversation, "sk": "code", "kind": "pointer", **known}, unless_there=True)]


def _is_free(taken: Item, now: datetime, is_settled: IsSettled) -> bool:
    unused = now - _at(taken)
    return unused > KEPT or (unused > RESTS and is_settled(str(taken["conversation"])))


def _at(taken: Item) -> datetime:
    return datetime.fromtimestamp(taken["used_at"], UTC)


def _key(code: str) -> str:
    return f"code#{code}"
