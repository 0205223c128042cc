"""WhatsApp's Cloud API: messages to people who wrote within a day, templates at any time, files, and statuses of it all.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

from __future__ import annotations

import base64
import hashlib
import secrets as random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.media import CAT, png
from infra.simulator.meta import errors
from infra.simulator.meta.errors import GraphError
from infra.simulator.meta.facebook import sign
from infra.simulator.platform import Echo, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Sent, World

CHANNEL = "whatsapp"
COUNTRY = "AT."  # in front of a person's own id here, which is the number besides
TEXT_LIMIT = 4096  # characters
WINDOW = timedelta(hours=24)
PICTURE = "1000000000000001"  # the id of the cat that customers send
TAKEN = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4",),
    "audio": ("audio/mpeg", "audio/mp4", "audio/ogg"),
}
REENGAGEMENT = GraphError(400, 131047, "(#131047) Re-engagement message")
UNDELIVERABLE = GraphError(400, 131026, "(#131026) Message undeliverable")
THROTTLED = GraphError(400, 130429, "(#130429) Rate limit hit")
FAILURES = {
    "throttle": THROTTLED,
    "refuse": UNDELIVERABLE,
    "5xx": errors.BROKEN,
    "window": REENGAGEMENT,
    "token": errors.EXPIRED_TOKEN,
}


def whatsapp_api(world: World, echo: Echo) -> Blueprint:
    """The routes, for every version of the API."""
    api = Blueprint("whatsapp", __name__, url_prefix="/whatsapp/v<float:version>")
    api.register_error_handler(GraphError, lambda error: error.answer())
    api.url_value_preprocessor(lambda _, values: values.pop("version") if values else None)
    answers = {kind: replace(error).answer for kind, error in FAILURES.items()}

    @api.post("/<number>/messages")
    def message(number: str) -> ResponseReturnValue:
        connection = caller(world, number)
        return under(world, CHANNEL, answers, lambda: send(world, echo, connection, number))

    @api.post("/<number>/media")
    def upload(number: str) -> ResponseReturnValue:
        caller(world, number)
        return under(world, CHANNEL, answers, lambda: keep(world), on="upload")

    @api.get("/<media_id>")
    def where(media_id: str) -> ResponseReturnValue:
        caller(world)
        return under(world, CHANNEL, answers, lambda: described(media_id), on="look_up")

    @api.get("/<media_id>/file")
    def content(media_id: str) -> Response:
        caller(world)
        return Response(picture(), content_type="image/png")

    return api


def caller(world: World, number: str = "") -> Connection:
    """Whose token was sent. Raises GraphError when there is none, or it is another number's."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    owner = world.owner_of(CHANNEL, "access_tokens", sent)
    if owner is None:
        raise errors.INVALID_TOKEN
    if number not in ("", owner[1]):
        raise errors.gone(number)
    return owner[0]


def send(world: World, echo: Echo, connection: Connection, number: str) -> Response:
    """Taken is not delivered: what WhatsApp does not deliver it tells by a status, later."""
    sent = request.get_json(silent=True) or {}
    person = str(sent.get("to") or sent.get("recipient") or "").removeprefix(COUNTRY)
    if sent.get("messaging_product") != "whatsapp" or not person:
        raise errors.invalid("The parameter to or recipient is required")
    kind = "template" if sent.get("type") == "template" else "message"
    text, files = CONTENTS.get(str(sent.get("type")), file_in)(world, sent)
    answered, kept = str(sent.get("context", {}).get("message_id", "")), str(sent.get("biz_opaque_callback_data", ""))
    found, now = f"wamid.{world.number():x}", datetime.now(UTC)
    post = Post(found, CHANNEL, number, person, text, False, kind, now, answered, kept, files)
    last = world.last_inbound(CHANNEL, number, person)
    if kind == "message" and last is not None and now - last > WINDOW:
        echo(connection, replace(post, kind="undelivered"))
    else:
        with world.hold:
            world.posts.append(post)
        echo(connection, post)
    return jsonify({"messaging_product": "whatsapp", "contacts": [{"input": person}], "messages": [{"id": found}]})


def text_in(world: World, sent: dict[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    text = str(sent.get("text", {}).get("body") or "")
    if not text.strip() or len(text) > TEXT_LIMIT:
        raise errors.invalid(f"Param text['body'] must be 1 to {TEXT_LIMIT} characters long")
    return text, ()


def template_in(world: World, sent: dict[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    template = sent["template"]
    if not template.get("name") or not template.get("language", {}).get("code"):
        raise GraphError(400, 132001, "(#132001) Template name does not exist in the translation")
    places = [each["text"] for part in template.get("components", ()) for each in part["parameters"]]
    return " · ".join([f"[{template['name']} {template['language']['code']}]", *places]), ()


def file_in(world: World, sent: dict[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    kind = str(sent.get("type"))
    known = world.uploads.get(str(sent.get(kind, {}).get("id")))
    if known is None or known[1].media_type not in TAKEN.get(kind, (known[1].media_type,)):
        raise GraphError(400, 131009, "(#131009) Parameter value is not valid")
    return "", (known[1],)


CONTENTS = {"text": text_in, "template": template_in}


def keep(world: World) -> Response:
    file = request.files["file"]
    found = str(world.number())
    world.uploads[found] = (CHANNEL, Sent(str(file.filename), str(file.mimetype), len(file.read())))
    return jsonify({"id": found})


def described(media_id: str) -> Response:
    """Where the file is, for five minutes at the real one."""
    if media_id != PICTURE:
        raise errors.gone(media_id)
    known = {"id": media_id, "mime_type": "image/png", "sha256": checksum(), "file_size": len(picture())}
    return jsonify({"messaging_product": "whatsapp", "url": f"{request.base_url}/file", **known})


@cache
def picture() -> bytes:
    return png(CAT.splitlines())


def checksum() -> str:
    return base64.b64encode(hashlib.sha256(picture()).digest()).decode()


def message(words: Words) -> dict[str, Any]:
    contact = {"profile": {"name": words.name}, "wa_id": words.author, "user_id": f"{COUNTRY}{words.author}"}
    who = {"from": words.author, "from_user_id": contact["user_id"], "id": words.id, "timestamp": str(words.seconds)}
    cat = {"id": PICTURE, "mime_type": "image/png", "sha256": checksum(), "caption": words.text}
    content = {"type": "image", "image": cat} if words.picture else {"type": "text", "text": {"body": words.text}}
    return delivery(words.account, {"contacts": [contact], "messages": [{**who, **content}]})


def statuses(*kinds: str) -> Any:
    """What is told of a message, in the order in which it comes."""

    def payload(post: Post) -> dict[str, Any]:
        known = {"id": post.id, "timestamp": str(int(post.at.timestamp())), "recipient_id": post.thread}
        kept = {"biz_opaque_callback_data": post.metadata} if post.metadata else {}
        failed = {"errors": [{"code": REENGAGEMENT.code, "title": "Re-engagement message"}]}
        told = [{**known, **kept, "status": kind, **(failed if kind == "failed" else {})} for kind in kinds]
        return delivery(post.account, {"statuses": told})

    return payload


def delivery(number: str, lists: dict[str, Any]) -> dict[str, Any]:
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **lists}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": f"waba-{number}", "changes": [{"field": "messages", "value": value}]}],
    }


def secrets(accounts: Sequence[str]) -> Secrets:
    receive = {"app_secret": random.token_hex(16), "verify_token": random.token_hex(16)}
    return receive, {"access_tokens": {account: random.token_hex(24) for account in accounts}}


PLATFORM = Platform(
    channel=CHANNEL,
    title="WhatsApp",
    places=(
        Place(
            "whatsapp", "messages", lambda world: f"wamid.{world.number():x}", message, public=False, by_thread=False
        ),
    ),
    api=whatsapp_api,
    sign=sign,
    signed_with="app_secret",
    secrets=secrets,
    echoes={
        "message": statuses("sent", "delivered"),
        "template": statuses("sent", "delivered"),
        "undelivered": statuses("failed"),
    },
)
