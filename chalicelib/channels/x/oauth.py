"""Proves to X for whom we post: an OAuth 2.0 user token, or OAuth 1.0a keys, which unlike the former never expire.

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


def authorization(token: str, method: str, url: str, fields: Mapping[str, Any]) -> str:
    """The header's value. `token` is a user token, or "API key:API key secret:access token:access token secret"."""
    keys = token.split(":")
    if len(keys) != 4:
        return f"Bearer {token}"
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
