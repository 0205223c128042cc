"""X: every answer that can go out, what a refusal means, and how long an answer may be."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Outcome, PostFailed, SecretMissing
from chalicelib.channels.x import X
from chalicelib.channels.x.weighted import weighted_length
from chalicelib.http import Lost, NotSent
from chalicelib.model import Kind
from tests.channels.at_hand import answering, failing
from tests.channels.x_at_hand import (
    DIRECT,
    MAI,
    PAIR,
    RECEIVED_AT,
    SECOND_SHOP,
    TOKEN,
    connection,
    opened,
    problem,
    reply,
)


def test_an_answer_to_a_post_is_a_post_under_it() -> None:
    asked: list[Any] = []
    posted = opened(answering(201, {"data": {"id": "2101000000000000999", "text": "…"}}, asked=asked)).send(reply())
    assert posted == "2101000000000000999"
    ((method, url, more),) = asked
    assert (method, url) == ("POST", "https://api.x.com/2/tweets")
    assert more["json"] == {"text": reply().text, "reply": {"in_reply_to_tweet_id": "2101000000000000101"}}
    assert more["headers"]["authorization"] == f"Bearer {TOKEN}"


def test_an_answer_to_a_direct_message_is_private() -> None:
    asked: list[Any] = []
    done = {"data": {"dm_conversation_id": PAIR, "dm_event_id": "2101000000000000998"}}
    assert opened(answering(201, done, asked=asked)).send(reply(**DIRECT)) == "2101000000000000998"
    ((method, url, more),) = asked
    assert (method, url) == ("POST", f"https://api.x.com/2/dm_conversations/with/{MAI}/messages")
    assert more["json"] == {"text": reply().text}


@pytest.mark.parametrize("recipient", ["", "../../tweets", "1/2", "１", "7?x=1"])
def test_an_answer_to_nobody_is_refused_before_it_leaves(recipient: str) -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        opened(answering(201, asked=asked)).send(reply(**DIRECT, author_id=recipient))
    assert (failed.value.outcome, failed.value.code, asked) == (Outcome.REFUSED, "rejected", [])


@pytest.mark.parametrize("parent", ["", "0c4a0d7e-1111-4222-8333-944444444444"])
def test_an_answer_never_becomes_a_post_of_its_own(parent: str) -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        opened(answering(201, asked=asked)).send(reply(parent=parent))
    assert (failed.value.outcome, asked) == (Outcome.REFUSED, [])


NOT_SUMMONED = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged"
FAILURES: list[tuple[int, Any, Outcome, str]] = [
    (400, problem("invalid-request"), Outcome.REFUSED, "rejected"),
    (401, problem("unauthorized"), Outcome.REFUSED, "token"),
    (403, problem("forbidden"), Outcome.REFUSED, "permission"),
    (403, problem("about:blank", NOT_SUMMONED), Outcome.REFUSED, "not-summoned"),
    (
        403,
        problem("about:blank", "You are not allowed to create a Tweet with duplicate content."),
        Outcome.REFUSED,
        "duplicate",
    ),
    (
        403,
        problem("forbidden", "You do not have permission to DM one or more participants."),
        Outcome.REFUSED,
        "blocked",
    ),
    (
        400,
        problem("invalid", "attempted to reply to a Tweet that is deleted or not visible to you"),
        Outcome.REFUSED,
        "gone",
    ),
    (403, problem("forbidden", "Your Tweet text is too long."), Outcome.REFUSED, "too-long"),
    (404, {}, Outcome.REFUSED, "gone"),
    (429, problem("usage-capped"), Outcome.REFUSED, "usage-capped"),
    (429, None, Outcome.PASSING, "throttled"),
    (200, {"errors": [problem("resource-not-found", status=404)]}, Outcome.REFUSED, "gone"),
    (
        200,
        {"errors": [{"message": "Status is a duplicate.", "code": 187, "status": 403}]},
        Outcome.REFUSED,
        "duplicate",
    ),
    (200, {"errors": [problem("client-forbidden", status=403)]}, Outcome.REFUSED, "permission"),
    (200, {}, Outcome.UNKNOWN, "unclear"),
    (201, {"data": {}}, Outcome.UNKNOWN, "unclear"),
    (201, "text", Outcome.UNKNOWN, "unclear"),
    (500, None, Outcome.UNKNOWN, "unclear"),
    (502, "<html>", Outcome.UNKNOWN, "unclear"),
    (503, problem("service-unavailable"), Outcome.UNKNOWN, "unclear"),
    (302, None, Outcome.REFUSED, "rejected"),
]


def test_a_refused_answer_says_what_to_do() -> None:
    for status, body, outcome, code in FAILURES:
        with pytest.raises(PostFailed) as failed:
            opened(answering(status, body)).send(reply())
        assert (body, failed.value.outcome, failed.value.code) == (body, outcome, code)


def test_a_problem_is_named_and_never_quoted() -> None:
    told = problem("invalid-request", "the text 'Chào chị Mai' is no good")
    with pytest.raises(PostFailed) as failed:
        opened(answering(400, told)).send(reply())
    assert failed.value.detail == "invalid-request"
    assert "Mai" not in repr(failed.value) + str(vars(failed.value))


@pytest.mark.parametrize(("ahead", "wait"), [(300, 300), (-50, 1), (10**9, 86_400)])
def test_a_rate_limit_says_when_to_come_back(ahead: int, wait: int) -> None:
    headers = {"x-rate-limit-reset": str(int(RECEIVED_AT) + ahead)}
    with pytest.raises(PostFailed) as failed:
        opened(answering(429, None, headers)).send(reply())
    assert failed.value.retry_after == timedelta(seconds=wait)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(NotSent("ConnectTimeoutError"), Outcome.PASSING), (Lost("ReadTimeoutError"), Outcome.UNKNOWN)],
)
def test_only_what_never_left_is_sent_again_without_a_look(error: Exception, outcome: Outcome) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(failing(error)).send(reply())
    assert failed.value.outcome is outcome


def test_an_account_without_a_token_cannot_answer() -> None:
    with pytest.raises(SecretMissing):
        opened(answering(201)).send(reply(account=SECOND_SHOP))


def test_posts_are_weighed_and_direct_messages_counted() -> None:
    post, direct = X(connection()).limits(Kind.MENTION), X(connection()).limits(Kind.DIRECT)
    assert (post.public, post.text, post.unit, post.window) == (True, 280, "weighted", None)
    assert (direct.public, direct.text, direct.measure("日本")) == (False, 10_000, 2)
    assert post.measure("日" * 140) == 280


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Grüße aus München", 17),
        ("e\u0301", 1),
        ("Đèn của tôi không sáng", 23),
        ("مرحبا", 5),
        ("שלום", 4),
        ("日本語です。", 12),
        ("안녕", 4),
        ("“Anführung” – Strich…", 22),
        ("a\r\nb", 3),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪🇯🇵", 4),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
        ("#️⃣1️⃣", 4),
        ("❤️☎️", 4),
        ("123 #4 *", 8),
        ("https://lampen.example/ein/langer/pfad?mit=frage&und=mehr#anker", 23),
        ("siehe lampen.de.", 6 + 23 + 1),
        ("(https://lampen.example/a_(b))", 25),
        ("https://lampen.example/日本", 23 + 4),
        ("見てlampen.com", 4 + 23),
        ("max@lampen.de", 13),
        ("@max.de #max.de", 15),
        ("http://192.168.0.1/", 19),
        ("z.B. 3.5", 8),
        ("𐀀", 2),
        ("\ud800", 2),
    ],
)
def test_a_text_is_as_long_as_x_finds_it(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "é" * 60_000, "-" * 60_000, "a." * 30_000, "https://" * 7_000, "x.de/" + "(" * 20_000]
)
def test_a_long_text_is_measured_at_once(text: str) -> None:
    started = time.process_time()
    weighted_length(text)
    assert time.process_time() - started < 1
