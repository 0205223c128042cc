"""Bluesky: sessions, notifications, posts by their URIs, pictures. It pushes nothing; the product asks.

https://docs.bsky.app/docs/category/http-reference
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets
from infra.simulator.world import Connection, Post, Sent, Told, World

CHANNEL = "bluesky"
COLLECTION = "app.bsky.feed.post"
LIMIT = 3000  # bytes; graphemes are left to the product
ACCESS, RENEWING = "access-", "renewing-"  # in front of the password: what a session's tokens are here


def problem(status: int, name: str) -> Response:
    """An error as Bluesky tells it."""
    response = jsonify({"error": name, "message": "no"})
    response.status_code = status
    return response


FAILURES = {
    "throttle": lambda: problem(429, "RateLimitExceeded"),
    "refuse": lambda: problem(400, "InvalidRequest"),
    "token": lambda: problem(400, "ExpiredToken"),
    "5xx": lambda: problem(502, "UpstreamFailure"),
}


def bluesky_api(world: World, echo: Echo) -> Blueprint:
    """The routes; nothing is echoed: own posts are asked for like everything else."""
    bluesky = Blueprint("bluesky", __name__, url_prefix="/bluesky/xrpc")
    add_sessions(bluesky, world)
    add_look_ups(bluesky, world)
    add_records(bluesky, world)
    return bluesky


def add_sessions(bluesky: Blueprint, world: World) -> None:
    @bluesky.post("/com.atproto.server.createSession")
    def create() -> ResponseReturnValue:
        return session(world, str((request.get_json(silent=True) or {}).get("password")))

    @bluesky.post("/com.atproto.server.refreshSession")
    def renew() -> ResponseReturnValue:
        return session(world, token().removeprefix(RENEWING))


def add_look_ups(bluesky: Blueprint, world: World) -> None:
    @bluesky.get("/app.bsky.notification.listNotifications")
    def notifications() -> ResponseReturnValue:
        found = [notification(world, told) for told in reversed(asked_of(world, caller(world)))]
        start, count = int(request.args.get("cursor", 0)), int(request.args.get("limit", 50))
        more = {"cursor": str(start + count)} if len(found) > start + count else {}
        told = {"notifications": found[start : start + count], **more}
        return under(world, CHANNEL, FAILURES, lambda: jsonify(told), on="look_up")

    @bluesky.get("/app.bsky.feed.getPosts")
    def posts() -> ResponseReturnValue:
        account, wanted = caller(world), request.args.getlist("uris")
        found = [notification(world, told) for told in asked_of(world, account) if uri_of(told) in wanted]
        return jsonify({"posts": [{name: each[name] for name in ("uri", "cid", "author", "record")} for each in found]})

    @bluesky.get("/app.bsky.actor.getProfile")
    def profile() -> ResponseReturnValue:
        caller(world)
        id = request.args.get("actor", "")
        return jsonify({**author(world, id.rpartition(":")[2]), "followersCount": sum(id.encode()) % 5000})

    @bluesky.get("/com.atproto.identity.resolveHandle")
    def resolve() -> ResponseReturnValue:
        found = next(
            (did(each.author) for each in world.told if handle(world, each.author) == request.args["handle"]), ""
        )
        return jsonify({"did": found}) if found else problem(400, "InvalidRequest")


def add_records(bluesky: Blueprint, world: World) -> None:
    @bluesky.post("/com.atproto.repo.createRecord")
    def post() -> ResponseReturnValue:
        account = caller(world)
        return under(world, CHANNEL, FAILURES, lambda: created(world, account))

    @bluesky.post("/com.atproto.repo.uploadBlob")
    def upload() -> ResponseReturnValue:
        cid, kind = f"bafk{world.number():x}", request.headers.get("Content-Type", "")
        world.uploads[cid] = (caller(world), Sent(cid, kind, len(request.get_data())))
        return jsonify({"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": kind}})

    @bluesky.get("/com.atproto.repo.getRecord")
    def one() -> ResponseReturnValue:
        found = [post for post in own(world, caller(world)) if post.id.endswith(f"/{request.args.get('rkey')}")]
        answer = jsonify(record(found[0])) if found else problem(400, "RecordNotFound")
        return under(world, CHANNEL, FAILURES, lambda: answer, on="look_up")

    @bluesky.get("/com.atproto.repo.listRecords")
    def listed() -> ResponseReturnValue:
        found = sorted(map(record, own(world, caller(world))), key=lambda each: str(each["uri"]), reverse=True)
        return jsonify({"records": found[: int(request.args.get("limit", 50))]})


def token() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def caller(world: World) -> str:
    """Whose session it is."""
    found = world.owner_of(CHANNEL, "app_passwords", token().removeprefix(ACCESS))
    if found is None:
        abort(problem(401, "AuthMissing"))
    return found[1]


def session(world: World, password: str) -> Response:
    found = world.owner_of(CHANNEL, "app_passwords", password)
    if found is None:
        return problem(401, "AuthenticationRequired")
    tokens = {"accessJwt": f"{ACCESS}{password}", "refreshJwt": f"{RENEWING}{password}"}
    return jsonify({"did": did(found[1]), "handle": found[1], **tokens})


def created(world: World, account: str) -> Response:
    given = request.get_json(silent=True) or {}
    content, id = given.get("record") or {}, f"at://{did(account)}/{COLLECTION}/{given.get('rkey')}"
    text, place = str(content.get("text", "")), content.get("reply") or {}
    if len(text.encode()) > LIMIT or not (place.get("root") or {}).get("cid") or given.get("repo") != did(account):
        return problem(400, "InvalidRequest")
    with world.hold:
        if any(post.id == id for post in own(world, account)):
            return problem(500, "InternalServerError")
        world.posts.append(made_post(world, account, id, content))
    return jsonify({"uri": id, "cid": cid_of(id)})


def made_post(world: World, account: str, id: str, content: Mapping[str, Any]) -> Post:
    above, images = str(content["reply"]["parent"]["uri"]), (content.get("embed") or {}).get("images", ())
    return Post(
        id=id,
        channel=CHANNEL,
        account=account,
        thread=above.rpartition("/")[2],
        text=str(content.get("text", "")),
        public=True,
        kind="post",
        at=datetime.now(UTC),
        in_reply_to=above,
        files=tuple(world.uploads[each["image"]["ref"]["$link"]][1] for each in images),
    )


def asked_of(world: World, account: str) -> list[Told]:
    return [told for told in world.told if (told.channel, told.account) == (CHANNEL, account) and told.thread]


def own(world: World, account: str) -> list[Post]:
    return [post for post in world.posts if (post.channel, post.account) == (CHANNEL, account)]


def record(post: Post) -> dict[str, Any]:
    place = {"uri": post.in_reply_to, "cid": cid_of(post.in_reply_to)}
    said = {
        "$type": COLLECTION,
        "text": post.text,
        "createdAt": iso(post.at),
        "reply": {"root": place, "parent": place},
    }
    return {"uri": post.id, "cid": cid_of(post.id), "value": said}


def notification(world: World, told: Told) -> dict[str, Any]:
    uri, said = uri_of(told), {"$type": COLLECTION, "text": told.text, "createdAt": iso(told.at)}
    shown = {"uri": uri, "cid": cid_of(uri), "author": author(world, told.author), "record": said}
    return {**shown, "reason": "mention", "isRead": False, "indexedAt": iso(told.at)}


def author(world: World, id: str) -> Mapping[str, Any]:
    return {"did": did(id), "handle": handle(world, id), "displayName": world.person(id)["name"]}


def handle(world: World, id: str) -> str:
    return f"{world.person(id)['username']}.bsky.example"


def did(id: str) -> str:
    return f"did:sim:{id}"


def uri_of(told: Told) -> str:
    return f"at://{did(told.author)}/{COLLECTION}/{told.thread}"


def cid_of(uri: str) -> str:
    return f"bafy{sum(uri.encode()):x}"


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign(connection: Connection, body: bytes) -> Headers:
    return {}


def secrets(accounts: Sequence[str]) -> Secrets:
    return {}, {"app_passwords": {account: random.token_hex(16) for account in accounts}}


PLATFORM = Platform(
    channel=CHANNEL,
    title="Bluesky",
    places=(Place("bluesky", "tweets", lambda world: f"3k{world.number():x}", None),),
    api=bluesky_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
)
