"""Threads: replies that customers write, the two steps of an answer, and the look-ups that tell whether it is there.

https://developers.facebook.com/docs/threads/reply-management
"""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.meta import errors
from infra.simulator.meta.errors import GraphError
from infra.simulator.meta.facebook import sign
from infra.simulator.meta.graph import given, listing
from infra.simulator.meta.views import stamp
from infra.simulator.platform import Echo, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, World

CHANNEL = "threads"
OUR_POST = "18055000000000001"  # what everybody replies to
LIMIT = 500  # characters
TOKEN_SECONDS = 60 * 86_400
NO_CONTAINER = GraphError(400, 24, "The requested resource does not exist", 4279009)

Containers = dict[str, dict[str, Any]]


def threads_api(world: World, echo: Echo) -> Blueprint:
    """The routes, for every version of the API."""
    api = Blueprint(CHANNEL, __name__, url_prefix="/threads")
    api.register_error_handler(GraphError, lambda error: error.answer())
    api.url_value_preprocessor(lambda _, values: values.pop("version", None) if values else None)
    add_steps(api, world, echo, {})
    add_look_ups(api, world)
    return api


def add_steps(api: Blueprint, world: World, echo: Echo, containers: Containers) -> None:
    @api.post("/v<float:version>/me/threads")
    def container() -> Response:
        _, account = caller(world)
        check(world, account, given())
        id = str(world.number())
        containers[id] = given()
        return jsonify({"id": id})

    @api.post("/v<float:version>/me/threads_publish")
    def publish() -> ResponseReturnValue:
        connection, account = caller(world)
        found = containers.pop(str(given().get("creation_id")), None)
        if found is None:
            raise NO_CONTAINER
        answers = errors.on_demand(errors.PAGE_THROTTLED, errors.gone("0"))
        return under(world, CHANNEL, answers, lambda: published(world, echo, connection, account, found))


def add_look_ups(api: Blueprint, world: World) -> None:
    @api.get("/v<float:version>/me/replies")
    def replies() -> ResponseReturnValue:
        _, account = caller(world)
        own = [as_post(post) for post in reversed(world.posts) if (post.channel, post.account) == (CHANNEL, account)]
        answers = errors.on_demand(errors.PAGE_THROTTLED, errors.gone("0"))
        return under(world, CHANNEL, answers, lambda: jsonify(listing(own)), on="look_up")

    @api.get("/v<float:version>/me/threads_publishing_limit")
    def quota() -> Response:
        _, account = caller(world)
        used = sum((post.channel, post.account) == (CHANNEL, account) for post in world.posts)
        return jsonify({"data": [{"reply_quota_usage": used, "reply_config": {"quota_total": 1000}}]})

    @api.get("/refresh_access_token")
    def refresh() -> Response:
        token = request.args.get("access_token", "")
        if not world.owner_of(CHANNEL, "access_tokens", token) or request.args.get("grant_type") != "th_refresh_token":
            raise errors.INVALID_TOKEN
        return jsonify({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS})


def caller(world: World) -> tuple[Connection, str]:
    """The connection and account whose token was sent. Raises GraphError when there is none."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    owner = world.owner_of(CHANNEL, "access_tokens", sent)
    if owner is None:
        raise errors.INVALID_TOKEN
    return owner


def check(world: World, account: str, sent: dict[str, Any]) -> None:
    if sent.get("media_type") != "TEXT" or not 0 < len(str(sent.get("text") or "")) <= LIMIT:
        raise errors.invalid(f"Param text must have 1 to {LIMIT} characters")
    if world.is_missing(CHANNEL, account, str(sent.get("reply_to_id"))):
        raise NO_CONTAINER


def published(world: World, echo: Echo, connection: Connection, account: str, container: dict[str, Any]) -> Response:
    above, now = str(container["reply_to_id"]), datetime.now(UTC)
    with world.hold:
        post = Post(
            *(f"180{world.number()}", CHANNEL, account, above, container["text"], True, "thread", now),
            in_reply_to=above,
        )
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"id": post.id})


def as_post(post: Post) -> dict[str, Any]:
    above = {"replied_to": {"id": post.in_reply_to}, "root_post": {"id": OUR_POST, "username": post.account}}
    link = f"https://www.threads.com/@{post.account}/post/{post.id}"
    return {
        "id": post.id,
        "username": post.account,
        "text": post.text,
        "media_type": "TEXT_POST",
        "permalink": link,
        "timestamp": stamp(post.at),
        **above,
    }


def reply(words: Words) -> dict[str, Any]:
    handle = f"user{words.author[-6:]}"
    media = {"media_type": "IMAGE", "media_url": words.picture} if words.picture else {"media_type": "TEXT_POST"}
    value = {
        "id": words.id,
        "username": handle,
        "text": words.text,
        **media,
        "permalink": f"https://www.threads.com/@{handle}/post/{words.id}",
        "replied_to": {"id": OUR_POST},
        "root_post": {"id": OUR_POST, "owner_id": "1", "username": words.account},
        "timestamp": stamp(words.at),
    }
    return envelope("replies", OUR_POST, words.seconds, value)


def reply_echo(post: Post) -> dict[str, Any]:
    return envelope("replies", OUR_POST, int(post.at.timestamp()), as_post(post))


def envelope(field: str, target: str, seconds: int, value: dict[str, Any]) -> dict[str, Any]:
    head = {"app_id": "1", "topic": "moderate", "target_id": target, "time": seconds, "subscription_id": "1"}
    return {**head, "has_uid_field": False, "values": {"value": value, "field": field}}


def secrets(accounts: Sequence[str]) -> Secrets:
    receive = {"app_secret": random.token_hex(16), "verify_token": random.token_hex(16)}
    return receive, {"access_tokens": {account: random.token_hex(24) for account in accounts}}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Threads",
    places=(Place("threads", "tweets", lambda world: f"180{world.number()}", reply),),
    api=threads_api,
    sign=sign,
    signed_with="app_secret",
    secrets=secrets,
    echoes={"thread": reply_echo},
)
