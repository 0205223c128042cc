"""A shop of one's own that takes answers as Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.world import Connection, Post, Sent, World

TOLERANCE = 300  # seconds
TEXT_LIMIT = 10_000  # characters


class Refused(Exception):
    """What the shop does not take, with its HTTP status."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status

    def answer(self) -> Response:
        """Its error, as JSON."""
        response = jsonify({"error": str(self)})
        response.status_code = self.status
        if self.status == 429:
            response.headers["Retry-After"] = "60"
        return response


ON_DEMAND = {
    "throttle": Refused(429, "too many requests"),
    "refuse": Refused(422, "this customer has left"),
    "5xx": Refused(503, "closed for stocktaking"),
    "token": Refused(401, "signature"),
}


def shop_api(world: World) -> Blueprint:
    """The one route."""
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.register_error_handler(Refused, lambda refused: refused.answer())
    answers = {kind: refused.answer for kind, refused in ON_DEMAND.items()}

    @shop.post("/replies")
    def replies() -> ResponseReturnValue:
        connection = sender(world)
        return under(world, "standard_webhooks", answers, lambda: jsonify(take(world, connection)))

    return shop


def sender(world: World) -> Connection:
    """Whose secret signed this request. Raises Refused."""
    name, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    if not name or not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE:
        raise Refused(401, "webhook-id and a timestamp of the last five minutes are needed")
    signed = f"{name}.{at}.".encode() + request.get_data()
    given = [
        each.removeprefix("v1,") for each in request.headers.get("webhook-signature", "").split() if each[:3] == "v1,"
    ]
    for connection in world.of("standard_webhooks"):
        expected = [signature(secret, signed) for secret in connection.values("reply_secret")]
        if any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in given):
            return connection
    raise Refused(401, "signature")


def signature(secret: str, signed: bytes) -> str:
    """The base64 after "v1,"; the key is what follows whsec_."""
    text = secret.removeprefix("whsec_")
    key = base64.b64decode(text + "=" * (-len(text) % 4))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def take(world: World, connection: Connection) -> dict[str, str]:
    """Posts once for each webhook-id; a repeat gets the answer of the first time. Raises Refused."""
    name = request.headers["webhook-id"]
    with world.hold:
        if name not in world.answers:
            post = post_from(world, connection)
            world.posts.append(post)
            world.answers[name] = {"id": post.id}
        return world.answers[name]


def post_from(world: World, connection: Connection) -> Post:
    data = (request.get_json(silent=True, force=True) or {}).get("data")
    if not isinstance(data, dict) or not (str(data.get("text") or "").strip() or data.get("attachments")):
        raise Refused(400, "data.text is missing")
    data.setdefault("text", "")
    if len(data["text"]) > TEXT_LIMIT:
        raise Refused(400, f"data.text is longer than {TEXT_LIMIT} characters")
    account = str(data.get("account") or next(iter(connection.accounts), ""))
    thread, answered = (
        first(data, "thread", "conversation", "conversation_id"),
        first(data, "in_reply_to", "message_id"),
    )
    found = f"shop-{world.number()}"
    public = data.get("public") is True
    at, files = datetime.now(UTC), tuple(map(file_from, data.get("attachments") or ()))
    return Post(found, "standard_webhooks", account, thread, data["text"], public, "reply", at, answered, files=files)


def file_from(attached: Any) -> Sent:
    """Named only: a shop would fetch it from its link. Raises Refused."""
    missing = [key for key in ("url", "name", "media_type", "kind") if not attached.get(key)]
    if missing:
        raise Refused(400, f"data.attachments: {', '.join(missing)} missing")
    return Sent(attached["name"], attached["media_type"], 0)


def first(data: dict[str, Any], *keys: str) -> str:
    """The first of these that the sender filled in."""
    return next((str(data[key]) for key in keys if data.get(key)), "")
