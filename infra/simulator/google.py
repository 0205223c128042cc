"""Google Business Profile: reviews that customers write, pushes that Pub/Sub would send, the one reply to each.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

import base64
import json
import secrets as random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Told, World

CHANNEL = "google_business"
AUDIENCE, PUSH_ACCOUNT, KEY_ID = (
    "bridgehead-local",
    "push@simulator.example",
    "simulator",
)  # as infra/local/local.toml has them
LIMIT = 4096  # bytes
STARS = ("STAR_RATING_UNSPECIFIED", "ONE", "TWO", "THREE", "FOUR", "FIVE")


def google_api(world: World, echo: Echo) -> Blueprint:
    """The routes: keys and tokens, reviews, replies."""
    google = Blueprint("google", __name__, url_prefix="/google")
    google.get("/certs", endpoint="certs")(lambda: jsonify({"keys": [public_key()]}))
    google.post("/token", endpoint="token")(lambda: minted(world))
    add_reviews(google, world)
    return google


def add_reviews(google: Blueprint, world: World) -> None:
    @google.get("/v4/<path:account>/reviews")
    def reviews(account: str) -> ResponseReturnValue:
        check_token(world)
        return under(world, CHANNEL, FAILURES, lambda: jsonify({"reviews": listed(world, account)}), on="look_up")

    @google.get("/v4/<path:account>/reviews/<review>")
    def review(account: str, review: str) -> ResponseReturnValue:
        check_token(world)
        found = find(world, f"{account}/reviews/{review}")
        return under(world, CHANNEL, FAILURES, lambda: jsonify(as_review(world, found)), on="look_up")

    @google.put("/v4/<path:account>/reviews/<review>/reply")
    def reply(account: str, review: str) -> ResponseReturnValue:
        check_token(world)
        found = find(world, f"{account}/reviews/{review}")
        return under(world, CHANNEL, FAILURES, lambda: jsonify(put_reply(world, found)))


def minted(world: World) -> ResponseReturnValue:
    known = [value for each in world.of(CHANNEL) for value in each.values("refresh_token")]
    if request.form.get("refresh_token") not in known:
        return jsonify({"error": "invalid_grant"}), 400
    return jsonify({"access_token": f"ya29.{request.form['refresh_token']}", "expires_in": 3599})


def check_token(world: World) -> None:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ya29.")
    if sent not in [value for each in world.of(CHANNEL) for value in each.values("refresh_token")]:
        abort(problem(401, "UNAUTHENTICATED"))


def find(world: World, name: str) -> Told:
    found = next((told for told in world.told if told.channel == CHANNEL and told.thread == name), None)
    return found or abort(problem(404, "NOT_FOUND"))


def listed(world: World, account: str) -> list[dict[str, Any]]:
    """The newest first."""
    found = [told for told in world.told if (told.channel, told.account) == (CHANNEL, account)]
    return [as_review(world, told) for told in reversed(found)]


def as_review(world: World, told: Told) -> dict[str, Any]:
    """The stars are those in the text, else four."""
    stars = STARS[min(told.text.count("★") or 4, 5)]
    at = told.at.isoformat().replace("+00:00", "Z")
    who = {"displayName": told.name}
    known = {"name": told.thread, "reviewer": who, "starRating": stars, "comment": told.text}
    return {**known, "createTime": at, "updateTime": at, **reply_of(world, told.thread)}


def reply_of(world: World, review: str) -> dict[str, Any]:
    post = next((post for post in world.posts if post.channel == CHANNEL and post.thread == review), None)
    return {"reviewReply": as_reply(post)} if post else {}


def as_reply(post: Post) -> dict[str, Any]:
    return {"comment": post.text, "updateTime": post.at.isoformat().replace("+00:00", "Z")}


def put_reply(world: World, told: Told) -> dict[str, Any]:
    """Creates it or takes the place of the one before."""
    text = str((request.get_json(silent=True) or {}).get("comment") or "")
    if not text.strip() or len(text.encode()) > LIMIT:
        abort(problem(400, "INVALID_ARGUMENT"))
    post = Post(f"{told.thread}/reply", CHANNEL, told.account, told.thread, text, True, "reply", datetime.now(UTC))
    with world.hold:
        world.posts[:] = [*(each for each in world.posts if each.id != post.id), post]
    return as_reply(post)


def problem(code: int, status: str) -> Response:
    response = jsonify({"error": {"code": code, "status": status}})
    response.status_code = code
    return response


FAILURES = {
    "throttle": lambda: problem(429, "RESOURCE_EXHAUSTED"),
    "refuse": lambda: problem(403, "PERMISSION_DENIED"),
    "token": lambda: problem(401, "UNAUTHENTICATED"),
    "5xx": lambda: problem(503, "UNAVAILABLE"),
}


def pushed(words: Words) -> dict[str, Any]:
    """What Pub/Sub sends: where the review is, nothing of its words."""
    told = {"type": "NEW_REVIEW", "location": words.account, "review": words.id}
    data = base64.b64encode(json.dumps(told).encode()).decode()
    at = words.at.isoformat().replace("+00:00", "Z")
    message = {"data": data, "messageId": str(words.milliseconds), "publishTime": at}
    return {"message": message, "subscription": "projects/simulator/subscriptions/reviews"}


def sign(connection: Connection, body: bytes) -> Headers:
    import jwt

    at = int(time.time())
    claims = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": PUSH_ACCOUNT, "email_verified": True}
    times = {"iat": at, "exp": at + 3600}
    return {"Authorization": f"Bearer {jwt.encode({**claims, **times}, key(), 'RS256', {'kid': KEY_ID})}"}


@cache
def key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_key() -> dict[str, Any]:
    from jwt.algorithms import RSAAlgorithm

    return {**RSAAlgorithm.to_jwk(key().public_key(), as_dict=True), "kid": KEY_ID}


def secrets(accounts: Sequence[str]) -> Secrets:
    return {}, {"client_secret": random.token_hex(16), "refresh_token": random.token_hex(16)}


def review_name(world: World) -> str:
    account = next(account for each in world.of(CHANNEL) for account in each.accounts)
    return f"{account}/reviews/{world.number():x}"


PLATFORM = Platform(
    channel=CHANNEL,
    title="Google",
    places=(Place("reviews", "comments", review_name, pushed),),
    api=google_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
)
