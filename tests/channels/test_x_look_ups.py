"""X: whether an answer is posted already, who wrote, and how requests are signed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels import open_channel
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.powers import Finds, Profiles
from chalicelib.channels.x.oauth import authorization, signature
from chalicelib.http import Http, Lost, NotSent, Response
from tests.channels.at_hand import answering, failing
from tests.channels.x_at_hand import DIRECT, JUERGEN, MAI, SECOND_SHOP, SHOP, connection, opened, problem, reply

LATELY, LONG_AGO = "2026-09-15T18:00:00.000Z", "2026-09-13T18:00:00.000Z"  # 1:20 hours and two days before


def posted(**changes: Any) -> dict[str, Any]:
    said = "@maitrongvuon Chào chị Mai 💡, Größe M ist da"
    answered = [{"type": "replied_to", "id": "2101000000000000101"}]
    written = {"text": said, "referenced_tweets": answered, "created_at": LATELY, "in_reply_to_user_id": MAI}
    return {"id": "2101000000000000999"} | written | changes


def page(*items: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"data": list(items), "meta": {"result_count": len(items), **meta}}


def test_a_posted_answer_is_found_again() -> None:
    asked: list[Any] = []
    other = posted(id="1", text="etwas anderes")
    assert opened(answering(200, page(other, posted()), asked=asked)).find(reply()) == "2101000000000000999"
    looked = f"https://api.x.com/2/users/{SHOP}/tweets?max_results=100&start_time=2026-09-14T19%3A20%3A00Z"
    assert asked[0][1].startswith(looked)


def test_a_posted_answer_is_found_though_the_customer_wrote_again_meanwhile() -> None:
    assert opened(answering(200, page(posted()))).find(reply(parent="2101000000000000888")) == "2101000000000000999"


def test_a_busy_account_is_looked_through_page_by_page() -> None:
    pages = [page(posted(text="anders"), next_token="second"), page(posted(text="anders"), posted(id="77"))]
    asked: list[str] = []

    def http(method: str, url: str, **_: Any) -> Response:
        asked.append(url)
        return Response(200, json.dumps(pages[len(asked) - 1]).encode())

    assert opened(http).find(reply()) == "77"
    assert asked[1].endswith("pagination_token=second")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Siehe https://lampen.example/a?b=1", "@mai Siehe https://t.co/AbCdEf1234"),
        ("A & B <C>", "@mai @second A &amp; B &lt;C&gt;"),
        ("Zeile eins\r\n\r\nZeile zwei ", "Zeile eins\n\nZeile zwei"),
        ("é", "e\u0301"),
        ("siehe lampen.example.com bitte", "siehe https://t.co/AbCdEf1234 bitte"),
    ],
)
def test_what_x_changes_in_a_text_does_not_hide_it(ours: str, theirs: str) -> None:
    assert opened(answering(200, page(posted(text=theirs)))).find(reply(text=ours))


@pytest.mark.parametrize(
    "item",
    [
        posted(referenced_tweets=[], in_reply_to_user_id=None),
        posted(referenced_tweets=[{"type": "quoted", "id": "2101000000000000101"}], in_reply_to_user_id=None),
        posted(referenced_tweets=[{"type": "replied_to", "id": "1"}], in_reply_to_user_id=JUERGEN),
        posted(created_at=LONG_AGO),
    ],
)
def test_the_same_words_elsewhere_are_not_the_answer(item: dict[str, Any]) -> None:
    assert opened(answering(200, page(item))).find(reply()) is None


def test_an_answer_that_is_certainly_not_there_is_not_found() -> None:
    assert opened(answering(200, {"meta": {"result_count": 0}})).find(reply()) is None


def test_a_sent_direct_message_is_found_again() -> None:
    event = {"id": "2101000000000000998", "sender_id": SHOP, "text": reply().text, "created_at": LATELY}
    theirs, older = event | {"id": "1", "sender_id": MAI}, event | {"id": "2", "created_at": LONG_AGO}
    assert opened(answering(200, page(theirs, event, older))).find(reply(**DIRECT)) == "2101000000000000998"
    assert opened(answering(200, page(theirs, older, next_token="more"))).find(reply(**DIRECT)) is None


@pytest.mark.parametrize(
    "http",
    [
        answering(500),
        answering(429),
        answering(401, problem("unauthorized")),
        answering(200, {"errors": [problem("x")]}),
        answering(200, "text"),
        answering(200, page(posted(text="anders"), next_token="more")),
        answering(200, page(posted(text="anders", created_at=None), next_token="more")),
        failing(NotSent("x")),
        failing(Lost("x")),
    ],
)
def test_nobody_can_tell_is_not_the_same_as_not_there(http: Http) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(http).find(reply())
    assert failed.value.outcome is Outcome.UNKNOWN


def test_a_profile_gives_the_author_a_name() -> None:
    data = {"id": MAI, "name": "Nguyễn Thị Mai", "username": "maitrongvuon", "public_metrics": {"followers_count": 412}}
    assert opened(answering(200, {"data": data})).profile(SHOP, MAI) == {
        "name": "Nguyễn Thị Mai",
        "handle": "maitrongvuon",
        "followers": 412,
        "url": "https://x.com/maitrongvuon",
    }


@pytest.mark.parametrize(
    "http", [answering(404, {}), answering(200, []), answering(500), failing(Lost("x")), failing(NotSent("x"))]
)
def test_a_profile_that_cannot_be_had_is_empty(http: Http) -> None:
    assert opened(http).profile(SHOP, MAI) == {}
    assert opened(http).profile(SECOND_SHOP, MAI) == {}
    assert opened(http).profile(SHOP, "../x") == {}


def test_keys_that_never_expire_sign_the_request() -> None:
    asked: list[Any] = []
    keys = "api-key:api-key-secret:user-token:user-token-secret"
    opened(answering(200, page(posted()), asked=asked), access_tokens={SHOP: keys}).find(reply())
    header = asked[0][2]["headers"]["authorization"]
    assert header.startswith('OAuth oauth_consumer_key="api-key", oauth_nonce="')
    assert "secret" not in header


def test_a_signature_is_that_of_the_standard() -> None:
    # RFC 5849, 1.2, with the parameters of the request for the photo
    parameters = {
        "file": "vacation.jpg",
        "size": "original",
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
    }
    made = signature("GET", "http://photos.example.net/photos", parameters, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")
    assert made == "MdpQcU8iPSUjWoN/UDMsK2sui9I="
    assert authorization("one-token", "GET", "https://api.x.com", {}) == "Bearer one-token"


def test_x_can_look_and_knows_profiles() -> None:
    channel = open_channel(connection())
    assert isinstance(channel, Finds)
    assert isinstance(channel, Profiles)
