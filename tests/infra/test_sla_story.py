"""What an operator sees of a conversation's clock, and the policies of now for clocks that run already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.model import Conversation
from chalicelib.settings import LANGUAGES
from infra.operate import NotFound
from infra.sla import apply, show
from tests import aws
from tests.desk.waiting import HOUR, OWNER, answer, ask, conversation, mails, minutes, stack, turns
from tests.world import World

LADDER = [{"percent": 50}, {"percent": 100, "to": ["ticket", "owner"]}]
SLOWER = {**HOUR, "name": "langsamer", "first_response": 4 * 3600, "ladder": [{"percent": 50}, {"percent": 100}]}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with stack(monkeypatch, {"ladder": LADDER}) as made:
        yield made


def policies_of(policy: dict[str, Any]) -> settings.Settings:
    return settings.build({**aws.SETTINGS, "policies": [policy]})


def changed(world: World, policy: dict[str, Any]) -> int:
    """`sla apply` under other policies."""
    wanted = policies_of(policy)
    return apply.apply(list(apply.changes(wanted, world.clock.now)), wanted, world.clock.now)


def test_the_story_tells_who_waited_who_was_reminded_and_who_answered_how_late(world: World) -> None:
    ask(world)
    world.pass_time(minutes(70))
    answer(world)
    ask(world, "Und am Montag?", id="77_89", parent="77_88")
    told = list(show.story(conversation(world).id))
    for line, words in zip(
        told,
        (
            "Die Uhr von Mia Muster (Facebook)",
            "Runde 1, erste Antwort, Regel „eine Stunde“",
            "Erinnerung, 50 % der Zeit waren um: das Ticket.",
            "Die Frist verstrich ohne Antwort.",
            "Erinnerung, 100 % der Zeit waren um: das Ticket, die verantwortliche Person.",
            "Beantwortet von anna@lindner.example nach 1 Stunde und 10 Minuten: mit 10 Minuten Verspätung.",
            "Runde 2, nächste Antwort",
            "Als Nächstes: ",
        ),
        strict=True,
    ):
        assert words in line


def test_it_is_found_by_the_address_of_a_ticket_mail_too(world: World) -> None:
    ask(world)
    address = str(world.mails()[0]["Reply-To"])
    assert show.conversation_of(address.rpartition("<")[2]) == conversation(world).id
    assert show.conversation_of(conversation(world).id.upper()) == conversation(world).id
    with pytest.raises(NotFound):
        show.conversation_of("Mia Muster")
    with pytest.raises(NotFound):
        list(show.story("a" * 16))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_turn_has_a_sentence_in_the_owners_language(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    owner = {"address": OWNER, "language": language, "quiet": []}
    with stack(monkeypatch, {"ladder": LADDER, "resolution": 7200}, owner=owner) as world:
        ask(world)
        answer(world, "#hold 40m\nJa!")
        world.pass_time(minutes(45))
        ask(world, "Und am Montag?", id="77_89", parent="77_88")
        world.pass_time(timedelta(hours=3))
        answer(world, "#close")
        told = list(show.story(conversation(world).id))
        expected = ["started", "paused", "met", "started", "reminded", "unresolved", "missed", "reminded", "stopped"]
        assert sorted(turns(world)) == sorted(expected)
        assert len(told) == len(turns(world)) + 2
        assert not [line for line in told if "{" in line or "  " in line.partition("  ")[2]]


def test_the_same_for_a_program_without_a_word_of_the_customer(world: World) -> None:
    ask(world, "streng geheim")
    found = json.loads(show.as_json(conversation(world).id))
    assert [turn["what"] for turn in found["turns"]] == ["started"]
    assert found["clock"]["policy"] == "eine Stunde"
    assert "geheim" not in json.dumps(found)


def test_a_changed_policy_changes_nothing_that_runs_unless_it_is_asked_for(world: World) -> None:
    ask(world)
    before = conversation(world)
    wanted = policies_of(SLOWER)
    (found,) = apply.changes(wanted, world.clock.now)
    (line,) = apply.lines([found], wanted)
    assert "„eine Stunde“ → „langsamer“" in line
    assert conversation(world) == before
    assert apply.apply([found], wanted, world.clock.now) == 1
    world.collect()
    world.pass_time(timedelta(seconds=10))
    running = conversation(world).clock
    assert running.waiting_since
    assert running.due_at == running.waiting_since + timedelta(hours=4)
    assert list(world.rig.schedules()) == [running.scheduled]
    assert turns(world) == ["started", "repinned"]
    assert list(apply.changes(wanted, world.clock.now)) == []


def test_reminders_that_went_out_do_so_no_second_time(world: World) -> None:
    ask(world)
    world.pass_time(minutes(31))
    assert changed(world, SLOWER) == 1
    world.collect()
    world.pass_time(timedelta(hours=3))
    assert len(mails(world, "reminder")) == 1
    world.pass_time(timedelta(hours=1))
    assert [turn for turn in turns(world) if turn in ("reminded", "missed")] == ["reminded", "missed", "reminded"]


def test_a_conversation_that_goes_on_meanwhile_is_looked_at_anew(world: World) -> None:
    ask(world)
    wanted = policies_of(SLOWER)
    (found,) = apply.changes(wanted, world.clock.now)
    stale = replace(found, conversation=_older(found.conversation))
    assert apply.apply([stale], wanted, world.clock.now) == 1
    (again,) = [conversation(world).clock.policy]
    assert again == "langsamer"
    answer(world)
    assert apply.apply([stale], wanted, world.clock.now) == 0


def _older(found: Conversation) -> Conversation:
    return replace(found, version=found.version - 1)
