"""The hourly look whether a platform still pushes to us."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from tests.rounds.kiosk import EAST, WEST, Square, go, troubles
from tests.world import World

HOUR = timedelta(hours=1)


def test_what_was_dropped_is_set_up_again_and_nobody_is_bothered(
    world: World, square: Square, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    square.missing = ["messages"]
    go(world, "health")
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"Resubscribed"' in line]
    assert [line["Resubscribed"] for line in counted] == [[1.0]]
    assert [vars(each)["missing"] for each in caplog.records if each.msg == "resubscribed"] == [["messages"]]
    assert ("Subscribe", EAST, "https://api.lindner.example/webhooks/kiosk/kiosk") in square.asked
    assert troubles(world) == []


def test_what_cannot_be_set_up_again_the_owner_hears_of_once(world: World, square: Square) -> None:
    square.failing[EAST] = PostFailed(Outcome.REFUSED, "permission")
    for _ in range(5):
        go(world, "health")
        world.pass_time(HOUR)
    (told,) = troubles(world)
    assert "Kiosk meldet uns keine neuen Nachrichten für east mehr" in told
    assert square.count("Subscribe", WEST) == 5


def test_a_platform_that_is_down_for_two_hours_is_no_trouble_for_three_it_is(world: World, square: Square) -> None:
    square.failing[EAST] = PostFailed(Outcome.PASSING, "unreachable")
    seen: list[int] = []
    for _ in range(5):
        go(world, "health")
        seen.append(len(troubles(world)))
        world.pass_time(HOUR)
    assert seen == [0, 0, 0, 1, 1]
