"""What is known besides conversations: of threads that got another id, of people, of the helpdesk.

pk = thread#<hash>:     alias                 under which id a thread began, where the platform gave it another
pk = author#<hash>:     profile               what the platform tells of somebody besides
pk = helpdesk#<hash>:   heard                 when a mail of the helpdesk came, and whether it confirms new tickets
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib import stored
from chalicelib.aws import table
from chalicelib.aws.conversations import CONVERSATION_DAYS, author_key, epoch
from chalicelib.aws.table import Put
from chalicelib.model import identity


@dataclass(frozen=True)
class Heard:
    """When a mail of a helpdesk came last (epoch seconds, give or take an hour), and whether it confirms new tickets."""

    at: int = 0
    confirms: bool = False


def thread_began_as(channel: str, account: str, thread: str) -> str | None:
    """The id under which a thread began, where it is known by another now."""
    item = table.get(_thread_key(channel, account, thread), "alias")
    return str(item["thread"]) if item else None


def thread_moved(channel: str, account: str, old: str, new: str, now: datetime) -> Put:
    """The write by which conversations that began in thread `old` go on in thread `new`."""
    until = epoch(now + timedelta(days=CONVERSATION_DAYS))
    item = {"pk": _thread_key(channel, account, new), "sk": "alias", "kind": "alias", "thread": old}
    return Put({**item, "expires_at": until}, unless_there=True)


def _thread_key(channel: str, account: str, thread: str) -> str:
    return f"thread#{identity(channel, account, f'thread:{thread}')}"


def profile(channel: str, account: str, author_id: str, now: datetime) -> Mapping[str, Any] | None:
    """What the platform told of somebody, {} when it told nothing; None when it has to be asked."""
    item = table.get(_profile_key(channel, account, author_id), "profile")
    # the table takes its time to delete what has expired
    found: Mapping[str, Any] | None = json.loads(item["data"]) if item and item["expires_at"] > epoch(now) else None
    return found


def told_of(channel: str, account: str, author_id: str, told: Mapping[str, Any], until: datetime) -> Put:
    """The write that remembers what a platform told of somebody."""
    item = {"pk": _profile_key(channel, account, author_id), "sk": "profile", "kind": "profile"}
    return Put({**item, "data": stored.dump(told), "expires_at": epoch(until)})


def _profile_key(channel: str, account: str, author_id: str) -> str:
    return f"author#{author_key(channel, account, author_id)}"


def heard(helpdesk: str) -> Heard:
    """What is known of the helpdesk with this address."""
    item = table.get(_helpdesk_key(helpdesk), "heard")
    return Heard(item["at"], item["confirms"]) if item else Heard()


def hears(helpdesk: str, confirms: bool, now: datetime, until: datetime) -> Put:
    """The write that notes a mail of a helpdesk."""
    item = {"pk": _helpdesk_key(helpdesk), "sk": "heard", "kind": "helpdesk", "at": epoch(now), "confirms": confirms}
    return Put({**item, "expires_at": epoch(until)})


def _helpdesk_key(address: str) -> str:
    return f"helpdesk#{sha256(address.casefold().encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
