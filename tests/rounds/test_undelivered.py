"""Answers that the platform took and could not deliver after all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import stored
from chalicelib.model import Conversation, Echo, Undelivered
from tests import quick_aws, story
from tests.rounds.kiosk import EAST, Square, go, message, tickets
from tests.world import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def answered(world: World, square: Square) -> World:
    """Mia asked, Anna answered, and the platform took it."""
    square.pages[EAST] = [[message("1")]]
    go(world)
    answer(world, story.ANSWER)
    assert [text for _, text in square.posted] == [story.ANSWER]
    assert clock(world).waiting_since is None
    return world


def answer(world: World, words: str) -> None:
    ticket = story.mails_with(world, "ticket")[0]
    world.agent(story.answer(ticket, words), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(MINUTE)


def clock(world: World) -> Any:
    (head,) = world.items("head")
    return stored.load(Conversation, head["data"]).clock


def tell(world: World, square: Square, *events: Any) -> None:
    world.pass_time(timedelta(minutes=10))
    square.pages[EAST].append(events)
    go(world)


def failed(world: World, id: str = "post-1", code: str = "window") -> Undelivered:
    return Undelivered("kiosk", EAST, id, code, world.clock.now, "131047", {"status": id})


def notices(world: World) -> list[str]:
    return [" ".join(story.text(mail).split()) for mail in story.mails_with(world, "notice")]


def reply(world: World) -> dict[str, Any]:
    return next(item for item in world.items("i#") if item["kind"] == "reply")


def test_the_agent_is_told_and_the_customer_waits_again_from_the_old_time(answered: World, square: Square) -> None:
    tell(answered, square, failed(answered))
    (notice,) = notices(answered)
    assert "Ihre Antwort ging hinaus, ließ sich aber nicht zustellen." in notice
    assert story.ANSWER in notice
    assert (reply(answered)["state"], reply(answered)["undelivered"]) == ("undelivered", "window")
    assert clock(answered).waiting_since == message("1").sent_at


def test_it_is_told_once_however_often_the_platform_says_so(answered: World, square: Square) -> None:
    tell(answered, square, failed(answered))
    tell(answered, square, failed(answered))
    tell(answered, square, failed(answered))
    assert len(notices(answered)) == 1
    assert not [item for item in answered.items() if "todo" in item]


def test_when_another_answer_followed_nobody_waits_again(answered: World, square: Square) -> None:
    answer(answered, "Noch etwas: Sonntag auch.")
    tell(answered, square, failed(answered))
    assert len(notices(answered)) == 1
    assert clock(answered).waiting_since is None


def test_an_answer_given_on_the_platform_since_counts_as_well(answered: World, square: Square) -> None:
    echo = Echo("kiosk", EAST, "by-hand", "Ja!", answered.clock.now, "counter", "mia")
    tell(answered, square, echo)
    tell(answered, square, failed(answered))
    assert clock(answered).waiting_since is None


def test_it_may_come_before_we_know_that_the_answer_was_taken(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1")]]
    go(world)
    tell(world, square, failed(world))
    assert notices(world) == []
    answer(world, story.ANSWER)
    world.pass_time(timedelta(minutes=20))
    assert len(notices(world)) == 1
    assert clock(world).waiting_since == message("1").sent_at


def test_what_failed_of_somebody_elses_posts_is_forgotten_after_a_day(answered: World, square: Square) -> None:
    tell(answered, square, failed(answered, "not-ours"))
    answered.pass_time(timedelta(hours=26))
    assert notices(answered) == []
    assert not [item for item in answered.items() if "todo" in item]


def test_the_next_ticket_does_not_show_it_as_said(answered: World, square: Square) -> None:
    tell(answered, square, failed(answered))
    tell(answered, square, message("2", "Hallo?", sent_at=answered.clock.now))
    last = story.text(story.mails_with(answered, "ticket")[-1])
    assert tickets(answered, "Hallo?") == 1
    assert story.ANSWER not in last


def test_the_bus_hears_of_it(answered: World, square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def hear(aws: Any, asked: Any) -> Any:
        told.extend(asked["Entries"])
        return {"FailedEntryCount": 0}

    monkeypatch.setitem(quick_aws._CALLS, "PutEvents", hear)
    tell(answered, square, failed(answered))
    kinds = [each["DetailType"] for each in told]
    assert kinds.count("reply.undelivered") == 1
    assert all(story.ANSWER not in json.dumps(each) for each in told)
