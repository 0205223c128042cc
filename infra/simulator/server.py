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
from infra.simulator.media import media
from infra.simulator.phone import Phones, phone_api, phones_from
from infra.simulator.platforms import PLATFORMS
from infra.simulator.world import Connection, World


def serve(config: Mapping[str, Any], *, port: int = 0, echo_base: str = "", with_media: bool = False) -> Running:
    """Serves in the background; port 0 takes a free one. Raises ValueError on a wrong configuration, OSError on a taken port."""
    world = world_from(config)
    if echo_base:
        check_signing(world)
    phones = phones_from(config["phone"]) if "phone" in config else None
    return serve_app(simulator_app(world, echo_base, with_media, phones), port)


def simulator_app(world: World, echo_base: str = "", with_media: bool = False, phones: Phones | None = None) -> Flask:
    """All platforms in one application."""
    app = new_app(__name__)
    world.product = echo_base
    echo = echo_to(world, echo_base)
    for platform in PLATFORMS.values():
        app.register_blueprint(platform.api(world, echo))
    if with_media:
        app.register_blueprint(media())
    if phones:
        app.register_blueprint(phone_api(phones, echo_base))
    add_controls(app, world, echo_base, with_media, phones is not None)
    return app


def world_from(config: Mapping[str, Any]) -> World:
    """Raises ValueError that names the key."""
    connections = tuple(connection_from(row) for row in config.get("connections", ()))
    if not connections:
        raise ValueError("connections: at least one is needed")
    return World(connections, config.get("people", {}), config.get("mail", {}))


def connection_from(row: Mapping[str, Any]) -> Connection:
    missing = [key for key in ("name", "channel", "accounts", "secrets") if key not in row]
    if missing:
        raise ValueError(f"connections: {', '.join(missing)} missing in {row.get('name', 'one of them')}")
    if row["channel"] not in PLATFORMS:
        raise ValueError(f"connections: channel of {row['name']} is one of {', '.join(PLATFORMS)}")
    webhook = row.get("webhook") or f"/webhooks/{row['channel']}/{row['name']}"
    return Connection(row["name"], row["channel"], tuple(map(str, row["accounts"])), row["secrets"], webhook)


def check_signing(world: World) -> None:
    for connection in world.connections:
        secret = PLATFORMS[connection.channel].signed_with
        if secret and not connection.values(secret):
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
