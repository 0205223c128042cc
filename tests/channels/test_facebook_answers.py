"""Facebook: every answer that can go out, what its failure means, and names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels import open_channel
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.facebook import Facebook
from chalicelib.channels.powers import Finds, Profiles
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import (
    Echo,
    Kind,
)
from tests.channels.at_hand import refusal
from tests.channels.facebook_at_hand import (
    COMMENT,
    FACEBOOK,
    NOW,
    OTHER_PAGE,
    PAGE,
    PERSON,
    POST,
    SENT_AT,
    answering,
    at,
    comment_reply,
    connection,
    delivered,
    messaging,
    reply,
)


def test_a_message_is_answered_in_its_page_s_name_with_our_mark() -> None:
    log: list[Any] = []
    sent = at(NOW, answering({"recipient_id": PERSON, "message_id": "m_new"}, log=log)).send(reply())
    assert sent == "m_new"
    assert log == [
        (
            "POST",
            f"https://graph.facebook.com/v26.0/{PAGE}/messages",
            {"authorization": "Bearer token-of-the-first-page"},
            {
                "recipient": {"id": PERSON},
                "messaging_type": "RESPONSE",
                "message": {"text": "Kommt morgen an. 明日届きます。", "metadata": "bridgehead:3f9c2a7e"},
            },
        )
    ]


def test_the_echo_of_what_we_send_carries_the_reply_id_back() -> None:
    log: list[Any] = []
    at(NOW, answering({"message_id": "m_new"}, log=log)).send(reply())
    coming_back = messaging(
        sender={"id": PAGE}, recipient={"id": PERSON}, message={"mid": "m_new", "is_echo": True, **log[0][3]["message"]}
    )
    (echo,) = FACEBOOK.parse(delivered(coming_back))
    assert isinstance(echo, Echo)
    assert (echo.id, echo.reply_id) == ("m_new", "3f9c2a7e")


def test_a_day_later_only_the_permission_for_human_agents_lets_an_answer_through() -> None:
    log: list[Any] = []
    http = answering({"message_id": "1"}, {"message_id": "2"}, log=log)
    at(SENT_AT + timedelta(hours=24), http, human_agent=True).send(reply())
    at(SENT_AT + timedelta(hours=25), http, human_agent=True).send(reply())
    assert [(body["messaging_type"], body.get("tag")) for *_, body in log] == [
        ("RESPONSE", None),
        ("MESSAGE_TAG", "HUMAN_AGENT"),
    ]


@pytest.mark.parametrize(("passed", "human_agent"), [(timedelta(hours=25), False), (timedelta(days=8), True)])
def test_after_the_window_nothing_leaves(passed: timedelta, human_agent: bool) -> None:
    channel = at(SENT_AT + passed, answering(), human_agent=human_agent)
    assert refusal(channel, reply()) == (Outcome.REFUSED, "window")


def test_a_comment_is_answered_under_the_latest_one_with_the_token_of_its_page() -> None:
    log: list[Any] = []
    sent = at(NOW, answering({"id": "55_99"}, log=log)).send(comment_reply(account=OTHER_PAGE, parent="55_78"))
    assert sent == "55_99"
    assert log == [
        (
            "POST",
            "https://graph.facebook.com/v26.0/55_78/comments",
            {"authorization": "Bearer token-of-the-second-page"},
            {"message": "Kommt morgen an. 明日届きます。"},
        )
    ]


def test_a_comment_that_takes_no_answers_is_answered_under_the_top_of_its_thread() -> None:
    log: list[Any] = []
    sent = at(NOW, answering((100, 0), {"id": "n"}, log=log)).send(comment_reply(parent="880_nested"))
    assert sent == "n"
    assert [url.rpartition("v26.0/")[2] for _, url, *_ in log] == ["880_nested/comments", f"{COMMENT}/comments"]


def test_a_rating_and_a_visitor_post_are_answered_under_themselves() -> None:
    log: list[Any] = []
    channel = at(NOW, answering({"id": "1"}, {"id": "2"}, log=log))
    channel.send(comment_reply(thread="9933", parent="9933", kind=Kind.REVIEW))
    channel.send(comment_reply(thread=POST, parent=POST, kind=Kind.POST))
    assert [url.rpartition("v26.0/")[2] for _, url, *_ in log] == ["9933/comments", f"{POST}/comments"]


def test_a_public_comment_can_be_answered_privately_within_a_week() -> None:
    log: list[Any] = []
    channel = at(SENT_AT + timedelta(days=6), answering({"message_id": "1"}, {"message_id": "2"}, log=log))
    channel.send(comment_reply(public=False))
    channel.send(comment_reply(public=False, kind=Kind.POST, parent=POST, thread=POST))
    assert [body["recipient"] for *_, body in log] == [{"comment_id": COMMENT}, {"post_id": POST}]
    late = at(SENT_AT + timedelta(days=8), answering())
    assert refusal(late, comment_reply(public=False)) == (Outcome.REFUSED, "window")


@pytest.mark.parametrize("kind", [Kind.MENTION, Kind.REVIEW])
def test_what_cannot_be_answered_privately_is_not_answered_publicly_instead(kind: Kind) -> None:
    assert refusal(at(NOW, answering()), comment_reply(public=False, kind=kind)) == (Outcome.REFUSED, "private-only")


def test_a_private_answer_has_the_length_of_a_message() -> None:
    long = comment_reply(public=False, text="長" * 2001)
    assert refusal(at(NOW, answering()), long) == (Outcome.REFUSED, "too-long")


def test_nobody_is_tagged_by_an_answer() -> None:
    log: list[Any] = []
    at(NOW, answering({"id": "1"}, log=log)).send(comment_reply(text="siehe @[4711] und @mai"))
    assert log[0][3] == {"message": "siehe @\u2060[4711] und @mai"}


def test_ids_cannot_leave_their_place_in_the_address() -> None:
    log: list[Any] = []
    at(NOW, answering({"id": "1"}, log=log)).send(comment_reply(parent="../me?x=1#"))
    assert log[0][1] == "https://graph.facebook.com/v26.0/..%2Fme%3Fx%3D1%23/comments"


def test_limits_say_what_each_kind_of_answer_may_be() -> None:
    direct, tagged = FACEBOOK.limits(Kind.DIRECT), Facebook(connection(human_agent=True)).limits(Kind.DIRECT)
    assert (direct.public, direct.text, direct.window, direct.extended_window) == (
        False,
        2000,
        timedelta(hours=24),
        None,
    )
    assert tagged.extended_window == timedelta(days=7)
    for kind in (Kind.COMMENT, Kind.POST, Kind.MENTION, Kind.REVIEW):
        assert (FACEBOOK.limits(kind).public, FACEBOOK.limits(kind).text, FACEBOOK.limits(kind).window) == (
            True,
            8000,
            None,
        )


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        ((1, 0), Outcome.UNKNOWN, "temporary"),
        ((2, 0), Outcome.UNKNOWN, "temporary"),
        ((2, 2018344), Outcome.REFUSED, "permission"),
        ((4, 0), Outcome.PASSING, "throttled"),
        ((32, 0), Outcome.PASSING, "throttled"),
        ((613, 0), Outcome.PASSING, "throttled"),
        ((80006, 0), Outcome.PASSING, "throttled"),
        ((10, 0), Outcome.REFUSED, "permission"),
        ((10, 2018278), Outcome.REFUSED, "window"),
        ((10, 1893063), Outcome.REFUSED, "restricted"),
        ((100, 0), Outcome.REFUSED, "rejected"),
        ((100, 33), Outcome.REFUSED, "gone"),
        ((190, 463), Outcome.REFUSED, "token"),
        ((200, 0), Outcome.REFUSED, "permission"),
        ((200, 1545041), Outcome.REFUSED, "blocked"),
        ((283, 0), Outcome.REFUSED, "permission"),
        ((368, 0), Outcome.REFUSED, "policy"),
        ((506, 0), Outcome.UNKNOWN, "duplicate"),
        ((551, 1545041), Outcome.REFUSED, "blocked"),
        ((10900, 0), Outcome.REFUSED, "gone"),
        ((9000001, 0), Outcome.REFUSED, "gone"),
        (("190", "460"), Outcome.REFUSED, "token"),
        ((77777, 5), Outcome.REFUSED, "rejected"),
        (([], {}), Outcome.REFUSED, "rejected"),
        (Response(200, b""), Outcome.UNKNOWN, "unclear"),
        (Response(200, b'{"recipient_id":"1"}'), Outcome.UNKNOWN, "unclear"),
        (Response(200, b'["x"]'), Outcome.UNKNOWN, "unclear"),
        (Response(302), Outcome.UNKNOWN, "unclear"),
        (Response(404, b"<html>"), Outcome.REFUSED, "rejected"),
        (Response(429), Outcome.PASSING, "throttled"),
        (Response(500, b"oops"), Outcome.UNKNOWN, "unclear"),
        (Response(503, b'{"error":"down"}'), Outcome.UNKNOWN, "unclear"),
        (Response(400, b'{"error":{"code":77777,"is_transient":true}}'), Outcome.UNKNOWN, "unclear"),
        (Response(500, b'{"error":{"code":190}}'), Outcome.REFUSED, "token"),
    ],
)
def test_every_failure_says_what_it_means_for_the_next_step(answer: Any, outcome: Outcome, code: str) -> None:
    assert refusal(at(NOW, answering(answer)), reply()) == (outcome, code)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('{"417":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}', timedelta(minutes=19)),
        ('{"417":[{"estimated_time_to_regain_access":99999}]}', timedelta(days=1)),
        ('{"417":[{"estimated_time_to_regain_access":0}]}', None),
        ('{"417":[{"estimated_time_to_regain_access":-5}]}', None),
        ('{"417":[{"estimated_time_to_regain_access":"soon"}]}', None),
        ("{}", None),
        ("[1]", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_throttle_says_how_long_to_wait_where_meta_does(header: str, expected: timedelta | None) -> None:
    throttled = Response(400, b'{"error":{"code":32}}', {"x-business-use-case-usage": header})
    with pytest.raises(PostFailed) as failed:
        at(NOW, answering(throttled)).send(reply())
    assert failed.value.retry_after == expected


def test_an_account_without_token_is_refused_before_anything_is_sent() -> None:
    assert refusal(at(NOW, answering()), reply(account="5")) == (Outcome.REFUSED, "token")


def test_failures_say_neither_words_nor_tokens() -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, answering((100, 5))).send(reply())
    shown = f"{failed.value!r} {failed.value} {failed.value.detail}"
    assert failed.value.detail == "400 100/5 A1b2"
    assert "morgen" not in shown
    assert "token-of" not in shown + repr(FACEBOOK)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"first_name": "Jürgen", "last_name": "Müßig", "id": "1"}, {"name": "Jürgen Müßig"}),
        ({"first_name": "Mai", "last_name": "Nguyễn"}, {"name": "Mai Nguyễn"}),
        ({"first_name": "花子", "last_name": "山田"}, {"name": "山田花子"}),
        ({"first_name": "小明"}, {"name": "小明"}),
        ({"first_name": None, "last_name": 7, "id": "1"}, {}),
        ((100, 33), {}),
        (NotSent("x"), {}),
        (Lost("x"), {}),
        (Response(200, b"["), {}),
    ],
)
def test_a_name_is_looked_up_and_its_lack_stops_nothing(answer: Any, expected: dict[str, str]) -> None:
    assert at(NOW, answering(answer)).profile(PAGE, PERSON) == expected


def test_a_page_without_token_has_no_names() -> None:
    assert at(NOW, answering()).profile("5", PERSON) == {}


def test_the_channel_opens_by_its_name_and_has_both_optional_powers() -> None:
    channel = open_channel(connection())
    assert isinstance(channel, Facebook)
    assert isinstance(channel, Finds)
    assert isinstance(channel, Profiles)
