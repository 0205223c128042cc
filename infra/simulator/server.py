"""The simulator as a whole, and how it is configured."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from infra.pages import Running, new_app, serve_app, wait_for_interrupt
from infra.simulator.controls import add_controls
from infra.simulator.echoes import echo_to
from infra.simulator.graph import graph_api
from infra.simulator.media import media
from infra.simulator.shop import shop_api
from infra.simulator.wires import SIGNING_SECRETS
from infra.simulator.world import CHANNELS, Connection, World
from infra.simulator.x import x_api


def serve(config: Mapping[str, Any], *, port: int = 0, echo_base: str = "", with_media: bool = False) -> Running:
    """Serves in the background; port 0 takes a free one. Raises ValueError on a wrong configuration, OSError on a taken port."""
    world = world_from(config)
    if echo_base:
        check_signing(world)
    return serve_app(simulator_app(world, echo_base, with_media), port)


def simulator_app(world: World, echo_base: str = "", with_media: bool = False) -> Flask:
    """All platforms in one application."""
    app = new_app(__name__)
    echo = echo_to(world, echo_base)
    for api in (graph_api(world, echo), x_api(world, echo), shop_api(world)):
        app.register_blueprint(api)
    if with_media:
        app.register_blueprint(media())
    add_controls(app, world, echo_base, with_media)
    return app


def world_from(config: Mapping[str, Any]) -> World:
    """Raises ValueError that names the key."""
    connections = tuple(connection_from(row) for row in config.get("connections", ()))
    if not connections:
        raise ValueError("connections: at least one is needed")
    return World(connections, config.get("people", {}))


def connection_from(row: Mapping[str, Any]) -> Connection:
    missing = [key for key in ("name", "channel", "accounts", "secrets") if key not in row]
    if missing:
        raise ValueError(f"connections: {', '.join(missing)} missing in {row.get('name', 'one of them')}")
    if row["channel"] not in CHANNELS:
        raise ValueError(f"connections: channel of {row['name']} is one of {', '.join(CHANNELS)}")
    webhook = row.get("webhook") or f"/webhooks/{row['channel']}/{row['name']}"
    return Connection(row["name"], row["channel"], tuple(map(str, row["accounts"])), row["secrets"], webhook)


def check_signing(world: World) -> None:
    for connection in world.connections:
        secret = SIGNING_SECRETS[connection.channel]
        if not connection.values(secret):
            raise ValueError(f"connections: {secret} missing in the secrets of {connection.name}, which has to sign")


def main(argv: Sequence[str] | None = None) -> None:
    """Runs until interrupted."""
    parser = arguments()
    given = parser.parse_args(argv)
    try:
        config = json.loads(given.config.read_text("utf-8"))
        running = serve(config, port=given.port, echo_base=given.echo_to, with_media=given.media)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"simulator: {running.url}/", flush=True)
    wait_for_interrupt()
    running.stop()


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.simulator", description="The platforms, played on one machine."
    )
    parser.add_argument("--config", type=Path, required=True, help="JSON: connections and people; see the module")
    parser.add_argument("--port", type=int, default=8026, help="default 8026; 0 = a free one")
    parser.add_argument(
        "--echo-to",
        default="",
        metavar="URL",
        help="base URL of the product's webhooks: takes echoes and what customers write on the page",
    )
    parser.add_argument("--media", action="store_true", help="serve /media/cat.png and /media/order.pdf")
    return parser
