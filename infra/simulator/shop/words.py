"""A shop that speaks Standard Webhooks, as it tells the product what customers write, signed by its secret."""

from __future__ import annotations

import base64
import secrets as random
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from infra.simulator.platform import Headers, Place, Platform, Secrets, Words
from infra.simulator.shop.api import shop_api, signature
from infra.simulator.world import Connection


def shop_message(words: Words) -> dict[str, Any]:
    data = {
        "id": words.id,
        "account": words.account,
        "conversation": words.id,
        "author": {"id": words.author, "name": words.name},
        "text": words.text,
        "attachments": [{"url": words.picture, "name": "cat.png", "kind": "image"}] if words.picture else [],
    }
    return {"type": "message.created", "timestamp": words.at.isoformat(), "data": data}


def sign(connection: Connection, body: bytes) -> Headers:
    name, at = f"msg_{uuid4().hex}", str(int(time.time()))
    signed = signature(connection.values("signing_secret")[0], f"{name}.{at}.".encode() + body)
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{signed}"}


def secrets(accounts: Sequence[str]) -> Secrets:
    signing = f"whsec_{base64.b64encode(random.token_bytes(32)).decode()}"
    return {"signing_secret": signing}, {"reply_secret": signing}


PLATFORM = Platform(
    channel="standard_webhooks",
    title="Standard Webhooks",
    places=(Place("shop", "shop", lambda world: f"shop-{world.number()}", shop_message, public=False),),
    api=lambda world, echo: shop_api(world),
    sign=sign,
    signed_with="signing_secret",
    secrets=secrets,
)
