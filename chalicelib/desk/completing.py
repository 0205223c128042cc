"""Messages of which the webhook only told where they are: the platform is asked for the rest before a ticket goes out.

As long as it does not answer the message waits, and the others of its conversation go on; after half an hour the ticket
goes out with what there is. Who wrote may become known only now: then the message moves to their own conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib import stored
from chalicelib.aws import conversations
from chalicelib.aws.conversations import RAW_DAYS, Entry, done, epoch, identity_key, watched
from chalicelib.aws.conversations import entry as new_item
from chalicelib.aws.table import Change, Put, Refused
from chalicelib.channels.base import Channel, Outcome, PostFailed, SecretMissing
from chalicelib.channels.powers import Completes
from chalicelib.desk.erasing import emptied
from chalicelib.model import Message, conversation_id

PATIENCE = timedelta(minutes=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=20), timedelta(minutes=8)

Open = Callable[[str], Channel]  # by connection
Wake = Callable[[datetime], None]


def is_partial(entry: Entry) -> bool:
    """Whether the rest of it may still be had."""
    return entry.kind == "message" and '"partial":true' in entry.data and entry.read(Message).partial


def complete(entry: Entry, open_: Open, now: datetime, wake: Wake) -> Entry | None:
    """The entry with the whole message, or as it is when nothing more can be had; None when it waits, moved or is nothing."""
    if int(entry.more.get("not_before", 0)) > epoch(now):
        return None
    message = entry.read(Message)
    try:
        channel = open_(str(entry.more["connection"]))
        found = channel.complete(message) if isinstance(channel, Completes) else message
    except PostFailed as failed:
        return _later(entry, failed, now, wake)
    except (SecretMissing, KeyError):
        return entry
    if found is None:
        conversations.write([_over(entry, message, state="dropped", reason="nothing-to-answer")])
        return None
    return _completed(entry, message, replace(found, partial=False, raw={}), now)


def _later(entry: Entry, failed: PostFailed, now: datetime, wake: Wake) -> Entry | None:
    since = datetime.fromtimestamp(entry.more.get("asked_at", epoch(now)), UTC)
    if failed.outcome is Outcome.REFUSED or now - since >= PATIENCE:
        return entry
    waits = int(entry.more.get("waits", 0))
    later = min(now + (failed.retry_after or min(FIRST_WAIT * 2**waits, LONGEST_WAIT)), since + PATIENCE)
    wake(later)
    noted = {"asked_at": epoch(since), "not_before": epoch(later), "waits": waits + 1}
    conversations.write([Change(entry.pk, entry.sk, set={**noted, **watched(entry.pk, later)})])
    return None


def _completed(entry: Entry, before: Message, found: Message, now: datetime) -> Entry | None:
    data, stays = stored.dump(found), _place(found) == _place(before)
    place = entry.pk if stays else _place(found)
    # a message taken back meanwhile must not get its words again
    unchanged = {"data": entry.data}
    here = Change(entry.pk, entry.sk, set={"data": data}, when=unchanged)
    gone = replace(_over(entry, before, state="moved"), when=unchanged)
    written = [here] if stays else [gone, _moved(entry, found, place, now)]
    try:
        conversations.write([*written, *_named(entry, before, found, place, now)])
    except Refused as refused:
        if 0 in refused.there:
            raise
        # what it says is known already, by another push or a look of ours
        conversations.write([_over(entry, before, state="dropped", reason="known")])
        return None
    return replace(entry, data=data) if stays else None


def _over(entry: Entry, message: Message, **more: str) -> Change:
    """Words are kept in one place, so that there they can be erased."""
    return done(entry, data=stored.dump(emptied(message)), **more)


def _place(message: Message) -> str:
    return conversation_id(message.channel, message.account, message.thread, message.author.id)


def _named(entry: Entry, before: Message, found: Message, place: str, now: datetime) -> Sequence[Put | Change]:
    """Where it is to be found from now on, by the id of what it says as well."""
    home = {"conversation": place, "item": entry.sk}
    pushed = Change(identity_key(before.channel, before.account, before.id), "id", set=home)
    if found.id == before.id:
        return [pushed]
    expires_at = epoch(now + timedelta(days=RAW_DAYS))
    key = identity_key(found.channel, found.account, found.id)
    return [pushed, Put({"pk": key, "sk": "id", "kind": "id", **home, "expires_at": expires_at}, unless_there=True)]


def _moved(entry: Entry, found: Message, place: str, now: datetime) -> Put:
    kept = {"connection": entry.more["connection"], "expires_at": entry.more["expires_at"]}
    return Put(new_item(place, entry.sk, "message", found, now, **kept), unless_there=True)
