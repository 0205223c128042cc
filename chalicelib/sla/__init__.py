"""When an answer is due, and when whom to remind of it. Pure: the desk keeps, schedules and sends.

The clock starts at `waiting_since`, the oldest message without an answer. The deadline is the business's own target
or the end of the platform's window, whichever is earlier. What holds for a cycle, from question to answer, is worked
out once, when it starts: what the owner changes later changes nothing that runs. All moments that come out are UTC.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.model import Clock, Conversation
from chalicelib.settings import Calendar, Policy, Settings
from chalicelib.sla import calendars, ladder
from chalicelib.sla.ladder import Span

FIRST, NEXT = "first_response", "next_response"
NEEDS_NO_ANSWER = ("praise", "thanks", "share", "reaction")
# no platform tries longer than that to deliver: what is older was never new, or its clock is wrong
LATEST_DELIVERY = timedelta(days=7)
ALWAYS = Calendar()


def policy_for(settings: Settings, conversation: Conversation) -> Policy:
    """The first policy that matches; the defaults where none does."""
    return next((policy for policy in settings.policies if _matches(policy, conversation)), Policy())


def start(
    settings: Settings,
    conversation: Conversation,
    since: datetime,
    arrived: datetime,
    window: timedelta | None,
    cycle: int,
    target: str = FIRST,
) -> Clock:
    """The whole clock of a cycle: deadline, ladder, and the policy they come from.

    `since` is the platform's time of the message and `arrived` ours; where the platform's cannot be, ours counts.
    `window` is how long the platform lets us answer. Nobody waits (`waiting_since` is None) where nothing was asked.
    """
    policy = policy_for(settings, conversation)
    pinned = Clock(cycle, target=target, arrived_at=arrived, policy=policy.name, policy_version=policy.version)
    if conversation.intent in NEEDS_NO_ANSWER and conversation.intent not in policy.starts:
        return pinned
    return _started(pinned, policy, calendar_of(settings, policy), since, window)


def resolution_due(settings: Settings, conversation: Conversation, opened_at: datetime) -> datetime | None:
    """When a conversation is to be settled for good, nights and days off counted; None when the policy has no such target."""
    resolution = policy_for(settings, conversation).resolution
    return opened_at.astimezone(UTC) + resolution if resolution else None


def calendar_of(settings: Settings, policy: Policy) -> Calendar:
    """The open time that a policy counts."""
    return settings.calendars[policy.calendar] if policy.calendar else ALWAYS


def _started(pinned: Clock, policy: Policy, calendar: Calendar, since: datetime, window: timedelta | None) -> Clock:
    arrived = (pinned.arrived_at or since).astimezone(UTC)
    sent = min(since.astimezone(UTC), arrived)
    waiting_since = max(sent, arrived - LATEST_DELIVERY)
    own = calendars.after(waiting_since, getattr(policy, pinned.target), calendar)
    window_at = sent + window if window else None
    span = Span(waiting_since, min(own, window_at) if window_at else own, window_at)
    return replace(
        pinned,
        waiting_since=waiting_since,
        due_at=span.due_at,
        window_at=window_at,
        reminders=ladder.reminders(policy.ladder, span, calendar),
    )


def _matches(policy: Policy, conversation: Conversation) -> bool:
    if policy.public not in (None, conversation.public):
        return False
    asked = (
        (policy.channels, conversation.channel),
        (policy.connections, conversation.connection),
        (policy.accounts, conversation.account),
        (policy.kinds, conversation.kind),
        (policy.intents, conversation.intent),
        (policy.priorities, conversation.priority or "normal"),
        (policy.languages, conversation.language),
    )
    return all(not names or name in names for names, name in asked)
