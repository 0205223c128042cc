"""Proves that a push comes from the owner's own Pub/Sub subscription: the JWT in its Authorization header.

The body itself is not signed, so all rests on the token: Google's signature, and the very service account that the
owner gave the subscription. Without that account anybody's Google token for this audience would pass.
https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

from chalicelib.channels.base import Forged
from chalicelib.http import Http, Lost, NotSent

CERTS = "https://www.googleapis.com/oauth2/v3/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
NEEDED = ["exp", "iat", "aud", "iss", "email"]
LEEWAY = 60  # seconds that Google's clock and ours may differ
ASKED_AT_MOST_EVERY = 300.0  # seconds: a stranger's made-up key id must not make us ask each time
KEPT = 24 * 3600.0  # seconds; Google changes its keys every few days

_keys: dict[str, Any] = {}
_asked: dict[str, float] = {}  # when each address was last asked


class KeysMissing(Exception):
    """Google's keys cannot be had now: not proven, but not forged either, so the push must come again."""


def check(token: str, audience: str, email: str, http: Http, certs: str = CERTS) -> None:
    """Raises Forged, or KeysMissing when nobody can tell."""
    import jwt

    try:
        key = _key(str(jwt.get_unverified_header(token).get("kid", "")), http, certs)
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=audience,
            issuer=ISSUERS,
            leeway=LEEWAY,
            options={"require": NEEDED, "strict_aud": True},
        )
    except (jwt.PyJWTError, UnicodeError) as error:  # a stranger's token may be any text
        raise Forged(f"jwt: {type(error).__name__}") from None
    if not _is_from(claims, email):
        raise Forged("jwt: email")


def _is_from(claims: Mapping[str, Any], email: str) -> bool:
    given = str(claims.get("email", "")).encode("utf-8", "replace")
    return hmac.compare_digest(given, email.encode()) and claims.get("email_verified") is True


def _key(kid: str, http: Http, certs: str) -> Any:
    last = _asked.get(certs)
    age = time.monotonic() - last if last is not None else KEPT
    if age >= KEPT or (kid not in _keys and age >= ASKED_AT_MOST_EVERY):
        _ask(http, certs)
    if kid not in _keys:
        raise Forged("jwt: key")
    return _keys[kid]


def _ask(http: Http, certs: str) -> None:
    import jwt

    try:
        found = jwt.PyJWKSet.from_dict(http("GET", certs).json())
    except (NotSent, Lost, jwt.PyJWTError, AttributeError):
        raise KeysMissing(certs) from None
    _asked[certs] = time.monotonic()
    _keys.clear()
    _keys.update({str(key.key_id): key for key in found.keys})
