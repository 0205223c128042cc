"""Zalo: what leaves for it, what its refusals mean, and how its tokens are renewed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.powers import Finds, Profiles, Refreshed, Refreshes
from chalicelib.channels.zalo import FREE, WINDOW
from chalicelib.channels.zalo.calls import ERRORS
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import File, Kind, Reply
from tests.channels import at_hand
from tests.channels.zalo_at_hand import (
    ANSWER,
    APP_SECRET,
    GROUP,
    ID,
    LINH,
    NOW,
    OA,
    RENEWING,
    SENT_AT,
    TOKEN,
    VISITOR,
    Platform,
    at,
    reply,
)
from tests.signing import ZALO_APP

API = "https://openapi.zalo.me"


def refusal(answer: Reply, *answers: Any) -> tuple[Outcome, str]:
    return at_hand.refusal(at(NOW, Platform(*answers)), answer)


def test_an_answer_goes_to_the_person_and_quotes_what_it_answers() -> None:
    platform = Platform()
    assert at(NOW, platform).send(reply()) == "c0ffee0001"
    (method, url, more) = platform.asked[0]
    assert (method, url, more["headers"]) == ("POST", f"{API}/v3.0/oa/message/cs", {"access_token": TOKEN})
    assert more["json"] == {"recipient": {"user_id": LINH}, "message": {"text": ANSWER, "quote_message_id": ID}}
    at(NOW, platform).send(reply(earlier=("c0ffee0001",)))
    assert platform.bodies[1]["message"] == {"text": ANSWER}


def test_groups_and_visitors_are_answered_where_they_are() -> None:
    platform = Platform()
    at(NOW, platform).send(reply(thread=f"group:{GROUP}", kind=Kind.GROUP, public=True))
    at(NOW, platform).send(reply(thread=f"visitor:{VISITOR}:anon-42", author_id=VISITOR))
    assert [url for _, url, _ in platform.asked] == [f"{API}/v3.0/oa/group/message", f"{API}/v2.0/oa/message"]
    assert platform.bodies == [
        {"recipient": {"group_id": GROUP}, "message": {"text": ANSWER}},
        {"recipient": {"anonymous_id": VISITOR, "conversation_id": "anon-42"}, "message": {"text": ANSWER}},
    ]
    assert refusal(reply(thread=f"group:{GROUP}")) == (Outcome.REFUSED, "private-only")
    assert refusal(reply(public=True)) == (Outcome.REFUSED, "no-public")


def test_an_answer_that_may_not_quote_goes_without_the_quote() -> None:
    platform = Platform(-201)
    assert at(NOW, platform).send(reply()) == "c0ffee0001"
    assert [body["message"] for body in platform.bodies] == [{"text": ANSWER, "quote_message_id": ID}, {"text": ANSWER}]
    for refused in (-213, Lost("Timeout")):
        platform = Platform(refused)
        with pytest.raises(PostFailed):
            at(NOW, platform).send(reply())
        assert len(platform.asked) == 1


def test_answers_are_free_for_two_days_and_end_after_seven() -> None:
    limits = {kind: at(NOW, Platform()).limits(kind) for kind in Kind}
    direct = limits[Kind.DIRECT]
    assert (direct.window, direct.longest_window, direct.text, direct.parts) == (FREE, WINDOW, 2000, 3)
    assert {kind for kind, each in limits.items() if each.answers} == {Kind.DIRECT, Kind.GROUP}
    assert limits[Kind.GROUP].public
    assert refusal(reply(text="ế" * 2001)) == (Outcome.REFUSED, "too-long")
    late = Platform()
    assert at(SENT_AT + WINDOW, late).send(reply()) == "c0ffee0001"
    with pytest.raises(PostFailed) as failed:
        at(SENT_AT + WINDOW + timedelta(seconds=1), late).send(reply())
    assert (failed.value.code, len(late.asked)) == ("window", 1)


@pytest.mark.parametrize(
    ("name", "media_type", "uploaded", "message"),
    [
        (
            "bánh.jpg",
            "image/jpeg",
            ("image", {"attachment_id": "att-1"}),
            {
                "type": "template",
                "payload": {
                    "template_type": "media",
                    "elements": [{"media_type": "image", "attachment_id": "att-1"}],
                },
            },
        ),
        ("menu.pdf", "application/pdf", ("file", {"token": "tok-1"}), {"type": "file", "payload": {"token": "tok-1"}}),
    ],
)
def test_a_file_is_uploaded_and_then_sent(name: str, media_type: str, uploaded: Any, message: Any) -> None:
    kind, answer = uploaded
    platform = Platform(answer)
    at(NOW, platform).send(reply(text="", files=(File(name, media_type, b"bytes"),)))
    (method, url, more) = platform.asked[0]
    assert (method, url, more["form"]) == (
        "POST",
        f"{API}/v2.0/oa/upload/{kind}",
        {"file": (name, b"bytes", media_type)},
    )
    assert platform.bodies == [{"recipient": {"user_id": LINH}, "message": {"attachment": message}}]


def test_what_zalo_does_not_take_as_a_file_goes_as_a_link() -> None:
    link = "https://api.example/files/abc"
    for name, media_type, size in (("phim.mp4", "video/mp4", 9), ("bánh.jpg", "image/jpeg", 1_000_001)):
        platform = Platform()
        at(NOW, platform).send(reply(text="", files=(File(name, media_type, bytes(size), link),)))
        assert [body["message"] for body in platform.bodies] == [{"text": f"📎 {name}\n{link}"}]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (-201, (Outcome.REFUSED, "attachment")),
        (-210, (Outcome.REFUSED, "attachment")),
        (-216, (Outcome.REFUSED, "token")),
        (Lost("Timeout"), (Outcome.PASSING, "lost")),
        ({}, (Outcome.PASSING, "temporary")),
        (-32, (Outcome.PASSING, "throttled")),
    ],
)
def test_an_upload_that_failed_is_never_of_unknown_outcome(answer: Any, expected: tuple[Outcome, str]) -> None:
    assert refusal(reply(text="", files=(File("a.png", "image/png", b"x"),)), answer) == expected


ANSWERS = [
    (-213, (Outcome.REFUSED, "blocked")),
    (-216, (Outcome.REFUSED, "token")),
    (-224, (Outcome.REFUSED, "permission")),
    (-230, (Outcome.REFUSED, "window")),
    (-211, (Outcome.REFUSED, "usage-capped")),
    (-218, (Outcome.REFUSED, "used-up")),
    (-223, (Outcome.REFUSED, "permission")),
    (-237, (Outcome.REFUSED, "gone")),
    (-204, (Outcome.REFUSED, "restricted")),
    (-32, (Outcome.PASSING, "throttled")),
    (-200, (Outcome.PASSING, "temporary")),
    (-99_999, (Outcome.REFUSED, "rejected")),
    (Response(401, b""), (Outcome.REFUSED, "token")),
    (Response(429, b""), (Outcome.PASSING, "throttled")),
    (Response(403, b"<html>"), (Outcome.REFUSED, "rejected")),
    (Response(502, b"<html>"), (Outcome.UNKNOWN, "unclear")),
    (Response(200, b"<html>"), (Outcome.UNKNOWN, "unclear")),
    ({"quota": {}}, (Outcome.UNKNOWN, "unclear")),
    (Lost("ReadTimeoutError"), (Outcome.UNKNOWN, "lost")),
    (NotSent("NameResolutionError"), (Outcome.PASSING, "unreachable")),
]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_errors_say_what_to_do_about_them(answer: Any, expected: tuple[Outcome, str]) -> None:
    assert refusal(reply(parent=""), answer) == expected


def test_every_refusal_can_be_explained_and_a_missing_token_is_one() -> None:
    refused = {code for outcome, code in ERRORS.values() if outcome is Outcome.REFUSED}
    assert [code for code in refused if not knows("en", f"refused_{code}")] == []
    assert refusal(reply(account="1")) == (Outcome.REFUSED, "token")


# --- lost answers ----------------------------------------------------------------------------------------------------

TRIED_AT = NOW - timedelta(minutes=5)


def listed(text: str, minutes: float, id: str = "c0ffee0009", ours: bool = True) -> dict[str, Any]:
    """A message in Zalo's list, so many minutes after the answer was tried."""
    at = round((TRIED_AT + timedelta(minutes=minutes)).timestamp() * 1000)
    sides = {"src": 0, "from_id": OA} if ours else {"src": 1, "from_id": LINH}
    return {**sides, "time": at, "type": "text", "message": text, "message_id": id}


QUESTION = listed("Mở cửa không ạ?", -55, ID, ours=False)


def looked(*answers: Any, platform: Platform | None = None, **more: Any) -> str | None:
    channel = at(more.pop("now", NOW), platform or Platform(*answers))
    assert isinstance(channel, Finds)
    return channel.find(reply(**{"tried_at": TRIED_AT, **more}))


def test_a_lost_answer_is_found_where_the_chat_lists_it() -> None:
    platform = Platform([listed("Cảm ơn", 2, "x", ours=False), listed(f"{ANSWER} ", 0), QUESTION])
    assert looked(platform=platform) == "c0ffee0009"
    ((method, url, _),) = platform.asked
    expected = f'{API}/v2.0/oa/conversation?data={{"user_id":{LINH},"offset":0,"count":10}}'
    assert (method, unquote(url)) == ("GET", expected)
    in_a_group = Platform([listed(ANSWER, 0), QUESTION])
    assert looked(platform=in_a_group, thread=f"group:{GROUP}", kind=Kind.GROUP, public=True) == "c0ffee0009"
    assert in_a_group.asked[0][1] == f"{API}/v3.0/oa/group/conversation?group_id={GROUP}&offset=0&count=10"


def test_a_lost_answer_is_looked_for_as_far_back_as_it_was_tried() -> None:
    chatty = [listed(f"{number}", 3, ours=False) for number in range(10)]
    platform = Platform(chatty, [listed(ANSWER, 0), QUESTION])
    assert looked(platform=platform) == "c0ffee0009"
    assert '"offset":10' in unquote(platform.asked[1][1])
    assert looked([QUESTION, listed(ANSWER, -60)]) is None
    assert looked([listed(ANSWER, 0, "c0ffee0001"), QUESTION], earlier=("c0ffee0001",)) is None


UNCLEAR: list[tuple[list[Any], dict[str, Any]]] = [
    ([[]], {}),  # an empty list proves nothing
    ([[listed("1", 3, ours=False)]] * 3, {}),  # nor does one that ends before the answer was tried
    ([[listed("Dạ có ạ, tới 18 giờ", 1), QUESTION]], {}),  # it may have become other words
    ([[QUESTION]], {"now": TRIED_AT + timedelta(seconds=30)}),  # or is not listed yet
    ([[{"time": "soon"}]], {}),
    ([{"a": 1}], {}),
    ([-32], {}),
    ([Lost("Timeout")], {}),
    ([[QUESTION]], {"text": "", "files": (File("a.png", "image/png", b""),)}),
    ([[QUESTION]], {"thread": f"visitor:{VISITOR}:anon-42"}),
]


@pytest.mark.parametrize(("answers", "more"), UNCLEAR)
def test_a_list_that_proves_nothing_says_so(answers: list[Any], more: dict[str, Any]) -> None:
    with pytest.raises(PostFailed) as failed:
        looked(*answers, **more)
    assert failed.value.outcome is Outcome.UNKNOWN


def test_names_are_looked_up_by_the_persons_id() -> None:
    platform = Platform({"display_name": "Nguyễn Thị Linh", "avatars": {}})
    channel = at(NOW, platform)
    assert isinstance(channel, Profiles)
    assert channel.profile(OA, LINH) == {"name": "Nguyễn Thị Linh"}
    (_, url, more) = platform.asked[0]
    assert unquote(url) == f'{API}/v3.0/oa/user/detail?data={{"user_id":"{LINH}"}}'
    assert more == {"headers": {"access_token": TOKEN}}
    answers: list[Any] = [-213, {}, Lost("Timeout"), Response(500, b"")]
    for answer in answers:
        assert at(NOW, Platform(answer)).profile(OA, LINH) == {}


# --- tokens ----------------------------------------------------------------------------------------------------------


def signed_in(**answer: Any) -> Response:
    return Response(200, json.dumps(answer).encode())


def test_a_refresh_token_is_used_once_and_the_new_pair_is_one_value() -> None:
    platform = Platform(signed_in(access_token="new-access", refresh_token="new-refresh", expires_in="90000"))
    channel = at(NOW, platform)
    assert isinstance(channel, Refreshes)
    assert channel.refresh(OA) == Refreshed({"access_tokens": "new-access:new-refresh"}, NOW + timedelta(hours=25))
    ((method, url, more),) = platform.asked
    assert (method, url) == ("POST", "https://oauth.zaloapp.com/v4/oa/access_token")
    assert more["headers"]["secret_key"] == APP_SECRET
    given = {"app_id": [ZALO_APP], "grant_type": ["refresh_token"], "refresh_token": [RENEWING]}
    assert parse_qs(more["body"].decode()) == given


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (signed_in(error=-14020, error_name="Invalid refresh token"), (Outcome.REFUSED, "token")),
        (signed_in(error=-14002), (Outcome.REFUSED, "token")),
        (signed_in(error=-32), (Outcome.PASSING, "throttled")),
        (Response(502, b"<html>"), (Outcome.PASSING, "temporary")),
        (Response(200, b"[]"), (Outcome.PASSING, "temporary")),
        (Lost("Timeout"), (Outcome.PASSING, "unreachable")),
        (NotSent("no"), (Outcome.PASSING, "unreachable")),
    ],
)
def test_a_token_that_cannot_be_renewed_says_whether_trying_again_helps(
    answer: Any, expected: tuple[Outcome, str]
) -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, Platform(answer)).refresh(OA)
    assert (failed.value.outcome, failed.value.code) == expected


def test_without_a_refresh_token_there_is_nothing_to_renew() -> None:
    platform = Platform()
    assert (at(NOW, platform, pair=TOKEN).refresh(OA), platform.asked) == (None, [])
