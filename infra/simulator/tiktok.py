"""TikTok's Business API: messages, replies to comments, the words of a comment, tokens, the webhook's address.

https://business-api.tiktok.com/portal/docs
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets as random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import Act, under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, Told, World

CHANNEL = "tiktok"
VIDEO = 7400000000000000042  # the one that everybody comments on
CHAT = "chat:"  # in front of a person, whose chat it is
MESSAGE_LIMIT, COMMENT_LIMIT = 6000, 1200  # characters
WINDOW = timedelta(hours=48)


def problem(code: int) -> Response:
    """An error as TikTok tells it: with HTTP's 200."""
    return jsonify({"code": code, "message": "no", "request_id": "1", "data": {}})


def good(data: Mapping[str, Any]) -> Response:
    return jsonify({"code": 0, "message": "OK", "request_id": "1", "data": data})


FAILURES: dict[str, Act] = {
    "throttle": partial(problem, 40100),
    "refuse": partial(problem, 40002),
    "token": partial(problem, 40105),
    "5xx": lambda: Response(status=502),
}


def tiktok_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    tiktok = Blueprint("tiktok", __name__, url_prefix="/tiktok")
    add_look_ups(tiktok, world)
    add_upkeep(tiktok, world)

    @tiktok.post("/business/message/send/")
    def send() -> ResponseReturnValue:
        found = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: sent(world, echo, *found))

    @tiktok.post("/business/message/media/upload/")
    def upload() -> ResponseReturnValue:
        _, account = caller(world)
        media, file = f"{world.number():x}", request.files["file"]
        world.uploads[media] = (account, Sent(str(file.filename), file.mimetype, len(file.read())))
        return good({"media_id": media})

    @tiktok.post("/business/comment/reply/create/")
    def reply() -> ResponseReturnValue:
        _, account = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: replied(world, account))

    return tiktok


def add_look_ups(tiktok: Blueprint, world: World) -> None:
    @tiktok.get("/business/video/list/")
    def videos() -> ResponseReturnValue:
        caller(world)
        return under(world, CHANNEL, FAILURES, lambda: good({"videos": [{"item_id": str(VIDEO)}]}), on="look_up")

    @tiktok.get("/business/message/conversation/list/")
    def conversations() -> ResponseReturnValue:
        """As to a business in Europe, which gets no messages."""
        caller(world)
        return problem(40001)

    @tiktok.get("/business/comment/list/")
    def comments() -> ResponseReturnValue:
        caller(world)
        wanted = json.loads(request.args.get("comment_ids", "[]"))
        said = [told for told in world.told if told.channel == CHANNEL and told.public]
        found = [as_comment(world, told) for told in said if not wanted or told.thread in wanted]
        return under(world, CHANNEL, FAILURES, lambda: good({"comments": found, "has_more": False}), on="look_up")

    @tiktok.get("/business/comment/reply/list/")
    def replies() -> ResponseReturnValue:
        caller(world)
        posts = [post for post in of(world, "comment") if post.thread == request.args.get("comment_id")]
        found = [
            {"comment_id": int(post.id), "text": post.text, "owner": True, "create_time": str(int(post.at.timestamp()))}
            for post in posts
        ]
        return under(world, CHANNEL, FAILURES, lambda: good({"comments": found, "has_more": False}), on="look_up")

    @tiktok.get("/business/message/content/list/")
    def messages() -> ResponseReturnValue:
        caller(world)
        person = request.args.get("conversation_id", "").removeprefix(CHAT)
        found = [as_message(post) for post in of(world, "message") if post.thread == person]
        return under(world, CHANNEL, FAILURES, lambda: good({"messages": found[::-1][:20]}), on="look_up")


def add_upkeep(tiktok: Blueprint, world: World) -> None:
    @tiktok.post("/tt_user/oauth2/refresh_token/")
    def refresh() -> ResponseReturnValue:
        given = request.get_json(silent=True) or {}
        held = [
            pair.partition(":")[::2] for each in world.of(CHANNEL) for pair in each.secrets["access_tokens"].values()
        ]
        access = next((access for access, renewing in held if renewing == given.get("refresh_token")), None)
        if access is None:
            return problem(40102)
        return good({"access_token": access, "refresh_token": given["refresh_token"], "expires_in": 86400})

    @tiktok.get("/business/webhook/list/")
    def listed() -> ResponseReturnValue:
        known = world.subscribed.get(f"tiktok {request.args.get('event_type')}", [])
        return good({"callback_url": known[0]} if known else {})

    @tiktok.post("/business/webhook/update/")
    def update() -> ResponseReturnValue:
        given = request.get_json(silent=True) or {}
        world.subscribed[f"tiktok {given.get('event_type')}"] = [str(given.get("callback_url"))]
        return good({})


def caller(world: World) -> tuple[Connection, str]:
    """Whose token was sent."""
    token = request.headers.get("Access-Token", "")
    for connection in world.of(CHANNEL):
        for account, pair in connection.secrets["access_tokens"].items():
            if token and token == pair.partition(":")[0]:
                return connection, account
    abort(problem(40105))


def sent(world: World, echo: Echo, connection: Connection, account: str) -> Response:
    given = request.get_json(silent=True) or {}
    person, text = str(given.get("recipient")).removeprefix(CHAT), str((given.get("text") or {}).get("body", ""))
    media = str((given.get("image") or {}).get("media_id"))
    files = (world.uploads[media][1],) if media in world.uploads else ()
    last = world.last_inbound(CHANNEL, account, person)
    if not (text or files) or len(text) > MESSAGE_LIMIT or given.get("business_id") != account:
        return problem(40002)
    if last is None or datetime.now(UTC) - last > WINDOW:
        return problem(40006)
    id, at = f"m{world.number():x}", datetime.now(UTC)
    post = Post(id, CHANNEL, account, person, text, False, "message", at, files=files)
    world.posts.append(post)
    echo(connection, post)
    return good({"message": {"message_id": post.id}})


def replied(world: World, account: str) -> Response:
    given = request.get_json(silent=True) or {}
    text, thread = str(given.get("text", "")), str(given.get("comment_id"))
    if not text or len(text) > COMMENT_LIMIT or str(given.get("video_id")) != str(VIDEO):
        return problem(40002)
    if world.is_missing(CHANNEL, account, thread):
        return problem(40003)
    id = str(world.number())
    world.posts.append(Post(id, CHANNEL, account, thread, text, True, "comment", datetime.now(UTC), in_reply_to=thread))
    return good({"comment_id": id, "video_id": str(VIDEO), "parent_comment_id": thread})


def of(world: World, kind: str) -> list[Post]:
    return [post for post in world.posts if post.channel == CHANNEL and post.kind == kind]


def as_comment(world: World, told: Told) -> dict[str, Any]:
    person = world.person(told.author)
    who = {"unique_identifier": told.author, "username": person["username"], "display_name": person["name"]}
    at = str(int(told.at.timestamp()))
    return {
        "comment_id": told.thread,
        "video_id": str(VIDEO),
        "text": told.text,
        "create_time": at,
        "owner": False,
        **who,
    }


def as_message(post: Post) -> dict[str, Any]:
    kind = {"message_type": "TEXT", "text": {"body": post.text}} if post.text else {"message_type": "IMAGE"}
    at = int(post.at.timestamp() * 1000)
    return {"message_id": post.id, "timestamp": at, "from_user": {"role": "BUSINESS_ACCOUNT"}, **kind}


def envelope(account: str, event: str, at: datetime, content: Mapping[str, Any]) -> dict[str, Any]:
    inside = json.dumps(content, ensure_ascii=False)
    told = {"client_key": "simulator", "event": event, "create_time": int(at.timestamp()), "user_openid": account}
    return {**told, "content": inside}


def comment(words: Words) -> dict[str, Any]:
    """Where it is, not what it says."""
    place = {"comment_id": int(words.id), "video_id": VIDEO, "parent_comment_id": VIDEO, "comment_type": "comment"}
    who = {"comment_action": "insert", "unique_identifier": words.author, "timestamp": words.milliseconds}
    return envelope(words.account, "comment.update", words.at, {**place, **who})


def message(words: Words) -> dict[str, Any]:
    sides = {"from_user": {"id": words.author, "role": "personal_account"}, "from": f"user{words.author[-6:]}"}
    place = {"conversation_id": f"{CHAT}{words.author}", "message_id": words.id, "timestamp": words.milliseconds}
    content = {**sides, **place, "to_user": {"id": words.account}, "type": "text", "text": {"body": words.text}}
    return envelope(words.account, "im_receive_msg", words.at, content)


def own_message(post: Post) -> dict[str, Any]:
    at = int(post.at.timestamp() * 1000)
    place = {"conversation_id": f"{CHAT}{post.thread}", "message_id": post.id, "timestamp": at}
    sides = {"from_user": {"id": post.account, "role": "business_account"}, "to_user": {"id": post.thread}}
    said = {"type": "text", "text": {"body": post.text}} if post.text else {"type": "image", "image": {"media_id": "1"}}
    return envelope(post.account, "im_send_msg", post.at, {**place, **sides, **said})


def sign(connection: Connection, body: bytes) -> Headers:
    at = int(time.time())
    secret = connection.values("app_secret")[0].encode()
    return {"TikTok-Signature": f"t={at},s={hmac.new(secret, f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"}


def secrets(accounts: Sequence[str]) -> Secrets:
    given = {"app_secret": random.token_hex(20)}
    pairs = {account: f"act.{random.token_hex(16)}:rft.{random.token_hex(16)}" for account in accounts}
    return given, {**given, "access_tokens": pairs}


PLATFORM = Platform(
    channel=CHANNEL,
    title="TikTok",
    places=(
        Place("tiktok_comments", "comments", lambda world: str(world.number()), comment),
        Place(
            *("tiktok_messages", "messages", lambda world: f"m{world.number():x}", message),
            public=False,
            by_thread=False,
        ),
    ),
    api=tiktok_api,
    sign=sign,
    signed_with="app_secret",
    secrets=secrets,
    echoes={"message": own_message},
)
