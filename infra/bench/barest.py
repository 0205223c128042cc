"""The least that can be done with a webhook: check its signature, parse it, write, answer. What the product's is measured against."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

Headers = Mapping[str, str]
Proof = Callable[[str, bytes, Headers], bool]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(channel: str, secret: str, dynamodb: Any, items: list[dict[str, Any]]) -> Handler:
    """A Lambda handler; what it writes stands ready, so that building the items costs it nothing."""
    proof = PROOFS[channel]

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        body = event["body"].encode()
        if not proof(secret, body, event["headers"]):
            return {"statusCode": 401, "headers": {}, "body": ""}
        json.loads(body)
        dynamodb.transact_write_items(TransactItems=items)
        return {"statusCode": 200, "headers": {}, "body": ""}

    return handle


def _facebook(secret: str, body: bytes, headers: Headers) -> bool:
    digest = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return hmac.compare_digest(f"sha256={digest}", headers["X-Hub-Signature-256"])


def _x(secret: str, body: bytes, headers: Headers) -> bool:
    digest = b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()
    return hmac.compare_digest(f"sha256={digest}", headers["X-Twitter-Webhooks-Signature"])


def _standard_webhooks(secret: str, body: bytes, headers: Headers) -> bool:
    content = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    digest = hmac.new(b64decode(secret.removeprefix("whsec_")), content, "sha256").digest()
    return hmac.compare_digest(f"v1,{b64encode(digest).decode()}", headers["Webhook-Signature"])


PROOFS: Mapping[str, Proof] = {"facebook": _facebook, "x": _x, "standard_webhooks": _standard_webhooks}
