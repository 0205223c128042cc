"""X, as it tells the product: mentions and direct messages, echoes of what was posted, signed by the consumer secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from infra.simulator.platform import Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post
from infra.simulator.x.api import x_api
from infra.simulator.x.views import as_tweet, snowflake, stamp

NO_ENTITIES: dict[str, list[Any]] = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}


def tweet(words: Words) -> dict[str, Any]:
    post = {
        "id": words.id,
        "text": f"@{words.handle} {words.text}",
        "author_id": words.author,
        "conversation_id": words.id,
        "created_at": stamp(words.at),
        "edit_history_tweet_ids": [words.id],
        "entities": {"mentions": [{"id": words.account, "username": words.handle}]},
    }
    return activity("post.mention.create", words.account, post, {"users": [profile(words)]})


def direct_message(words: Words) -> dict[str, Any]:
    event = dm_event(words.id, words.milliseconds, words.author, words.account, words.text)
    users = {words.author: {"data": profile(words)}}
    return activity("dm.received", words.account, {"direct_message_events": [event], "users": users}, {})


def dm_event(id: str, milliseconds: int, sender: str, recipient: str, text: str) -> dict[str, Any]:
    content = {"text": text, "entities": NO_ENTITIES}
    sides = {"target": {"recipient_id": recipient}, "sender_id": sender}
    created = {"id": id, "created_timestamp": str(milliseconds)}
    return {"type": "message_create", **created, "message_create": {**sides, "message_data": content}}


def activity(event_type: str, account: str, content: dict[str, Any], includes: dict[str, Any]) -> dict[str, Any]:
    data = {"event_uuid": str(uuid4().int >> 65), "event_type": event_type, "filter": {"user_id": account}}
    return {"data": {**data, "tag": "bridgehead", "payload": content, "includes": includes}}


def profile(words: Words) -> dict[str, Any]:
    counts = {"followers_count": int(words.author) % 5000}
    return {"id": words.author, "name": words.name, "username": f"user{words.author[-6:]}", "public_metrics": counts}


def tweet_echo(post: Post) -> dict[str, Any]:
    content = {**as_tweet(post), **({"in_reply_to_tweet_id": post.in_reply_to} if post.in_reply_to else {})}
    return activity("post.create", post.account, content, {})


def dm_echo(post: Post) -> dict[str, Any]:
    event = dm_event(post.id, int(post.at.timestamp() * 1000), post.account, post.thread, post.text)
    return activity("dm.sent", post.account, {"direct_message_events": [event]}, {})


def sign(connection: Connection, body: bytes) -> Headers:
    mac = hmac.new(connection.values("consumer_secret")[0].encode(), body, hashlib.sha256).digest()
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(mac).decode()}"}


def secrets(accounts: Sequence[str]) -> Secrets:
    pairs = {account: f"access-{random.token_hex(20)}:refresh-{random.token_hex(20)}" for account in accounts}
    app = {"client_secret": random.token_hex(24), "bearer_token": random.token_hex(24)}
    return {"consumer_secret": random.token_hex(24)}, {**app, "access_tokens": pairs}


PLATFORM = Platform(
    channel="x",
    title="X",
    places=(
        Place("tweets", "tweets", lambda world: snowflake(), tweet),
        Place("dms", "messages", lambda world: snowflake(), direct_message, public=False, by_thread=False),
    ),
    api=x_api,
    sign=sign,
    signed_with="consumer_secret",
    secrets=secrets,
    echoes={"tweet": tweet_echo, "dm": dm_echo},
)
