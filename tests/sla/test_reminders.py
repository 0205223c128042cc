"""Which policy counts, when reminders are due, and which of them comes next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import settings
from chalicelib.model import Kind
from chalicelib.settings import Hours, Policy
from chalicelib.sla import Reminder, deadline, due_at, next_reminder, policy_for, reminder_times

OFFICE = Hours("UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",)))
FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)  # two open hours are left, then Monday
STAGES = (50, 80, 100)


def ladder(since: datetime, due: datetime, always_open: bool = False) -> list[tuple[int, str]]:
    return [(stage, f"{at:%a %H:%M}") for stage, at in reminder_times(since, due, STAGES, OFFICE, always_open)]


def test_reminders_come_at_shares_of_the_open_time() -> None:
    due = due_at(FRIDAY, timedelta(hours=10), OFFICE, always_open=False)
    assert ladder(FRIDAY, due) == [(50, "Mon 12:00"), (80, "Mon 15:00"), (100, "Mon 17:00")]


def test_reminders_come_at_shares_of_all_time_when_nights_count() -> None:
    assert ladder(FRIDAY, FRIDAY + timedelta(hours=10), always_open=True) == [
        (50, "Fri 20:00"),
        (80, "Fri 23:00"),
        (100, "Sat 01:00"),
    ]


def test_the_deadline_is_the_platforms_when_that_is_earlier() -> None:
    window_end = FRIDAY + timedelta(hours=24)
    assert deadline(FRIDAY, timedelta(hours=10), OFFICE, False, window_end) == window_end
    assert deadline(FRIDAY, timedelta(hours=1), OFFICE, False, window_end) == FRIDAY + timedelta(hours=1)
    assert deadline(FRIDAY, timedelta(hours=1), OFFICE, False) == FRIDAY + timedelta(hours=1)


def test_a_window_that_ends_on_the_weekend_reminds_while_people_are_there() -> None:
    due = deadline(FRIDAY, timedelta(hours=10), OFFICE, False, FRIDAY + timedelta(hours=24))
    assert ladder(FRIDAY, due) == [(50, "Fri 16:00"), (80, "Fri 16:36"), (100, "Sat 15:00")]


def test_a_window_that_ends_before_anybody_is_back_reminds_at_night_all_the_same() -> None:
    closed = FRIDAY + timedelta(hours=4)
    due = deadline(closed, timedelta(hours=4), OFFICE, False, closed + timedelta(hours=20))
    assert ladder(closed, due) == [(50, "Sat 05:00"), (80, "Sat 11:00"), (100, "Sat 15:00")]


def test_a_window_that_is_over_already_reminds_at_once() -> None:
    ended = FRIDAY - timedelta(hours=1)
    assert [at for _, at in reminder_times(FRIDAY, ended, STAGES, OFFICE, False)] == [ended] * 3


def test_the_next_reminder_is_the_first_that_is_to_come() -> None:
    due = FRIDAY + timedelta(hours=10)
    half, most, all_of_it = steps = reminder_times(FRIDAY, due, STAGES, OFFICE, True)
    assert next_reminder(steps, 0, FRIDAY) == half
    assert next_reminder(steps, 50, half.at) == most
    assert next_reminder(steps, 80, most.at) == all_of_it
    assert next_reminder(steps, 100, all_of_it.at) is None


def test_after_an_outage_one_reminder_is_sent_and_not_three() -> None:
    steps = reminder_times(FRIDAY, FRIDAY + timedelta(hours=10), STAGES, OFFICE, True)
    assert next_reminder(steps, 0, FRIDAY + timedelta(hours=9)) == Reminder(80, FRIDAY + timedelta(hours=8))
    assert next_reminder(steps, 0, FRIDAY + timedelta(days=3)) == Reminder(100, FRIDAY + timedelta(hours=10))


def test_a_policy_without_reminders_has_no_next_one() -> None:
    assert next_reminder(reminder_times(FRIDAY, FRIDAY, (), OFFICE, True), 0, FRIDAY) is None


@pytest.mark.parametrize(
    ("channel", "account", "kind", "name"),
    [
        ("facebook", "1", Kind.REVIEW, "reviews"),
        ("facebook", "vip", Kind.DIRECT, "vip"),
        ("facebook", "vip", Kind.REVIEW, "reviews"),
        ("x", "vip", Kind.DIRECT, "x"),
        ("x", "1", "mention", "x"),
        ("facebook", "1", Kind.COMMENT, "default"),
    ],
)
def test_the_first_policy_that_matches_counts(channel: str, account: str, kind: Kind, name: str) -> None:
    chosen = settings.read(
        json.dumps(
            {
                "version": 1,
                "business": "店",
                "reply_domain": "reply.shop.example",
                "helpdesk": {"address": "a@shop.example"},
                "owner": {"address": "b@shop.example"},
                "policies": [
                    {"name": "reviews", "kinds": ["review"]},
                    {"name": "vip", "channels": ["facebook"], "accounts": ["vip"]},
                    {"name": "x", "channels": ["x"]},
                ],
            }
        )
    )
    assert policy_for(chosen, channel, account, kind).name == name
    assert Policy().name == "default"
