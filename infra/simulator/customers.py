"""A customer writes: the platform remembers it and tells the product's webhook, in the platform's own words, signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.simulator.world import Connection, Told, World
from infra.simulator.x_views import snowflake, stamp

POST = "900"  # the Page's post that everybody comments on
NO_ENTITIES: dict[str, list[Any]] = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}


@dataclass(frozen=True)
class Words:
    """What somebody wrote and where; `picture` is an address or ""."""

    connection: Connection
    account: str
    handle: str  # of the account
    id: str
    author: str
    name: str
    text: str
    at: datetime
    picture: str = ""

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp())

    @property
    def milliseconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp() * 1000)


def write(world: World, place: str, account: str, name: str, text: str, picture: str = "") -> tuple[Words, Told]:
    """What it is and how the platform remembers it. The same name is the same person. Raises KeyError on an unknown place."""
    channel, make_id, _ = PLACES[place]
    connection = next(each for each in world.of(channel) if not account or account in each.accounts)
    account = account or connection.accounts[0]
    author = str(10**12 + int(hashlib.sha256(f"{channel} {name}".encode()).hexdigest()[:9], 16))
    handle = world.person(account)["username"]
    words = Words(connection, account, handle, make_id(world), author, name, text, datetime.now(UTC), picture)
    return words, told(words, place)


def told(words: Words, place: str) -> Told:
    public = place in ("comments", "tweets")
    thread = words.id if public or place == "shop" else ""
    shown = f"{words.text}\n🖼️" if words.picture else words.text
    return Told(words.connection.channel, words.account, words.author, words.at, thread, words.name, shown, public)


def payload(place: str, words: Words) -> dict[str, Any]:
    """What the platform sends to the product's webhook."""
    return PLACES[place][2](words)


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


# place on the page: channel, how its ids look, what the webhook gets
PLACES: dict[str, tuple[str, Callable[[World], str], Callable[[Words], dict[str, Any]]]] = {
    "comments": ("facebook", lambda world: f"{POST}_{world.number()}", comment),
    "messages": ("facebook", lambda world: f"m_{world.number():x}", message),
    "tweets": ("x", lambda world: snowflake(), tweet),
    "dms": ("x", lambda world: snowflake(), direct_message),
    "shop": ("standard_webhooks", lambda world: f"shop-{world.number()}", shop_message),
}
