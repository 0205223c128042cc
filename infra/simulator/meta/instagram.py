"""Instagram, as it tells the product: comments and messages, echoes of what was posted, signed by the app's secret."""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from typing import Any

from infra.simulator.meta.facebook import sign
from infra.simulator.meta.instagram_api import MEDIA, instagram_api
from infra.simulator.platform import Place, Platform, Secrets, Words
from infra.simulator.world import Post


def comment(words: Words) -> dict[str, Any]:
    value = {
        "id": words.id,
        "from": {"id": words.author, "username": f"user{words.author[-6:]}"},
        "media": {"id": MEDIA, "media_product_type": "FEED"},
        "text": words.text,
    }
    return entry(words.account, words.seconds, changes=[{"field": "comments", "value": value}])


def message(words: Words) -> dict[str, Any]:
    attached = [{"type": "image", "payload": {"url": words.picture}}] if words.picture else []
    content = {"mid": words.id, "text": words.text, **({"attachments": attached} if attached else {})}
    sides = {"sender": {"id": words.author}, "recipient": {"id": words.account}}
    item = {**sides, "timestamp": words.milliseconds, "message": content}
    return entry(words.account, words.milliseconds, messaging=[item])


def comment_echo(post: Post) -> dict[str, Any]:
    sender = {"id": post.account, "username": "sonnenschein", "self_ig_scoped_id": f"9{post.account}"}
    value = {"id": post.id, "from": sender, "media": {"id": MEDIA}, "parent_id": post.in_reply_to, "text": post.text}
    return entry(post.account, int(post.at.timestamp()), changes=[{"field": "comments", "value": value}])


def message_echo(post: Post) -> dict[str, Any]:
    sides = {"sender": {"id": post.account}, "recipient": {"id": post.thread}}
    milliseconds = int(post.at.timestamp() * 1000)
    item = {**sides, "timestamp": milliseconds, "message": {"mid": post.id, "text": post.text, "is_echo": True}}
    return entry(post.account, milliseconds, messaging=[item])


def entry(account: str, at: int, **items: Any) -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": account, "time": at, **items}]}


def secrets(accounts: Sequence[str]) -> Secrets:
    receive = {"app_secret": random.token_hex(16), "verify_token": random.token_hex(16)}
    return receive, {"access_tokens": {account: random.token_hex(24) for account in accounts}}


PLATFORM = Platform(
    channel="instagram",
    title="Instagram",
    places=(
        Place("instagram_comments", "comments", lambda world: f"180{world.number()}", comment),
        Place(
            *("instagram_messages", "messages", lambda world: f"aWd{world.number():x}", message),
            public=False,
            by_thread=False,
        ),
    ),
    api=instagram_api,
    sign=sign,
    signed_with="app_secret",
    secrets=secrets,
    echoes={"comment": comment_echo, "message": message_echo, "private_reply": message_echo},
)
