"""LINE's Messaging API: pushes that are carried out once for each retry key, names, files, the quota, the webhook's address.

https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.media import CAT, png
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "line"
PERSON, GROUP = "U", "C"  # in front of ids, which are plain numbers here
TEXT_LIMIT = 5000  # UTF-16 units
A_PUSH = 5  # messages
QUOTA = 200  # pushes a month


def line_api(world: World, echo: Echo) -> Blueprint:
    """The routes; nothing is echoed: LINE tells nobody what an account wrote."""
    line = Blueprint("line", __name__, url_prefix="/line/v2/bot")
    add_look_ups(line, world)
    add_upkeep(line, world)

    @line.post("/message/push")
    def push() -> ResponseReturnValue:
        account = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: pushed(world, account))

    return line


def add_look_ups(line: Blueprint, world: World) -> None:
    @line.get("/profile/<person>")
    @line.get("/group/<group>/member/<person>")
    def profile(person: str, group: str = "") -> ResponseReturnValue:
        caller(world)
        name = world.person(person.removeprefix(PERSON))["name"]
        return under(world, CHANNEL, FAILURES, lambda: jsonify({"userId": person, "displayName": name}), on="look_up")

    @line.get("/message/<message>/content")
    def content(message: str) -> Response:
        caller(world)
        return Response(png(CAT.splitlines()), content_type="image/png")


def add_upkeep(line: Blueprint, world: World) -> None:
    @line.route("/channel/webhook/endpoint", methods=["GET", "PUT"])
    def endpoint() -> ResponseReturnValue:
        key = f"{CHANNEL}:{caller(world)}"
        if request.method == "PUT":
            world.subscribed[key] = [str(given().get("endpoint"))]
            return jsonify({})
        found = world.subscribed.get(key) or abort(problem(404, "Webhook endpoint not found"))
        return jsonify({"endpoint": found[0], "active": True})

    @line.get("/message/quota")
    def quota() -> ResponseReturnValue:
        caller(world)
        return jsonify({"type": "limited", "value": QUOTA})

    @line.get("/message/quota/consumption")
    def consumption() -> ResponseReturnValue:
        account = caller(world)
        return jsonify({"totalUsage": len([each for each in world.posts if each.account == account])})


def caller(world: World) -> str:
    owner = world.owner_of(
        CHANNEL, "access_tokens", request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    )
    return owner[1] if owner else abort(problem(401, "Authentication failed. Confirm that the access token is valid."))


def pushed(world: World, account: str) -> ResponseReturnValue:
    body, key = given(), f"{CHANNEL}:{account}:{request.headers.get('X-Line-Retry-Key', '')}"
    messages = [read(message) for message in body.get("messages") or ()]
    if not body.get("to") or not 0 < len(messages) <= A_PUSH:
        abort(problem(400, "The request body has 1 error(s)"))
    with world.hold:
        if key in world.answers:
            known = {"message": "The retry key is already accepted", "sentMessages": [world.answers[key]]}
            return jsonify(known), 409
        posts = [post(world, account, str(body["to"]), *message) for message in messages]
        world.posts.extend(posts)
        world.answers[key] = {"id": posts[0].id}
    return jsonify({"sentMessages": [{"id": each.id} for each in posts]})


def read(message: Mapping[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    if message.get("type") == "image" and message.get("originalContentUrl") and message.get("previewImageUrl"):
        return "", (Sent(str(message["originalContentUrl"]).rpartition("/")[2], "image/jpeg", 0),)
    text = str(message.get("text") or "")
    if message.get("type") != "text" or not text.strip() or len(text.encode("utf-16-le")) // 2 > TEXT_LIMIT:
        abort(problem(400, "Length must be between 0 and 5000"))
    return text, ()


def post(world: World, account: str, to: str, text: str, files: tuple[Sent, ...]) -> Post:
    public = to.startswith(GROUP)
    thread = to.removeprefix(GROUP).removeprefix(PERSON)
    return Post(str(world.number()), CHANNEL, account, thread, text, public, "message", datetime.now(UTC), files=files)


def given() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def problem(status: int, message: str) -> Response:
    """An error as LINE tells it."""
    response = jsonify({"message": message})
    response.status_code = status
    return response


FAILURES = {
    "throttle": lambda: problem(429, "The API rate limit has been exceeded. Try again later."),
    "refuse": lambda: problem(429, "You have reached your monthly limit."),
    "token": lambda: problem(401, "Authentication failed."),
    "5xx": lambda: problem(500, "Internal server error"),
}


def message(words: Words) -> dict[str, Any]:
    return delivery(words, {"type": "user", "userId": f"{PERSON}{words.author}"})


def group_message(words: Words) -> dict[str, Any]:
    return delivery(words, {"type": "group", "groupId": f"{GROUP}{words.id}", "userId": f"{PERSON}{words.author}"})


def delivery(words: Words, source: Mapping[str, str]) -> dict[str, Any]:
    """The words, and a picture as a message of its own."""
    contents: list[dict[str, Any]] = [{"id": words.id, "type": "text", "text": words.text}]
    picture: dict[str, Any] = {"id": f"{words.id}0", "type": "image", "contentProvider": {"type": "line"}}
    common = {"type": "message", "mode": "active", "timestamp": words.milliseconds, "source": source}
    events = [
        {**common, "webhookEventId": f"E{each['id']}", "replyToken": "unused", "message": each}
        for each in (*contents, *([picture] if words.picture else []))
    ]
    return {"destination": words.account, "events": events}


def sign(connection: Connection, body: bytes) -> Headers:
    digest = hmac.new(connection.values("channel_secret")[0].encode(), body, hashlib.sha256).digest()
    return {"X-Line-Signature": base64.b64encode(digest).decode()}


def encode(payload: Mapping[str, Any]) -> bytes:
    """Nothing is escaped."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def secrets(accounts: Sequence[str]) -> Secrets:
    tokens = {account: random.token_hex(24) for account in accounts}
    return {"channel_secret": random.token_hex(16)}, {"access_tokens": tokens}


def make_id(world: World) -> str:
    return str(world.number())


PLATFORM = Platform(
    channel=CHANNEL,
    title="LINE",
    places=(
        Place("line", "messages", make_id, message, public=False, by_thread=False),
        Place("line_group", "comments", make_id, group_message),
    ),
    api=line_api,
    sign=sign,
    signed_with="channel_secret",
    secrets=secrets,
    encode=encode,
)
