"""YouTube: samples from elsewhere, where they are at hand: what each gives when it is what YouTube answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome
from chalicelib.channels.youtube import YouTube
from chalicelib.http import Response
from chalicelib.model import Message
from tests.channels.at_hand import Samples
from tests.channels.youtube_at_hand import SECRETS, Site, answer, forget_tokens, refused

SAMPLES = Samples("youtube")
CHANNEL, CUSTOMER, THREAD = "UC0000000000000000000001", "UC0000000000000000000009", "UgxTESTTHREAD0000000001AaABAg"
BEGAN = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)

pytestmark = SAMPLES.needed


def events_of(*answers: Any) -> list[Any]:
    """What a channel that was connected before gets."""
    forget_tokens()
    site = Site(now=BEGAN, answers=[{"items": []}, *answers, {"items": []}])
    channel = YouTube(Connection("y", "youtube", (CHANNEL,), {}, SECRETS), site, lambda: site.now)
    cursor = channel.poll(CHANNEL, "").cursor
    return list(channel.poll(CHANNEL, cursor).events)


def test_a_thread_and_the_reply_in_it_are_two_messages() -> None:
    first, second = events_of({**SAMPLES.told("api_comment_threads_list__1"), "nextPageToken": None})
    assert (first.text, first.author.id, first.author.handle) == (
        "Great video, but my order is missing",
        CUSTOMER,
        "testcustomer",
    )
    assert (second.id, second.parent, second.thread) == (f"{THREAD}.90k0TESTREPLY001", THREAD, THREAD)


def test_an_empty_channel_and_our_own_comment_give_nothing() -> None:
    assert events_of(SAMPLES.told("api_comment_threads_list_empty__1")) == []
    assert events_of(SAMPLES.told("api_comment_threads_list_own_comment__1"), {"items": []}) == []


def test_all_replies_of_a_thread_are_messages() -> None:
    thread = SAMPLES.told("api_comment_threads_list__1")
    thread["items"][0]["snippet"]["totalReplyCount"] = 2
    events = events_of({**thread, "nextPageToken": None}, SAMPLES.told("api_comments_list_replies__1"))
    assert [event.text for event in events if isinstance(event, Message)] == [
        "Great video, but my order is missing",
        "@testcustomer same here",
        "any news?",
    ]


def test_a_used_up_allowance_passes() -> None:
    with refused() as found:
        events_of(answer(Response(403, SAMPLES.body("api_error_quota_exceeded__1"))))
    assert found == [(Outcome.PASSING, "usage-capped")]


def test_no_sample_from_elsewhere_is_left_out() -> None:
    used = ("comment_threads_list", "comment_threads_list_empty", "comment_threads_list_own_comment")
    others = ("comments_list_replies", "error_quota_exceeded")
    assert SAMPLES.names == sorted(f"api_{name}__1" for name in (*used, *others))
