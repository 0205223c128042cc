"""A platform that is asked for what is new: everything once, whoever fails meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.aws import conversations
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.model import Unreadable
from tests import story
from tests.rounds.kiosk import EAST, WEST, Square, go, message, push, tickets, troubles
from tests.world import Crash, World

DOWN = PostFailed(Outcome.PASSING, "unreachable")


def test_what_a_platform_tells_when_it_is_asked_becomes_a_ticket(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1", "Grüße aus 東京 🗼 مرحبا")]]
    go(world)
    (mail,) = story.mails_with(world, "ticket")
    assert "Grüße aus 東京 🗼 مرحبا" in story.text(mail)
    assert "Mia Muster" in mail["From"]


def test_an_account_is_asked_as_often_as_its_channel_says_and_goes_on_where_it_was(
    world: World, square: Square
) -> None:
    square.pages[EAST] = [[message("1", "eins")]]
    for _ in range(3):
        go(world)
    assert square.asked.count(("Poll", EAST, "")) == 1
    world.pass_time(timedelta(minutes=10))
    square.pages[EAST].append([message("2", "zwei")])
    go(world)
    assert square.asked.count(("Poll", EAST, "1")) == 1
    assert (tickets(world, "eins"), tickets(world, "zwei")) == (1, 1)


def test_pages_follow_at_once_and_no_account_waits_for_all_of_anothers(world: World, square: Square) -> None:
    square.pages[EAST] = [[message(f"e{n}", f"Ost {n}")] for n in range(5)]
    square.pages[WEST] = [[message("w", "West", account=WEST)]]
    go(world)
    order = [account for operation, account, _ in square.asked if operation == "Poll"]
    assert order.index(WEST) == 1
    assert (order.count(EAST), order.count(WEST)) == (5, 1)
    assert (tickets(world, "Ost"), tickets(world, "West")) == (1, 1)


def test_what_was_pushed_as_well_is_known(world: World, square: Square) -> None:
    push(world, "1")
    square.pages[EAST] = [[message("1")]]
    go(world)
    assert tickets(world) == 1


def test_two_runs_at_once_ask_once(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1")]]
    second: list[str] = []

    def meanwhile(operation: str, real: object) -> object:
        square.between = lambda operation, real: real()
        second.append(operation)
        world.client.lambda_.invoke("clock", {"task": "poll"})
        return real()  # type: ignore[operator]

    square.between = meanwhile
    go(world)
    assert second == ["Poll"]
    assert square.count("Poll", EAST) == 1
    assert tickets(world) == 1


def test_a_run_that_crashed_lets_the_next_go_on_and_nothing_comes_twice(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1", "eins")], [message("2", "zwei")]]

    def crash(operation: str, real: object) -> object:
        if square.count("Poll", EAST) == 2:
            square.between = lambda operation, real: real()
            raise Crash
        return real()  # type: ignore[operator]

    square.between = crash
    go(world)
    assert (tickets(world, "eins"), tickets(world, "zwei")) == (1, 0)
    go(world)
    assert tickets(world, "zwei") == 0
    world.pass_time(timedelta(minutes=1))
    go(world)
    assert (tickets(world, "eins"), tickets(world, "zwei")) == (1, 1)


def test_an_account_that_fails_holds_up_no_other_and_is_asked_less_and_less(world: World, square: Square) -> None:
    square.failing[EAST] = DOWN
    square.pages[WEST] = [[message("w", "West", account=WEST)]]
    for _ in range(30):
        go(world)
        world.pass_time(timedelta(minutes=1))
    assert tickets(world, "West") == 1
    assert square.count("Poll", EAST) == 5
    assert troubles(world) == []


def test_after_an_hour_of_failures_the_owner_hears_once_and_everything_comes_when_it_is_over(
    world: World, square: Square
) -> None:
    square.failing[EAST] = DOWN
    for _ in range(200):
        go(world)
        world.pass_time(timedelta(minutes=1))
    (told,) = troubles(world)
    assert "Kiosk" in told
    assert "Seit einer Stunde" in told
    del square.failing[EAST]
    square.pages[EAST] = [[message("1")]]
    for _ in range(30):
        go(world)
        world.pass_time(timedelta(minutes=1))
    assert tickets(world) == 1
    assert len(troubles(world)) == 1


def test_a_platform_that_asks_for_patience_gets_it(world: World, square: Square) -> None:
    square.failing[EAST] = PostFailed(Outcome.PASSING, "throttled", retry_after=timedelta(hours=5))
    for _ in range(8):
        go(world)
        world.pass_time(timedelta(minutes=29))
    assert square.count("Poll", EAST) == 1


def test_a_defect_of_a_channel_is_a_failure_of_its_account_only(world: World, square: Square) -> None:
    def broken(operation: str, real: object) -> object:
        if square.asked[-1][1] == EAST:
            raise ZeroDivisionError
        return real()  # type: ignore[operator]

    square.between = broken
    square.pages[WEST] = [[message("w", account=WEST)]]
    go(world)
    assert tickets(world) == 1


def test_what_cannot_be_read_is_put_aside_and_what_can_be_read_is_kept(world: World, square: Square) -> None:
    square.pages[EAST] = [[Unreadable("ValueError: time", {"id": 7}), message("1"), Unreadable("unknown-kind", [8])]]
    go(world)
    aside = conversations.quarantine(world.clock.now)
    assert sorted((each["source"], each["reason"], each["data"]) for each in aside) == [
        ("poll", "ValueError: time", '{"id":7}'),
        ("poll", "unknown-kind", "[8]"),
    ]
    assert tickets(world) == 1


@pytest.mark.parametrize("task", ["poll", "health", "reconcile"])
def test_connections_that_need_no_asking_cost_nothing(world: World, square: Square, task: str) -> None:
    before = len(world.items())
    go(world, task)
    assert {each["pk"] for each in world.items()[before:]} <= {"connection#kiosk"}
