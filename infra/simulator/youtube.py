"""YouTube's Data API: comment threads, replies, channels. It pushes nothing; the product asks.

https://developers.google.com/youtube/v3/docs/commentThreads
"""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets
from infra.simulator.world import Connection, Post, Told, World

CHANNEL = "youtube"
VIDEO = "simulator01"  # the video that everybody comments on
LIMIT = 10_000  # characters
SHOWN = 5  # replies in a thread's preview


def youtube_api(world: World, echo: Echo) -> Blueprint:
    """The routes: tokens, threads, replies, channels."""
    youtube = Blueprint("youtube", __name__, url_prefix="/youtube")
    youtube.post("/token", endpoint="token")(lambda: minted(world))
    add_look_ups(youtube, world)

    @youtube.post("/v3/comments")
    def reply() -> ResponseReturnValue:
        check_token(world)
        return under(world, CHANNEL, FAILURES, lambda: jsonify(post_reply(world)))

    return youtube


def add_look_ups(youtube: Blueprint, world: World) -> None:
    @youtube.get("/v3/commentThreads")
    def threads() -> ResponseReturnValue:
        check_token(world)
        return under(world, CHANNEL, FAILURES, lambda: jsonify(page(threads_of(world))), on="look_up")

    @youtube.get("/v3/comments")
    def replies() -> ResponseReturnValue:
        check_token(world)
        thread = request.args.get("parentId", "")
        return under(world, CHANNEL, FAILURES, lambda: jsonify(page(replies_in(world, thread))), on="look_up")

    @youtube.get("/v3/channels")
    def channels() -> ResponseReturnValue:
        check_token(world)
        return jsonify(page([as_channel(world, id) for id in request.args.get("id", "").split(",") if id]))


def refresh_tokens(world: World) -> list[str]:
    return [value for each in world.of(CHANNEL) for value in each.values("refresh_token")]


def minted(world: World) -> ResponseReturnValue:
    renewing = request.form.get("refresh_token")
    if renewing not in refresh_tokens(world):
        return jsonify({"error": "invalid_grant"}), 400
    return jsonify({"access_token": f"ya29.{renewing}", "expires_in": 3599})


def check_token(world: World) -> None:
    if request.headers.get("Authorization", "").removeprefix("Bearer ya29.") not in refresh_tokens(world):
        abort(problem(401, "authError"))


def threads_of(world: World) -> list[dict[str, Any]]:
    """The newest first, or those asked for."""
    wanted, account = request.args.get("id", ""), request.args.get("allThreadsRelatedToChannelId", "")
    found = [told for told in reversed(world.told) if told.channel == CHANNEL and told.thread]
    return [
        as_thread(world, told)
        for told in found
        if (told.thread in wanted.split(",") if wanted else told.account == account)
    ]


def as_thread(world: World, told: Told) -> dict[str, Any]:
    replies = replies_in(world, told.thread)
    top = comment(world, told.thread, told.author, told.text, told.at)
    about = {"videoId": VIDEO, "topLevelComment": top, "totalReplyCount": len(replies), "canReply": True}
    shown = {"replies": {"comments": replies[-SHOWN:]}} if replies else {}
    return {"kind": "youtube#commentThread", "id": told.thread, "snippet": about, **shown}


def replies_in(world: World, thread: str) -> list[dict[str, Any]]:
    posts = [post for post in world.posts if post.channel == CHANNEL and post.thread == thread]
    return [comment(world, post.id, post.account, post.text, post.at, thread) for post in posts]


def comment(world: World, id: str, author: str, text: str, at: datetime, parent: str = "") -> dict[str, Any]:
    when = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    snippet = {
        "authorDisplayName": f"@{world.person(author)['username']}",
        "authorChannelId": {"value": author},
        "textDisplay": text,
        "textOriginal": text,
        "videoId": VIDEO,
        "publishedAt": when,
        "updatedAt": when,
        **({"parentId": parent} if parent else {}),
    }
    return {"kind": "youtube#comment", "id": id, "snippet": snippet}


def as_channel(world: World, id: str) -> dict[str, Any]:
    followers = {"subscriberCount": str(sum(id.encode()) % 5000), "hiddenSubscriberCount": False}
    return {
        "kind": "youtube#channel",
        "id": id,
        "snippet": {"title": world.person(id)["name"]},
        "statistics": followers,
    }


def post_reply(world: World) -> dict[str, Any]:
    snippet = (request.get_json(silent=True) or {}).get("snippet") or {}
    text, thread = str(snippet.get("textOriginal") or ""), str(snippet.get("parentId") or "")
    if not text.strip() or len(text) > LIMIT:
        abort(problem(400, "commentTextTooLong" if text else "commentTextRequired"))
    with world.hold:
        account = next((told.account for told in world.told if told.channel == CHANNEL and told.thread == thread), None)
        if account is None:
            abort(problem(404, "parentCommentNotFound"))
        id, at = f"{thread}.{world.number():x}", datetime.now(UTC)
        world.posts.append(Post(id, CHANNEL, str(account), thread, text, True, "comment", at, in_reply_to=thread))
    return comment(world, id, str(account), text, at, thread)


def page(found: list[dict[str, Any]]) -> dict[str, Any]:
    start, count = int(request.args.get("pageToken", 0)), int(request.args.get("maxResults", 20))
    more = {"nextPageToken": str(start + count)} if len(found) > start + count else {}
    return {"items": found[start : start + count], "pageInfo": {"totalResults": len(found)}, **more}


def problem(status: int, reason: str) -> Response:
    """An error as Google tells it."""
    error = {"code": status, "message": reason, "errors": [{"domain": "youtube", "reason": reason, "message": reason}]}
    response = jsonify({"error": error})
    response.status_code = status
    return response


FAILURES = {
    "throttle": lambda: problem(403, "quotaExceeded"),
    "refuse": lambda: problem(403, "commentsDisabled"),
    "token": lambda: problem(401, "authError"),
    "5xx": lambda: problem(503, "backendError"),
}


def sign(connection: Connection, body: bytes) -> Headers:
    return {}


def secrets(accounts: Sequence[str]) -> Secrets:
    return {}, {"client_secret": random.token_hex(16), "refresh_token": random.token_hex(16)}


PLATFORM = Platform(
    channel=CHANNEL,
    title="YouTube",
    places=(Place("videos", "comments", lambda world: f"Ugx{world.number():x}", None),),
    api=youtube_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
)
