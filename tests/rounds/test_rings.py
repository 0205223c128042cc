"""A platform that only rings is asked at once, as often as is needed and no more, and the clock comes all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import rounds
from chalicelib.channels import CHANNELS, poll_every
from chalicelib.channels.base import Connection, Outcome, PostFailed
from tests.rounds.kiosk import EAST, WEST, Square, deliver, go, message, push, tickets
from tests.world import JOB_HIDDEN, Crash, World

A_SECOND = timedelta(seconds=1)


def rings(account: str, *numbers: int) -> list[str]:
    return [f"ring-{account}-{number}" for number in numbers]


def settled(world: World) -> bool:
    return not [item for item in world.items() if "todo" in item]


def once(square: Square, happens: Callable[[], Any], *, after: bool = False) -> None:
    """While the next poll is under way: before the platform reads what it has, or after."""

    def between(operation: str, real: Callable[[], Any]) -> Any:
        square.between = lambda operation, real: real()
        told = real() if after else None
        happens()
        return told if after else real()

    square.between = between


def test_what_a_platform_rang_for_is_a_ticket_within_the_second(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1", "Còn bàn không ạ? 🌸 还有位子吗？")]]
    assert deliver(world, *rings(EAST, 1)) == 200
    world.pass_time(A_SECOND)
    assert tickets(world, "Còn bàn không ạ? 🌸 还有位子吗？") == 1
    assert (square.count("Poll"), square.words) == (1, ["word of ring-east-1"])
    assert settled(world)


def test_the_other_account_is_not_asked_and_the_clock_has_no_word(world: World, square: Square) -> None:
    push(world, *rings(EAST, 1))
    go(world)
    assert (square.count("Poll", EAST), square.count("Poll", WEST)) == (1, 1)
    assert square.words == ["word of ring-east-1"]


def test_all_pages_are_asked_for_with_the_newest_word(world: World, square: Square) -> None:
    square.pages[EAST] = [[message(str(n), f"Frage {n}")] for n in range(3)]
    push(world, *rings(EAST, 1, 2))
    assert square.words == ["word of ring-east-2"] * 3
    assert tickets(world, "Frage") == 1


def test_a_storm_of_rings_is_one_look(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1")]]
    for n in range(30):
        deliver(world, *rings(EAST, *range(10 * n, 10 * n + 10)))
    world.pass_time(A_SECOND)
    assert (square.count("Poll"), tickets(world)) == (1, 1)
    assert settled(world)


def test_a_ring_that_is_delivered_again_is_known(world: World, square: Square) -> None:
    for _ in range(3):
        push(world, *rings(EAST, 1))
    assert square.count("Poll") == 1


@pytest.mark.parametrize("by_clock", [True, False])
def test_what_rings_after_the_last_page_was_read_is_not_overlooked(
    world: World, square: Square, by_clock: bool
) -> None:
    square.pages[EAST] = [[message("1", "eins")]]

    def meanwhile() -> None:
        square.pages[EAST].append([message("2", "zwei")])
        assert deliver(world, *rings(EAST, 2)) == 200
        if by_clock:
            world._rest()  # the desk finds that somebody else is asking

    once(square, meanwhile, after=True)
    if by_clock:
        world._invoke("clock", {"task": "poll"})
    else:
        deliver(world, *rings(EAST, 1))
    world.pass_time(A_SECOND)
    assert (tickets(world, "eins"), tickets(world, "zwei"), square.count("Poll", EAST)) == (1, 1, 2)
    assert settled(world)


def test_two_who_were_told_at_once_ask_once(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1")]]

    def second() -> None:
        rounds.rung("kiosk", {EAST: "again"}, lambda *_: pytest.fail("both"), None)

    once(square, second, after=True)
    push(world, *rings(EAST, 1))
    assert (square.count("Poll", EAST), tickets(world)) == (2, 1)  # the second of them by the first, which was told


def test_a_desk_that_crashes_while_it_asks_asks_again(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1")]]

    def crash() -> None:
        raise Crash

    once(square, crash)
    push(world, *rings(EAST, 1))
    assert tickets(world) == 0
    world.pass_time(JOB_HIDDEN)
    assert tickets(world) == 1
    assert settled(world)


def test_a_platform_that_fails_is_left_in_peace_however_often_it_rings(world: World, square: Square) -> None:
    square.failing[EAST] = PostFailed(Outcome.PASSING, "throttled", retry_after=timedelta(minutes=9))
    square.pages[EAST] = [[message("1")]]
    for n in range(5):
        push(world, *rings(EAST, n))
    assert square.count("Poll") == 1
    assert settled(world)
    del square.failing[EAST]
    world.pass_time(timedelta(minutes=5))
    go(world)
    assert tickets(world) == 1


def test_who_rings_for_nothing_that_is_served_is_not_listened_to(world: World, square: Square) -> None:
    push(world, *rings("north", 1))
    rounds.rung("closed", {EAST: ""}, lambda *_: pytest.fail("kept"), None)
    assert square.count("Poll") == 0
    assert settled(world)


def test_only_connections_that_have_something_to_tell_are_asked() -> None:
    asked = {
        (spec.name, provider)
        for spec in CHANNELS.values()
        for provider in ("", "mail", "dropscan")
        if poll_every(Connection("x", spec.name, ("a",), {"provider": provider} if provider else {}))
    }
    assert {provider for name, provider in asked if name == "letter"} == {"dropscan"}
    assert {name for name, provider in asked if not provider} >= {"wecom", "youtube", "mastodon"}
