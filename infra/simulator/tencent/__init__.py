"""What WeChat and WeCom have in common: tokens in the address, errors with 200, files, five answers within 48 hours, seals."""

from __future__ import annotations

import hashlib
import os
import secrets as random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.media import CAT, png
from infra.simulator.platform import Headers, Secrets
from infra.simulator.world import Connection, Post, Sent, World

OURS = "simulator"  # the id of our app and of our corporation
PICTURE = "cat"  # the id of the cat that customers send
LIMIT = 2048  # bytes
WINDOW, MOST_ANSWERS = timedelta(hours=48), 5
LIVES = 7200  # seconds
INVALID_TOKEN, INVALID_MEDIA, TOO_LONG = 40001, 40007, 45002


class TencentError(Exception):
    """An `errcode`; the answer is 200 all the same."""


@dataclass(frozen=True)
class Numbers:
    """Where the two platforms differ in what they call a failure."""

    late: int
    used_up: int
    failures: Mapping[str, int]


def blueprint(
    world: World, channel: str, numbers: Numbers, send: str, answered: Callable[[Post], dict[str, Any]]
) -> Blueprint:
    """The routes both have; `send` is the path of an answer, `answered` what the platform says to one."""
    api = Blueprint(channel, __name__, url_prefix=f"/{channel}/cgi-bin")
    api.register_error_handler(TencentError, lambda error: said(error.args[0]))
    answers = {kind: partial(said, code) for kind, code in numbers.failures.items()}

    @api.post(f"/{send}")
    def message() -> ResponseReturnValue:
        connection = caller(world, channel)
        return under(world, channel, answers, lambda: jsonify(answered(keep(world, connection, numbers))))

    @api.post("/media/upload")
    def upload() -> ResponseReturnValue:
        caller(world, channel)
        return under(world, channel, answers, lambda: jsonify(taken(world, channel)), on="upload")

    @api.get("/media/get")
    def media() -> ResponseReturnValue:
        caller(world, channel)
        return under(world, channel, answers, given, on="look_up")

    return api


def said(code: int) -> Response:
    return jsonify({"errcode": code, "errmsg": f"played here rid: {random.token_hex(4)}"})


def minted(world: World, channel: str, secret: str) -> dict[str, Any]:
    """The same token each time, as long as the secret is."""
    if not any(secret in connection.values("app_secret") for connection in world.of(channel)):
        raise TencentError(INVALID_TOKEN)
    return {"access_token": token_of(secret), "expires_in": LIVES}


def token_of(secret: str) -> str:
    return f"80_{hashlib.sha256(secret.encode()).hexdigest()}"


def caller(world: World, channel: str) -> Connection:
    """Whose token is in the address."""
    sent = request.args.get("access_token", "")
    found = (each for each in world.of(channel) if sent in map(token_of, each.values("app_secret")))
    connection = next(found, None)
    if connection is None:
        raise TencentError(INVALID_TOKEN)
    return connection


def keep(world: World, connection: Connection, numbers: Numbers) -> Post:
    """What was answered, for customers to see."""
    sent = request.get_json(silent=True) or {}
    account, person = str(sent.get("open_kfid") or connection.accounts[0]), str(sent.get("touser") or "")
    text, files = content(world, sent)
    with world.hold:
        check(world, connection.channel, account, person, numbers)
        id, now = str(sent.get("msgid") or world.number()), datetime.now(UTC)
        post = Post(id, connection.channel, account, person, text, False, "message", now, files=files)
        world.posts.append(post)
    return post


def content(world: World, sent: Mapping[str, Any]) -> tuple[str, tuple[Sent, ...]]:
    kind = str(sent.get("msgtype"))
    if kind == "text":
        text = str(sent["text"]["content"])
        if not 0 < len(text.encode()) <= LIMIT:
            raise TencentError(TOO_LONG)
        return text, ()
    known = world.uploads.get(str(sent.get(kind, {}).get("media_id")))
    if known is None:
        raise TencentError(INVALID_MEDIA)
    return "", (known[1],)


def check(world: World, channel: str, account: str, person: str, numbers: Numbers) -> None:
    last = world.last_inbound(channel, account, person)
    if last is None:
        return
    if datetime.now(UTC) - last > WINDOW:
        raise TencentError(numbers.late)
    answers = [post for post in world.posts if (post.channel, post.account, post.thread) == (channel, account, person)]
    if sum(post.at >= last for post in answers) >= MOST_ANSWERS:
        raise TencentError(numbers.used_up)


def taken(world: World, channel: str) -> dict[str, Any]:
    file = request.files["media"]
    found = f"media-{world.number()}"
    world.uploads[found] = (channel, Sent(str(file.filename), str(file.mimetype), len(file.read())))
    return {"type": request.args.get("type", ""), "media_id": found}


def given() -> Response:
    if request.args.get("media_id") != PICTURE:
        raise TencentError(INVALID_MEDIA)
    named = {"Content-Disposition": 'attachment; filename="cat.png"'}
    return Response(picture(), content_type="image/png", headers=named)


@cache
def picture() -> bytes:
    return png(CAT.splitlines())


# --- what customers write --------------------------------------------------------------------------------------------


def xml(fields: Mapping[str, Any]) -> bytes:
    """Words in CDATA, as both send them; what would end one begins another."""
    safe = {name: str(value).replace("]]>", "]]]]><![CDATA[>") for name, value in fields.items()}
    lines = [f"<{name}><![CDATA[{value}]]></{name}>" for name, value in safe.items()]
    return "\n".join(["<xml>", *lines, "</xml>"]).encode()


def seal(connection: Connection, body: bytes) -> tuple[bytes, str]:
    """Encrypted for us, signed in the address."""
    inner = encrypted(body, connection.values("aes_key")[0])
    query = {"timestamp": str(int(time.time())), "nonce": random.token_hex(5)}
    parts = sorted([connection.values("token")[0], *query.values(), inner])
    signature = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - theirs to choose
    return xml({"ToUserName": OURS, "Encrypt": inner}), urlencode(
        {**query, "encrypt_type": "aes", "msg_signature": signature}
    )


def encrypted(body: bytes, aes_key: str) -> str:
    key = b64decode(f"{aes_key}=")
    plain = os.urandom(16) + len(body).to_bytes(4, "big") + body + OURS.encode()
    pad = 32 - len(plain) % 32
    aes = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(aes.update(plain + bytes([pad]) * pad) + aes.finalize()).decode()


def sign(connection: Connection, body: bytes) -> Headers:
    """Nothing: all of it stands in the address."""
    return {"Content-Type": "text/xml"}


def secrets(accounts: Sequence[str]) -> Secrets:
    aes_key = b64encode(os.urandom(32)).decode().rstrip("=")
    return {"token": random.token_hex(16), "aes_key": aes_key}, {"app_secret": random.token_hex(16)}
