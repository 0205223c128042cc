"""A fault at every outside call of a round: nothing a platform tells is lost or comes twice, and the token is the newest."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from tests import faults, story
from tests.faults import AWS_KINDS, Faults, Plan
from tests.rounds.kiosk import EAST, Square, connected, deliver, give, go, message, secrets
from tests.world import Crash, World

BUDGET = float(os.environ.get("FAULT_SECONDS", "15"))
ASKING = ("unsent", "lost", "defect", "crash_before", "crash_after")
KINDS = {
    **faults.KINDS,
    **dict.fromkeys(("Poll", "Refresh", "Complete"), ASKING),
    "PutParameter": ("before", "lost", "crash_before", "crash_after"),
}
ID = "partial-3"


def run(plan: Plan) -> tuple[Faults, list[str]]:
    """Half an hour in which two pages are to be had, the platform rings for a third, and a token is to be renewed."""
    met = Faults(plan)
    with pytest.MonkeyPatch.context() as patch, connected(patch) as (world, square):
        patch.setattr(faults, "KINDS", KINDS)
        rig: Any = world.rig
        rig.between, world.arm = met.call, met.arm
        square.between = lambda operation, real: _asked(met.next(operation), real)
        _tell(world, square)
        return met, list(_broken(world, square))


def _tell(world: World, square: Square) -> None:
    square.reusable = True
    give(world, refresh_tokens={EAST: "refresh-token-given-east"})
    partial = message(ID, "", partial=True)
    square.whole[ID] = message(ID, "Frage 3")
    square.pages[EAST] = [[message("1", "Frage 1"), message("2", "Frage 2")], [partial]]
    go(world)
    square.pages[EAST].append([message("4", "Frage 4")])
    _ring(world)
    for _ in range(14):
        go(world)
        world.pass_time(timedelta(minutes=1))
    world.pass_time(timedelta(minutes=40))


def _ring(world: World) -> None:
    """Again and again until it is answered 200."""
    answers: list[int | None] = []
    while 200 not in answers:
        answers.append(world._run(lambda: deliver(world, f"ring-{EAST}-1")))
        world.pass_time(timedelta(seconds=10))


def _broken(world: World, square: Square) -> Iterator[str]:
    for number in (1, 2, 3, 4):
        mails = {mail["X-Bridgehead-Delivery"] for mail in story.mails_with(world, "ticket", f"Frage {number}")}
        if len(mails) != 1:
            yield f"question {number} is in {len(mails)} ticket mails"
    kept = [json.loads(item["data"])["id"] for item in world.items("i#") if item["kind"] == "message"]
    if sorted(kept) != ["1", "2", "4", ID]:
        yield f"kept: {kept}"
    if secrets(world)["tokens"][EAST] != square.valid.get(EAST):
        yield "the token is not the newest"
    if len(secrets(world)["tokens"]) != 2:
        yield "another account's token is gone"
    yield from (f"left: {item['kind']} {item['sk']}" for item in world.items() if "todo" in item)
    yield from (f"struck: {item['kind']}" for item in world.items("i#") if item.get("state") == "failed")


def _asked(kind: str, real: Callable[[], Any]) -> Any:
    if kind in ("unsent", "defect", "crash_before"):
        raise _RAISED[kind]
    done = real()
    if kind:
        raise _RAISED[kind]
    return done


_RAISED: Mapping[str, BaseException] = {
    "unsent": PostFailed(Outcome.PASSING, "unreachable"),
    "lost": PostFailed(Outcome.UNKNOWN, "lost"),
    "defect": ZeroDivisionError(),
    "crash_before": Crash(),
    "crash_after": Crash(),
}


def singles(told: Faults) -> Iterator[dict[int, str]]:
    for number, operation in enumerate(told.log):
        yield from ({number: kind} for kind in KINDS.get(operation, AWS_KINDS))


def test_without_a_fault_the_story_is_whole() -> None:
    met, broken = run({})
    assert broken == []
    assert {"Poll", "Refresh", "Complete", "PutParameter", "GetParameters"} <= set(met.log)


@pytest.mark.campaign
def test_every_single_fault_of_a_round_leaves_nothing_lost_and_nothing_twice() -> None:
    plans = faults.shuffled(singles(run({})[0]))
    broken: list[tuple[Plan, list[str]]] = []
    until = time.monotonic() + BUDGET
    for plan in plans:
        found = run(plan)[1]
        broken += [(plan, found)] if found else []
        if time.monotonic() > until:
            break
    assert broken == []
