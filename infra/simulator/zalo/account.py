"""Zalo's API for Official Accounts: messages, uploads, names, and a refresh token that is good once.

https://developers.zalo.me/docs/official-account
"""

from __future__ import annotations

import hashlib
import json
import secrets as random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "zalo"
APP = "simulator"  # the app's id
TEXT_LIMIT = 2000  # characters
WINDOW = timedelta(days=7)
A_DAY = 25 * 3600  # seconds; an access token's
TOKEN, BAD_REFRESH = -216, -14020
FAILURES_BY_KIND = {"throttle": -32, "refuse": -213, "token": TOKEN, "window": -230}


RECIPIENTS = {"message/cs": "user_id", "message": "anonymous_id", "group/message": "group_id"}


@dataclass
class Keys:
    """Who may call: access tokens that were ever handed out, and the one refresh token of each account."""

    access: dict[str, tuple[Connection, str]] = field(default_factory=dict)
    refresh: dict[str, tuple[Connection, str]] = field(default_factory=dict)

    def renewed(self, token: str) -> tuple[str, str] | None:
        """A new pair for a refresh token, which is used up thereby."""
        owner = self.refresh.pop(token, None)
        if owner is None:
            return None
        pair = random.token_hex(24), random.token_hex(24)
        self.access[pair[0]], self.refresh[pair[1]] = owner, owner
        return pair


def keys_of(world: World) -> Keys:
    keys = Keys()
    for connection in world.of(CHANNEL):
        for account, value in connection.secrets.get("access_tokens", {}).items():
            access, _, refresh = value.partition(":")
            keys.access[access], keys.refresh[refresh] = (connection, account), (connection, account)
    return keys


def zalo_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    zalo, keys = Blueprint("zalo", __name__, url_prefix="/zalo"), keys_of(world)
    failures = {kind: problem(code) for kind, code in FAILURES_BY_KIND.items()}
    failures["5xx"] = lambda: Response("<html>", 502)

    @zalo.post("/v3.0/oa/<path:place>")
    @zalo.post("/v2.0/oa/<any(message):place>")
    def post(place: str) -> ResponseReturnValue:
        connection, account = caller(keys)
        return under(world, CHANNEL, failures, lambda: sent(world, echo, connection, account, place))

    @zalo.get("/v2.0/oa/conversation")
    @zalo.get("/v3.0/oa/group/conversation")
    def conversation() -> ResponseReturnValue:
        _, account = caller(keys)
        asked = {**request.args, **json.loads(request.args.get("data", "{}"))}
        return under(world, CHANNEL, failures, lambda: listed(world, account, asked), on="look_up")

    @zalo.post("/v2.0/oa/upload/<kind>")
    def upload(kind: str) -> ResponseReturnValue:
        caller(keys)
        return under(world, CHANNEL, failures, lambda: uploaded(world, kind), on="upload")

    @zalo.get("/v3.0/oa/user/detail")
    def detail() -> ResponseReturnValue:
        caller(keys)
        person = str(json.loads(request.args.get("data", "{}")).get("user_id"))
        found = {"user_id": person, "display_name": world.person(person)["name"]}
        return under(world, CHANNEL, failures, lambda: success(found), on="look_up")

    @zalo.post("/token")
    def token() -> ResponseReturnValue:
        pair = keys.renewed(request.form.get("refresh_token", ""))
        if pair is None or request.form.get("app_id") != APP:
            return jsonify({"error": BAD_REFRESH, "error_name": "Invalid refresh token"})
        return jsonify({"access_token": pair[0], "refresh_token": pair[1], "expires_in": str(A_DAY)})

    return zalo


def caller(keys: Keys) -> tuple[Connection, str]:
    owner = keys.access.get(request.headers.get("access_token", ""))
    return owner or abort(problem(TOKEN)())


def sent(world: World, echo: Echo, connection: Connection, account: str, place: str) -> Response:
    body = request.get_json(silent=True) or {}
    to, content = body.get("recipient") or {}, body.get("message") or {}
    thread = str(to.get(RECIPIENTS[place]) or "")
    text, files = str(content.get("text") or ""), tuple(attached(world, content.get("attachment") or {}))
    if not thread or len(text) > TEXT_LIMIT or not (text.strip() or files):
        return problem(-201)()
    last, now = world.last_inbound(CHANNEL, account, thread), datetime.now(UTC)
    if last is not None and now - last > WINDOW:
        return problem(-230)()
    id, answered = f"{world.number():x}", str(content.get("quote_message_id") or "")
    post = Post(id, CHANNEL, account, thread, text, False, "message", now, answered, files=files)
    with world.hold:
        world.posts.append(post)
    echo(connection, post)
    return success({"message_id": id, "user_id": thread, "quota": {"quota_type": "reply", "remain": "7"}})


def listed(world: World, account: str, asked: Mapping[str, Any]) -> Response:
    """What the account wrote there, the latest first, and the customer's last message."""
    thread, offset = str(asked.get("user_id") or asked.get("group_id")), int(asked["offset"])
    ours = [post for post in world.posts if (post.channel, post.account, post.thread) == (CHANNEL, account, thread)]
    found = [line(0, account, post.at, post.id, post.text) for post in ours]
    last = world.last_inbound(CHANNEL, account, thread)
    found += [line(1, thread, last, "", "?")] if last else []
    latest = sorted(found, key=lambda each: -each["time"])
    return success(latest[offset : offset + int(asked["count"])])


def line(src: int, author: str, at: datetime, id: str, text: str) -> dict[str, Any]:
    told = {"src": src, "from_id": author, "time": round(at.timestamp() * 1000)}
    return {**told, "type": "text", "message": text, "message_id": id}


def attached(world: World, attachment: Mapping[str, Any]) -> list[Sent]:
    payload = attachment.get("payload") or {}
    names = [payload.get("token"), *(each.get("attachment_id") for each in payload.get("elements") or ())]
    return [world.uploads[name][1] for name in names if name in world.uploads]


def uploaded(world: World, kind: str) -> Response:
    file, id = request.files["file"], f"{world.number():x}"
    world.uploads[id] = (CHANNEL, Sent(str(file.filename), str(file.mimetype), len(file.read())))
    return success({"attachment_id" if kind == "image" else "token": id})


def success(data: Any) -> Response:
    return jsonify({"data": data, "error": 0, "message": "Success"})


def problem(code: int) -> Callable[[], Response]:
    """Inside an answer of status 200, as all of them."""
    return lambda: jsonify({"error": code, "message": "error"})


def message(words: Words) -> dict[str, Any]:
    picture = [{"type": "image", "payload": {"url": words.picture, "thumbnail": words.picture}}]
    content = {"text": words.text, "msg_id": words.id, **({"attachments": picture} if words.picture else {})}
    return event(f"user_send_{'image' if words.picture else 'text'}", words.author, words.account, content, words.at)


def ours(post: Post) -> dict[str, Any]:
    content = {"text": post.text, "msg_id": post.id}
    return event(f"oa_send_{'file' if post.files else 'text'}", post.account, post.thread, content, post.at)


def event(name: str, sender: str, recipient: str, content: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    sides = {"sender": {"id": sender}, "recipient": {"id": recipient}}
    return {
        "app_id": APP,
        "event_name": name,
        **sides,
        "message": content,
        "timestamp": str(round(at.timestamp() * 1000)),
    }


def sign(connection: Connection, body: bytes) -> Headers:
    at, secret = json.loads(body)["timestamp"], connection.values("oa_secret_key")[0]
    return {
        "X-ZEvent-Signature": f"mac={hashlib.sha256(APP.encode() + body + at.encode() + secret.encode()).hexdigest()}"
    }


def secrets(accounts: Sequence[str]) -> Secrets:
    pairs = {account: f"{random.token_hex(24)}:{random.token_hex(24)}" for account in accounts}
    return {"oa_secret_key": random.token_hex(16)}, {"access_tokens": pairs, "app_secret": random.token_hex(16)}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Zalo",
    places=(Place("zalo", "messages", lambda world: f"{world.number():x}", message, public=False, by_thread=False),),
    api=zalo_api,
    sign=sign,
    signed_with="oa_secret_key",
    secrets=secrets,
    echoes={"message": ours},
)
