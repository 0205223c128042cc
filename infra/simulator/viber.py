"""Viber's bot API: messages to people who wrote to the bot, told as delivered afterwards, and the webhook.

https://developers.viber.com/docs/api/rest-bot-api/
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import Act, under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "viber"
TEXT_LIMIT = 7000  # characters
ENDING = "=="  # of people's ids here


def problem(status: int, said: str) -> Response:
    """An error as Viber tells it: with HTTP's 200."""
    return jsonify({"status": status, "status_message": said})


FAILURES: dict[str, Act] = {
    "throttle": partial(problem, 12, "tooManyRequests"),
    "refuse": partial(problem, 6, "notSubscribed"),
    "token": partial(problem, 2, "invalidAuthToken"),
    "5xx": lambda: Response(status=502),
}


def viber_api(world: World, echo: Echo) -> Blueprint:
    """The routes: an answer, the account, its webhook."""
    viber = Blueprint("viber", __name__, url_prefix="/viber/pa")

    @viber.post("/send_message")
    def send() -> ResponseReturnValue:
        return under(world, CHANNEL, FAILURES, lambda: sent(world, echo))

    @viber.post("/get_account_info")
    def account() -> ResponseReturnValue:
        connection = caller(world)
        if connection is None:
            return problem(2, "invalidAuthToken")
        known = world.subscribed.get(connection.accounts[0], [""])
        return jsonify({"status": 0, "webhook": known[0], "event_types": known[1:]})

    @viber.post("/set_webhook")
    def set_webhook() -> ResponseReturnValue:
        connection, given = caller(world), request.get_json(silent=True) or {}
        if connection is None:
            return problem(2, "invalidAuthToken")
        world.subscribed[connection.accounts[0]] = [str(given.get("url", "")), *given.get("event_types", ())]
        return jsonify({"status": 0, "status_message": "ok"})

    return viber


def caller(world: World) -> Connection | None:
    """Whose token was sent."""
    token = request.headers.get("X-Viber-Auth-Token", "")
    return next((each for each in world.of(CHANNEL) if token in each.values("auth_token")), None)


def sent(world: World, echo: Echo) -> Response:
    connection, given = caller(world), request.get_json(silent=True) or {}
    if connection is None:
        return problem(2, "invalidAuthToken")
    text, link = str(given.get("text", "")), str(given.get("media", ""))
    person = str(given.get("receiver", "")).removesuffix(ENDING)
    named = given.get("sender", {}).get("name")
    if not person or not named or not (text or link) or len(text) > TEXT_LIMIT:
        return problem(3, "badData")
    files = (Sent(str(given["file_name"]), "", int(given["size"])),) if given.get("type") == "file" else ()
    account, found = connection.accounts[0], world.number()
    if given.get("type") == "picture":
        files = (Sent(link.rpartition("/")[2], "", 0),)
    shown = text or ("" if files else link)
    post = Post(str(found), CHANNEL, account, person, shown, False, "message", datetime.now(UTC), files=files)
    with world.hold:
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"status": 0, "status_message": "ok", "message_token": found})


def message(words: Words) -> dict[str, Any]:
    picture = {"type": "picture", "media": words.picture, "file_name": "cat.png"}
    content = {**(picture if words.picture else {"type": "text"}), "text": words.text}
    sender = {"id": f"{words.author}{ENDING}", "name": words.name, "country": "AT"}
    told = {"event": "message", "timestamp": words.milliseconds, "message_token": int(words.id)}
    return {**told, "sender": sender, "message": content, "silent": False}


def delivered(post: Post) -> dict[str, Any]:
    told = {"event": "delivered", "timestamp": int(post.at.timestamp() * 1000), "message_token": int(post.id)}
    return {**told, "user_id": f"{post.thread}{ENDING}"}


def sign(connection: Connection, body: bytes) -> Headers:
    token = connection.values("auth_token")[0]
    return {"X-Viber-Content-Signature": hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}


def secrets(accounts: Sequence[str]) -> Secrets:
    given = {"auth_token": random.token_hex(24)}
    return given, given


PLATFORM = Platform(
    channel=CHANNEL,
    title="Viber",
    places=(Place("viber", "messages", lambda world: str(world.number()), message, public=False, by_thread=False),),
    api=viber_api,
    sign=sign,
    signed_with="auth_token",
    secrets=secrets,
    echoes={"message": delivered},
)
