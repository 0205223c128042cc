"""Facebook: whether an answer was posted after all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import (
    Outcome,
    PostFailed,
)
from chalicelib.http import Lost, NotSent, Response
from tests.channels.facebook_at_hand import (
    ANSWER,
    COMMENT,
    NOW,
    PAGE,
    PERSON,
    SENT_AT,
    answering,
    at,
    comment_reply,
    reply,
)


def listed(*comments: dict[str, Any], after: str = "") -> dict[str, Any]:
    paging = {"cursors": {"after": after}, "next": "https://elsewhere.example/?access_token=x"} if after else {}
    return {"data": list(comments), "paging": paging}


def written(id: str, text: str, author: str = PAGE, minutes: int = 5) -> dict[str, Any]:
    created = (SENT_AT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": id, "message": text, "from": {"id": author}, "created_time": created}


def test_an_answer_that_was_posted_after_all_is_found() -> None:
    log: list[Any] = []
    found = at(NOW, answering(listed(written("1", "?", "5"), written("2", f" {ANSWER}\n")), log=log)).find(
        comment_reply()
    )
    assert found == "2"
    method, url, headers, body = log[0]
    assert (method, body, headers) == ("GET", None, {"authorization": "Bearer token-of-the-first-page"})
    assert url.startswith(f"https://graph.facebook.com/v26.0/{COMMENT}/comments?fields=id,from,message,created_time")


@pytest.mark.parametrize(
    "comments",
    [
        [],
        [written("1", "etwas anderes")],
        [written("1", ANSWER, author="5")],
        [written("1", ANSWER, minutes=-5)],
        [{"id": "1", "message": ANSWER, "created_time": "2026-10-03T10:05:00+0000"}],
    ],
)
def test_an_answer_that_is_not_there_is_not_found(comments: list[dict[str, Any]]) -> None:
    assert at(NOW, answering(listed(*comments))).find(comment_reply()) is None


def test_an_answer_is_looked_for_wherever_it_may_have_gone() -> None:
    channel = at(NOW, answering(listed(), listed(written("7", ANSWER))))
    assert channel.find(comment_reply(parent="880_nested")) == "7"


def test_further_pages_are_read_by_their_cursor_and_never_by_their_address() -> None:
    log: list[Any] = []
    http = answering(listed(written("1", "a"), after="c/1"), listed(written("2", ANSWER)), log=log)
    assert at(NOW, http).find(comment_reply()) == "2"
    assert log[1][1].endswith("&limit=100&after=c%2F1")
    assert at(NOW, answering(listed(written("1", "alt", minutes=-9), after="c"))).find(comment_reply()) is None


@pytest.mark.parametrize(
    "answers",
    [
        [NotSent("x")],
        [Lost("x")],
        [(190, 0)],
        [Response(500)],
        [{"data": None}],
        [{"something": "else"}],
        [listed({"id": "1", "from": {"id": PAGE}})],
        [listed(written("1", "a"), after="c")] * 3,
    ],
)
def test_when_nobody_can_tell_it_says_so(answers: list[Any]) -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, answering(*answers)).find(comment_reply())
    assert failed.value.outcome is Outcome.UNKNOWN


def conversation(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"id": "t_1", "messages": {"data": list(messages)}}]}


def test_a_message_is_looked_for_in_its_conversation() -> None:
    log: list[Any] = []
    http = answering(conversation(written("m_2", ANSWER), written("m_1", "?", PERSON, 0)), log=log)
    assert at(NOW, http).find(reply()) == "m_2"
    assert f"/{PAGE}/conversations?platform=messenger&user_id={PERSON}&fields=messages" in log[0][1]
    assert at(NOW, answering(conversation(written("m_1", "?", PERSON, 0)))).find(reply()) is None


def test_an_answer_in_the_second_of_the_question_is_found() -> None:
    asked_at = SENT_AT + timedelta(milliseconds=880)
    http = answering(conversation(written("m_2", ANSWER, minutes=0)))
    assert at(NOW, http).find(reply(window_from=asked_at)) == "m_2"


def test_a_conversation_longer_than_meta_shows_leaves_it_open() -> None:
    with pytest.raises(PostFailed):
        at(NOW, answering(conversation(*[written("m", "x", PERSON)] * 20))).find(reply())
    with pytest.raises(PostFailed):
        at(NOW, answering({"data": []})).find(reply())


def test_a_private_answer_to_a_comment_is_looked_for_in_messenger() -> None:
    assert at(NOW, answering({"data": []})).find(comment_reply(public=False)) is None
    assert at(NOW, answering(conversation(written("m_3", ANSWER)))).find(comment_reply(public=False)) == "m_3"
