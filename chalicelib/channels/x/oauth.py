"""Proves to X for whom we post: an OAuth 2.0 user token, or OAuth 1.0a keys, which unlike the former never expire.

What is kept for an account is "API key:API key secret:access token:access token secret", or "access token:refresh
token", or an access token alone.
https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Connection

KEYS = "keys"  # the login by OAuth 1.0a
FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


def login(connection: Connection) -> str:
    """How its accounts prove themselves: "keys", "oauth2", "oauth2_public"."""
    return str(connection.options.get("login", KEYS))


def basic(id: str, secret: str) -> str:
    """How an app proves itself, as a header's value."""
    return "Basic " + b64encode(f"{quote(id, safe='')}:{quote(secret, safe='')}".encode()).decode()


def authorization(token: str, method: str, url: str, fields: Mapping[str, Any]) -> str:
    """The header's value for what is kept for an account."""
    keys = token.split(":")
    if len(keys) != 4:
        return f"Bearer {keys[0]}"
    parameters = {
        "oauth_consumer_key": keys[0],
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": keys[2],
        "oauth_version": "1.0",
    }
    parameters["oauth_signature"] = signature(method, url, {**fields, **parameters}, keys[1], keys[3])
    return "OAuth " + ", ".join(f'{key}="{_escape(value)}"' for key, value in sorted(parameters.items()))


def signature(method: str, url: str, parameters: Mapping[str, Any], key_secret: str, token_secret: str) -> str:
    """RFC 5849 section 3.4; a JSON body is not part of what is signed."""
    pairs = sorted((_escape(key), _escape(value)) for key, value in parameters.items())
    joined = "&".join(f"{key}={value}" for key, value in pairs)
    base = "&".join(_escape(part) for part in (method.upper(), url, joined))
    key = f"{_escape(key_secret)}&{_escape(token_secret)}"
    return b64encode(hmac.new(key.encode(), base.encode(), sha1).digest()).decode()


def _escape(value: object) -> str:
    return quote(str(value), safe="~")
