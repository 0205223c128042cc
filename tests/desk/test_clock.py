"""When a customer waits: what starts the clock, what stops it, what it rests for, and what is kept of all that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings, stored
from chalicelib.aws.conversations import Entry
from chalicelib.channels.base import Limits
from chalicelib.desk import clock
from chalicelib.desk.absorb import absorb
from chalicelib.desk.reminders import remind
from chalicelib.desk.view import View
from chalicelib.http import Response
from chalicelib.model import Author, Clock, Conversation, Kind, Reaction
from tests import aws, faults
from tests.desk.waiting import answer, ask, conversation, mails, minutes, stack, turns
from tests.world import PAGE, World, feed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
THANKS = ("Danke! 🙏", "ありがとうございます", "Cảm ơn", "谢谢")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with stack(monkeypatch) as made:
        yield made


def waiting(**more: Any) -> View:
    """A customer who has been waiting since noon, in a view of now."""
    asked = Conversation("abcdefghijklmnop", "facebook", "facebook", "1", "t", Author("9"), Kind.DIRECT, False, NOON)
    limits = Limits(public=False, text=100, window=more.pop("window", None))
    view = View(replace(asked, last_message_at=NOON), NOON, settings.build(aws.SETTINGS), lambda _: limits)
    return replace(clock.start(view, NOON, NOON, "message", "i#1"), turns=(), **more)


def kinds(view: View) -> list[str]:
    return [turn.what for turn in view.turns]


def test_more_messages_do_not_move_the_deadline(world: World) -> None:
    ask(world)
    first = conversation(world).clock
    world.pass_time(minutes(20))
    ask(world, "Hallo? もしもし", id="77_89", parent="77_88")
    assert conversation(world).clock == first
    assert first.waiting_since == world.clock.now.replace(minute=0, second=0)


def test_an_answer_that_a_human_gave_in_the_platforms_own_app_stops_the_clock(world: World) -> None:
    ask(world)
    world.pass_time(minutes(10))
    world.customer(feed("77_950", "Ja, klar", PAGE, "Kaffeehaus", "77_88", world.clock.now, post_id=f"{PAGE}_9001"))
    world.pass_time(minutes(120))
    assert (turns(world), mails(world, "reminder")) == (["started", "met"], [])
    assert conversation(world).next_look is None


def test_who_wrote_after_an_answer_of_which_we_hear_late_goes_on_waiting(world: World) -> None:
    at = world.clock.now
    ask(world)
    world.pass_time(minutes(5))
    ask(world, "Und am Montag?", id="77_89", parent="77_88")
    late = feed("77_950", "Ja, klar", PAGE, "Kaffeehaus", "77_88", at + minutes(2), post_id=f"{PAGE}_9001")
    world.customer(late)
    world.pass_time(minutes(1))
    running = conversation(world).clock
    assert (turns(world), running.cycle) == (["started", "met", "started"], 2)
    assert (running.waiting_since or at) >= at + minutes(5)


def test_an_answer_that_was_refused_or_held_does_not_stop_it(world: World) -> None:
    ask(world)
    gone = {"error": {"message": "Unsupported post request", "code": 100, "error_subcode": 33, "type": "x"}}
    world.site.between = lambda operation, real: Response(400, json.dumps(gone).encode())
    answer(world)
    answer(world, "> nur ein Zitat")
    assert conversation(world).clock.waiting_since
    world.pass_time(minutes(30))
    assert len(mails(world, "reminder")) == 1


def test_a_question_after_the_answer_has_the_next_response_as_its_target(world: World) -> None:
    ask(world)
    answer(world)
    world.pass_time(minutes(30))
    ask(world, "Und am Montag?", id="77_89", parent="77_88")
    running = conversation(world).clock
    assert (running.cycle, running.target) == (2, "next_response")
    assert running.waiting_since
    assert running.due_at == running.waiting_since + minutes(120)
    assert turns(world) == ["started", "met", "started"]


@pytest.mark.parametrize("words", THANKS)
def test_thanks_start_no_clock_and_take_none_that_runs_away(world: World, words: str) -> None:
    ask(world)
    answer(world)
    ask(world, words, id="77_89", parent="77_88")
    assert turns(world) == ["started", "met"]
    ask(world, "Und am Montag?", id="77_90", parent="77_88")
    ask(world, words, id="77_91", parent="77_88")
    assert turns(world) == ["started", "met", "started"]
    assert conversation(world).clock.waiting_since


def test_thanks_start_a_clock_where_the_policy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"starts": ["thanks"]}) as world:
        ask(world, "Danke!")
        assert turns(world) == ["started"]


@pytest.mark.parametrize(
    ("starts", "sign", "turn"), [([], "❤️", []), (["reaction"], "❤️", ["started"]), (["reaction"], "", [])]
)
def test_a_reaction_asks_for_nothing_unless_the_policy_says_so(starts: list[str], sign: str, turn: list[str]) -> None:
    opened = waiting().conversation
    assert opened
    calm = settings.build({**aws.SETTINGS, "policies": [{"starts": starts}]})
    view = waiting(conversation=replace(opened, clock=Clock(), intent="advice"), settings=calm)
    reaction = stored.dump(Reaction("facebook", "1", "m1", sign, NOON))
    seen = absorb(view, [Entry(opened.id, "i#1", "reaction", reaction)])
    assert kinds(seen) == turn
    assert seen.conversation
    assert (seen.conversation.intent, seen.mails) == ("advice", ())


def test_an_author_whose_reach_shows_only_in_their_profile_is_of_high_priority_from_the_first_message_on() -> None:
    urgent = {"name": "eilig", "first_response": 600, "priorities": ["high"]}
    fast = settings.build({**aws.SETTINGS, "policies": [urgent, {"name": "sonst"}]})
    opened = waiting().conversation
    assert opened
    unasked = replace(opened, clock=Clock(), author=Author("9", "Mia", followers=120_000))
    started = clock.start(waiting(conversation=unasked, settings=fast), NOON, NOON, "message", "i#1")
    raised = clock.known(started)
    assert raised.conversation
    assert (raised.conversation.priority, raised.conversation.clock.policy) == ("high", "eilig")
    assert (raised.conversation.clock.cycle, raised.conversation.clock.due_at) == (1, NOON + minutes(10))
    assert [(turn.what, turn.policy) for turn in raised.turns] == [("started", "eilig")]


def test_reminders_rest_while_a_written_answer_waits_for_its_time(world: World) -> None:
    ask(world)
    due = conversation(world).clock.due_at
    answer(world, "#hold 40m\nJa, bis Sonntag!")
    assert conversation(world).clock.due_at == due
    world.pass_time(minutes(38))
    assert (turns(world), mails(world, "reminder", "owner")) == (["started", "paused"], [])
    world.pass_time(minutes(5))
    assert turns(world) == ["started", "paused", "met"]
    assert [comment["message"] for comment in world.site.comments] == ["Ja, bis Sonntag!"]
    world.pass_time(minutes(120))
    assert mails(world, "reminder", "owner") == []


def test_reminders_come_again_when_the_answer_they_rested_for_is_refused(world: World) -> None:
    ask(world)
    answer(world, "#hold 40m\nJa, bis Sonntag!")
    gone = {"error": {"message": "Unsupported post request", "code": 100, "error_subcode": 33, "type": "x"}}
    world.site.between = lambda operation, real: Response(400, json.dumps(gone).encode())
    world.pass_time(minutes(43))
    assert turns(world) == ["started", "paused", "resumed", "reminded"]
    assert len(mails(world, "reminder")) == 1


def test_an_answer_that_waited_for_days_has_its_three_days_of_tries_from_then_on(world: World) -> None:
    ask(world)
    answer(world, "#hold 2d\nJa, bis Sonntag!")
    world.pass_time(timedelta(days=2, minutes=-5))
    world.site.between = faults.PLATFORM["unsent"]
    world.pass_time(timedelta(days=2, hours=20))
    world.site.between = lambda operation, real: real()
    world.pass_time(timedelta(hours=1))
    assert [comment["message"] for comment in world.site.comments] == ["Ja, bis Sonntag!"]


def test_close_stops_it_and_settles_all(world: World) -> None:
    ask(world)
    answer(world, "#close")
    assert turns(world) == ["started", "stopped", "resolved"]
    found = conversation(world)
    assert (found.resolution, found.next_look, world.rig.schedules()) == ("met", None, {})


@pytest.mark.parametrize(("late", "turn"), [(-1, ["met"]), (0, ["met"]), (1, ["missed", "late"])])
def test_an_answer_at_the_very_deadline_is_in_time(late: int, turn: list[str]) -> None:
    view = waiting()
    assert view.conversation
    assert view.conversation.clock.due_at
    at = view.conversation.clock.due_at + timedelta(seconds=late)
    assert kinds(clock.stop(replace(view, now=at), at, "reply", "i#2")) == turn


def test_an_answer_that_could_not_be_delivered_lets_the_clock_run_on_from_where_it_was() -> None:
    view = replace(waiting(), now=NOON + minutes(40))
    reminded = remind(view)
    stopped = clock.stop(reminded, NOON + minutes(50), "reply", "i#2")
    again = clock.reopen(replace(stopped, now=NOON + minutes(70)), "i#3")
    assert again.conversation
    assert view.conversation
    assert again.conversation.clock == replace(
        view.conversation.clock, waiting_since=NOON, stage=1, missed=False, stopped_since=None
    )
    fired = remind(again)
    assert kinds(fired) == ["reminded", "met", "reopened", "missed", "reminded"]
    assert [mail.code for mail in fired.mails] == ["50", "100"]


def test_a_new_question_goes_on_waiting_when_an_older_answer_was_not_delivered() -> None:
    stopped = clock.stop(waiting(), NOON + minutes(10), "reply", "i#2")
    asked = clock.start(stopped, NOON + minutes(20), NOON + minutes(20), "message", "i#3")
    assert clock.reopen(asked, "i#4") is asked


def test_who_still_waits_at_the_end_of_the_time_to_settle_it_all_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stack(monkeypatch, {"resolution": 7 * 86400, "ladder": []}) as world:
        ask(world)
        answer(world)
        world.pass_time(timedelta(days=6, hours=23))
        ask(world, "Und am Montag?", id="77_89", parent="77_88")
        world.pass_time(timedelta(days=2))
        assert turns(world) == ["started", "met", "started", "unresolved", "missed"]
        assert (len(mails(world, "reminder")), len(mails(world, "owner"))) == (1, 1)


def test_a_conversation_at_rest_costs_nothing_when_that_time_ends(world: World) -> None:
    ask(world)
    answer(world)
    assert (world.rig.schedules(), [item for item in world.items() if "check_at" in item]) == ({}, [])
    world.pass_time(timedelta(days=8))
    assert turns(world) == ["started", "met"]
    ask(world, "Und am Montag?", id="77_89", parent="77_88")
    assert turns(world) == ["started", "met", "resolved", "started"]
    assert conversation(world).resolution == "met"


def test_a_message_of_the_future_or_of_years_ago_does_not_bend_the_clock(world: World) -> None:
    now = world.clock.now
    ask(world, at=now + timedelta(days=300))
    running = conversation(world).clock
    assert running.waiting_since == now
    assert running.arrived_at == now


def test_every_turn_is_told_to_the_bus_without_a_word_of_the_customer(world: World) -> None:
    ask(world, "streng geheim")
    world.pass_time(minutes(61))
    answer(world, "Ja, gern!")
    told = world.rig.events  # type: ignore[attr-defined]
    assert [each["DetailType"] for each in told if each["DetailType"].startswith("sla.")] == [
        *("sla.started", "sla.reminded", "sla.reminded", "sla.missed", "sla.reminded", "sla.late")
    ]
    assert not [each for each in told if "geheim" in each["Detail"] or "gern" in each["Detail"]]
    started = json.loads(next(each["Detail"] for each in told if each["DetailType"] == "sla.started"))
    assert started["conversation"] == conversation(world).id
    assert {"at", "cycle", "since", "due_at", "policy", "policy_version", "target", "item"} <= started.keys()
