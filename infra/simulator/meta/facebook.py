"""Facebook, as it tells the product: comments and messages, echoes of what was posted, signed by the app's secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from typing import Any

from infra.simulator.meta.graph import graph_api
from infra.simulator.platform import Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post

POST = "900"  # the Page's post that everybody comments on


def comment(words: Words) -> dict[str, Any]:
    post = f"{words.account}_{POST}"
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": words.id,
        "post_id": post,
        "parent_id": post,
        "from": {"id": words.author, "name": words.name},
        "created_time": words.seconds,
        "message": words.text,
        **({"photo": words.picture} if words.picture else {}),
    }
    return page_entry(words.account, words.seconds, {"changes": [{"field": "feed", "value": value}]})


def message(words: Words) -> dict[str, Any]:
    attached = [{"type": "image", "payload": {"url": words.picture}}] if words.picture else []
    content = {"mid": words.id, "text": words.text, **({"attachments": attached} if attached else {})}
    sides = {"sender": {"id": words.author}, "recipient": {"id": words.account}}
    found = {**sides, "timestamp": words.milliseconds, "message": content}
    return page_entry(words.account, words.milliseconds, {"messaging": [found]})


def page_entry(page: str, at: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": page, "time": at, **content}]}


def comment_echo(post: Post) -> dict[str, Any]:
    seconds = int(post.at.timestamp())
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": post.id,
        "post_id": f"{post.account}_{post.thread.split('_')[0]}",
        "parent_id": post.in_reply_to,
        "from": {"id": post.account, "name": "Page"},
        "created_time": seconds,
        "message": post.text,
    }
    return page_entry(post.account, seconds, {"changes": [{"field": "feed", "value": value}]})


def message_echo(post: Post) -> dict[str, Any]:
    milliseconds = int(post.at.timestamp() * 1000)
    message = {"mid": post.id, "text": post.text, "is_echo": True, "app_id": 1, "metadata": post.metadata}
    sides = {"sender": {"id": post.account}, "recipient": {"id": post.thread}}
    found = {**sides, "timestamp": milliseconds, "message": message}
    return page_entry(post.account, milliseconds, {"messaging": [found]})


def sign(connection: Connection, body: bytes) -> Headers:
    digest = hmac.new(connection.values("app_secret")[0].encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def secrets(accounts: Sequence[str]) -> Secrets:
    receive = {"app_secret": random.token_hex(16), "verify_token": random.token_hex(16)}
    return receive, {"page_tokens": {account: random.token_hex(24) for account in accounts}}


PLATFORM = Platform(
    channel="facebook",
    title="Facebook",
    places=(
        Place("comments", "comments", lambda world: f"{POST}_{world.number()}", comment),
        Place("messages", "messages", lambda world: f"m_{world.number():x}", message, public=False, by_thread=False),
    ),
    api=graph_api,
    sign=sign,
    signed_with="app_secret",
    secrets=secrets,
    echoes={"comment": comment_echo, "message": message_echo, "private_reply": message_echo},
)
