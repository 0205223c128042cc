"""How X shows what it has: posts, direct messages, users; and its kind of id."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from flask import request

from infra.simulator.world import Post, World
from infra.simulator.x.text import shown

NOT_FOUND = "https://api.twitter.com/2/problems/resource-not-found"


def newest(world: World, kind: str, wanted: Callable[[Post], bool]) -> list[Post]:
    """Newest first, as X lists them, and only what is younger than `since_id`."""
    since = request.args.get("since_id", "")
    found = [post for post in reversed(world.posts) if post.kind == kind and wanted(post)]
    return [post for post in found if not since.isdigit() or int(post.id) > int(since)]


def listing(posts: list[Post], view: Callable[[Post], dict[str, Any]]) -> dict[str, Any]:
    """X leaves `data` out when there is none."""
    data = [view(post) for post in posts]
    return {**({"data": data} if data else {}), "meta": {"result_count": len(data)}}


def by_ids(world: World, ids: list[str]) -> dict[str, Any]:
    """Ours and what customers wrote; what is missing is told inside a 200."""
    found = {post.id: as_tweet(post) for post in world.posts if post.kind == "tweet"}
    told = {told.thread: told for told in world.told if told.channel == "x" and told.thread}
    found |= {key: {"id": key, "text": shown(each.text)[0], "author_id": each.author} for key, each in told.items()}
    data = [found[each] for each in ids if each in found]
    errors = [missing(each) for each in ids if each not in found]
    return {**({"data": data} if data else {}), **({"errors": errors} if errors else {})}


def one(answer: dict[str, Any]) -> dict[str, Any]:
    return {"data": answer["data"][0]} if "data" in answer else answer


def missing(tweet_id: str) -> dict[str, str]:
    detail = f"Could not find tweet with ids: [{tweet_id}]."
    return {
        "title": "Not Found Error",
        "detail": detail,
        "type": NOT_FOUND,
        "resource_type": "tweet",
        "value": tweet_id,
    }


def as_tweet(post: Post) -> dict[str, Any]:
    text, entities = shown(post.text)
    answered = [{"type": "replied_to", "id": post.in_reply_to}] if post.in_reply_to else []
    tweet = {
        "id": post.id,
        "text": linked(post, text),
        "author_id": post.account,
        "created_at": stamp(post.at),
        "conversation_id": post.in_reply_to or post.id,
        "edit_history_tweet_ids": [post.id],
    }
    return {
        **tweet,
        **({"referenced_tweets": answered} if answered else {}),
        **({"entities": entities} if entities else {}),
    }


def linked(post: Post, text: str) -> str:
    """X puts a link to the pictures behind the words."""
    return f"{text} https://t.co/{post.id[-10:]}".strip() if post.files else text


def as_dm(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "event_type": "MessageCreate",
        "text": linked(post, shown(post.text)[0]),
        "sender_id": post.account,
        "dm_conversation_id": pair(post.account, post.thread),
        "created_at": stamp(post.at),
    }


def as_user(world: World, user: str) -> dict[str, Any]:
    return {"id": user, **world.person(user), "public_metrics": {"followers_count": sum(user.encode()) % 5000}}


def pair(one_id: str, other_id: str) -> str:
    return "-".join(sorted((one_id, other_id), key=lambda each: (len(each), each)))


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_sequence = count()


def snowflake() -> str:
    """X's kind of id: milliseconds since 2010-11-04 above 22 bits, a counter below."""
    return str(((int(time.time() * 1000) - 1288834974657) << 22) + next(_sequence) % (1 << 22))
