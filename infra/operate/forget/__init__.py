"""`bridgehead forget`: everything that we keep of one person goes, and nobody goes on with them.

    look -> ask -> seal -> take away -> wait until nothing is under way any more -> look and take away again -> unseal

The seal takes the head off each conversation in one conditional write: a desk that has it in hand can save nothing any
more, no reminder finds anybody, and a new question opens a conversation of its own. What a function wrote meanwhile
the second look finds. Objects go before the items that name them, seals last: an interrupted run is simply run again.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib import reply_address
from chalicelib.aws import clients, conversations, dead, environment, objects, parameters, schedules
from chalicelib.aws.dead import Letter
from chalicelib.aws.table import Action, Change, Put, Refused, Remove
from infra.operate.forget.kept import Shelf
from infra.operate.forget.look import Look
from infra.operate.forget.person import SEAL, Busy, Person, named, seal
from infra.operate.forget.pieces import without
from infra.operate.forget.traces import Trace, walk

UNDER_WAY = 65  # seconds; longer than any function that works on a conversation may run
AT_ONCE = 50  # items in one write
PLACES = re.compile(r"id#[a-z2-7]{32}|(?<![a-z2-7])[a-z2-7]{16}(?![a-z2-7])")

Say = Callable[[str], None]


class Unfinished(Exception):
    """Something was in the way; what is gone is gone, and the same command goes on with the rest."""


@dataclass
class Found:
    """What there is of somebody: by kind how much, and what cannot be taken out."""

    person: Person
    look: Look
    traces: Sequence[Trace] = ()
    mails: Sequence[str] = ()
    identities: frozenset[str] = frozenset()  # also those that were found before
    counts: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do, not even to finish."""
        return not any(self.counts.values()) and not self.left and not self.look.sealed


def find(given: Sequence[str], say: Say = print) -> Found:
    """Everything of the person whom the words name; nothing is changed. Raises NotFound, NotSure."""
    person, settings = named(given), parameters.load_settings()
    keys = reply_address.open_keys(parameters.load_keys(), environment.get("STAGE"))
    found = _look(Shelf(person, settings, keys), say)
    _count(found, _objects(found))
    found.counts["schedule"] += sum(1 for _ in _timers(found))
    found.counts["letter"] += _letters(found, drop=False)
    return found


def remove(
    found: Found,
    say: Say = print,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Found:
    """Takes all of it away; what was taken away, and what could not be. Raises Unfinished."""
    try:
        return _remove(found, say, pause, now())
    except (clients.Passing, Busy) as error:
        raise Unfinished(
            f"not finished ({type(error).__name__}): something was in the way. Run the same again."
        ) from error


def lines(found: Found) -> Iterator[str]:
    """How much there is, or was, of each kind; never what."""
    for kind, label in LABELS.items():
        if found.counts[kind]:
            yield f"{found.counts[kind]:>7,}  {label}"
    for each in dict.fromkeys(found.left):
        yield f"  stays  {each}"


def _remove(found: Found, say: Say, pause: Callable[[float], None], now: datetime) -> Found:
    done = Found(found.person, found.look)
    done.counts["head"] += sum(seal(pk, found.person, now) for pk in found.person.conversations)
    sealed = time.monotonic()
    _take(found, done, say)
    say(f"waiting {UNDER_WAY} seconds, until nothing is under way any more")
    pause(max(0.0, UNDER_WAY - (time.monotonic() - sealed)))
    again = _look(found.look.shelf, say, found.identities)
    _take(again, done, say)
    done.look, done.left = again.look, [*found.left, *again.left]
    _write([Remove(pk, SEAL) for pk in again.look.sealed])
    return done


def _look(shelf: Shelf, say: Say, before: frozenset[str] = frozenset()) -> Found:
    mails = shelf.look()
    look = Look(shelf.person, shelf, _connections(shelf))
    traces = walk(look, say)
    left = [each.left for each in traces if each.left]
    shared = [f"a mail to several conversations, until {at}: {key}" for key, at in shelf.shared.items()]
    return Found(shelf.person, look, traces, mails, look.identities | before, left=[*left, *shared])


def _connections(shelf: Shelf) -> Collection[str]:
    person, served = shelf.person, shelf.settings.connections.items()
    return [name for name, each in served if each.channel == person.channel and person.account in each.accounts]


def _objects(found: Found) -> list[str]:
    named = dict.fromkeys(key for trace in found.traces for key in trace.objects)
    return [key for key in dict.fromkeys((*found.mails, *named)) if objects.is_there(key)]


def _count(found: Found, files: Collection[str]) -> None:
    found.counts.update(trace.kind for trace in found.traces if trace.actions)
    found.counts["object"] += len(files)


def _take(found: Found, done: Found, say: Say) -> None:
    for name in _timers(found):
        schedules.cancel(name)
        done.counts["schedule"] += 1
    done.counts["letter"] += _letters(found, drop=True)
    for key in _objects(found):
        objects.delete(key)
        done.counts["object"] += 1
    _carry_out(found.traces, done, say)


def _carry_out(traces: Sequence[Trace], done: Found, say: Say) -> None:
    """Conditional ones by themselves: what was changed meanwhile the next look finds."""
    writes = {(write.pk, write.sk): (write, each.kind) for each in traces for write in map(_placed, each.actions)}
    bare = sorted((each for each in writes.values() if not each[0].when), key=_rank)
    for start in range(0, len(bare), AT_ONCE):
        batch = bare[start : start + AT_ONCE]
        _write([write.action for write, _ in batch])
        done.counts.update(kind for _, kind in batch)
        if len(bare) > AT_ONCE:
            say(f"{start + len(batch):,} of {len(bare):,} items")
    for write, kind in (each for each in writes.values() if each[0].when):
        with suppress(Refused):
            _write([write.action])
            done.counts[kind] += 1


def _rank(each: tuple[_Write, str]) -> int:
    """What is found only by way of something else goes before that: texts by answers, identities by what waits."""
    return 0 if each[1] == "text-in" else 1 if isinstance(each[0].action, Put) else 2


@dataclass(frozen=True)
class _Write:
    pk: str
    sk: str
    when: Mapping[str, Any]
    action: Action


def _placed(action: Action) -> _Write:
    if isinstance(action, Remove | Change):
        return _Write(action.pk, action.sk, action.when, action)
    item: Mapping[str, Any] = getattr(action, "item", {})
    return _Write(item["pk"], item["sk"], {}, action)


def _write(actions: Sequence[Action]) -> None:
    if actions:
        conversations.write(actions)


def _timers(found: Found) -> Iterable[str]:
    still = (pk for pk in found.person.conversations if pk not in found.look.afresh)
    return [name for pk in still for prefix in (f"{pk}-", f"wake-{pk}-") for name in schedules.named(prefix)]


def _letters(found: Found, drop: bool) -> int:
    """Dead letters that name the person; one that holds others' words as well stays."""
    own, ids = {*found.person.conversations, *found.identities}, found.person.ids
    mails = {json.dumps(key) for key in found.mails}

    def is_theirs(letter: Letter) -> bool:
        if own & set(PLACES.findall(letter.body)) or any(key in letter.body.replace("\\", "") for key in mails):
            return True
        rest = without(letter.body, ids) if letter.queue == "dead-deliveries" else letter.body
        if rest is not None and rest != letter.body:
            found.left.append("a dead letter that holds others' words as well; it ends by itself within 14 days")
        return rest is None

    return dead.take_out(is_theirs, drop)


ELSEWHERE = """Not ours to remove, and still there: their tickets in the helpdesk, their posts on the platform, mails in people's mailboxes.
What was removed can be restored from the table's point-in-time backup for 35 days; then that ends too.
Somebody who wrote on another channel or account, or under another id, is another person here: name that as well."""

LABELS: Mapping[str, str] = {
    "head": "conversations",
    "message": "messages",
    "note": "notes of platforms",
    "edit": "edits",
    "unsend": "messages taken back",
    "reaction": "reactions",
    "echo": "answers given on the platform",
    "moved": "new ids of theirs",
    "reply": "answers of agents",
    "held": "held answers",
    "closed": "conversations closed by agents",
    "undelivered": "answers that did not arrive",
    "repinned": "policies set anew",
    "mail": "mails of ours",
    "text": "texts to phones",
    "text-in": "texts from phones",
    "phone": "questions put to a phone",
    "learnt": "notes of agents' mails",
    "bounced": "notes of lost mails",
    "turn": "turns of the clock",
    "alarm": "alarms for the owner or the lead",
    "schedule": "schedules",
    "id": "records by which a repeat is recognised (a bare hash stays for as long)",
    "raw": "raw deliveries",
    "profile": "profiles",
    "alias": "other names of their conversations",
    "pointer": "pointers",
    "code": "codes for texts",
    "mailing": "counted mails",
    "quarantine": "pieces in quarantine",
    "object": "files and mails in the bucket",
    "letter": "dead letters",
}
