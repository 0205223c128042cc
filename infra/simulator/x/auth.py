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
from infra.simulator.x.errors import Problem

FIELD = re.compile(r'(oauth_\w+)="([^"]*)"')


def caller(world: World) -> tuple[Connection, str]:
    """The connection and account whose user token was sent, or whose keys signed. Raises Problem."""
    header = request.headers.get("Authorization", "")
    keys, token = keys_of(world, header), header.removeprefix("Bearer ").strip()
    for connection in world.of("x"):
        for account, secret in connection.secrets.get("access_tokens", {}).items():
            given_out = [pair.partition(":")[0] for pair in pairs_of(world, connection, account)]
            if (keys and keys == secret) or (token in given_out and secret.count(":") < 3):
                return connection, account
    raise Problem(401, "Unauthorized")


def app_caller(world: World) -> None:
    """Only the app's own token may do this. Raises Problem."""
    known = [token for connection in world.of("x") for token in connection.values("bearer_token")]
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in known:
        raise Problem(403, "Unsupported Authentication", "Authenticating with OAuth 2.0 User Context is forbidden.")


def pairs_of(world: World, connection: Connection, account: str) -> list[str]:
    """Every "access token:refresh token" that was given out for an account, the newest last."""
    first = str(connection.secrets.get("access_tokens", {}).get(account, ""))
    return world.pairs.setdefault((connection.name, account), [first])


def keys_of(world: World, header: str) -> str:
    """The secret "API key:API key secret:access token:access token secret" that this header was made with, or ""."""
    if not header.startswith("OAuth "):
        return ""
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
