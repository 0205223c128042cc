"""From a platform to the product's webhook: how each writes its JSON, how it signs it, one try to deliver it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from infra.simulator.shop import signature
from infra.simulator.world import Connection

TIMEOUT = 15  # seconds

Headers = dict[str, str]


def deliver(base_url: str, connection: Connection, payload: Mapping[str, Any]) -> int:
    """The status the product answered with, 0 when nobody answered."""
    body = wire(payload)
    headers = {"Content-Type": "application/json", **SIGNERS[connection.channel](connection, body)}
    url = base_url.rstrip("/") + connection.webhook
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wire(payload: Mapping[str, Any]) -> bytes:
    """Escaped as Meta does it, slashes too: whoever parses before verifying finds out."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def facebook(connection: Connection, body: bytes) -> Headers:
    digest = hmac.new(connection.values("app_secret")[0].encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def x(connection: Connection, body: bytes) -> Headers:
    mac = hmac.new(connection.values("consumer_secret")[0].encode(), body, hashlib.sha256).digest()
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(mac).decode()}"}


def standard_webhooks(connection: Connection, body: bytes) -> Headers:
    name, at = f"msg_{uuid4().hex}", str(int(time.time()))
    signed = signature(connection.values("signing_secret")[0], f"{name}.{at}.".encode() + body)
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{signed}"}


SIGNING_SECRETS = {"facebook": "app_secret", "x": "consumer_secret", "standard_webhooks": "signing_secret"}
SIGNERS: dict[str, Callable[[Connection, bytes], Headers]] = {
    "facebook": facebook,
    "x": x,
    "standard_webhooks": standard_webhooks,
}
