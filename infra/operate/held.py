"""Answers of agents that are held: which, why, what would be posted; released or dropped once, and who did it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry
from chalicelib.aws.table import Refused
from chalicelib.mailroom import holds
from chalicelib.mailroom.holds import NotReleasable
from chalicelib.model import Held, HeldState
from chalicelib.text import one_line, tidy
from infra.operate import NotFound, shortened


def lines() -> Iterator[str]:
    """A line each: name, when, conversation, why, whose, the first words."""
    for entry in conversations.all_held():
        held, answer = entry.read(Held), entry.read(Held).answer
        words = one_line(answer.text, 60) or "(no words)"
        yield f"{held.code}  {answer.at:%Y-%m-%dT%H:%M:%SZ}  {entry.pk}  {held.reason:<16} {one_line(answer.agent, 40)}  {words}"


def details(name: str) -> str:
    """One held answer, exactly as it would be posted. Raises NotFound."""
    entry = _find(name)
    held, answer = entry.read(Held), entry.read(Held).answer
    known = {
        "name": held.code,
        "conversation": entry.pk,
        "held at": f"{answer.at:%Y-%m-%d %H:%M:%SZ}",
        "agent": one_line(answer.agent, 100),
        "reason": held.reason,
        "a yes is enough": "yes" if held.by_yes else "no",
        "where": {True: "public", False: "private", None: "as the conversation is"}[answer.public],
        "not before": f"{answer.not_before:%Y-%m-%d %H:%M:%SZ}" if answer.not_before else "at once",
        "files": ", ".join(f"{one_line(each.name, 80)} ({each.size} bytes)" for each in answer.attachments) or "none",
    }
    facts = [f"{label + ':':<17} {fact}" for label, fact in known.items()]
    return "\n".join([*facts, "", shortened(tidy(answer.text) or "(no words)")])


def release(name: str) -> str:
    """Has one posted, once. Raises NotFound or NotReleasable."""
    entry = _find(name)
    _once(holds.by_operator(entry, datetime.now(UTC)))
    return f"{entry.read(Held).code} is on its way to {entry.pk}."


def drop(name: str) -> None:
    """Nothing of it is ever posted. Raises NotFound or NotReleasable."""
    _once(holds.end(_find(name), HeldState.DROPPED, "operator", datetime.now(UTC)))


def _find(name: str) -> Entry:
    wanted = f"h-{name.removeprefix('h-')}"
    found = [each for each in conversations.all_held() if each.read(Held).code == wanted]
    if len(found) != 1:
        raise NotFound(f"not held: {one_line(name, 40)}. See: bridgehead hold list")
    return found[0]


def _once(writes: holds.Writes) -> None:
    try:
        conversations.write(writes)
    except Refused:
        raise NotReleasable("it was released or dropped a moment ago; nothing was done again") from None
