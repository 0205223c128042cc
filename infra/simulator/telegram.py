"""Telegram's Bot API: messages and files to people who wrote to the bot, files of theirs, the webhook.

https://core.telegram.org/bots/api
"""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.media import CAT, png
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "telegram"
TEXT_LIMIT = 4096  # UTF-16 units
PICTURE, PICTURE_PATH = "AgACAgcat", "photos/cat.png"  # what customers send
FILES = ("photo", "video", "audio", "document")


def problem(status: int, description: str, **parameters: Any) -> ResponseReturnValue:
    """An error as Telegram tells it."""
    more = {"parameters": parameters} if parameters else {}
    return jsonify({"ok": False, "error_code": status, "description": description, **more}), status


FAILURES = {
    "throttle": partial(problem, 429, "Too Many Requests: retry after 5", retry_after=5),
    "refuse": partial(problem, 403, "Forbidden: bot was blocked by the user"),
    "window": partial(problem, 400, "Bad Request: BUSINESS_PEER_USAGE_MISSING"),
    "token": partial(problem, 401, "Unauthorized"),
    "5xx": partial(problem, 502, "Bad Gateway"),
}


def telegram_api(world: World, echo: Echo) -> Blueprint:
    """The routes: every method of a bot, and its files."""
    telegram = Blueprint("telegram", __name__, url_prefix="/telegram")

    @telegram.post("/bot<token>/<method>")
    def called(token: str, method: str) -> ResponseReturnValue:
        account = bot(world, token)
        if account is None:
            return problem(401, "Unauthorized")
        given = request.get_json(silent=True) or request.form.to_dict()
        act = partial(METHODS.get(method, unknown), world, account, given)
        return under(world, CHANNEL, FAILURES, act, on="post" if method.startswith("send") else "look_up")

    @telegram.get(f"/file/bot<token>/{PICTURE_PATH}")
    def file(token: str) -> ResponseReturnValue:
        if bot(world, token) is None:
            return problem(404, "Not Found")
        return Response(png(CAT.splitlines()), content_type="image/png")

    return telegram


def bot(world: World, token: str) -> str | None:
    """Whose token it is."""
    known = [each for each in world.of(CHANNEL) if token in each.values("bot_token")]
    return known[0].accounts[0] if known else None


def send(world: World, account: str, given: Mapping[str, Any]) -> ResponseReturnValue:
    text, chat = str(given.get("text") or given.get("caption") or ""), str(given.get("chat_id") or "")
    files = tuple(Sent(str(each.filename), str(each.mimetype), len(each.read())) for each in request.files.values())
    if not chat:
        return problem(400, "Bad Request: chat not found")
    if not text.strip() and not files:
        return problem(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > TEXT_LIMIT:
        return problem(400, "Bad Request: message is too long")
    answered = given.get("reply_parameters") or {}
    # with a file it comes in a form, as JSON in a text
    answered = json.loads(answered) if isinstance(answered, str) else answered
    number, at, to = world.number(), datetime.now(UTC), str(answered.get("message_id", ""))
    with world.hold:
        world.posts.append(
            Post(f"{chat}:{number}", CHANNEL, account, chat, text, False, "message", at, to, files=files)
        )
    return well({"message_id": number, "date": int(at.timestamp()), "chat": {"id": int(chat)}, "text": text})


def where(world: World, account: str, given: Mapping[str, Any]) -> ResponseReturnValue:
    if given.get("file_id") != PICTURE:
        return problem(400, "Bad Request: invalid file_id")
    return well({"file_id": PICTURE, "file_path": PICTURE_PATH})


def webhook(world: World, account: str, given: Mapping[str, Any]) -> ResponseReturnValue:
    known = world.subscribed.get(account, [""])
    return well({"url": known[0], "allowed_updates": known[1:], "pending_update_count": 0})


def set_webhook(world: World, account: str, given: Mapping[str, Any]) -> ResponseReturnValue:
    world.subscribed[account] = [str(given.get("url", "")), *given.get("allowed_updates", ())]
    return well(True)


def unknown(world: World, account: str, given: Mapping[str, Any]) -> ResponseReturnValue:
    return problem(404, "Not Found: method not found")


def well(result: Any) -> Response:
    return jsonify({"ok": True, "result": result})


METHODS: Mapping[str, Callable[[World, str, Mapping[str, Any]], ResponseReturnValue]] = {
    "sendMessage": send,
    **{f"send{kind.capitalize()}": send for kind in FILES},
    "getFile": where,
    "getWebhookInfo": webhook,
    "setWebhook": set_webhook,
}


def message(words: Words) -> dict[str, Any]:
    who = {"id": int(words.author), "is_bot": False, "first_name": words.name}
    photo = [{"file_id": PICTURE, "file_unique_id": "cat", "width": 384, "height": 384}]
    content = {"photo": photo, "caption": words.text} if words.picture else {"text": words.text}
    chat = {"id": who["id"], "first_name": words.name, "type": "private"}
    told = {"message_id": int(words.id), "from": who, "chat": chat, "date": words.seconds, **content}
    return {"update_id": int(words.id), "message": told}


def sign(connection: Connection, body: bytes) -> Headers:
    return {"X-Telegram-Bot-Api-Secret-Token": connection.values("secret_token")[0]}


def secrets(accounts: Sequence[str]) -> Secrets:
    given = {"secret_token": random.token_hex(16)}
    return given, {"bot_token": f"{accounts[0]}:{random.token_hex(16)}", **given}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Telegram",
    places=(Place("telegram", "messages", lambda world: str(world.number()), message, public=False, by_thread=False),),
    api=telegram_api,
    sign=sign,
    signed_with="secret_token",
    secrets=secrets,
)
