"""A Mastodon server: notifications, posts with their threads, pictures. It pushes nothing; the product asks.

https://docs.joinmastodon.org/methods/
"""

from __future__ import annotations

import html
import re
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets
from infra.simulator.world import Connection, Post, Sent, Told, World

CHANNEL = "mastodon"
LIMIT = 500  # characters
A_LINK = 23
LINK = re.compile(r"https?://\S+")
NAME = re.compile(r"(@[\w.-]+)@[\w.-]+")


def problem(status: int) -> Response:
    """An error as Mastodon tells it."""
    response = jsonify({"error": "no"})
    response.status_code = status
    return response


FAILURES = {
    "throttle": lambda: problem(429),
    "refuse": lambda: problem(403),
    "token": lambda: problem(401),
    "5xx": lambda: problem(503),
}


def mastodon_api(world: World, echo: Echo) -> Blueprint:
    """The routes; nothing is echoed: own posts are asked for like everything else."""
    mastodon = Blueprint("mastodon", __name__, url_prefix="/mastodon/api")
    add_look_ups(mastodon, world)

    @mastodon.post("/v1/statuses")
    def post() -> ResponseReturnValue:
        account = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: posted(world, account))

    @mastodon.post("/v2/media")
    def upload() -> ResponseReturnValue:
        media, file = str(world.number()), request.files["file"]
        world.uploads[media] = (caller(world), Sent(str(file.filename), file.mimetype, len(file.read())))
        return jsonify({"id": media, "type": "image"})

    return mastodon


def add_look_ups(mastodon: Blueprint, world: World) -> None:
    @mastodon.get("/v1/accounts/verify_credentials")
    def me() -> ResponseReturnValue:
        return jsonify(person(world, caller(world)))

    @mastodon.get("/v1/notifications")
    def notifications() -> ResponseReturnValue:
        account = caller(world)
        found = [notification(world, told) for told in asked_of(world, account)]
        return under(world, CHANNEL, FAILURES, lambda: jsonify(page(found)), on="look_up")

    @mastodon.get("/v1/accounts/<id>/statuses")
    def own(id: str) -> ResponseReturnValue:
        account = caller(world)
        found = [own_status(world, each) for each in world.posts if (each.channel, each.account) == (CHANNEL, account)]
        return under(world, CHANNEL, FAILURES, lambda: jsonify(page(found)), on="look_up")

    @mastodon.get("/v1/statuses/<id>")
    def one(id: str) -> ResponseReturnValue:
        found = next((told for told in asked_of(world, caller(world)) if told.thread == id), None)
        return jsonify(status(world, found)) if found else problem(404)

    @mastodon.get("/v1/statuses/<id>/context")
    def context(id: str) -> ResponseReturnValue:
        caller(world)
        return jsonify({"ancestors": [], "descendants": []})


def caller(world: World) -> str:
    """Whose token was sent."""
    found = world.owner_of(CHANNEL, "access_tokens", request.headers.get("Authorization", "").removeprefix("Bearer "))
    if found is None:
        abort(problem(401))
    return found[1]


def asked_of(world: World, account: str) -> list[Told]:
    return [told for told in world.told if (told.channel, told.account) == (CHANNEL, account) and told.thread]


def posted(world: World, account: str) -> Response:
    """Once for each key, however often it is sent."""
    given, key = request.get_json(silent=True) or {}, request.headers.get("Idempotency-Key", "")
    text, above = str(given.get("status", "")), str(given.get("in_reply_to_id", ""))
    if not text or len(NAME.sub(r"\1", LINK.sub("x" * A_LINK, text))) > LIMIT:
        return problem(422)
    with world.hold:
        known = next((each for each in world.posts if key and each.channel == CHANNEL and each.metadata == key), None)
        if known is None and world.is_missing(CHANNEL, account, above):
            return problem(404)
        made = known or made_post(world, account, given, key)
        world.posts += [] if known else [made]
    return jsonify(own_status(world, made))


def made_post(world: World, account: str, given: Mapping[str, Any], key: str) -> Post:
    above, is_public = str(given.get("in_reply_to_id", "")), given.get("visibility") in ("public", "unlisted")
    return Post(
        id=str(world.number()),
        channel=CHANNEL,
        account=account,
        thread=above,
        text=str(given["status"]),
        public=is_public,
        kind="post",
        at=datetime.now(UTC),
        in_reply_to=above,
        metadata=key,
        files=tuple(world.uploads[media][1] for media in given.get("media_ids", ())),
    )


def notification(world: World, told: Told) -> dict[str, Any]:
    shown = status(world, told)
    return {"id": told.thread, "type": "mention", "account": shown["account"], "status": shown}


def status(world: World, told: Told) -> dict[str, Any]:
    account = {**person(world, told.account), "acct": told.account.partition("@")[0]}
    seen_by = "public" if told.public else "direct"
    return as_status(told.thread, told.at, told.text, seen_by, person(world, told.author), None, [account])


def own_status(world: World, post: Post) -> dict[str, Any]:
    author = next((told.author for told in world.told if told.thread == post.in_reply_to), "")
    seen_by, named = "public" if post.public else "direct", [person(world, author)] if author else []
    me = person(world, post.account)
    return as_status(post.id, post.at, post.text, seen_by, me, post.in_reply_to or None, named)


def as_status(
    id: str, at: datetime, text: str, seen_by: str, author: Mapping[str, Any], above: str | None, named: list[Any]
) -> dict[str, Any]:
    content = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n")).replace("\n", "<br>")
    shown = {"id": id, "created_at": at.isoformat(), "content": content, "visibility": seen_by, "spoiler_text": ""}
    place = {"in_reply_to_id": above, "in_reply_to_account_id": None, "url": f"https://social.example/@x/{id}"}
    return {**shown, **place, "account": author, "media_attachments": [], "mentions": named}


def person(world: World, id: str) -> dict[str, Any]:
    """An account of ours has the name it is connected by."""
    found = world.person(id)
    name = id.partition("@")[0] if "@" in id else found["username"]
    counted = {"followers_count": sum(id.encode()) % 5000}
    return {"id": id, "acct": name, "display_name": found["name"], "url": f"https://social.example/@{name}", **counted}


def page(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest first; the page next above `min_id`."""
    limit, found = int(request.args.get("limit", 20)), sorted(found, key=lambda each: int(each["id"]))
    if "min_id" in request.args:
        above = [each for each in found if int(each["id"]) > int(request.args["min_id"])]
        return above[:limit][::-1]
    below = int(request.args.get("max_id", 2**63))
    return [each for each in found[::-1] if int(each["id"]) < below][:limit]


def sign(connection: Connection, body: bytes) -> Headers:
    return {}


def secrets(accounts: Sequence[str]) -> Secrets:
    return {}, {"access_tokens": {account: random.token_hex(16) for account in accounts}}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Mastodon",
    places=(
        Place("mastodon", "tweets", lambda world: str(world.number()), None),
        Place("mastodon_private", "messages", lambda world: str(world.number()), None, public=False),
    ),
    api=mastodon_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
)
