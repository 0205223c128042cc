"""LinkedIn's API for company pages: comments, posts, subscriptions, what was notified of, and the sign-in.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/comments-api
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo
from infra.simulator.world import Connection, Post, Told, World

CHANNEL = "linkedin"
POST = "urn:li:activity:7300000000000000900"  # the page's post that everybody comments on
OURS = "urn:li:organization:"
LIMIT = 1250  # characters
A_PAGE = 10  # elements, where nobody asks for more
SIXTY_DAYS = 60 * 24 * 3600  # seconds
COMMENT = re.compile(r"urn:li:comment:\((urn:li:\w+:\d+),(\d+)\)")
STARTS = re.compile(r"start:(\d+)")


def linkedin_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    linkedin = Blueprint("linkedin", __name__, url_prefix="/linkedin")
    add_comments(linkedin, world, echo)
    add_upkeep(linkedin, world)
    return linkedin


def add_comments(linkedin: Blueprint, world: World, echo: Echo) -> None:
    @linkedin.post("/rest/socialActions/<urn>/comments")
    def comment(urn: str) -> ResponseReturnValue:
        connection, account = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: post_comment(world, echo, connection, account, urn))

    @linkedin.get("/rest/socialActions/<urn>/comments")
    def comments(urn: str) -> ResponseReturnValue:
        caller(world)
        found = [as_comment(post) for post in world.posts if post.channel == CHANNEL and post.thread == urn]
        return under(world, CHANNEL, FAILURES, lambda: jsonify(page(found)), on="look_up")

    @linkedin.get("/rest/socialActions/<urn>/comments/<number>")
    def one(urn: str, number: str) -> ResponseReturnValue:
        caller(world)
        return under(world, CHANNEL, FAILURES, lambda: jsonify(find(world, f"urn:li:comment:({urn},{number})")))


def add_upkeep(linkedin: Blueprint, world: World) -> None:
    @linkedin.route("/rest/eventSubscriptions/<key>", methods=["GET", "PUT"])
    def subscription(key: str) -> ResponseReturnValue:
        caller(world)
        if request.method == "PUT":
            world.subscribed[key] = [str(given().get("webhook"))]
            return "", 204
        ends = round((datetime.now(UTC).timestamp() + SIXTY_DAYS) * 1000)
        return jsonify({"webhook": (world.subscribed.get(key) or abort(problem(404)))[0], "expiresAt": ends})

    @linkedin.get("/rest/organizationalEntityNotifications")
    def notifications() -> ResponseReturnValue:
        _, account = caller(world)
        started = STARTS.search(request.args.get("timeRange", ""))
        since = int(started[1]) / 1000 if started else 0.0
        found = [told for told in world.told if (told.channel, told.account) == (CHANNEL, account)]
        return jsonify(page([notification(told) for told in found if told.at.timestamp() >= since]))

    @linkedin.post("/oauth/v2/accessToken")
    def access_token() -> ResponseReturnValue:
        renewing = request.form.get("refresh_token", "")
        if renewing not in [refresh for _, _, _, refresh in tokens(world)]:
            return jsonify({"error": "invalid_request"}), 400
        return jsonify({"access_token": renewed(renewing), "expires_in": SIXTY_DAYS, "refresh_token": renewing})


def tokens(world: World) -> list[tuple[Connection, str, str, str]]:
    """Connection, account, access token, refresh token."""
    return [
        (connection, account, *value.partition(":")[::2])
        for connection in world.of(CHANNEL)
        for account, value in connection.secrets.get("access_tokens", {}).items()
    ]


def renewed(refresh_token: str) -> str:
    return f"renewed-{refresh_token}"


def caller(world: World) -> tuple[Connection, str]:
    """Whose token was sent."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (request.headers.get("LinkedIn-Version") and request.headers.get("X-Restli-Protocol-Version") == "2.0.0"):
        abort(problem(400, "A version must be present."))
    for connection, account, access, refresh in tokens(world):
        if sent in (access, renewed(refresh)):
            return connection, account
    return abort(problem(401, "The token used in the request has been revoked by the user"))


def post_comment(world: World, echo: Echo, connection: Connection, account: str, urn: str) -> ResponseReturnValue:
    body = given()
    text = str((body.get("message") or {}).get("text") or "")
    if "content" in body or body.get("actor") != f"{OURS}{account}":
        abort(problem(403, "Unpermitted fields present in REQUEST_BODY: Data Processing Exception"))
    if not text.strip() or len(text) > LIMIT:
        abort(problem(400, "ERROR :: /message/text :: length is beyond the maximum"))
    number, under_what = str(world.number()), str(body.get("object"))
    name = f"urn:li:comment:({under_what},{number})"
    with world.hold:
        if world.is_missing(CHANNEL, account, urn):
            abort(problem(404))
        post = Post(name, CHANNEL, account, urn, text, True, "comment", datetime.now(UTC), in_reply_to=urn)
        world.posts.append(post)
    echo(connection, post)
    return jsonify(as_comment(post)), 201, {"x-restli-id": number}


def find(world: World, urn: str) -> dict[str, Any]:
    told = next((told for told in world.told if told.channel == CHANNEL and told.thread == urn), None)
    if told:
        return comment_body(urn, f"urn:li:person:{told.author}", told.text, told.at)
    return as_comment(next((post for post in world.posts if post.id == urn), None) or abort(problem(404)))


def as_comment(post: Post) -> dict[str, Any]:
    above = {"parentComment": post.thread} if COMMENT.fullmatch(post.thread) else {}
    return {**comment_body(post.id, f"{OURS}{post.account}", post.text, post.at), **above}


def comment_body(urn: str, actor: str, text: str, at: datetime) -> dict[str, Any]:
    match = COMMENT.fullmatch(urn)
    assert match
    made = {"actor": actor, "time": round(at.timestamp() * 1000)}
    return {
        "id": match[2],
        "commentUrn": urn,
        "object": match[1],
        "actor": actor,
        "message": {"text": text},
        "created": made,
    }


def notification(told: Told) -> dict[str, Any]:
    """As it is pushed, and as it is looked up."""
    return decorated("COMMENT", told.account, told.thread, f"urn:li:person:{told.author}", told.text, told.at)


def decorated(action: str, account: str, urn: str, owner: str, text: str, at: datetime, **more: str) -> dict[str, Any]:
    """One notification, with the short form of the comment's name that is sent beside the long one."""
    milliseconds = round(at.timestamp() * 1000)
    match = COMMENT.fullmatch(urn)
    assert match
    return {
        "notificationId": milliseconds,
        "subscriber": "urn:li:person:simulator",
        "organizationalEntity": f"{OURS}{account}",
        "action": action,
        "sourcePost": match[1],
        "generatedActivity": urn.replace("(urn:li:", "("),
        "decoratedGeneratedActivity": {
            "comment": {"owner": owner, "text": text, "entity": urn, "object": match[1], **more}
        },
        "lastModifiedAt": milliseconds,
    }


def page(found: list[dict[str, Any]]) -> dict[str, Any]:
    start, count = (int(request.args.get(name, value)) for name, value in (("start", 0), ("count", A_PAGE)))
    return {"paging": {"start": start, "count": count, "links": []}, "elements": found[start : start + count]}


def given() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def problem(status: int, message: str = "Not Found") -> Response:
    """An error as LinkedIn tells it."""
    response = jsonify({"status": status, "message": message})
    response.status_code = status
    return response


FAILURES = {
    "throttle": lambda: problem(429, "Comment create throttled: creation rate limit exceeded for member"),
    "refuse": lambda: problem(403, "Member is not an administrator of the company"),
    "token": lambda: problem(401, "The token used in the request has been revoked by the user"),
    "5xx": lambda: problem(503, "Service Unavailable"),
}
