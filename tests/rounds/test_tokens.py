"""Tokens that run out: renewed in time, by one refresher, written where the desk finds them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.aws import parameters
from chalicelib.channels.base import Outcome, PostFailed
from tests import story
from tests.rounds.kiosk import EAST, LIVES, WEST, Square, give, go, message, secrets, tickets, troubles
from tests.world import Crash, World

GIVEN = {EAST: "refresh-token-given-east"}
RENEWED = "access-token-number-1-east"


def asked(world: World, square: Square) -> None:
    """Mia's question is a ticket; the desk has read the tokens."""
    square.pages[EAST] = [[message("1")]]
    go(world)
    assert tickets(world) == 1


def answered(world: World) -> None:
    (ticket,) = story.mails_with(world, "ticket")
    world.agent(story.answer(ticket), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(timedelta(minutes=2))


def test_a_token_is_renewed_at_once_and_then_ten_days_before_its_end(world: World, square: Square) -> None:
    give(world, refresh_tokens=GIVEN)
    go(world)
    assert secrets(world) == {
        "tokens": {EAST: RENEWED, WEST: "access-token-given-west"},
        "refresh_tokens": {EAST: "refresh-token-number-1-east"},
    }
    world.pass_time(LIVES - timedelta(days=10, hours=1))
    go(world)
    assert square.count("Refresh") == 1
    world.pass_time(timedelta(hours=1))
    go(world)
    assert secrets(world)["tokens"][EAST] == "access-token-number-2-east"


def test_an_account_whose_token_does_not_run_out_is_left_alone(world: World, square: Square) -> None:
    before = secrets(world)
    go(world)
    assert (square.count("Refresh"), secrets(world)) == (0, before)


def test_the_secret_is_kept_as_the_command_line_keeps_it(world: World, square: Square, monkeypatch: Any) -> None:
    written: list[Any] = []
    real = parameters._call

    def call(body: Any, *more: str) -> Any:
        written.append((body, *more))
        return real(body, *more)

    monkeypatch.setattr(parameters, "_call", call)
    give(world, refresh_tokens=GIVEN)
    go(world)
    (put,) = [body for body, *more in written if more == ["PutParameter"]]
    assert put["Name"] == "/bridgehead/test/send/kiosk"
    assert (put["Type"], put["Tier"], put["Overwrite"]) == ("SecureString", "Intelligent-Tiering", True)


def test_an_operator_who_writes_at_the_same_moment_loses_nothing(
    world: World, square: Square, monkeypatch: Any
) -> None:
    give(world, refresh_tokens=GIVEN)
    real = parameters._read

    def read(name: str) -> tuple[str, int]:
        found = real(name)
        if ":" not in name:
            give(world, tokens={**secrets(world)["tokens"], WEST: "access-token-by-hand-west"})
        return found

    monkeypatch.setattr(parameters, "_read", read)
    go(world)
    assert secrets(world)["tokens"] == {EAST: RENEWED, WEST: "access-token-by-hand-west"}


def test_two_runs_at_once_use_a_refresh_token_once(world: World, square: Square) -> None:
    give(world, refresh_tokens=GIVEN)

    def meanwhile(operation: str, real: Any) -> Any:
        square.between = lambda operation, real: real()
        world.client.lambda_.invoke("clock", {"task": "poll"})
        return real()

    square.between = meanwhile
    go(world)
    assert square.count("Refresh") == 1
    assert secrets(world)["tokens"][EAST] == RENEWED


def test_parameter_store_that_does_not_take_the_new_token_is_tried_again(world: World, square: Square) -> None:
    square.reusable = True
    give(world, refresh_tokens=GIVEN)
    rig: Any = world.rig

    def broken(operation: str, real: Any) -> Any:
        if operation == "PutParameter":
            rig.between = lambda operation, real: real()
            raise parameters.Unavailable("500")
        return real()

    rig.between = broken
    go(world)
    assert secrets(world)["tokens"][EAST] == "access-token-given-east"
    world.pass_time(timedelta(minutes=2))
    go(world)
    assert secrets(world)["tokens"][EAST] == "access-token-number-2-east"
    assert troubles(world) == []


def test_a_token_for_one_use_that_a_crash_swallowed_is_told_to_the_owner(world: World, square: Square) -> None:
    give(world, refresh_tokens=GIVEN)

    def crash(operation: str, real: Any) -> Any:
        if operation == "Refresh":
            real()
            square.between = lambda operation, real: real()
            raise Crash
        return real()

    square.between = crash
    for _ in range(4):
        go(world)
        world.pass_time(timedelta(minutes=1))
    (told,) = troubles(world)
    assert "läuft ab und konnte nicht erneuert werden" in told


def test_the_owner_hears_when_little_time_is_left_and_not_before(world: World, square: Square) -> None:
    give(world, refresh_tokens=GIVEN)
    go(world)
    world.pass_time(LIVES - timedelta(days=10))

    def down(operation: str, real: Any) -> Any:
        if operation == "Refresh":
            raise PostFailed(Outcome.PASSING, "unreachable")
        return real()

    square.between = down
    for day in range(8):
        go(world)
        assert len(troubles(world)) == (day >= 3)
        world.pass_time(timedelta(days=1))


def test_an_answer_refused_for_a_token_just_renewed_goes_out_with_the_new_one(world: World, square: Square) -> None:
    asked(world, square)
    answered_before = "access-token-given-east"
    assert parameters.load_connection("kiosk", "send")[1].secrets["tokens"][EAST] == answered_before
    give(world, tokens={EAST: "access-token-by-hand-east"})
    square.valid[EAST] = "access-token-by-hand-east"
    answered(world)
    assert square.posted == [("access-token-by-hand-east", story.ANSWER)]
    assert not story.mails_with(world, "notice")


def test_an_answer_refused_for_its_token_again_is_told_to_the_agent(world: World, square: Square) -> None:
    asked(world, square)
    square.valid[EAST] = "another-token-altogether"
    answered(world)
    assert (square.posted, square.count("Post")) == ([], 2)
    (notice,) = story.mails_with(world, "notice")
    assert "Anmeldung" in story.text(notice)
