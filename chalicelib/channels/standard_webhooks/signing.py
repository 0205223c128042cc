"""Signatures of Standard Webhooks, both ways: HMAC-SHA256 (`v1`) in and out, ed25519 (`v1a`) in.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from chalicelib.channels.base import SHORTEST_SECRET, Forged, SecretMissing, WebhookRequest

TOLERANCE = 300  # seconds
MOST_COMPARES = 10
PREFIXES = ("webhook-", "svix-")  # the second is the older name of the same
ID = re.compile(r"[!-\-/-~]{1,256}")  # visible ASCII without the dot, which separates what is signed
TIMESTAMP = re.compile(r"[0-9]{10}")  # whole seconds; milliseconds have more digits


class Key(NamedTuple):
    """One configured secret: of `whsec_…` or without prefix the HMAC key, of `whpk_…` the sender's public key."""

    version: str
    secret: bytes


def keys(connection: str, name: str, secrets: Sequence[str]) -> list[Key]:
    """Raises SecretMissing for what is no usable key."""
    found = [_key(each) for each in secrets]
    if not all(len(each.secret) >= SHORTEST_SECRET for each in found):
        raise SecretMissing(connection, name)
    return found


def prove(request: WebhookRequest, keys: Iterable[Key]) -> None:
    """Raises Forged."""
    id, timestamp, signatures = headers(request)
    if abs(request.received_at - timestamp) > TOLERANCE:
        raise Forged("webhook-timestamp")
    content = _content(id, timestamp, request.body)
    compares = islice(_compares(signatures, list(keys)), MOST_COMPARES)
    if not any(MATCHES[key.version](key.secret, content, given) for key, given in compares):
        raise Forged("webhook-signature")


def headers(request: WebhookRequest) -> tuple[str, int, str]:
    """The id, the time in seconds and the list of signatures. Raises Forged."""
    prefix = next((each for each in PREFIXES if f"{each}id" in request.headers), PREFIXES[0])
    id, timestamp, signatures = (request.headers.get(prefix + name, "") for name in ("id", "timestamp", "signature"))
    if not ID.fullmatch(id) or not TIMESTAMP.fullmatch(timestamp):
        raise Forged("webhook-id or webhook-timestamp")
    if ", " in signatures:  # a header that came twice
        raise Forged("webhook-signature")
    return id, int(timestamp), signatures


def signed_headers(keys: Iterable[Key], id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """For what we send: one signature for each secret that is valid now, so that the other side can rotate."""
    content = _content(id, timestamp, body)
    signatures = [f"v1,{_hmac(key.secret, content)}" for key in keys]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _key(secret: str) -> Key:
    # the padding is often lost when a secret is copied
    version = "v1a" if secret.startswith("whpk_") else "v1"
    encoded = secret.removeprefix("whsec_").removeprefix("whpk_").rstrip("=")
    try:
        return Key(version, b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except ValueError:
        return Key(version, b"")


def _content(id: str, timestamp: int, body: bytes) -> bytes:
    return b".".join((id.encode(), b"%d" % timestamp, body))


def _compares(signatures: str, keys: Sequence[Key]) -> Iterator[tuple[Key, str]]:
    for entry in signatures.split(" "):
        version, _, given = entry.partition(",")
        yield from ((key, given) for key in keys if key.version == version)


def _hmac(secret: bytes, content: bytes) -> str:
    return b64encode(hmac.new(secret, content, sha256).digest()).decode()


def _is_hmac(secret: bytes, content: bytes, given: str) -> bool:
    return hmac.compare_digest(_hmac(secret, content).encode(), given.encode(errors="replace"))


def _is_ed25519(public_key: bytes, content: bytes, given: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(b64decode(given, validate=True), content)
    except (ValueError, InvalidSignature):
        return False
    return True


MATCHES = {"v1": _is_hmac, "v1a": _is_ed25519}
