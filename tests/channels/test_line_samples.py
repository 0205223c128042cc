"""LINE: samples from elsewhere, where they are at hand: what each is, what it says, and signatures made elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.line import Line
from chalicelib.model import Author, Kind, Message
from tests.channels.at_hand import Samples, kinds
from tests.channels.line_at_hand import BOT, NOW, Platform, at, delivered, reply

SAMPLES = Samples("line")

GROUP, ROOM = "Ca56f94637cc4347f90a25382909b24b9", "Ra8dbf4673c4c812cd491258042226c99"
ELSEWHERE: dict[str, tuple[str, str]] = {
    "batch_two_events_legacy_without_event_id__1": ("message message", "Hello, world"),
    "message_audio__1": ("message", "[link]"),
    "message_file__1": ("message", "[file]"),
    "message_image_room_external_no_user_id__1": ("message", f"[link] in {ROOM}"),
    "message_image_set_member__1": ("message", "[image]"),
    "message_location__1": ("message", "[location]"),
    "message_sticker__1": ("message", "Just sticker[sticker]"),
    "message_text_group__1": ("message", f"Hello, world in {GROUP}"),
    "message_text_group_mention_and_quote__1": ("message", f"@All @example 助けてください in {GROUP} to 325708"),
    "message_text_redelivered__1": ("message", "Hello, world"),
    "message_text_room__1": ("message", f"Hello, world in {ROOM}"),
    "message_text_user__1": ("message", "Hello, world"),
    "message_video__1": ("message", "[link]"),
    "postback_datetime__1": ("message", "action=buyItem&itemId=123123&color=red 2017-12-25T01:00"),
    "message_edited__1": ("edit", "Hello, edited world"),
    "unfollow__1": ("note", "left"),
    "unsend_group__1": ("unsend", "325708"),
    "unknown_event_type__1": ("unreadable", "unknown-kind"),
    **{
        f"{name}__1": ("nothing", "")
        for name in (
            *("account_link", "beacon_enter", "follow_unblocked", "join_group", "leave_group", "member_joined"),
            *("member_left", "message_text_standby_no_reply_token", "verify_button_empty_events"),
            "video_play_complete",
        )
    },
}
ANSWERS = ("api_push_conflict_409__1", "api_push_error_400_unknown_user__1", "api_push_response__1")


@SAMPLES.needed
def test_a_sample_from_elsewhere_is_read_as_what_it_is() -> None:
    found = {}
    for name in ELSEWHERE:
        account = SAMPLES.told(name).get("destination", BOT)
        events = Line(Connection("cafe", "line", (account,))).parse(delivered(SAMPLES.body(name)))
        found[name] = (kinds(events), told(events[0]) if events else "")
    assert found == ELSEWHERE


def told(event: Any) -> str:
    if not isinstance(event, Message):
        return str(getattr(event, "text", "") or getattr(event, "kind", "") or getattr(event, "reason", "") or event.id)
    assert event.public == (event.kind is Kind.GROUP) == (event.thread != event.author.id)
    assert event.author.id or event.author == Author("")
    place = f" in {event.thread}" if event.public else ""
    answered = f" to {event.parent}" if event.parent else ""
    return event.text + "".join(f"[{each.kind}]" for each in event.attachments) + place + answered


@SAMPLES.needed
def test_what_line_answers_elsewhere_is_understood() -> None:
    taken, repeated = (SAMPLES.told(name) for name in ("api_push_response__1", "api_push_conflict_409__1"))
    for status, body in ((200, taken), (409, repeated)):
        assert at(NOW, Platform((status, body))).send(reply()) == "461230966842064897"
    with pytest.raises(PostFailed) as failed:
        at(NOW, Platform((400, SAMPLES.told("api_push_error_400_unknown_user__1")))).send(reply())
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "blocked")


@SAMPLES.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted([*ELSEWHERE, *ANSWERS]) == SAMPLES.names
