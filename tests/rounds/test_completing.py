"""Messages of which the webhook only told where they are, and files that only their channel can fetch."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.http import Lost, NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind, Author, Message, Unsend
from tests import story
from tests.rounds.kiosk import EAST, Square, go, message, push, tickets
from tests.world import Crash, World

DOWN = PostFailed(Outcome.PASSING, "unreachable")
ID = "partial-1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


def texts(world: World) -> list[str]:
    return [story.text(mail) for mail in story.mails_with(world, "ticket")]


def heads(world: World) -> list[dict[str, Any]]:
    return [json.loads(item["data"]) for item in world.items("head")]


def test_the_rest_is_fetched_before_the_ticket_goes_out_and_kept(world: World, square: Square) -> None:
    square.whole[ID] = message(ID, "Ist der Kuchen vegan? ビーガンですか 🍰")
    push(world, ID)
    (text,) = texts(world)
    assert "Ist der Kuchen vegan? ビーガンですか 🍰" in text
    (kept,) = [json.loads(item["data"]) for item in world.items("i#") if item["kind"] == "message"]
    assert (kept["text"], kept.get("partial")) == ("Ist der Kuchen vegan? ビーガンですか 🍰", None)


def test_what_is_gone_or_our_own_opens_no_ticket_and_no_clock(world: World, square: Square) -> None:
    square.whole[ID] = None
    push(world, ID)
    (dropped,) = [item for item in world.items("i#") if item["kind"] == "message"]
    assert (dropped["state"], dropped["reason"]) == ("dropped", "nothing-to-answer")
    assert (texts(world), heads(world), world.rig.schedules()) == ([], [], {})
    assert not [item for item in world.items() if "todo" in item or "check_at" in item]


def test_as_long_as_the_platform_does_not_answer_the_others_go_on(world: World, square: Square) -> None:
    square.whole[ID] = DOWN
    push(world, ID, "2")
    (text,) = texts(world)
    assert "Habt ihr offen?" in text
    assert ID not in text
    square.whole[ID] = message(ID, "Nun ist es da")
    world.pass_time(timedelta(minutes=5))
    assert tickets(world, "Nun ist es da") == 1


def test_after_half_an_hour_the_ticket_goes_out_with_what_there_is_and_a_link(world: World, square: Square) -> None:
    square.whole[ID] = PostFailed(Outcome.UNKNOWN, "temporary")
    push(world, ID)
    world.pass_time(timedelta(minutes=28))
    assert texts(world) == []
    assert 5 <= square.count("Complete") <= 9
    world.pass_time(timedelta(minutes=2))
    (text,) = texts(world)
    assert "nicht, was darin steht" in " ".join(text.split())
    assert f"https://kiosk.example/{ID}" in text


def test_a_platform_that_will_never_tell_holds_nothing_up(world: World, square: Square) -> None:
    square.whole[ID] = PostFailed(Outcome.REFUSED, "permission")
    push(world, ID)
    assert len(texts(world)) == 1
    assert square.count("Complete") == 1


def test_who_wrote_may_become_known_only_then_and_joins_their_own_conversation(world: World, square: Square) -> None:
    push(world, "1")
    nobody = message(ID, "", author=Author(""), partial=True)
    square.pages[EAST] = [[nobody]]
    square.whole[ID] = message(ID, "Und am Montag? أراكم")
    go(world)
    assert tickets(world, "Und am Montag? أراكم") == 1
    assert [head["author"]["id"] for head in heads(world)] == ["mia"]


def test_two_who_were_nobody_in_one_thread_get_a_ticket_each(world: World, square: Square) -> None:
    for id, name in (("a", "Mia"), ("b", "Đặng Thị Hương")):
        square.whole[id] = message(id, f"von {name}", author=Author(name.lower(), name))
    square.pages[EAST] = [[message(id, "", author=Author(""), partial=True) for id in ("a", "b")]]
    go(world)
    assert sorted(head["author"]["name"] for head in heads(world)) == ["Mia", "Đặng Thị Hương"]
    for text in texts(world):
        assert ("von Mia" in text) != ("von Đặng Thị Hương" in text)


def test_a_push_of_what_is_known_by_what_it_says_is_a_redelivery(world: World, square: Square) -> None:
    for number in (1, 2):
        square.whole[f"partial-{number}"] = message("review@1", "Drei Sterne")
    push(world, "partial-1")
    push(world, "partial-2")
    square.pages[EAST] = [[message("review@1", "Drei Sterne")]]
    go(world)
    assert tickets(world, "Drei Sterne") == 1
    assert not [item for item in world.items() if "todo" in item]


def test_what_was_taken_back_meanwhile_stays_gone(world: World, square: Square) -> None:
    square.whole[ID] = DOWN
    push(world, ID)
    square.pages[EAST] = [[Unsend("kiosk", EAST, ID, world.clock.now)]]
    go(world)
    square.whole[ID] = message(ID, "geheim")
    world.pass_time(timedelta(hours=1))
    assert not [item for item in world.items() if "geheim" in item.get("data", "")]


@pytest.mark.parametrize("crash_at", range(1, 6))
def test_a_crash_at_any_write_brings_one_ticket(world: World, square: Square, crash_at: int) -> None:
    square.whole[ID] = message(ID, "einmal", author=Author("other", "Olga"))
    rig: Any = world.rig
    writes = iter(range(1, 100))

    def between(operation: str, real: Callable[[], Any]) -> Any:
        done = real()
        if operation == "TransactWriteItems" and world.jobs and next(writes) == crash_at:
            raise Crash
        return done

    rig.between = between
    push(world, ID)
    world.pass_time(timedelta(minutes=20))
    assert tickets(world, "einmal") == 1


def _with_file(kind: AttachmentKind = AttachmentKind.IMAGE) -> Message:
    return message("1", "Schaut mal", attachments=(Attachment(kind, name="Torte.png", ref="media-7"),))


def test_a_file_that_only_the_channel_can_fetch_is_kept_behind_a_link_of_ours(world: World, square: Square) -> None:
    square.files["media-7"] = Response(200, PNG)
    square.pages[EAST] = [[_with_file()]]
    go(world)
    rig: Any = world.rig
    (key,) = [key for key in rig.objects if key.startswith("media/")]
    assert rig.objects[key] == PNG
    (mail,) = story.mails_with(world, "ticket")
    assert [part.get_content_type() for part in mail.walk() if part.get_content_maintype() == "image"] == ["image/png"]


@pytest.mark.parametrize(
    ("answer", "note", "asked"),
    [
        (NotSent("NewConnectionError"), "nicht", 2),
        (Lost("ReadTimeoutError"), "nicht", 2),
        (Response(500), "nicht", 2),
        (TooLarge("bytes"), "groß", 1),
        (Response(200, bytes(20_000_001)), "groß", 1),
        (Response(404), "nicht mehr", 1),
    ],
)
def test_what_cannot_be_fetched_is_a_note(
    world: World, square: Square, answer: Response | Exception, note: str, asked: int
) -> None:
    square.files["media-7"] = answer
    square.pages[EAST] = [[_with_file(AttachmentKind.FILE)]]
    go(world)
    (text,) = texts(world)
    assert note in text
    assert "Schaut mal" in text
    assert square.count("Download") == asked
