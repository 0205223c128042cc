"""The echo: platforms tell the product's webhook what was posted through their API, signed like everything they send."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from infra.simulator.platform import Echo
from infra.simulator.platforms import PLATFORMS
from infra.simulator.wires import deliver
from infra.simulator.world import Connection, Post, World


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
    make = PLATFORMS[connection.channel].echoes.get(post.kind)
    if make:
        status = deliver(base_url, connection, make(post))
        world.echoes.append({"connection": connection.name, "post": post.id, "status": status})
