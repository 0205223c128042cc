"""X with OAuth 2.0: tokens for two hours, renewed by one who has each refresh token once, and what they open."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from urllib3 import encode_multipart_formdata

from chalicelib.channels import X as SPEC
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.powers import Refreshes
from chalicelib.channels.x import X
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import File, Kind, Reply
from infra.simulator.server import simulator_app, world_from
from tests.channels.at_hand import answering, failing

SHOP, MAI = "7100000000000000001", "7200000000000000002"
NOW = datetime(2026, 9, 15, 12, 0, tzinfo=UTC)
PAIR = "access-token-of-the-shop:refresh-token-of-the-shop"
APP = {"client_secret": "client+secret/of-the-app", "bearer_token": "a-token-of-the-app-itself"}
NEXT = {"token_type": "bearer", "expires_in": 7200, "access_token": "access-next", "refresh_token": "refresh-next"}
CALLBACK = "https://api.lindner.example/webhooks/x/x"


def x(http: Http, login: str = "oauth2", pair: str = PAIR, **secrets: str) -> X:
    options = {"login": login, "client_id": "client-id:1:ci", "api_url": "https://api.x.com"}
    held = {"access_tokens": {SHOP: pair}, **(secrets or APP)}
    return X(Connection("x", "x", (SHOP,), options, held), http, NOW.timestamp)


def test_a_token_is_renewed_well_before_its_two_hours_are_over() -> None:
    assert isinstance(x(answering(200)), Refreshes)
    assert timedelta(minutes=30) <= (SPEC.refresh_before or timedelta()) <= timedelta(hours=1)


def test_an_app_with_a_secret_proves_itself_with_it() -> None:
    asked: list[Any] = []
    found = x(answering(200, NEXT, asked=asked)).refresh(SHOP)
    assert found
    assert found.values == {"access_tokens": "access-next:refresh-next"}
    assert found.expires_at == NOW + timedelta(hours=2)
    ((method, url, more),) = asked
    assert (method, url) == ("POST", "https://api.x.com/2/oauth2/token")
    assert dict(parse_qsl(more["body"].decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-token-of-the-shop",
    }
    scheme, _, proof = more["headers"]["authorization"].partition(" ")
    assert (scheme, b64decode(proof)) == ("Basic", b"client-id%3A1%3Aci:client%2Bsecret%2Fof-the-app")


def test_an_app_without_a_secret_says_its_name() -> None:
    asked: list[Any] = []
    assert x(answering(200, NEXT, asked=asked), "oauth2_public", other="nothing-of-use").refresh(SHOP)
    ((_, _, more),) = asked
    assert dict(parse_qsl(more["body"].decode()))["client_id"] == "client-id:1:ci"
    assert "authorization" not in more["headers"]


@pytest.mark.parametrize("held", ["api-key:api-key-secret:access-token:access-token-secret", "one-user-token"])
def test_keys_do_not_run_out(held: str) -> None:
    assert x(failing(AssertionError("nobody is asked")), "keys", held).refresh(SHOP) is None


@pytest.mark.parametrize(
    ("status", "answer", "outcome", "code", "detail"),
    [
        (400, {"error": "invalid_request", "error_description": "…"}, Outcome.REFUSED, "token", "invalid_request"),
        (401, {"error": "unauthorized_client"}, Outcome.REFUSED, "token", "unauthorized_client"),
        (403, b"<html>", Outcome.REFUSED, "token", ""),
        (429, {"title": "Too Many Requests"}, Outcome.PASSING, "temporary", "429"),
        (503, b"", Outcome.PASSING, "temporary", "503"),
        (200, {"access_token": "without an end"}, Outcome.PASSING, "temporary", "200"),
        (200, {**NEXT, "expires_in": "soon"}, Outcome.PASSING, "temporary", "200"),
        (200, [], Outcome.PASSING, "temporary", "200"),
    ],
)
def test_what_x_says_instead_of_a_token(status: int, answer: Any, outcome: Outcome, code: str, detail: str) -> None:
    with pytest.raises(PostFailed) as failed:
        x(answering(status, answer)).refresh(SHOP)
    assert (failed.value.outcome, failed.value.code, failed.value.detail) == (outcome, code, detail)
    assert "refresh-token" not in str(failed.value)


def test_a_throttled_renewal_waits_as_long_as_x_says() -> None:
    reset = {"x-rate-limit-reset": str(int(NOW.timestamp()) + 300)}
    with pytest.raises(PostFailed) as failed:
        x(answering(429, {}, reset)).refresh(SHOP)
    assert failed.value.retry_after == timedelta(minutes=5)


@pytest.mark.parametrize("error", [Lost("ReadTimeoutError"), NotSent("NewConnectionError")])
def test_an_x_out_of_reach_is_asked_again(error: Exception) -> None:
    with pytest.raises(PostFailed) as failed:
        x(failing(error)).refresh(SHOP)
    assert failed.value.outcome is Outcome.PASSING


@pytest.mark.parametrize(
    ("pair", "secrets"),
    [("only-an-access-token", APP), (PAIR, {"bearer_token": APP["bearer_token"]}), ("short", APP)],
)
def test_what_is_missing_to_renew_with_is_told_at_once(pair: str, secrets: dict[str, str]) -> None:
    with pytest.raises(PostFailed) as failed:
        x(failing(AssertionError("nobody is asked")), pair=pair, **secrets).refresh(SHOP)
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


# --- against the X that is played


class Played:
    """The simulator's X, and a channel on it that keeps what it is given as the clock does."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {**APP, "access_tokens": {SHOP: PAIR}}
        row = {"name": "x", "channel": "x", "accounts": [SHOP], "secrets": {**self.secrets}}
        self.world = world_from({"connections": [row]})
        self.site = simulator_app(self.world, "https://api.lindner.example").test_client()

    def open(self) -> X:
        options = {"login": "oauth2", "client_id": "simulator"}
        return X(Connection("x", "x", (SHOP,), options, self.secrets), self.http, NOW.timestamp)

    def http(self, method: str, url: str, *, headers: Any, form: Any = None, body: Any = None, **more: Any) -> Response:
        kind = {}
        if form:
            body, kind["content-type"] = encode_multipart_formdata(form)
        path, told = url.removeprefix("https://api.x.com"), {**headers, **kind}
        found = self.site.open(path, method=method, headers=told, data=body, json=more.get("json"))
        return Response(found.status_code, found.data, {})

    def renew(self) -> None:
        found = self.open().refresh(SHOP)
        assert found
        self.secrets = {**self.secrets, "access_tokens": {SHOP: found.values["access_tokens"]}}


def answer(**more: Any) -> Reply:
    text = "Gerne! はい。Vâng ạ. 好的。نعم ☕"
    return replace(Reply("c", "r", "x", SHOP, "t", MAI, "2101", Kind.MENTION, True, text, NOW), **more)


def test_answers_messages_and_pictures_go_out_with_a_renewed_token() -> None:
    played = Played()
    played.renew()
    played.renew()
    picture = File("a.png", "image/png", b"\x89PNG")
    assert played.open().send(answer(files=(picture,)))
    assert played.open().send(answer(kind=Kind.DIRECT, public=False))
    assert [(post.kind, len(post.files)) for post in played.world.posts] == [("tweet", 1), ("dm", 0)]


def test_a_refresh_token_opens_once() -> None:
    played = Played()
    used = played.open()
    played.renew()
    with pytest.raises(PostFailed) as failed:
        used.refresh(SHOP)
    assert (failed.value.outcome, failed.value.detail) == (Outcome.REFUSED, "invalid_request")
    played.renew()


def test_a_wrong_client_secret_is_told_from_a_used_token() -> None:
    played = Played()
    played.secrets["client_secret"] = "the-secret-of-another-app"
    with pytest.raises(PostFailed) as failed:
        played.open().refresh(SHOP)
    assert failed.value.detail == "unauthorized_client"


def test_an_account_that_lost_its_subscriptions_gets_the_private_ones_too() -> None:
    played = Played()
    assert played.open().resubscribe(SHOP, CALLBACK) == ["subscriptions"]
    kinds = played.world.subscribed[SHOP]
    assert {"post.mention.create", "post.reply.create", "dm.received", "dm.sent", "chat.received"} <= set(kinds)
    assert played.open().resubscribe(SHOP, CALLBACK) == []
    assert len(played.world.subscribed[SHOP]) == len(kinds)
