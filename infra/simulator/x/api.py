"""X's API v2: posts, direct messages, and the look-ups that tell whether one is there. Errors are RFC 7807 problems.

https://docs.x.com/x-api/posts/create-post
https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo
from infra.simulator.world import Connection, Post, Sent, World
from infra.simulator.x.auth import caller
from infra.simulator.x.errors import INVALID_REQUEST, Problem, on_demand
from infra.simulator.x.text import shown, weight
from infra.simulator.x.upkeep import add_tokens, add_webhooks
from infra.simulator.x.views import as_dm, as_tweet, as_user, by_ids, listing, newest, one, pair, snowflake

POST_LIMIT, MESSAGE_LIMIT = 280, 10_000  # weighted characters; characters
FILE_LIMIT = 5_000_000  # bytes
PICTURES = ("image/jpeg", "image/png", "image/webp")
CATEGORIES = ("tweet_image", "dm_image")
REFUSED_POST = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
    "by the author of the post you are replying to."
)
REFUSED_MESSAGE = "You do not have permission to DM one or more participants."


def x_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    x = Blueprint("x", __name__, url_prefix="/2")
    x.register_error_handler(Problem, lambda problem: problem.answer())
    add_posts(x, world, echo)
    add_uploads(x, world)
    add_look_ups(x, world)
    add_tokens(x, world)
    add_webhooks(x, world)
    return x


def add_posts(x: Blueprint, world: World, echo: Echo) -> None:
    @x.post("/tweets")
    def tweet() -> ResponseReturnValue:
        connection, account = caller(world)
        return under(world, "x", on_demand(REFUSED_POST), lambda: post_tweet(world, echo, connection, account))

    @x.post("/dm_conversations/with/<person>/messages")
    def message_with(person: str) -> ResponseReturnValue:
        connection, account = caller(world)
        return under(world, "x", on_demand(REFUSED_MESSAGE), lambda: post_dm(world, echo, connection, account, person))

    @x.post("/dm_conversations/<conversation>/messages")
    def message_in(conversation: str) -> ResponseReturnValue:
        connection, account = caller(world)
        person = next((each for each in conversation.split("-") if each != account), conversation)
        return under(world, "x", on_demand(REFUSED_MESSAGE), lambda: post_dm(world, echo, connection, account, person))


def add_uploads(x: Blueprint, world: World) -> None:
    @x.post("/media/upload")
    def upload() -> ResponseReturnValue:
        caller(world)
        return under(world, "x", on_demand("Forbidden"), lambda: take_file(world), on="upload")


def add_look_ups(x: Blueprint, world: World) -> None:
    def looked_up(find: Callable[[str], Any]) -> ResponseReturnValue:
        _, account = caller(world)
        return under(world, "x", on_demand("Forbidden"), lambda: jsonify(find(account)), on="look_up")

    @x.get("/tweets")
    def tweets() -> ResponseReturnValue:
        return looked_up(lambda account: by_ids(world, request.args.get("ids", "").split(",")))

    @x.get("/tweets/<tweet_id>")
    def tweet_by_id(tweet_id: str) -> ResponseReturnValue:
        return looked_up(lambda account: one(by_ids(world, [tweet_id])))

    @x.get("/users/<user>")
    def user_by_id(user: str) -> ResponseReturnValue:
        return looked_up(lambda account: {"data": as_user(world, account if user == "me" else user)})

    @x.get("/users/<user>/tweets")
    def tweets_of(user: str) -> ResponseReturnValue:
        return looked_up(lambda account: listing(newest(world, "tweet", lambda post: post.account == user), as_tweet))

    @x.get("/dm_conversations/with/<person>/dm_events")
    def messages_with(person: str) -> ResponseReturnValue:
        return looked_up(
            lambda account: listing(
                newest(world, "dm", lambda post: (post.account, post.thread) == (account, person)), as_dm
            )
        )


def take_file(world: World) -> ResponseReturnValue:
    """Raises Problem."""
    file, category = request.files.get("media"), request.form.get("media_category", "")
    content = file.read() if file else b""
    if file is None or category not in CATEGORIES or file.mimetype not in PICTURES or len(content) > FILE_LIMIT:
        raise Problem(400, "Invalid Request", "One or more parameters to your request was invalid.", INVALID_REQUEST)
    found = snowflake()
    world.uploads[found] = (category, Sent(str(file.filename), str(file.mimetype), len(content)))
    return jsonify(
        {"data": {"id": found, "media_key": f"3_{found}", "expires_after_secs": 86400, "size": len(content)}}
    )


def files_of(world: World, ids: list[Any], category: str, most: int) -> tuple[Sent, ...]:
    """Raises Problem."""
    found = [world.uploads.get(str(each), ("", None)) for each in ids]
    if len(ids) > most or any(kind != category for kind, _ in found):
        raise Problem(400, "Invalid Request", "Your media IDs are invalid.", INVALID_REQUEST)
    return tuple(file for _, file in found if file)


def post_tweet(world: World, echo: Echo, connection: Connection, account: str) -> ResponseReturnValue:
    files = files_of(world, (given().get("media") or {}).get("media_ids", []), "tweet_image", 4)
    text = check_text(weight, POST_LIMIT, "Your Tweet text is too long.", bool(files))
    answered = str((given().get("reply") or {}).get("in_reply_to_tweet_id") or "")
    with world.hold:
        check_tweet(world, account, answered, text)
        post = Post(snowflake(), "x", account, answered, text, True, "tweet", now(), in_reply_to=answered, files=files)
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"data": {"id": post.id, "text": shown(text)[0], "edit_history_tweet_ids": [post.id]}}), 201


def check_tweet(world: World, account: str, answered: str, text: str) -> None:
    # X puts the mention of the person in front: the same words under another post are not the same text
    known = {(post.account, post.in_reply_to, post.text) for post in world.posts if post.kind == "tweet"}
    if (account, answered, text) in known:
        raise Problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
    if answered and world.is_missing("x", account, answered):
        raise Problem(403, "Forbidden", "You attempted to reply to a Tweet that is deleted or not visible to you.")


def post_dm(world: World, echo: Echo, connection: Connection, account: str, person: str) -> ResponseReturnValue:
    attached = [each.get("media_id") for each in given().get("attachments") or []]
    files = files_of(world, attached, "dm_image", 1)
    text = check_text(len, MESSAGE_LIMIT, "The text of your message is over the max character limit.", bool(files))
    with world.hold:
        post = Post(snowflake(), "x", account, person, text, False, "dm", now(), files=files)
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"data": {"dm_conversation_id": pair(account, person), "dm_event_id": post.id}}), 201


def check_text(measure: Callable[[str], int], limit: int, complaint: str, optional: bool = False) -> str:
    """Raises Problem."""
    text = given().get("text", "")
    if not isinstance(text, str) or not (text.strip() or optional):
        raise Problem(400, "Invalid Request", "One or more parameters to your request was invalid.", INVALID_REQUEST)
    if measure(text) > limit:
        raise Problem(403, "Forbidden", complaint)
    return text.strip()


def given() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def now() -> datetime:
    return datetime.now(UTC)
