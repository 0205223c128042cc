"""X: what an account has beside what was pushed, and whether X still pushes."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.powers import Lists, Subscribes
from chalicelib.channels.x import X
from chalicelib.http import Lost, Response
from chalicelib.model import Author, Echo, Kind, Message

SHOP, MAI = "7100000000000000001", "7200000000000000002"
PAIR = f"{SHOP}-{MAI}"
NOW = datetime(2026, 9, 15, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=3)
KEYS = "api-key:api-key-secret:7100-access-token:access-token-secret"
CALLBACK = "https://api.lindner.example/webhooks/x/x"
PEOPLE = [{"id": MAI, "name": "Mai Phạm", "username": "maipham", "public_metrics": {"followers_count": 812}}]


class Site:
    """An X that answers by path; what it was asked, with the proof it was given."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"oauth2/token": {"access_token": "AAAA-app-token"}, **answers}
        self.asked: list[tuple[str, str, str, Any]] = []

    def __call__(self, method: str, url: str, *, headers: Any, **more: Any) -> Response:
        path = unquote(url.removeprefix("https://api.x.com/"))
        proof = headers["authorization"].partition(" ")[0]
        self.asked.append((method, path.partition("?")[0], proof, more.get("json")))
        found = next((answer for name, answer in self.answers.items() if name in path), {"title": "Not Found"})
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Exception):
            raise found
        return Response(404 if "title" in found else 200, json.dumps(found).encode())

    def posts(self) -> list[tuple[str, Any]]:
        return [(path, content) for method, path, _, content in self.asked if method in ("POST", "PUT")]


def x(site: Site, token: str = KEYS) -> X:
    connection = Connection("x", "x", (SHOP,), {}, {"access_tokens": {SHOP: token}})
    return X(connection, site, lambda: NOW.timestamp())


def told(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def post(id: str, text: str, hours: float = 5, **more: Any) -> dict[str, Any]:
    return {"id": id, "author_id": MAI, "conversation_id": "21", "created_at": told(hours), "text": text, **more}


def sent(id: str, text: str, hours: float = 5, sender: str = MAI, **more: Any) -> dict[str, Any]:
    kind = {"event_type": "MessageCreate", "dm_conversation_id": PAIR}
    return {"id": id, "text": text, "sender_id": sender, "created_at": told(hours), **kind, **more}


def page(*items: Any, after: str = "", **includes: Any) -> dict[str, Any]:
    return {
        "data": list(items),
        "includes": {"users": PEOPLE, **includes},
        "meta": {"next_token": after} if after else {},
    }


def recent(site: Site) -> list[Any]:
    return list(x(site).recent(SHOP, SINCE))


def test_x_has_these_powers() -> None:
    assert isinstance(x(Site()), Lists)
    assert isinstance(x(Site()), Subscribes)


def test_a_mention_is_the_same_however_it_came() -> None:
    site = Site(mentions=page(post("31", "@shop Bánh ngon quá 🍰 مرحبا")), dm_events=page())
    (found,) = recent(site)
    assert found == Message(
        channel="x",
        account=SHOP,
        id="31",
        thread="21",
        author=Author(MAI, "Mai Phạm", "maipham", 812, "https://x.com/maipham"),
        text="@shop Bánh ngon quá 🍰 مرحبا",
        sent_at=NOW - timedelta(hours=5),
        kind=Kind.MENTION,
        public=True,
        permalink="https://x.com/i/web/status/31",
    )
    delivery = {
        "data": {
            "event_type": "post.mention.create",
            "filter": {"user_id": SHOP},
            "payload": post("31", "@shop Bánh ngon quá 🍰 مرحبا"),
            "includes": {"users": PEOPLE},
        }
    }
    (pushed,) = x(site).parse(WebhookRequest("POST", {}, {}, json.dumps(delivery).encode(), NOW.timestamp()))
    assert found == pushed


def test_an_answer_to_one_of_our_posts_is_one() -> None:
    parents = [{"type": "replied_to", "id": "20"}]
    answer = post("32", "@shop und heute?", in_reply_to_user_id=SHOP, referenced_tweets=parents)
    (found,) = recent(Site(mentions=page(answer), dm_events=page()))
    assert (found.kind, found.parent) == (Kind.COMMENT, "20")


def test_pages_are_followed_and_only_as_far_back_as_is_asked() -> None:
    site = Site(
        mentions=[page(post("31", "a"), after="more"), page(post("33", "b"))],
        dm_events=page(sent("41", "neu"), sent("42", "alt", hours=80), after="more"),
    )
    assert [event.id for event in recent(site)] == ["31", "33", "41"]
    assert [path for _, path, *_ in site.asked] == [f"2/users/{SHOP}/mentions"] * 2 + ["2/dm_events"]


def test_a_direct_message_is_the_same_however_it_came() -> None:
    picture = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/a.jpg"}
    event = sent("41", "Schaut &amp; staunt", attachments={"media_keys": ["3_1"]})
    (found,) = recent(Site(mentions=page(), dm_events=page(event, media=[picture])))
    assert (found.id, found.thread, found.author.id, found.text) == ("41", PAIR, MAI, "Schaut & staunt")
    assert [each.url for each in found.attachments] == ["https://pbs.twimg.com/a.jpg"]
    assert found.sent_at == NOW - timedelta(hours=5)


def test_what_the_shop_wrote_is_an_echo_and_a_group_is_left_alone() -> None:
    events = (sent("41", "Gern!", sender=SHOP), sent("43", "hallo alle", dm_conversation_id="2101"))
    (found,) = recent(Site(mentions=page(), dm_events=page(*events)))
    assert isinstance(found, Echo)
    assert (found.id, found.thread, found.author_id) == ("41", PAIR, MAI)


@pytest.mark.parametrize("answer", [Lost("ReadTimeoutError"), {"title": "Not Found"}, {"data": [{"no": "sense"}]}])
def test_an_x_that_fails_in_the_midst_has_told_what_came_before(answer: Any) -> None:
    events = x(Site(mentions=page(post("31", "a")), dm_events=answer)).recent(SHOP, SINCE)
    assert next(events)
    with pytest.raises(PostFailed):
        next(events)


WEBHOOK = {"id": "900", "url": CALLBACK, "valid": True}
SUBSCRIBED = {"data": [{"event_type": "post.mention.create", "filter": {"user_id": SHOP}}]}


def test_all_well_needs_nothing() -> None:
    site = Site(**{"2/webhooks": {"data": [WEBHOOK]}, "activity/subscriptions": SUBSCRIBED})
    assert x(site).resubscribe(SHOP, CALLBACK) == []
    assert site.posts() == [("oauth2/token", None)]
    assert {proof for _, path, proof, _ in site.asked if path != "oauth2/token"} == {"Bearer"}


def test_the_apps_own_token_is_asked_for_with_its_keys() -> None:
    proofs: list[str] = []
    site = Site(**{"2/webhooks": {"data": [WEBHOOK]}, "activity/subscriptions": SUBSCRIBED})

    def http(method: str, url: str, **more: Any) -> Response:
        proofs.append(more["headers"]["authorization"])
        return site(method, url, **more)

    connection = Connection("x", "x", (SHOP,), {}, {"access_tokens": {SHOP: KEYS}})
    X(connection, http).resubscribe(SHOP, CALLBACK)
    assert proofs[0] == "Basic " + b64encode(b"api-key:api-key-secret").decode()
    assert set(proofs[1:]) == {"Bearer AAAA-app-token"}


def test_a_webhook_that_x_calls_invalid_is_validated_again() -> None:
    invalid = {"data": [{**WEBHOOK, "valid": False}]}
    again = {"data": {"attempted": True}}
    site = Site(**{"2/webhooks/900": again, "2/webhooks": invalid, "activity/subscriptions": SUBSCRIBED})
    assert x(site).resubscribe(SHOP, CALLBACK) == ["webhook"]
    assert ("2/webhooks/900", None) in site.posts()


def test_an_account_without_any_subscription_gets_the_public_ones_and_its_owner_hears_of_the_others() -> None:
    site = Site(**{"2/webhooks": {"data": [WEBHOOK]}, "activity/subscriptions": {"data": []}})
    with pytest.raises(PostFailed) as failed:
        x(site).resubscribe(SHOP, CALLBACK)
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "permission")
    made = [content for path, content in site.posts() if path == "2/activity/subscriptions"]
    assert [each["event_type"] for each in made][:2] == ["post.mention.create", "post.reply.create"]
    assert {(each["filter"]["user_id"], each["webhook_id"]) for each in made} == {(SHOP, "900")}


@pytest.mark.parametrize(
    "other",
    [
        {"account_activity": {"data": {"subscribed": True}}},
        {"tweets/search/webhooks": {"data": {"links": [{"webhook_id": "900"}]}}},
    ],
)
def test_who_hears_by_the_older_api_or_a_filtered_stream_is_subscribed(other: Any) -> None:
    site = Site(**other, **{"2/webhooks": {"data": [WEBHOOK]}, "activity/subscriptions": {"data": []}})
    assert x(site).resubscribe(SHOP, CALLBACK) == []


def test_a_webhook_that_is_gone_needs_its_owner() -> None:
    with pytest.raises(PostFailed) as failed:
        x(Site(**{"2/webhooks": {"data": []}})).resubscribe(SHOP, CALLBACK)
    assert failed.value.outcome is Outcome.REFUSED


def test_a_mere_user_token_can_ask_nothing_of_the_kind() -> None:
    site = Site()
    assert x(site, "a-user-token-of-the-shop").resubscribe(SHOP, CALLBACK) == ()
    assert site.asked == []
