"""Instagram: samples from elsewhere, where they are at hand: what each is expected to be, and the files that are it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.base import Connection
from chalicelib.channels.instagram import Instagram
from chalicelib.model import Event
from tests.channels.at_hand import Samples, kinds
from tests.channels.instagram_at_hand import delivered

SAMPLES = Samples("instagram")
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "batch_duplicate_message_in_one_post__1": ("message message", "5678", "Hello World"),
    "comments__1": ("message", "76543987:987654321", "This is an example."),
    "comments_minimal_test_button__1": ("message", ":123456789", "This is an example."),
    "live_comments__1": ("message", "live::123456789", "This is an example."),
    "mentions_caption__1": ("message", "17887498072083520", ""),
    "mentions_comment__1": ("message", "17887498072083520:17887498072083520", ""),
    "message_deleted__1": ("unsend",),
    "message_echo__1": ("echo", "5678", ""),
    "message_echo_sender_is_business__1": ("echo", "6841100000000001", "Yes, we have it in size M."),
    "message_edit__1": ("edit",),
    "message_image__1": ("message", "5678", "", "image"),
    "message_like_heart__1": ("message", "5678", "", "sticker"),
    "message_reaction__1": ("reaction",),
    "message_story_mention__1": ("message", "5678", "", "story"),
    "message_story_reply__1": ("message", "987654321432", "hello, world!", "story"),
    "message_text__1": ("message", "5678", "Hello World"),
    "message_unsupported_attachment__1": ("note", "6841100000000001"),
    "messaging_seen__1": ("nothing",),
    "postback__1": ("message", "5678", "icebreaker question"),
    "unknown_messaging_item__1": ("unreadable",),
}


@SAMPLES.needed
@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_sample_from_elsewhere_is_read_as_what_it_is(name: str) -> None:
    body = SAMPLES.body(name)
    accounts = tuple(str(entry["id"]) for entry in json.loads(body)["entry"])
    events = Instagram(Connection("instagram", "instagram", accounts)).parse(delivered(body))
    assert (kinds(events), *told(events[0] if events else None)) == ELSEWHERE[name]


@SAMPLES.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted(ELSEWHERE) == SAMPLES.names


def told(event: Event | None) -> tuple[Any, ...]:
    """Thread, words and kinds of attachments, of what has them."""
    found = [getattr(event, name) for name in ("thread", "text") if hasattr(event, "thread") and hasattr(event, name)]
    return (*found, *(each.kind.value for each in getattr(event, "attachments", ())))
