"""The demo's customers: signed webhooks as the platforms send them, in several scripts."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Connection = Mapping[str, Any]

QUESTION = "Xin chào, quán có chỗ cho 8 người tối nay không?"


@dataclass(frozen=True)
class Webhook:
    """A platform's delivery, ready to send; `title` is for people."""

    title: str
    connection: str
    body: bytes
    headers: Mapping[str, str]

    def forged(self) -> Webhook:
        """The same with one word changed after it was signed."""
        return Webhook(f"a forgery of {self.title}", self.connection, self.body.replace(b"?", b"!"), self.headers)


def comment(facebook: Connection, now: float) -> Webhook:
    """A Facebook comment, with a picture."""
    page = facebook["accounts"][0]
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": f"81_{int(now)}",
        "post_id": f"{page}_81",
        "parent_id": f"{page}_81",
        "from": {"id": "5550002", "name": "Mia Muster"},
        "created_time": int(now),
        "message": "Habt ihr am Sonntag offen? Und gibt es den Kuchen noch? 🍰",
        "photo": f"{facebook.get('media', '')}/media/cat.png",
    }
    entry = {"id": page, "time": int(now), "changes": [{"field": "feed", "value": value}]}
    return meta("a Facebook comment by Mia Muster", facebook, {"object": "page", "entry": [entry]})


def direct_message(facebook: Connection, now: float, text: str = QUESTION, author: str = "5550001") -> Webhook:
    """A Messenger message; the webhook brings no name."""
    page, milliseconds = facebook["accounts"][0], int(now * 1000)
    message = {"mid": f"m_{milliseconds}", "text": text}
    item = {
        "sender": {"id": author},
        "recipient": {"id": page},
        "timestamp": milliseconds,
        "message": message,
    }
    entry = {"id": page, "time": milliseconds, "messaging": [item]}
    return meta("a Messenger message by Linh Nguyễn", facebook, {"object": "page", "entry": [entry]})


def tweet(x: Connection, now: float) -> Webhook:
    """A mention on X, as the X Activity API delivers it."""
    account, post = x["accounts"][0], str(int(now * 1000))
    author = {
        "id": "7770001",
        "name": "田中 花子",
        "username": "hanako_t",
        "public_metrics": {"followers_count": 104_200},
    }
    payload = {
        "id": post,
        "conversation_id": post,
        "author_id": "7770001",
        "created_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "text": "@sonnenschein 抹茶ケーキは来週もありますか？",
        "edit_history_tweet_ids": [post],
    }
    data = {
        "event_uuid": post,
        "event_type": "post.mention.create",
        "filter": {"user_id": account},
        "payload": payload,
        "includes": {"users": [author]},
    }
    body = json.dumps({"data": data}).encode()
    digest = hmac.digest(_first(x["secrets"]["consumer_secret"]).encode(), body, "sha256")
    return Webhook(
        "a tweet by 田中 花子",
        x["name"],
        body,
        {"x-twitter-webhooks-signature": f"sha256={b64encode(digest).decode()}"},
    )


def shop_message(shop: Connection, now: float, order: str = "4711") -> Webhook:
    """A message from the shop system about an order, by Standard Webhooks."""
    at = datetime.fromtimestamp(now, UTC).isoformat()
    data = {
        "id": f"order-{order}-{int(now * 1000)}",
        "conversation": f"order-{order}",
        "author": {"id": "c-17", "name": "ليلى حداد"},
        "text": f"أين طلبي رقم {order}؟ Please hurry!",
        "sent_at": at,
    }
    body = json.dumps({"type": "message.created", "timestamp": at, "data": data}, ensure_ascii=False).encode()
    id, timestamp = f"msg_{order}_{int(now * 1000)}", str(int(now))
    key = b64decode(_first(shop["secrets"]["signing_secret"]).removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")
    headers = {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
    return Webhook("a message from the shop by ليلى حداد", shop["name"], body, headers)


def all_scenes(connections: Mapping[str, Connection]) -> list[Webhook]:
    """One of each, written now."""
    now = time.time()
    return [
        comment(connections["facebook"], now),
        direct_message(connections["facebook"], now),
        tweet(connections["x"], now),
        shop_message(connections["shop"], now),
    ]


def meta(title: str, connection: Connection, delivery: Mapping[str, Any]) -> Webhook:
    body = json.dumps(delivery).encode()
    digest = hmac.new(_first(connection["secrets"]["app_secret"]).encode(), body, "sha256").hexdigest()
    return Webhook(title, connection["name"], body, {"x-hub-signature-256": f"sha256={digest}"})


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[0]
