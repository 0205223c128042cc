"""Held answers: which may be released, by whom, and the writes that do it. An answer is released once, whoever asks.

What was held shows in a mail to the agent, exactly as it would be posted; `yes` is then enough, if the words are known
and only doubted. The operator may also let through what was stopped for another reason than its words.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, entry, item_key
from chalicelib.aws.table import Change, Put
from chalicelib.model import AgentReply, Held, HeldState
from chalicelib.text import LONGEST_SHOWN

Writes = list[Put | Change]
RELEASE_WITHIN = timedelta(days=conversations.HELD_DAYS)

# the words are known, only their meaning for the customer is doubted
BY_YES = frozenset(
    {
        "unsure",
        "repeat",
        "text-html-differ",
        "quote-first",
        "quote-unattributed",
        "weak-attribution",
        "broken-quote",
        "text-after-signature",
        "attribution-in-text",
        "no-frame",
        "forwarded",
        "closing",
    }
)
# nothing speaks against the words; the operator knows better than our limits
BY_OPERATOR = BY_YES | {"rate", "expired", "nothing-held"}


class NotReleasable(Exception):
    """A held answer stays held; the message says why."""


def is_releasable(reasons: Collection[str], words: str) -> bool:
    """Whether the agent may release it: every reason is a mere doubt, and a mail of ours can show all the words."""
    return bool(words.strip()) and len(words) <= LONGEST_SHOWN and BY_YES.issuperset(reasons)


def release(held: Entry, by: str, now: datetime) -> Writes:
    """The writes that send a held answer on its way, with who released it and when. Refused when it was ended before."""
    answer = replace(held.read(Held).answer, at=now)
    audit = {"released_by": by, "released_at": conversations.stamp(now)}
    return [reply(held.pk, answer, now, **audit), conversations.concluded(held, HeldState.RELEASED, **audit)]


def reply(pk: str, answer: AgentReply, now: datetime, **audit: Any) -> Put:
    """The write that puts an answer into the desk's hands, at the start of its ledger."""
    key = item_key(now, "reply", answer.id)
    return Put(entry(pk, key, "reply", answer, now, state="pending", tries=0, **audit))


def end(held: Entry | None, state: HeldState, by: str, now: datetime) -> Writes:
    """The writes that end a hold without posting anything; none for no hold."""
    if held is None:
        return []
    return [conversations.concluded(held, state, ended_by=by, ended_at=conversations.stamp(now))]


def by_operator(held: Entry, now: datetime) -> Writes:
    """As `release`. Raises NotReleasable."""
    reason, answer = held.read(Held).reason, held.read(Held).answer
    if reason not in BY_OPERATOR or not answer.text.strip():
        raise NotReleasable(f"held because of {reason}: there is nothing that could be posted. Ask for a new answer.")
    return release(held, "operator", now)
