"""Facebook's Graph API: comments, Messenger, private replies, and the look-ups that tell whether a post is there.

https://developers.facebook.com/docs/graph-api/reference/object/comments
https://developers.facebook.com/docs/messenger-platform/reference/send-api
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.meta import errors
from infra.simulator.meta.errors import GraphError
from infra.simulator.meta.views import as_comment, as_conversation, as_message, as_object, as_wall, person_fields
from infra.simulator.platform import Echo
from infra.simulator.world import Connection, Post, Sent, Told, World

COMMENT_LIMIT, MESSAGE_LIMIT = 8000, 2000  # characters
FILE_LIMIT = 25_000_000  # bytes
MESSAGES_SHOWN = 20
APP = "1"
WINDOW, HUMAN_AGENT_WINDOW = timedelta(hours=24), timedelta(days=7)


def graph_api(world: World, echo: Echo) -> Blueprint:
    """The routes, for every version of the API."""
    graph = Blueprint("graph", __name__, url_prefix="/v<float:version>")
    graph.register_error_handler(GraphError, lambda error: error.answer())
    graph.url_value_preprocessor(lambda _, values: values.pop("version") if values else None)
    add_posts(graph, world, echo)
    add_look_ups(graph, world)
    return graph


def add_posts(graph: Blueprint, world: World, echo: Echo) -> None:
    @graph.post("/<object_id>/comments")
    def comment(object_id: str) -> ResponseReturnValue:
        connection, page = caller(world)
        answers = errors.on_demand(errors.PAGE_THROTTLED, errors.gone(object_id))
        return under(world, "facebook", answers, lambda: post_comment(world, echo, connection, page, object_id))

    @graph.post("/<page_id>/messages")
    def message(page_id: str) -> ResponseReturnValue:
        connection, page = caller(world, page_id)
        answers = errors.on_demand(errors.MESSAGES_THROTTLED, errors.UNAVAILABLE)
        return under(world, "facebook", answers, lambda: post_message(world, echo, connection, page))

    @graph.post("/<page_id>/subscribed_apps")
    def subscribe(page_id: str) -> Response:
        _, page = caller(world, page_id)
        world.subscribed[page] = str(given().get("subscribed_fields", "")).split(",")
        return jsonify({"success": True})


def add_look_ups(graph: Blueprint, world: World) -> None:
    def looked_up(find: Callable[[str], Any]) -> ResponseReturnValue:
        _, page = caller(world)
        answers = errors.on_demand(errors.PAGE_THROTTLED, errors.gone("0"))
        return under(world, "facebook", answers, lambda: jsonify(find(page)), on="look_up")

    @graph.get("/<object_id>/comments")
    def comments(object_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: listing([as_comment(world, post) for post in comments_under(world, object_id)]))

    @graph.get("/<page_id>/subscribed_apps")
    def subscriptions(page_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: listing(subscription(world.subscribed.get(page))))

    @graph.get("/app")
    def app() -> Response:
        caller(world)
        return jsonify({"id": APP})

    @graph.get("/<page_id>/feed")
    def feed(page_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: listing([as_wall(world, page)]))

    @graph.get("/<page_id>/conversations")
    def conversations(page_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: listing(conversations_of(world, page, request.args.get("user_id", ""))))

    @graph.get("/<conversation_id>/messages")
    def messages(conversation_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: listing(messages_of(world, page, conversation_id.removeprefix("t_"))))

    @graph.get("/<object_id>")
    def found(object_id: str) -> ResponseReturnValue:
        return looked_up(lambda page: look_at(world, page, page if object_id == "me" else object_id))


def caller(world: World, page_id: str = "me") -> tuple[Connection, str]:
    """The connection and page whose token was sent. Raises GraphError when there is none, or it is another page's."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip() or given().get("access_token", "")
    owner = world.owner_of("facebook", "page_tokens", str(sent))
    if owner is None:
        raise errors.INVALID_TOKEN
    check_proof(owner[0], str(sent))
    if page_id not in ("me", owner[1]):
        raise errors.gone(page_id)
    return owner


def check_proof(connection: Connection, token: str) -> None:
    proof = given().get("appsecret_proof")
    secrets = connection.values("app_secret")
    expected = {hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in secrets}
    if proof is not None and proof not in expected:
        raise errors.INVALID_PROOF


def given() -> dict[str, Any]:
    """The parameters, which Graph takes from the query, a form or JSON alike; in a form, objects are JSON again."""
    body = request.get_json(silent=True)
    form = {key: unpacked(value) for key, value in request.form.items()}
    return {**request.args, **form, **(body if isinstance(body, dict) else {})}


def unpacked(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value


def post_comment(world: World, echo: Echo, connection: Connection, page: str, object_id: str) -> Response:
    text = str(given().get("message") or "").strip()
    if not text and not given().get("attachment_url"):
        raise errors.invalid("Param message must be a non-empty string")
    if len(text) > COMMENT_LIMIT:
        raise errors.invalid(f"Param message must be no longer than {COMMENT_LIMIT} characters")
    with world.hold:
        if world.is_missing("facebook", page, object_id):
            raise errors.gone(object_id)
        found = f"{object_id.split('_')[0]}_{world.number()}"
        post = Post(found, "facebook", page, object_id, text, True, "comment", now(), in_reply_to=object_id)
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"id": post.id})


def post_message(world: World, echo: Echo, connection: Connection, page: str) -> Response:
    sent = given()
    recipient = sent.get("recipient")
    if not isinstance(recipient, dict) or not {"id", "comment_id", "post_id"} & set(recipient):
        raise errors.invalid("The parameter recipient is required")
    text, files = check_message(sent.get("message"))
    with world.hold:
        post = replace(message_to(world, page, recipient, text, sent), files=files)
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"recipient_id": post.thread, "message_id": post.id})


def check_message(message: Any) -> tuple[str, tuple[Sent, ...]]:
    """The text, or a file; an attachment by URL stands for itself. Raises GraphError."""
    message = message if isinstance(message, dict) else {}
    attachment = message.get("attachment", {})
    files = (check_file(str(attachment.get("type"))),) if "filedata" in request.files else ()
    text = str(message.get("text") or attachment.get("payload", {}).get("url", ""))
    if text and files:
        raise errors.invalid("Param message must contain either text or an attachment", errors.EMPTY_MESSAGE)
    if not text and not files:
        raise errors.invalid("Param message must contain text or an attachment", errors.EMPTY_MESSAGE)
    if len(text) > MESSAGE_LIMIT:
        raise errors.invalid(f"Length of param message[text] must be less than or equal to {MESSAGE_LIMIT}")
    return text, files


def check_file(kind: str) -> Sent:
    """Raises GraphError."""
    file = request.files["filedata"]
    size = len(file.read())
    if size > FILE_LIMIT:
        raise errors.invalid("Attachment size exceeds allowable limit")
    if kind != "file" and not str(file.mimetype).startswith(f"{kind}/"):
        raise errors.invalid("Upload attachment failure.")
    return Sent(str(file.filename), str(file.mimetype), size)


def message_to(world: World, page: str, recipient: dict[str, str], text: str, sent: dict[str, Any]) -> Post:
    """Raises GraphError when the person may not be written to (any more)."""
    metadata = str(sent["message"].get("metadata", ""))
    found = f"m_{world.number():x}"
    if "id" in recipient:
        check_window(world, page, recipient["id"], sent)
        return Post(found, "facebook", page, recipient["id"], text, False, "message", now(), metadata=metadata)
    answered = recipient.get("comment_id") or recipient["post_id"]
    person = check_private_reply(world, page, answered)
    return Post(found, "facebook", page, person, text, False, "private_reply", now(), answered, metadata)


def check_window(world: World, page: str, person: str, sent: dict[str, Any]) -> None:
    """24 h for everything, 7 days for what a human wrote. No other tag is alive."""
    kind = sent.get("messaging_type")
    if kind not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
        raise errors.invalid("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}")
    if kind == "MESSAGE_TAG" and sent.get("tag") != "HUMAN_AGENT":
        raise errors.invalid("Param tag must be one of {HUMAN_AGENT, CUSTOMER_FEEDBACK}")
    last = world.last_inbound("facebook", page, person)
    if last is not None and now() - last > (HUMAN_AGENT_WINDOW if kind == "MESSAGE_TAG" else WINDOW):
        raise errors.OUTSIDE_WINDOW


def check_private_reply(world: World, page: str, answered: str) -> str:
    """One for each comment, within 7 days. Returns the person."""
    if any(post.kind == "private_reply" and post.in_reply_to == answered for post in world.posts):
        raise errors.ALREADY_REPLIED
    told = next((told for told in world.told if told.account == page and told.thread == answered), None)
    if told is None and world.is_missing("facebook", page, answered):
        raise errors.gone(answered)
    if told is not None and now() - told.at > HUMAN_AGENT_WINDOW:
        raise errors.OUTSIDE_WINDOW
    return told.author if told is not None else str(int(hashlib.sha256(answered.encode()).hexdigest()[:13], 16))


def comments_under(world: World, object_id: str) -> list[Post]:
    """Oldest first unless asked otherwise."""
    found = [post for post in world.posts if post.kind == "comment" and post.in_reply_to == object_id]
    return found[::-1] if request.args.get("order") == "reverse_chronological" else found


def messages_of(world: World, page: str, person: str) -> list[dict[str, Any]]:
    """Both sides, newest first, no more than the platform shows."""
    lines: list[Post | Told] = [post for post in world.posts if is_message(post) and post.thread == person]
    lines += [told for told in world.told if is_message(told) and told.author == person]
    mine = sorted((line for line in lines if line.account == page), key=lambda line: line.at, reverse=True)
    return [as_message(world, line) for line in mine[:MESSAGES_SHOWN]]


def conversations_of(world: World, page: str, only: str) -> list[dict[str, Any]]:
    people = [told.author for told in world.told if is_message(told) and told.account == page]
    people += [post.thread for post in world.posts if is_message(post) and post.account == page]
    wanted = [person for person in dict.fromkeys(people) if only in ("", person)]
    return [as_conversation(person, messages_of(world, page, person)) for person in wanted]


def is_message(line: Post | Told) -> bool:
    return line.channel == "facebook" and not line.public


def subscription(fields: list[str] | None) -> list[dict[str, Any]]:
    return [] if fields is None else [{"id": APP, "name": "Bridgehead", "subscribed_fields": fields}]


def listing(data: list[Any]) -> dict[str, Any]:
    """One page of it, as many as asked for by `limit` and from where `after` says."""
    start, limit = request.args.get("after", 0, type=int), request.args.get("limit", 25, type=int)
    end = start + limit
    more = {"next": f"{request.base_url}?after={end}"} if end < len(data) else {}
    return {"data": data[start:end], "paging": {"cursors": {"before": str(start), "after": str(end)}, **more}}


def look_at(world: World, page: str, object_id: str) -> dict[str, Any]:
    """A page, something posted, something told, or else a person."""
    known = as_object(world, page, object_id)
    wanted = request.args.get("fields", "").replace(" ", "").split(",")
    answer = known if known is not None else person_fields(world, object_id)
    return {key: value for key, value in answer.items() if key == "id" or key in wanted or wanted == [""]}


def now() -> datetime:
    return datetime.now(UTC)
