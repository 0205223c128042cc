"""The turns of a conversation's clock: started by a question, stopped by an answer, and what lies between. Pure.

Each turn is noted in `View.turns`, which is kept with the conversation and told to the bus.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import sla, triage
from chalicelib.channels import RESERVED
from chalicelib.desk.view import View
from chalicelib.model import Clock, Conversation, Turn

GRACE = timedelta(minutes=1)  # until an answer that waited for its time is posted
WITHOUT_ANSWER = ("closed", "unsend")  # what ends the waiting though nobody answered


def start(view: View, since: datetime, arrived: datetime, by: str, item: str) -> View:
    """With the clock running from the oldest unanswered message, under the policy that holds when it starts.

    `since` is the platform's time, `arrived` ours. A clock that runs already stays as it is.
    """
    conversation = view.conversation
    if conversation is None or conversation.clock.waiting_since or conversation.connection in RESERVED:
        return view
    before, window = conversation.clock, view.limits(conversation).longest_window
    target = sla.NEXT if before.cycle else sla.FIRST
    started = sla.start(view.settings, conversation, since, arrived, window, before.cycle + 1, target)
    if started.waiting_since is None:
        return view
    view = _settled_meanwhile(view, conversation, started.waiting_since)
    return _turned(view, replace(started, scheduled=before.scheduled), "started", by=by, item=item)


def known(view: View) -> View:
    """With the author's reach, of which the platform told only now, taken into account where the clock just started."""
    conversation, reach = view.conversation, view.settings.reach
    if conversation is None or conversation.priority or not 0 < reach <= (conversation.author.followers or 0):
        return view
    raised, clock = replace(conversation, priority=triage.HIGH), conversation.clock
    view, began = replace(view, conversation=raised), [turn for turn in view.turns if turn.what == "started"]
    if clock.waiting_since is None or not began:
        return view
    calm = replace(raised, clock=replace(clock, cycle=clock.cycle - 1, waiting_since=None))
    others = tuple(turn for turn in view.turns if turn is not began[-1])
    view = replace(view, conversation=calm, turns=others)
    return start(view, clock.waiting_since, clock.arrived_at or view.now, began[-1].by, began[-1].item)


def stop(view: View, at: datetime, by: str, item: str) -> View:
    """With nobody waiting: answered at `at`, or at rest without an answer (`WITHOUT_ANSWER`)."""
    conversation = view.conversation
    if conversation is None or conversation.clock.waiting_since is None:
        return view
    clock = conversation.clock
    in_time = clock.due_at is None or at <= clock.due_at
    if not (in_time or clock.missed or by in WITHOUT_ANSWER):
        view = _turned(view, replace(clock, missed=True), "missed")
    what = "stopped" if by in WITHOUT_ANSWER else "met" if in_time else "late"
    stopped = replace(
        clock, missed=not in_time, waiting_since=None, paused_until=None, stopped_since=clock.waiting_since
    )
    return _turned(view, stopped, what, by=by, item=item, since=clock.waiting_since, until=at)


def close(view: View, at: datetime, item: str) -> View:
    """With nothing more to be done, as an agent said."""
    view = stop(view, at, "closed", item)
    if view.conversation is None or view.conversation.resolution:
        return view
    return _resolved(view, "met", "resolved", by="closed", item=item)


def pause(view: View, until: datetime, item: str) -> View:
    """With reminders resting: an answer is written and waits for `until`. The deadline stays."""
    conversation, until = view.conversation, until + GRACE
    if conversation is None or conversation.clock.waiting_since is None:
        return view
    if until <= (conversation.clock.paused_until or view.now):
        return view
    return _turned(view, replace(conversation.clock, paused_until=until), "paused", by="reply", item=item, until=until)


def resume(view: View, item: str = "") -> View:
    """With reminders again: the answer they rested for will not be posted, or was not."""
    conversation = view.conversation
    if conversation is None or conversation.clock.paused_until is None:
        return view
    return _turned(view, replace(conversation.clock, paused_until=None), "resumed", item=item)


def reopen(view: View, item: str) -> View:
    """With the clock running as if it had never stopped: the platform took the answer and could not deliver it.

    Reminders that went out do so no second time. Whoever waits with a new question already goes on waiting with that.
    """
    conversation = view.conversation
    if conversation is None or conversation.clock.waiting_since or conversation.clock.stopped_since is None:
        return view
    again = replace(conversation.clock, waiting_since=conversation.clock.stopped_since, stopped_since=None)
    return _turned(view, again, "reopened", by="undelivered", item=item)


def unresolved(view: View) -> View:
    """With the time to settle it all over, and a customer who still waits."""
    return _resolved(view, "missed", "unresolved")


def missed(view: View, conversation: Conversation) -> View:
    """With the deadline gone by."""
    return _turned(view, replace(conversation.clock, missed=True), "missed")


def reminded(view: View, clock: Clock, code: str, to: tuple[str, ...]) -> View:
    """With a step of the ladder taken."""
    return _turned(view, clock, "reminded", code=code, to=to)


def turn_of(clock: Clock, what: str, at: datetime, **more: Any) -> Turn:
    """A turn with what the clock says then."""
    known = {
        "since": clock.waiting_since,
        "due_at": clock.due_at,
        "window_at": clock.window_at,
        "target": clock.target,
        "policy": clock.policy,
        "policy_version": clock.policy_version,
    }
    return Turn(what, at, clock.cycle, **{**known, **more})


def _settled_meanwhile(view: View, conversation: Conversation, since: datetime) -> View:
    """A customer who writes again after the time to settle it all: at its end nobody waited, so it was settled."""
    if not conversation.clock.cycle:
        due = sla.resolution_due(view.settings, conversation, since)
        return replace(view, conversation=replace(conversation, resolve_by=due))
    if conversation.resolution or conversation.resolve_by is None or since <= conversation.resolve_by:
        return view
    return _resolved(view, "met", "resolved")


def _resolved(view: View, resolution: str, what: str, **more: Any) -> View:
    assert view.conversation
    resolved = replace(view, conversation=replace(view.conversation, resolution=resolution))
    return _turned(resolved, view.conversation.clock, what, until=view.conversation.resolve_by, **more)


def _turned(view: View, clock: Clock, what: str, **more: Any) -> View:
    assert view.conversation
    turn = turn_of(clock, what, view.now, **more)
    return replace(view, conversation=replace(view.conversation, clock=clock), turns=(*view.turns, turn))
