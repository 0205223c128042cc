"""For whom a caller of X's API acts: OAuth 2.0 user tokens, and OAuth 1.0a with its signature.

https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import quote, unquote

from flask import request

from infra.simulator.world import Connection, World
from infra.simulator.x_errors import Problem

FIELD = re.compile(r'(oauth_\w+)="([^"]*)"')


def caller(world: World) -> tuple[Connection, str]:
    """The connection and account whose user token was sent, or whose keys signed. Raises Problem."""
    header = request.headers.get("Authorization", "")
    sent = keys_of(world, header) if header.startswith("OAuth ") else header.removeprefix("Bearer ").strip()
    owner = world.owner_of("x", "access_tokens", sent)
    if owner is None:
        raise Problem(401, "Unauthorized")
    return owner


def keys_of(world: World, header: str) -> str:
    """The secret "API key:API key secret:access token:access token secret" that this header was made with, or ""."""
    fields = {key: unquote(value) for key, value in FIELD.findall(header)}
    for connection in world.of("x"):
        for secret in connection.secrets.get("access_tokens", {}).values():
            key, key_secret, token, token_secret = (secret.split(":") * 4)[:4]
            known = (key, token) == (fields.get("oauth_consumer_key"), fields.get("oauth_token"))
            if known and hmac.compare_digest(signature(fields, key_secret, token_secret), given(fields)):
                return str(secret)
    return ""


def given(fields: dict[str, str]) -> bytes:
    return fields.get("oauth_signature", "").encode()


def signature(fields: dict[str, str], key_secret: str, token_secret: str) -> bytes:
    """Over method, address and all parameters but a JSON body."""
    signed = {**request.args, **{key: value for key, value in fields.items() if key != "oauth_signature"}}
    parameters = "&".join(f"{key}={value}" for key, value in sorted((escape(k), escape(v)) for k, v in signed.items()))
    base = "&".join(map(escape, (request.method, request.base_url, parameters)))
    key = f"{escape(key_secret)}&{escape(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest())


def escape(text: str) -> str:
    return quote(text, safe="~")
