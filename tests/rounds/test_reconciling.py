"""The daily look at what was never pushed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from tests.rounds.kiosk import EAST, Square, go, message, push, tickets, troubles
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def settled(world: World) -> World:
    """The first look is over: it only notes when that was."""
    go(world, "reconcile")
    world.pass_time(DAY)
    return world


def test_nothing_older_than_the_connection_is_ever_brought_in(world: World, square: Square) -> None:
    square.listed = [message("old")]
    for _ in range(3):
        go(world, "reconcile")
        world.pass_time(DAY)
    assert (tickets(world), troubles(world)) == (0, [])


def test_what_was_never_pushed_is_taken_in_once_and_the_owner_hears_how_much_that_was(
    settled: World, square: Square
) -> None:
    at = settled.clock.now - timedelta(hours=3)
    known = message("1", "schon da", sent_at=at)
    push(settled, "1")
    square.listed = [known, message("2", "nie gemeldet 一", sent_at=at), message("3", "nie gemeldet 二", sent_at=at)]
    for _ in range(3):
        go(settled, "reconcile")
        settled.pass_time(DAY)
    assert (tickets(settled, "nie gemeldet 一"), tickets(settled, "nie gemeldet 二")) == (1, 1)
    (told,) = troubles(settled)
    assert "2 Nachrichten an east nie gemeldet" in told


def test_a_platform_that_fails_in_the_midst_costs_nothing_of_what_came_before_and_the_rest_comes_the_day_after(
    settled: World, square: Square
) -> None:
    first, second = (message(id, f"Frage {id}", sent_at=settled.clock.now) for id in ("1", "2"))
    square.listed = [first, PostFailed(Outcome.PASSING, "throttled"), second]
    go(settled, "reconcile")
    assert (tickets(settled, "Frage 1"), tickets(settled, "Frage 2")) == (1, 0)
    square.listed = [first, second]
    settled.pass_time(DAY)
    go(settled, "reconcile")
    assert (tickets(settled, "Frage 1"), tickets(settled, "Frage 2")) == (1, 1)
    assert ["1 Nachricht an" in told for told in troubles(settled)] == [True, True]


def test_a_rule_that_fires_twice_looks_once(settled: World, square: Square) -> None:
    go(settled, "reconcile")
    go(settled, "reconcile")
    assert square.count("List", EAST) == 1
