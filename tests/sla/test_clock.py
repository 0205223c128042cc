"""Which policy counts, when an answer is due, and the reminders on the way there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings, sla
from chalicelib.model import Author, Clock, Conversation, Kind
from chalicelib.settings import LADDER, Calendar, Policy, Settings, Step

OFFICE = Calendar("UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",)))
FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)  # two open hours are left, then Monday
HOUR = timedelta(hours=1)
PERCENTS = (Step(50), Step(80), Step(100))
ASKED = Conversation("c1", "fb", "facebook", "1", "t", Author("a"), Kind.DIRECT, public=False, opened_at=FRIDAY)


def shop(*policies: Policy) -> Settings:
    chosen = settings.build(
        {
            "version": 1,
            "business": "店",
            "reply_domain": "reply.shop.example",
            "helpdesk": {"address": "a@shop.example"},
            "owner": {"address": "b@shop.example"},
        }
    )
    return replace(chosen, policies=policies, calendars={"hours": OFFICE})


def start(policy: Policy, since: datetime = FRIDAY, window: timedelta | None = None, **changed: Any) -> Clock:
    return sla.start(shop(policy), replace(ASKED, **changed), since, since, window, 1)


def ladder(clock: Clock) -> list[tuple[int, str]]:
    return [(reminder.percent, f"{reminder.at:%a %H:%M}") for reminder in clock.reminders]


def in_hours(hours: float, *steps: Step) -> Policy:
    return Policy("office", first_response=hours * HOUR, calendar="hours", ladder=steps or PERCENTS)


def test_reminders_come_at_shares_of_the_open_time() -> None:
    assert ladder(start(in_hours(10))) == [(50, "Mon 12:00"), (80, "Mon 15:00"), (100, "Mon 17:00")]


def test_reminders_come_at_shares_of_all_time_when_nights_count() -> None:
    policy = replace(in_hours(10), calendar="")
    assert ladder(start(policy)) == [(50, "Fri 20:00"), (80, "Fri 23:00"), (100, "Sat 01:00")]


def test_the_deadline_is_the_platforms_when_that_is_earlier() -> None:
    assert start(in_hours(10), window=24 * HOUR).due_at == FRIDAY + 24 * HOUR
    assert start(in_hours(1), window=24 * HOUR).due_at == FRIDAY + HOUR
    assert start(in_hours(1)).due_at == FRIDAY + HOUR


def test_a_window_that_ends_on_the_weekend_reminds_while_people_are_there_and_before_it_ends() -> None:
    clock = start(in_hours(10, *LADDER), window=24 * HOUR)
    assert ladder(clock) == [(50, "Fri 16:00"), (80, "Fri 16:36"), (0, "Sat 13:00"), (100, "Sat 15:00")]
    assert all(reminder.window for reminder in clock.reminders)


def test_a_window_that_ends_before_anybody_is_back_reminds_at_night_all_the_same() -> None:
    closed = FRIDAY + 4 * HOUR
    clock = start(in_hours(4), closed, window=20 * HOUR)
    assert ladder(clock) == [(50, "Sat 05:00"), (80, "Sat 11:00"), (100, "Sat 15:00")]


def test_a_window_that_is_over_already_reminds_at_once_and_once() -> None:
    clock = sla.start(shop(in_hours(10)), ASKED, FRIDAY, FRIDAY + 30 * HOUR, 24 * HOUR, 1)
    assert ladder(clock) == [(50, "Fri 16:00"), (80, "Fri 16:36"), (100, "Sat 15:00")]
    assert clock.due_at == FRIDAY + 24 * HOUR


def test_the_usual_ladder_warns_before_the_window_ends_also_after_the_target_was_missed() -> None:
    clock = start(in_hours(1, *LADDER), window=24 * HOUR)
    assert ladder(clock) == [(50, "Fri 15:30"), (80, "Fri 15:48"), (100, "Fri 16:00"), (0, "Sat 13:00")]
    assert [reminder.window for reminder in clock.reminders] == [False, False, False, True]
    assert [reminder.to for reminder in clock.reminders[2:]] == [("ticket", "owner")] * 2


def test_without_a_window_nothing_warns_of_one() -> None:
    assert [percent for percent, _ in ladder(start(in_hours(1, *LADDER)))] == [50, 80, 100]
    assert start(in_hours(1)).window_at is None


def test_of_a_short_window_half_is_over_before_anybody_is_warned() -> None:
    clock = start(in_hours(10, Step(before_window=2 * HOUR)), window=HOUR)
    assert ladder(clock) == [(0, "Fri 15:30")]


def test_reminders_of_the_same_minute_become_one_to_everybody() -> None:
    steps = (Step(80), Step(100, to=("owner",), by=("sms",)), Step(before_window=HOUR / 120, to=("lead",), urgent=True))
    clock = start(in_hours(10, *steps), window=2 * HOUR)
    last = clock.reminders[-1]
    assert ladder(clock) == [(80, "Fri 16:36"), (100, "Fri 17:00")]
    assert (set(last.to), set(last.by), last.urgent, last.window) == ({"lead", "owner"}, {"mail", "sms"}, True, True)


def test_a_target_of_seconds_for_trying_out_keeps_its_steps() -> None:
    quick = Policy(first_response=timedelta(seconds=20), ladder=PERCENTS)
    assert [reminder.percent for reminder in start(quick).reminders] == [50, 80, 100]


def test_a_platform_whose_clock_is_ahead_is_not_believed() -> None:
    clock = sla.start(shop(in_hours(1)), ASKED, FRIDAY + 9 * HOUR, FRIDAY, 24 * HOUR, 1)
    assert (clock.waiting_since, clock.arrived_at) == (FRIDAY, FRIDAY)
    assert clock.window_at == FRIDAY + 24 * HOUR


def test_what_was_delivered_late_has_waited_since_it_was_written_but_a_week_at_most() -> None:
    policy = replace(in_hours(1), calendar="")
    late = sla.start(shop(policy), ASKED, FRIDAY - 5 * HOUR, FRIDAY, None, 1)
    assert (late.waiting_since, late.due_at) == (FRIDAY - 5 * HOUR, FRIDAY - 4 * HOUR)
    forgotten = sla.start(shop(policy), ASKED, datetime(1970, 1, 1, tzinfo=UTC), FRIDAY, None, 1)
    assert forgotten.waiting_since == FRIDAY - timedelta(days=7)


def test_the_first_answer_and_further_ones_have_targets_of_their_own() -> None:
    policy = Policy(first_response=HOUR, next_response=3 * HOUR)
    clock = sla.start(shop(policy), ASKED, FRIDAY, FRIDAY, None, 2, sla.NEXT)
    assert (clock.due_at, clock.target, clock.cycle) == (FRIDAY + 3 * HOUR, "next_response", 2)


@pytest.mark.parametrize("intent", ["praise", "thanks", "share", "reaction"])
def test_what_needs_no_answer_starts_no_clock_unless_the_policy_says_so(intent: str) -> None:
    assert start(Policy(), intent=intent).waiting_since is None
    assert start(Policy(starts=(intent,)), intent=intent).waiting_since == FRIDAY


@pytest.mark.parametrize("intent", ["", "vent", "demand", "advice"])
def test_everything_else_waits_for_an_answer(intent: str) -> None:
    assert start(Policy(), intent=intent).waiting_since == FRIDAY


def test_a_clock_names_the_policy_it_runs_under_and_its_version() -> None:
    clock = start(Policy("vip", version="12ab34cd"))
    assert (clock.policy, clock.policy_version) == ("vip", "12ab34cd")


def test_a_conversation_is_to_be_settled_a_week_after_it_began_whatever_the_hours() -> None:
    assert sla.resolution_due(shop(in_hours(1)), ASKED, FRIDAY) == FRIDAY + timedelta(days=7)
    assert sla.resolution_due(shop(Policy(resolution=None)), ASKED, FRIDAY) is None


MATCHING = {
    "channel": ({"channels": ("facebook",)}, {"channel": "x"}),
    "connection": ({"connections": ("fb",)}, {"connection": "fb-2"}),
    "account": ({"accounts": ("1", "2")}, {"account": "3"}),
    "kind": ({"kinds": ("direct",)}, {"kind": Kind.REVIEW}),
    "public": ({"public": False}, {"public": True}),
    "private": ({"public": False, "kinds": ("direct", "comment")}, {"kind": Kind.COMMENT, "public": True}),
    "intent": ({"intents": ("",)}, {"intent": "vent"}),
    "priority": ({"priorities": ("normal",)}, {"priority": "high"}),
    "language": ({"languages": ("", "ja")}, {"language": "de"}),
}


@pytest.mark.parametrize(("asked_for", "other"), MATCHING.values(), ids=MATCHING)
def test_a_policy_is_for_what_it_names_and_for_nothing_else(asked_for: dict[str, Any], other: dict[str, Any]) -> None:
    settings_of = shop(Policy("named", **asked_for), Policy("rest"))
    assert sla.policy_for(settings_of, ASKED).name == "named"
    assert sla.policy_for(settings_of, replace(ASKED, **other)).name == "rest"


def test_the_first_policy_that_matches_counts_and_the_usual_one_where_none_does() -> None:
    both = shop(Policy("facebook", channels=("facebook",)), Policy("direct", kinds=("direct",)))
    assert sla.policy_for(both, ASKED).name == "facebook"
    assert sla.policy_for(both, replace(ASKED, channel="x")).name == "direct"
    assert sla.policy_for(both, replace(ASKED, channel="x", kind=Kind.POST)) == Policy()
