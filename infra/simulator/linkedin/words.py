"""LinkedIn, as it tells the product: comments, echoes of what the page wrote, signed by the app's client secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from typing import Any

from infra.simulator.linkedin.api import CHANNEL, OURS, POST, decorated, linkedin_api
from infra.simulator.platform import Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post


def comment(words: Words) -> dict[str, Any]:
    return pushed(decorated("COMMENT", words.account, words.id, f"urn:li:person:{words.author}", words.text, words.at))


def echo(post: Post) -> dict[str, Any]:
    above = {"parentComment": post.thread}
    return pushed(
        decorated("ADMIN_COMMENT", post.account, post.id, f"{OURS}{post.account}", post.text, post.at, **above)
    )


def pushed(notification: dict[str, Any]) -> dict[str, Any]:
    return {"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [notification]}


def sign(connection: Connection, body: bytes) -> Headers:
    signed = b"hmacsha256=" + body
    secret = connection.values("client_secret")[0].encode()
    return {"X-LI-Signature": hmac.new(secret, signed, hashlib.sha256).hexdigest()}


def secrets(accounts: Sequence[str]) -> Secrets:
    secret = {"client_secret": random.token_hex(16)}
    return secret, {
        **secret,
        "access_tokens": {each: f"{random.token_hex(24)}:{random.token_hex(24)}" for each in accounts},
    }


PLATFORM = Platform(
    channel=CHANNEL,
    title="LinkedIn",
    places=(Place("linkedin", "comments", lambda world: f"urn:li:comment:({POST},{world.number()})", comment),),
    api=linkedin_api,
    sign=sign,
    signed_with="client_secret",
    secrets=secrets,
    echoes={"comment": echo},
)
