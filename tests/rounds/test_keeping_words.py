"""Platforms that let nobody keep what people wrote: all that holds words goes early, what recognises a redelivery stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import channels
from chalicelib.model import Edit, Unreadable, Unsend
from tests import story
from tests.rounds import kiosk
from tests.rounds.kiosk import EAST, Square, go, message, push, tickets
from tests.world import World

WORDS = "Geheime Wörter 秘密 🤫"
TWO_DAYS, FIVE_WEEKS = timedelta(days=2), timedelta(days=35)


@pytest.fixture(autouse=True)
def strict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(channels.CHANNELS, "kiosk", replace(kiosk.SPEC, keeps_words=TWO_DAYS))


def raw(text: str) -> dict[str, Any]:
    return {"text": text}


def lives(world: World, item: dict[str, Any]) -> timedelta:
    return timedelta(days=round((item["expires_at"] - world.clock.epoch()) / 86400))


def expire(world: World) -> None:
    """As DynamoDB does, sooner or later."""
    rig: Any = world.rig
    now = world.clock.epoch()
    for key in [key for key, row in rig.rows.items() if "expires_at" in row and int(row["expires_at"]["N"]) < now]:
        del rig.rows[key]


def test_whatever_holds_words_is_gone_after_two_days_and_the_identity_after_five_weeks(
    world: World, square: Square
) -> None:
    edit = Edit("kiosk", EAST, "1", f"{WORDS} anders", world.clock.now, raw(WORDS))
    nonsense = Unreadable("unknown-kind", raw(WORDS))
    square.pages[EAST] = [[message("1", WORDS, raw=raw(WORDS)), edit, nonsense]]
    go(world)
    world.pass_time(timedelta(minutes=5))
    holding = [item for item in world.items() if "Geheime" in f"{item}"]
    assert {item["kind"] for item in holding} == {"message", "edit", "raw", "quarantine"}
    assert {lives(world, item) for item in holding} == {TWO_DAYS}
    (known,) = [item for item in world.items("id") if item["pk"].startswith("id#") and item["sk"] == "id"]
    assert lives(world, known) == FIVE_WEEKS


def test_a_redelivery_is_known_although_its_words_are_gone(world: World, square: Square) -> None:
    push(world, "1")
    world.pass_time(timedelta(days=10))
    expire(world)
    push(world, "1")
    assert tickets(world) == 1


def test_the_conversation_goes_on_without_its_words(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1", WORDS)]]
    go(world)
    world.pass_time(timedelta(days=3))
    expire(world)
    assert not [item for item in world.items() if "Geheime" in f"{item}"]
    square.pages[EAST].append([message("2", "Und morgen?", sent_at=world.clock.now)])
    go(world)
    first, second = story.mails_with(world, "ticket")
    assert first["Reply-To"] == second["Reply-To"]
    assert "Geheime" not in str(first["Subject"]) + story.text(second)


def test_words_that_ought_to_be_gone_are_shown_no_more_although_the_table_still_has_them(
    world: World, square: Square
) -> None:
    square.pages[EAST] = [[message("1", WORDS)]]
    go(world)
    world.pass_time(timedelta(days=3))
    square.pages[EAST].append([message("2", "Und morgen?", sent_at=world.clock.now)])
    go(world)
    assert "Geheime" not in story.text(story.mails_with(world, "ticket")[-1])


def test_what_was_taken_back_leaves_no_payload_behind(world: World, square: Square) -> None:
    unsend = Unsend("kiosk", EAST, "1", world.clock.now)
    square.pages[EAST] = [[message("1", WORDS, raw=raw(WORDS))], [unsend]]
    go(world)
    world.pass_time(timedelta(minutes=5))
    assert not [item for item in world.items() if "Geheime" in f"{item}"]


def test_a_text_too_large_for_the_table_is_cut_since_the_bucket_would_keep_it(world: World, square: Square) -> None:
    square.pages[EAST] = [[message("1", "ß" * 300_000)]]
    go(world)
    rig: Any = world.rig
    assert [key for key in rig.objects if key.startswith("bodies/")] == []
    (kept,) = [item for item in world.items("i#") if item["kind"] == "message"]
    assert kept["data"].count("\\u00df") == 20_000


def test_elsewhere_words_live_as_long_as_conversations(
    world: World, square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(channels.CHANNELS, "kiosk", kiosk.SPEC)
    square.pages[EAST] = [[message("1", WORDS, raw=raw(WORDS))]]
    go(world)
    lasting = {item["kind"]: lives(world, item).days for item in world.items() if "Geheime" in f"{item}"}
    assert lasting == {"message": 180, "id": 35, "head": 180}
