"""YouTube: what a comment is read as, replies, refusals, the look for a lost reply, profiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Forged, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.powers import Finds, Polls, Profiles
from chalicelib.channels.youtube import YouTube
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import Author, Echo, Edit, Event, Kind, Message, Unreadable
from tests.channels.youtube_at_hand import (
    ANSWER,
    MAI,
    SENT_AT,
    START,
    THREAD,
    US,
    YUI,
    Site,
    Watcher,
    connection,
    forget_tokens,
    opened,
    payload,
    reason,
    refused,
    reply,
)

LINK = "https://www.youtube.com/watch?v=kaffee00001&lc="


@pytest.fixture(autouse=True)
def _signed_out() -> None:
    forget_tokens()


def watching() -> Watcher:
    """The channel is connected, nobody has written yet."""
    watcher = Watcher(Site())
    watcher.look(timedelta(0))
    return watcher


def events_of(*names: str) -> list[Event]:
    """What came of these pages, one after the other, an hour after the channel was connected."""
    watcher = watching()
    watcher.site.now = SENT_AT
    for name in names:
        watcher.site.answers = [payload(name), {"items": []}]
        watcher.look()
    return watcher.came


def test_what_youtube_can_do_is_offered() -> None:
    for power in (Polls, Finds, Profiles):
        assert isinstance(opened(Site()), power)


def test_nothing_that_is_delivered_is_youtubes() -> None:
    request = WebhookRequest("POST", {}, {"hub.challenge": "1"}, b"{}", 0)
    for ask in (YouTube(connection()).handshake, YouTube(connection()).verify, YouTube(connection()).parse):
        with pytest.raises(Forged):
            ask(request)


def test_every_answer_is_public() -> None:
    limits = [opened(Site()).limits(kind) for kind in Kind]
    assert {(each.public, each.text, each.parts, each.window) for each in limits} == {(True, 10_000, 1, None)}


# --- what a comment is read as


def test_a_comment_is_read_as_what_it_is() -> None:
    assert events_of("thread") == [
        Message(
            channel="youtube",
            account=US,
            id=THREAD,
            thread=THREAD,
            author=Author(MAI, handle="maitrongvuon", url=f"https://www.youtube.com/channel/{MAI}"),
            text="Quán mở cửa đến mấy giờ ạ? ☕",
            sent_at=SENT_AT,
            kind=Kind.COMMENT,
            public=True,
            permalink=f"{LINK}{THREAD}",
        )
    ]


def test_a_reply_of_somebody_else_belongs_to_the_thread_and_our_own_is_an_echo() -> None:
    _, theirs, ours = events_of("thread_with_replies")
    assert isinstance(theirs, Message)
    assert (theirs.thread, theirs.parent, theirs.author.id, theirs.text) == (THREAD, THREAD, YUI, "私も知りたいです")
    assert ours == Echo(
        channel="youtube",
        account=US,
        id=f"{THREAD}.9k2Own",
        text="@maitrongvuon Đến 21 giờ ạ!",
        at=SENT_AT + timedelta(minutes=6),
        parent=THREAD,
    )


def test_a_change_is_an_edit_of_the_same_comment() -> None:
    at = SENT_AT + timedelta(minutes=9)
    assert events_of("thread", "thread_edited")[1:] == [
        Edit("youtube", US, THREAD, "Quán mở cửa đến mấy giờ Chủ nhật ạ?", at)
    ]


def test_what_was_changed_before_it_was_seen_is_one_message() -> None:
    (only,) = events_of("thread_edited", "thread_edited")
    assert isinstance(only, Message)


def test_under_our_own_comment_only_the_customer_counts() -> None:
    (only,) = events_of("thread_by_the_channel")
    assert isinstance(only, Message)
    assert (only.text, only.thread) == ("هل لديكم كعك بدون غلوتين؟", "UgzOwn")


@pytest.mark.parametrize(
    ("name", "author", "text"),
    [
        ("thread_of_a_person_with_a_name", "Jürgen Müßig", "Grüße aus Köln 🙂"),
        ("thread_without_author", "", "我的订单还没到"),
        ("thread_without_original", "", "Schöner Laden & gutes Brot"),
    ],
)
def test_what_is_missing_is_left_out(name: str, author: str, text: str) -> None:
    (only,) = events_of(name)
    assert isinstance(only, Message)
    assert (only.author.name, only.text) == (author, text)


def test_without_a_video_there_is_no_link() -> None:
    (only,) = events_of("thread_about_the_channel")
    assert isinstance(only, Message)
    assert only.permalink == ""


def test_one_unreadable_comment_costs_only_itself_and_is_told_once() -> None:
    events = events_of("one_broken_of_three", "one_broken_of_three")
    assert sorted(type(event).__name__ for event in events) == ["Message", "Message", "Unreadable"]
    assert next(event.raw["id"] for event in events if isinstance(event, Unreadable)) == "UgzBroken"


# --- replies


def test_a_reply_goes_to_the_threads_first_comment() -> None:
    site = Site(answers=[payload("reply_made")])
    asked: list[Any] = []

    def http(method: str, url: str, **more: Any) -> Response:
        asked.append((method, url, more.get("json"), more["headers"]))
        return site(method, url, **more)

    answered = reply(parent=f"{THREAD}.9k1Yui", author_id=YUI)
    assert YouTube(connection(), http, lambda: SENT_AT).send(answered) == f"{THREAD}.9kOurs"
    assert asked[1] == (
        "POST",
        "https://www.googleapis.com/youtube/v3/comments?part=snippet",
        {"snippet": {"parentId": THREAD, "textOriginal": ANSWER}},
        {"authorization": "Bearer ya29.a-token"},
    )


REASONS = [
    (reason(403, "quotaExceeded"), Outcome.PASSING, "usage-capped"),
    (reason(403, "dailyLimitExceeded"), Outcome.PASSING, "usage-capped"),
    (reason(403, "rateLimitExceeded"), Outcome.PASSING, "throttled"),
    (reason(403, "userRateLimitExceeded"), Outcome.PASSING, "throttled"),
    (reason(429, "tooMany"), Outcome.PASSING, "throttled"),
    (reason(400, "processingFailure"), Outcome.UNKNOWN, "temporary"),
    (reason(500, "backendError"), Outcome.UNKNOWN, "unclear"),
    (reason(503, ""), Outcome.UNKNOWN, "unclear"),
    (reason(403, "commentsDisabled"), Outcome.REFUSED, "switched-off"),
    (reason(400, "operationNotSupported"), Outcome.REFUSED, "switched-off"),
    (reason(404, "parentCommentNotFound"), Outcome.REFUSED, "gone"),
    (reason(404, "commentNotFound"), Outcome.REFUSED, "gone"),
    (reason(404, "videoNotFound"), Outcome.REFUSED, "gone"),
    (reason(404, ""), Outcome.REFUSED, "gone"),
    (reason(400, "commentTextTooLong"), Outcome.REFUSED, "rejected"),
    (reason(400, "somethingNew"), Outcome.REFUSED, "rejected"),
    (reason(403, "forbidden"), Outcome.REFUSED, "permission"),
    (reason(403, "insufficientPermissions"), Outcome.REFUSED, "permission"),
    (reason(403, "somethingNew"), Outcome.REFUSED, "permission"),
    (reason(401, "authError"), Outcome.REFUSED, "token"),
    (Response(401, b"<html>"), Outcome.REFUSED, "token"),
    (Response(200, b"{}"), Outcome.UNKNOWN, "unclear"),
    ({"kind": "youtube#comment"}, Outcome.UNKNOWN, "unclear"),
    (NotSent("x"), Outcome.PASSING, "unreachable"),
    (Lost("x"), Outcome.UNKNOWN, "lost"),
]


def test_every_reason_means_something() -> None:
    for said, outcome, code in REASONS:
        with refused() as found:
            opened(Site(answers=[said])).send(reply())
        assert (said, found) == (said, [(outcome, code)])


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 10, 3, 10, 0, tzinfo=UTC), 21),  # summer: midnight there is seven o'clock
        (datetime(2026, 12, 3, 7, 0, tzinfo=UTC), 1),  # winter: eight
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), 24.5),  # the night when the clock is put back
    ],
)
def test_a_used_up_allowance_comes_back_at_midnight_in_california(now: datetime, hours: float) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(Site(now=now, answers=[payload_error()])).send(reply())
    assert failed.value.retry_after == timedelta(hours=hours)


def payload_error() -> Response:
    return reason(403, payload("error_quota")["error"]["errors"][0]["reason"])


def test_a_failure_never_repeats_words() -> None:
    with pytest.raises(PostFailed) as failed:
        opened(Site(answers=[reason(403, "forbidden")])).send(reply())
    assert failed.value.detail == "403 forbidden"


def test_without_a_sign_in_the_answer_is_refused() -> None:
    with refused() as found:
        YouTube(replace(connection(), secrets={}), Site(), lambda: SENT_AT).send(reply())
    assert found == [(Outcome.REFUSED, "token")]


def test_one_sign_in_serves_for_an_hour_and_a_dead_one_is_made_anew() -> None:
    site, signed_in = Site(answers=[payload("reply_made")] * 2 + [reason(401, "authError"), payload("reply_made")]), []

    def http(method: str, url: str, **more: Any) -> Response:
        signed_in.extend([url] if "body" in more else [])
        return site(method, url, **more)

    channel = YouTube(connection(), http, lambda: SENT_AT)
    for _ in range(2):
        channel.send(reply())
    assert len(signed_in) == 1
    with refused():
        channel.send(reply())
    channel.send(reply())
    assert len(signed_in) == 2


# --- the look for a lost reply


def lost(**more: Any) -> Site:
    site = Site(now=SENT_AT, **more)
    site.write(THREAD)
    return site


def test_a_lost_reply_is_found_by_who_and_what_on_any_page() -> None:
    site = lost(page_size=2)
    for number, author in enumerate((YUI, YUI, US, US)):
        site.write(THREAD, ANSWER if number != 2 else "Danke!", f"r{number}", author)
    assert opened(site).find(reply()) == f"{THREAD}.r3"


def test_what_is_certainly_not_there_is_none() -> None:
    site = lost()
    site.write(THREAD, ANSWER, "r1", US, at=START)
    site.write(THREAD, ANSWER, "r2", YUI)
    assert opened(site).find(reply()) is None


@pytest.mark.parametrize(
    "said", [reason(403, "quotaExceeded"), reason(404, "commentNotFound"), Lost("x"), {"items": [3]}]
)
def test_what_cannot_be_read_proves_nothing(said: Any) -> None:
    with refused() as found:
        opened(lost(answers=[said])).find(reply())
    assert found[0][0] is Outcome.UNKNOWN


def test_too_many_replies_to_look_through_prove_nothing() -> None:
    site = lost(page_size=1)
    for number in range(12):
        site.write(THREAD, "?", f"r{number}", YUI)
    with refused() as found:
        opened(site).find(reply())
    assert found == [(Outcome.UNKNOWN, "unclear")]


# --- who it is


def test_a_profile_tells_name_and_followers() -> None:
    told = opened(Site(answers=[payload("channel")])).profile(US, MAI)
    assert told == {"name": "Mai trồng vườn", "followers": 104_000}


def test_hidden_followers_stay_hidden() -> None:
    hidden = payload("channel")
    hidden["items"][0]["statistics"] = {"hiddenSubscriberCount": True, "subscriberCount": "0"}
    assert opened(Site(answers=[hidden])).profile(US, MAI) == {"name": "Mai trồng vườn"}


@pytest.mark.parametrize(
    "said", [{"items": []}, {"kind": "x"}, reason(403, "quotaExceeded"), Lost("x"), {"items": [None]}]
)
def test_a_profile_that_is_not_told_is_empty(said: Any) -> None:
    assert opened(Site(answers=[said])).profile(US, MAI) == {}
