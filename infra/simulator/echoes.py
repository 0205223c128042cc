"""The echo: platforms tell the product's webhook what was posted through their API, signed like everything they send."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.simulator.customers import activity, dm_event, page_entry
from infra.simulator.graph import Echo
from infra.simulator.wires import deliver
from infra.simulator.world import Connection, Post, World
from infra.simulator.x_views import as_tweet


def echo_to(world: World, base_url: str) -> Echo:
    """Echoes every post in the background; without a base URL, nowhere."""
    if not base_url:
        return lambda connection, post: None
    workers = ThreadPoolExecutor(2, thread_name_prefix="echo")

    def echo(connection: Connection, post: Post) -> None:
        workers.submit(tell, world, base_url, connection, post)

    return echo


def tell(world: World, base_url: str, connection: Connection, post: Post) -> None:
    """What came of it is in `world.echoes`."""
    status = deliver(base_url, connection, ECHOES[post.kind](post))
    world.echoes.append({"connection": connection.name, "post": post.id, "status": status})


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


def tweet_echo(post: Post) -> dict[str, Any]:
    content = {**as_tweet(post), **({"in_reply_to_tweet_id": post.in_reply_to} if post.in_reply_to else {})}
    return activity("post.create", post.account, content, {})


def dm_echo(post: Post) -> dict[str, Any]:
    event = dm_event(post.id, int(post.at.timestamp() * 1000), post.account, post.thread, post.text)
    return activity("dm.sent", post.account, {"direct_message_events": [event]}, {})


ECHOES: dict[str, Callable[[Post], dict[str, Any]]] = {
    "comment": comment_echo,
    "message": message_echo,
    "private_reply": message_echo,
    "tweet": tweet_echo,
    "dm": dm_echo,
}
