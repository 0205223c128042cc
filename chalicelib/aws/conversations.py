"""The table's keys, and what is kept under them. No other module knows any, but `clocks`, `known`, `phones` and `mailings` their own.

pk = conversation id:   head                  the conversation itself, one writer at a time (version)
                        i#<time>#<kind>#<id>  what came in: messages, notes, echoes, replies, what a helpdesk taught us
                        o#<time>#<id>         mails and texts of ours
                        c#<time>#<turn>       turns of the clock, for whoever asks later what happened
                        held                  which answer of an agent is held at present; `item` is its sort key
                        alias                 which conversation goes on there, see `desk.aliases`
                        forgotten             whose it was, while an operator forgets them; no Lambda reads it
pk = id#<identity>:     id                    which conversation a platform message is in; makes a redelivery recognisable
                        i#<kind>#<hash>       what waits for that message's conversation to be known: edits, unsends
                        raw                   the raw payload, where it may not live as long as the identity
pk = connection#<name>: i#…, o#…              what concerns a connection and no conversation; rings
                        <duty>#<account>      what the clock asks a platform for: how far it is, when it is due again
pk = person#<who>:      i#<time>#alarm#<id>   customers who wait, of whom the owner or the lead is to hear
                        o#…, pace             mails to them, and when the next may go
pk = phone#<hash>, code#<code>                texts, see `phones`
pk = quarantine#<day>:  <time>#<hash>         proven or authenticated, but not usable: kept raw for an operator

`todo` is there as long as something has to be done with an item; `shard` and `check_at` as long as a sweep has to look
after it; held answers have a shard of their own. New items under i# wake the desk through the table's stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from chalicelib import stored
from chalicelib.aws import table
from chalicelib.aws.table import Action, Change, Check, Item, Put
from chalicelib.model import Conversation, OutgoingMail, OutgoingText, identity

T = TypeVar("T")
SHARDS = 8
CONVERSATION_DAYS, RAW_DAYS, QUARANTINE_DAYS = 180, 35, 30  # identities live as long as raw payloads: over 30 days
OVERDUE_AFTER = timedelta(minutes=2)  # what the stream brought within seconds is stuck after this
SETTLED = ("todo", "shard", "check_at")
HELD_SHARD = "held"  # of the attention index, which no sweep looks at: all held answers, the oldest first
HELD_DAYS, MOST_HELD = 30, 1000


@dataclass(frozen=True)
class Entry:
    """One stored thing; `data` is a dumped data class of model.py, `more` the attributes of its ledger."""

    pk: str
    sk: str
    kind: str
    data: str
    strikes: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    def read(self, kind: type[T]) -> T:
        """The data class in it."""
        return stored.load(kind, self.data)


def entry(
    pk: str, sk: str, kind: str, data: Any, now: datetime, *, days: int = CONVERSATION_DAYS, **more: Any
) -> dict[str, Any]:
    """A new item that has to be worked on."""
    return {
        "pk": pk,
        "sk": sk,
        "kind": kind,
        "data": stored.dump(data),
        "todo": sk,
        **watched(pk, now + OVERDUE_AFTER),
        "arrived": epoch(now),
        "expires_at": epoch(now + timedelta(days=days)),
        **more,
    }


def watched(pk: str, at: datetime) -> dict[str, Any]:
    """The attributes by which a sweep finds an item after `at`."""
    return {"shard": shard(pk), "check_at": epoch(at)}


def shard(pk: str) -> str:
    """Which of the index's shards a partition's items are watched in."""
    return str(sha256(pk.encode()).digest()[0] % SHARDS)


def item_key(at: datetime, kind: str, name: str) -> str:
    """The sort key of something that came in: in the platform's order, whatever the order of arrival."""
    return f"i#{stamp(at)}#{kind}#{name}"


def mail_key(mail: OutgoingMail | OutgoingText) -> str:
    """The sort key of a mail or text of ours."""
    return f"o#{stamp(mail.created_at)}#{mail.id}"


def identity_key(channel: str, account: str, message_id: str) -> str:
    """The partition of a platform message."""
    return f"id#{identity(channel, account, message_id)}"


def connection_key(name: str) -> str:
    """The partition of a connection's own troubles."""
    return f"connection#{name}"


def raw_item(pk: str, raw: str, now: datetime, days: int) -> dict[str, Any]:
    """A raw payload beside its identity, where it has to go long before that."""
    return {"pk": pk, "sk": "raw", "kind": "raw", "raw": raw, "expires_at": epoch(now + timedelta(days=days))}


def quarantined(
    source: str, reason: str, raw: str, now: datetime, days: int = QUARANTINE_DAYS, **more: Any
) -> dict[str, Any]:
    """Something put aside for an operator; `raw` as it came, or the key of the object that holds it."""
    name = sha256(f"{source}{reason}{raw}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return {
        "pk": f"quarantine#{now:%Y-%m-%d}",
        "sk": f"{stamp(now)}#{name}",
        "kind": "quarantine",
        "source": source,
        "reason": reason,
        "data": raw,
        "expires_at": epoch(now + timedelta(days=days)),
        **more,
    }


def quarantine(day: datetime) -> list[Item]:
    """What was put aside on a day, oldest first."""
    return table.everything(f"quarantine#{day:%Y-%m-%d}")


def load(pk: str) -> Conversation | None:
    """The conversation as it was last saved."""
    item = table.get(pk, "head")
    return replace(stored.load(Conversation, item["data"]), version=item["version"]) if item else None


def pending(pk: str, most: int = 50) -> list[Entry]:
    """What is not yet done, oldest first, what came in before what goes out."""
    return [_entry(item) for item in table.todo(pk, most)]


def latest(pk: str, most: int) -> list[Entry]:
    """The last things that came in or were answered, oldest first; without what cannot be worked on."""
    found = map(_entry, reversed(table.query(pk, "i#", newest=most)))
    return [
        each for each in found if not each.strikes or ("todo" not in each.more and each.more.get("state") != "failed")
    ]


def mails(pk: str, most: int) -> list[Entry]:
    """The last mails of ours, oldest first."""
    return [_entry(item) for item in reversed(table.query(pk, "o#", newest=most))]


def held_now(pk: str) -> Entry | None:
    """The answer that is held in a conversation and waits for a word of the agent."""
    pointer = table.get(pk, "held")
    found = one(pk, pointer["item"]) if pointer else None
    return found if found and found.more.get("state") == "open" else None


def all_held() -> list[Entry]:
    """Every answer that is held, in all conversations, the oldest first."""
    keys = table.overdue(HELD_SHARD, epoch(datetime.max.replace(tzinfo=UTC)), MOST_HELD)
    found = [one(key["pk"], key["sk"]) for key in keys]
    return [each for each in found if each and each.more.get("state") == "open"]


def one(pk: str, sk: str) -> Entry | None:
    """One item, now."""
    item = table.get(pk, sk)
    return _entry(item) if item else None


def whereabouts(pk: str) -> Item | None:
    """Where the message of an identity partition is: `conversation` and `item`, or None when it never came."""
    return table.get(pk, "id")


def goes_on_at(pk: str) -> str | None:
    """The conversation that takes what comes in at `pk`, because its author was known by another id before."""
    item = table.get(pk, "alias")
    return str(item["conversation"]) if item else None


def alias(pk: str, conversation: str, now: datetime) -> Put:
    """The write by which what comes in at `pk` goes on to a conversation."""
    until = epoch(now + timedelta(days=CONVERSATION_DAYS))
    return Put({"pk": pk, "sk": "alias", "kind": "alias", "conversation": conversation, "expires_at": until})


def head(conversation: Conversation, now: datetime) -> Put | Change:
    """The write that saves a conversation; it fails when somebody else saved it since it was loaded."""
    look_at = conversation.next_look
    watch = watched(conversation.id, look_at + OVERDUE_AFTER) if look_at else {}
    item = {
        "data": stored.dump(replace(conversation, version=0)),
        "version": conversation.version + 1,
        "kind": "head",
        "author_key": author_key(conversation.channel, conversation.account, conversation.author.id),
        "opened_at": stamp(conversation.opened_at),
        "expires_at": epoch(now + timedelta(days=CONVERSATION_DAYS)),
        **watch,
    }
    if conversation.version == 0:
        return Put({"pk": conversation.id, "sk": "head", **item}, unless_there=True)
    unwatch = () if watch else ("shard", "check_at")
    return Change(conversation.id, "head", set=item, remove=unwatch, when={"version": conversation.version})


def unchanged(conversation: Conversation) -> Check:
    """The condition that nobody saved a conversation since it was loaded."""
    return Check(conversation.id, "head", {"version": conversation.version})


def outgoing(pk: str, mail: OutgoingMail, now: datetime) -> Put:
    """The write that decides on a mail; deciding on the same one again changes nothing."""
    return Put(entry(pk, mail_key(mail), "mail", mail, now, state="pending", tries=0, merges=0), unless_there=True)


def done(found: Entry, **more: Any) -> Change:
    """The write that takes an item off the list."""
    return Change(found.pk, found.sk, set=more, remove=SETTLED)


def holding(pk: str, sk: str, data: Any, now: datetime) -> list[Put]:
    """The writes that hold an answer, instead of the one that was held before."""
    item = entry(pk, sk, "held", data, now, days=HELD_DAYS, state="open")
    pointer = {"pk": pk, "sk": "held", "kind": "pointer", "item": sk, "expires_at": item["expires_at"]}
    return [Put(item), Put(pointer)]


def told(found: Entry, now: datetime) -> Change:
    """The write that takes a held answer off the desk's list and onto the operator's."""
    return Change(found.pk, found.sk, set={"shard": HELD_SHARD, "check_at": epoch(now)}, remove=("todo",))


def concluded(found: Entry, state: str, **more: Any) -> Change:
    """The write that ends a hold, once: it fails when somebody else ended it. It is on no list any more."""
    return Change(found.pk, found.sk, set={"state": state, **more}, remove=SETTLED, when={"state": "open"})


def author_key(channel: str, account: str, author_id: str) -> str:
    """The partition of the author index."""
    return identity(channel, account, f"author:{author_id}")


def stamp(at: datetime) -> str:
    """A time that sorts as text, in milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(at: datetime) -> int:
    """Seconds, as the table's TTL and the sweep want them."""
    return int(at.timestamp())


def _entry(item: Item) -> Entry:
    known = ("pk", "sk", "kind", "data", "strikes")
    more = {name: value for name, value in item.items() if name not in known}
    return Entry(item["pk"], item["sk"], item["kind"], item["data"], item.get("strikes", 0), more)


def write(actions: Sequence[Action]) -> None:
    """All of it or nothing. Raises table.Refused or table.Busy."""
    table.write(actions, table.new_writer())
