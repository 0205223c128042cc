"""`bridgehead sla apply`: clocks that run already, under the policies of now.

What an owner changes in a policy holds for questions that come; a clock that runs keeps the policy it was started
under, unless this is asked for. Reminders that went out do so no second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib import sla
from chalicelib.aws import clocks, conversations, parameters, table
from chalicelib.aws.conversations import SHARDS, entry, head, item_key
from chalicelib.aws.table import Put, Refused
from chalicelib.channels import open_channel
from chalicelib.desk.clock import turn_of
from chalicelib.locales import short_moment
from chalicelib.model import Clock, Conversation
from chalicelib.settings import Settings
from chalicelib.text import one_line
from infra.pages.texts import text

TRIES = 3
LONGEST_NAME = 40


@dataclass(frozen=True)
class Changed:
    """A conversation whose clock the policies of now would set otherwise."""

    conversation: Conversation
    clock: Clock


def changes(settings: Settings, now: datetime) -> Iterator[Changed]:
    """Every running clock that would change."""
    for pk in _running():
        found = conversations.load(pk)
        changed = found and changed_by(settings, found, now)
        if changed:
            yield changed


def changed_by(settings: Settings, conversation: Conversation, now: datetime) -> Changed | None:
    """The clock as it would be if it had started under the policies of now; None when it is that already."""
    before, connection = conversation.clock, settings.connections.get(conversation.connection)
    if before.waiting_since is None or connection is None:
        return None
    window = open_channel(connection).limits(conversation.kind, conversation.public).longest_window
    arrived = before.arrived_at or before.waiting_since
    fresh = sla.start(settings, conversation, before.waiting_since, arrived, window, before.cycle, before.target)
    if fresh.waiting_since is None or _is_same(before, fresh):
        return None
    missed = before.missed and fresh.due_at is not None and fresh.due_at <= now
    set_anew = replace(fresh, stage=_stage(before, fresh), missed=missed)
    return Changed(conversation, replace(set_anew, scheduled=before.scheduled, paused_until=before.paused_until))


def lines(found: Sequence[Changed], settings: Settings) -> Iterator[str]:
    """A line each: who, by which policy before and after, due when before and after."""
    language, zone = settings.owner.language, settings.hours.zone
    for each in found:
        before, after, author = each.conversation.clock, each.clock, each.conversation.author
        was, due = (short_moment(language, clock.due_at, zone) if clock.due_at else "-" for clock in (before, after))
        name = one_line(author.name or author.handle, LONGEST_NAME) or "-"
        shown = {"id": each.conversation.id, "name": name, "before": before.policy, "after": after.policy}
        yield text("apply_line", language).format(was=was, due=due, **shown)


def apply(found: Sequence[Changed], settings: Settings, now: datetime) -> int:
    """Sets them; how many. One whose conversation goes on meanwhile is looked at anew."""
    return sum(_apply(each, settings, now) for each in found)


def current() -> tuple[Settings, datetime]:
    """What the stack's settings say now, and when that is."""
    return parameters.load_settings(), datetime.now(UTC)


def _apply(changed: Changed | None, settings: Settings, now: datetime) -> bool:
    for _ in range(TRIES):
        if changed is None:
            return False
        conversation = replace(changed.conversation, clock=changed.clock)
        turn = turn_of(changed.clock, "repinned", now)
        # wakes the desk, which sets the schedule
        item = entry(conversation.id, item_key(now, "repinned", str(changed.clock.cycle)), "repinned", turn, now)
        try:
            conversations.write([head(conversation, now), clocks.turned(conversation.id, turn, 0), Put(item)])
        except Refused:
            loaded = conversations.load(conversation.id)
            changed = changed_by(settings, loaded, now) if loaded else None
        else:
            return True
    return False


def _running() -> Iterator[str]:
    for shard in range(SHARDS):
        yield from (key["pk"] for key in table.watched(str(shard)) if key["sk"] == "head")


def _is_same(before: Clock, fresh: Clock) -> bool:
    return (before.policy, before.policy_version, before.due_at, before.reminders) == (
        *(fresh.policy, fresh.policy_version),
        *(fresh.due_at, fresh.reminders),
    )


def _stage(before: Clock, fresh: Clock) -> int:
    """How many steps of the new ladder, from its beginning, are no later than those that were taken."""
    taken = before.reminders[: before.stage]
    highest = max((step.percent for step in taken), default=0)
    warned = any(not step.percent for step in taken)
    for place, step in enumerate(fresh.reminders):
        if step.percent > highest or not (step.percent or warned):
            return place
    return len(fresh.reminders)
