"""Zalo's bots: an API like Telegram's, with the bot's token in the address.

https://bot.zaloplatforms.com/docs
"""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "zalo_bot"
TEXT_LIMIT = 2000  # characters


def zalo_bot_api(world: World, echo: Echo) -> Blueprint:
    """The routes; nothing is echoed."""
    bot = Blueprint(CHANNEL, __name__, url_prefix="/zalo-bot/bot<token>")
    failures = {kind: problem(code) for kind, code in FAILURES.items()}

    @bot.post("/sendMessage")
    def send(token: str) -> ResponseReturnValue:
        owner = owner_of(world, token)
        return under(world, CHANNEL, failures, lambda: sent(world, owner) if owner else problem(401)())

    @bot.post("/sendPhoto")
    def photo(token: str) -> ResponseReturnValue:
        owner = owner_of(world, token)
        return under(world, CHANNEL, failures, lambda: shown(world, owner) if owner else problem(401)())

    @bot.post("/getWebhookInfo")
    def info(token: str) -> ResponseReturnValue:
        owner = owner_of(world, token)
        known = world.subscribed.get(f"{CHANNEL}:{token}", [""])
        return jsonify({"ok": True, "result": {"url": known[0]}}) if owner else problem(401)()

    @bot.post("/setWebhook")
    def webhook(token: str) -> ResponseReturnValue:
        world.subscribed[f"{CHANNEL}:{token}"] = [str((request.get_json(silent=True) or {}).get("url"))]
        return jsonify({"ok": True, "result": True}) if owner_of(world, token) else problem(401)()

    return bot


def owner_of(world: World, token: str) -> Connection | None:
    return next((each for each in world.of(CHANNEL) if token in each.values("bot_token")), None)


def sent(world: World, connection: Connection) -> Response:
    body = request.get_json(silent=True) or {}
    text, chat = str(body.get("text") or ""), str(body.get("chat_id") or "")
    if not chat or not 0 < len(text.strip()) <= len(text) <= TEXT_LIMIT:
        return problem(400)()
    return kept(world, connection, chat, text)


def shown(world: World, connection: Connection) -> Response:
    body = request.get_json(silent=True) or {}
    name = str(body.get("photo") or "").rpartition("/")[2]
    return (
        kept(world, connection, str(body.get("chat_id")), "", Sent(name, "image/jpeg", 0)) if name else problem(400)()
    )


def kept(world: World, connection: Connection, chat: str, text: str, *files: Sent) -> Response:
    now = datetime.now(UTC)
    post = Post(f"{world.number():x}", CHANNEL, connection.accounts[0], chat, text, False, "message", now, files=files)
    with world.hold:
        world.posts.append(post)
    return jsonify({"ok": True, "result": {"message_id": post.id, "date": round(now.timestamp() * 1000)}})


def problem(code: int) -> Callable[[], Response]:
    """Inside an answer of status 200."""
    return lambda: jsonify({"ok": False, "error_code": code, "description": "error"})


FAILURES = {"throttle": 429, "refuse": 403, "token": 401, "5xx": 500}


def message(words: Words) -> dict[str, Any]:
    content = {"photo_url": words.picture, "caption": words.text} if words.picture else {"text": words.text}
    told = {
        "from": {"id": words.author, "display_name": words.name, "is_bot": False},
        "chat": {"id": words.author, "chat_type": "PRIVATE"},
        "message_id": words.id,
        "date": words.milliseconds,
        **content,
    }
    return {"event_name": f"message.{'image' if words.picture else 'text'}.received", "message": told}


def sign(connection: Connection, body: bytes) -> Headers:
    return {"X-Bot-Api-Secret-Token": connection.values("secret_token")[0]}


def secrets(accounts: Sequence[str]) -> Secrets:
    secret = {"secret_token": random.token_hex(24)}
    return secret, {**secret, "bot_token": f"{random.randbelow(10**10)}:{random.token_hex(24)}"}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Zalo Bot",
    places=(
        Place("zalo_bot", "messages", lambda world: f"{world.number():x}", message, public=False, by_thread=False),
    ),
    api=zalo_bot_api,
    sign=sign,
    signed_with="secret_token",
    secrets=secrets,
)
