"""Instagram's part of the Graph API: messages, comments, private replies, and the look-ups that tell whether a post is there.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.meta import errors
from infra.simulator.meta.errors import GraphError
from infra.simulator.meta.graph import HUMAN_AGENT_WINDOW, MESSAGES_SHOWN, WINDOW, given, listing
from infra.simulator.meta.views import stamp
from infra.simulator.platform import Echo
from infra.simulator.world import Connection, Post, Sent, Told, World

CHANNEL = "instagram"
MEDIA = "17900000000000001"  # the post that everybody comments on
COMMENT_LIMIT, MESSAGE_LIMIT = 300, 1000  # characters, bytes
TOKEN_SECONDS = 60 * 86_400
NO_CONSENT = GraphError(400, 230, "(#230) User consent is required to access user profile")
OUTSIDE_WINDOW = GraphError(400, 10, "(#10) This message is sent outside of allowed window.", 2534022)


def instagram_api(world: World, echo: Echo) -> Blueprint:
    """The routes, for every version of the API."""
    api = Blueprint(CHANNEL, __name__, url_prefix="/instagram")
    api.register_error_handler(GraphError, lambda error: error.answer())
    api.url_value_preprocessor(lambda _, values: values.pop("version", None) if values else None)
    add_posts(api, world, echo)
    add_look_ups(api, world)
    return api


def add_posts(api: Blueprint, world: World, echo: Echo) -> None:
    def posted(
        post: Callable[[Connection, str], tuple[Post, dict[str, str]]], refused: GraphError
    ) -> ResponseReturnValue:
        connection, account = caller(world)
        answers = {**errors.on_demand(errors.MESSAGES_THROTTLED, refused), "window": OUTSIDE_WINDOW.answer}
        return under(world, CHANNEL, answers, lambda: published(world, echo, connection, *post(connection, account)))

    @api.post("/v<float:version>/me/messages")
    def message() -> ResponseReturnValue:
        return posted(lambda connection, account: message_to(world, account), errors.UNAVAILABLE)

    @api.post("/v<float:version>/<comment_id>/replies")
    def reply(comment_id: str) -> ResponseReturnValue:
        return posted(lambda connection, account: comment_under(world, account, comment_id), errors.gone(comment_id))

    @api.post("/v<float:version>/<account_id>/mentions")
    def mention(account_id: str) -> ResponseReturnValue:
        return posted(lambda connection, account: comment_under(world, account, mentioned()), errors.gone(account_id))

    @api.post("/v<float:version>/me/subscribed_apps")
    def subscribe() -> Response:
        _, account = caller(world)
        world.subscribed[account] = str(given().get("subscribed_fields", "")).split(",")
        return jsonify({"success": True})


def add_look_ups(api: Blueprint, world: World) -> None:
    def looked_up(find: Callable[[str], Any]) -> ResponseReturnValue:
        _, account = caller(world)
        answers = errors.on_demand(errors.PAGE_THROTTLED, errors.gone("0"))
        return under(world, CHANNEL, answers, lambda: jsonify(find(account)), on="look_up")

    @api.get("/v<float:version>/me/conversations")
    def conversations() -> ResponseReturnValue:
        return looked_up(lambda account: listing(conversations_of(world, account, request.args.get("user_id", ""))))

    @api.get("/v<float:version>/me/subscribed_apps")
    def subscriptions() -> ResponseReturnValue:
        return looked_up(lambda account: {"data": [{"subscribed_fields": world.subscribed.get(account, [])}]})

    @api.get("/v<float:version>/<comment_id>/replies")
    def replies(comment_id: str) -> ResponseReturnValue:
        found = [as_comment(world, post) for post in world.posts if post.in_reply_to == comment_id]
        return looked_up(lambda account: listing(found))

    @api.get("/v<float:version>/<object_id>")
    def found(object_id: str) -> ResponseReturnValue:
        return looked_up(lambda account: look_at(world, account, object_id))

    @api.get("/refresh_access_token")
    def refresh() -> Response:
        owner = world.owner_of(CHANNEL, "access_tokens", request.args.get("access_token", ""))
        if owner is None or request.args.get("grant_type") != "ig_refresh_token":
            raise errors.INVALID_TOKEN
        token = request.args["access_token"]
        return jsonify({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS})


def caller(world: World) -> tuple[Connection, str]:
    """The connection and account whose token was sent. Raises GraphError when there is none."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    owner = world.owner_of(CHANNEL, "access_tokens", sent)
    if owner is None:
        raise errors.INVALID_TOKEN
    return owner


def published(world: World, echo: Echo, connection: Connection, post: Post, answer: dict[str, str]) -> Response:
    with world.hold:
        world.posts.append(post)
    echo(connection, post)
    return jsonify(answer)


def message_to(world: World, account: str) -> tuple[Post, dict[str, str]]:
    """Raises GraphError when the person may not be written to (any more)."""
    sent = given()
    recipient, (text, files) = sent.get("recipient") or {}, content(sent.get("message") or {})
    answered = str(recipient.get("comment_id") or "")
    person = commenter(world, account, answered) if answered else str(recipient.get("id") or "")
    if not person:
        raise errors.invalid("The parameter recipient is required")
    if not answered:
        check_window(world, account, person, sent)
    kind, id = "private_reply" if answered else "message", f"aWd{world.number():x}"
    post = Post(id, CHANNEL, account, person, text, False, kind, datetime.now(UTC), answered, files=files)
    return post, {"recipient_id": person, "message_id": id}


def content(message: dict[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    """The text, or a file that stands behind an address. Raises GraphError."""
    text, attachment = str(message.get("text") or ""), message.get("attachment") or {}
    url = str((attachment.get("payload") or {}).get("url") or "")
    if bool(text) == bool(url):
        raise errors.invalid("Param message must contain either text or an attachment", errors.EMPTY_MESSAGE)
    if len(text.encode()) > MESSAGE_LIMIT:
        raise errors.invalid(f"Length of param message[text] must be less than or equal to {MESSAGE_LIMIT}")
    return text, (Sent(url.rsplit("/", 1)[-1], str(attachment.get("type")), 0),) if url else ()


def check_window(world: World, account: str, person: str, sent: dict[str, Any]) -> None:
    """24 h for everything, 7 days for what a human wrote; nobody is written to who did not write first."""
    last = world.last_inbound(CHANNEL, account, person)
    allowed = HUMAN_AGENT_WINDOW if sent.get("tag") == "HUMAN_AGENT" else WINDOW
    if last is not None and datetime.now(UTC) - last > allowed:
        raise OUTSIDE_WINDOW


def commenter(world: World, account: str, comment: str) -> str:
    """One private reply for each comment, within 7 days."""
    if any(post.kind == "private_reply" and post.in_reply_to == comment for post in world.posts):
        raise errors.ALREADY_REPLIED
    told = next((told for told in world.told if told.account == account and told.thread == comment), None)
    if told is None:
        raise errors.gone(comment)
    if datetime.now(UTC) - told.at > HUMAN_AGENT_WINDOW:
        raise OUTSIDE_WINDOW
    return told.author


def mentioned() -> str:
    return str(given().get("comment_id") or given().get("media_id") or "")


def comment_under(world: World, account: str, comment: str) -> tuple[Post, dict[str, str]]:
    text = str(given().get("message") or "").strip()
    if not 0 < len(text) <= COMMENT_LIMIT:
        raise errors.invalid(f"Param message must have 1 to {COMMENT_LIMIT} characters")
    if world.is_missing(CHANNEL, account, comment):
        raise errors.gone(comment)
    id = f"180{world.number()}"
    now = datetime.now(UTC)
    return Post(id, CHANNEL, account, comment, text, True, "comment", now, in_reply_to=comment), {"id": id}


def conversations_of(world: World, account: str, only: str) -> list[dict[str, Any]]:
    lines: list[Post | Told] = [post for post in world.posts if is_message(post, account)]
    lines += [told for told in world.told if is_message(told, account)]
    newest_first = sorted(lines, key=lambda line: line.at, reverse=True)
    people = dict.fromkeys(person_of(line) for line in newest_first)
    return [
        {"id": f"aWd{person}", "updated_time": stamp(mine[0].at), "messages": {"data": as_messages(world, mine)}}
        for person in people
        if only in ("", person)
        for mine in [[line for line in newest_first if person_of(line) == person]]
    ]


def is_message(line: Post | Told, account: str) -> bool:
    return line.channel == CHANNEL and not line.public and line.account == account


def person_of(line: Post | Told) -> str:
    return line.thread if isinstance(line, Post) else line.author


def as_messages(world: World, lines: list[Post | Told]) -> list[dict[str, Any]]:
    return [as_message(world, line) for line in lines[:MESSAGES_SHOWN]]


def as_message(world: World, line: Post | Told) -> dict[str, Any]:
    account = {"id": line.account, "username": world.person(line.account)["username"]}
    person = {"id": person_of(line), "username": world.person(person_of(line))["username"]}
    sender, recipient = (account, person) if isinstance(line, Post) else (person, account)
    files = [{"id": file.name, "mime_type": file.media_type} for file in getattr(line, "files", ())]
    return {
        "id": line.id if isinstance(line, Post) else f"aWdtold{line.at.timestamp():.6f}",
        "message": line.text,
        "created_time": stamp(line.at),
        "from": sender,
        "to": {"data": [recipient]},
        **({"attachments": {"data": files}} if files else {}),
    }


def as_comment(world: World, post: Post) -> dict[str, Any]:
    handle = world.person(post.account)["username"]
    written = {"id": post.id, "text": post.text, "timestamp": stamp(post.at), "username": handle}
    return {**written, "from": {"id": post.account, "username": handle}, "parent_id": post.in_reply_to}


def look_at(world: World, account: str, object_id: str) -> dict[str, Any]:
    """The account, a comment, or a person who wrote a message."""
    if object_id == account:
        return {"id": account, "username": world.person(account)["username"]}
    if any(told.thread == object_id for told in world.told):
        return {"id": object_id, "media": {"id": MEDIA, "permalink": "https://www.instagram.com/p/simulator/"}}
    if not any(is_message(told, account) and told.author == object_id for told in world.told):
        raise NO_CONSENT
    person = world.person(object_id)
    return {"id": object_id, **person, "follower_count": int(object_id) % 5000}
