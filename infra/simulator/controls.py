"""What scripts and people may ask the simulator itself: what was posted, what a customer wrote, what shall go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from infra.simulator.board import board
from infra.simulator.customers import write
from infra.simulator.failures import KINDS
from infra.simulator.platform import Words
from infra.simulator.platforms import PLATFORMS, place_of
from infra.simulator.wires import deliver
from infra.simulator.world import CAST, Told, World

MOST_TIMES = 1000


class Wrong(Exception):
    """What was asked cannot be done; the text names the key."""


def add_controls(
    app: Flask, world: World, product: str = "", with_media: bool = False, has_phones: bool = False
) -> None:
    """The page and the JSON beside it; `product` is where customers' words go, "" when nobody listens."""
    add_customers(app, world, product, with_media)
    app.register_error_handler(Wrong, lambda wrong: (jsonify({"error": str(wrong)}), 400))

    @app.get("/")
    def page() -> str:
        more = {"writable": bool(product), "with_media": with_media, "has_phones": has_phones}
        return render_template("simulator.html", **shown(world), **more)

    @app.get("/posts")
    def posts() -> Response:
        return jsonify([{**asdict(post), "at": post.at.isoformat()} for post in world.posts])

    @app.delete("/posts")
    def forget() -> ResponseReturnValue:
        world.reset()
        return "", 204

    @app.post("/reset")
    def forget_from_page() -> ResponseReturnValue:
        world.reset()
        return redirect("/", 303)

    @app.get("/echoes")
    def echoes() -> Response:
        return jsonify(world.echoes)

    @app.post("/fail")
    def fail() -> ResponseReturnValue:
        plan_failure(world, given())
        return jsonify({"waiting": waiting(world)}) if request.is_json else redirect("/", 303)

    @app.post("/inbound")
    def inbound() -> ResponseReturnValue:
        world.told.append(told_from(given()))
        return jsonify({"told": len(world.told)})


def add_customers(app: Flask, world: World, product: str, with_media: bool) -> None:
    @app.post("/say")
    def say() -> ResponseReturnValue:
        if not product:
            raise Wrong("nobody listens: start with --echo-to")
        words, status = written(world, given(), product, f"{request.url_root}media/cat.png" if with_media else "")
        if not request.is_json and 200 <= status < 300:
            return redirect("/", 303)
        told = {"id": words.id, "author": words.author, "account": words.account, "status": status}
        return jsonify(told), 200 if 200 <= status < 300 else 502


def written(world: World, asked: Mapping[str, Any], product: str, picture: str) -> tuple[Words, int]:
    """What the product answered to it. Raises Wrong."""
    connected = tuple(section.key for section in board(world))
    place = one_of(asked, "place", connected)
    name, text = str(asked.get("name") or "Mia Muster"), str(asked.get("text") or "")
    if not text.strip():
        raise Wrong("text: what the customer writes")
    try:
        words, told = write(
            world, place, str(asked.get("account") or ""), name, text, picture if asked.get("picture") else ""
        )
    except StopIteration as error:
        raise Wrong("account: none of these") from error
    world.told.append(told)
    platform, found = place_of(place)
    if platform.bring:
        return words, platform.bring(world, words)
    push = found.payload
    return words, deliver(product, words.connection, push(words)) if push else 202


def shown(world: World) -> dict[str, Any]:
    titles = {channel: platform.title for channel, platform in PLATFORMS.items()}
    return {"sections": board(world), "failures": waiting(world), "kinds": KINDS, "cast": CAST, "titles": titles}


def given() -> Mapping[str, Any]:
    body = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(body, dict):
        raise Wrong("a JSON object is needed")
    return body


def plan_failure(world: World, asked: Mapping[str, Any]) -> None:
    """Raises Wrong."""
    channel, kind = one_of(asked, "channel", tuple(PLATFORMS)), one_of(asked, "kind", KINDS)
    on = one_of({"on": "post", **asked}, "on", ("post", "look_up", "upload"))
    times = str(asked.get("times", 1))
    if not times.isdigit() or not 0 < int(times) <= MOST_TIMES:
        raise Wrong(f"times: a number from 1 to {MOST_TIMES}")
    with world.hold:
        world.failures[channel, on].extend([kind] * int(times))


def told_from(asked: Mapping[str, Any]) -> Told:
    """Raises Wrong."""
    channel = one_of(asked, "channel", tuple(PLATFORMS))
    if not asked.get("account") or not asked.get("author"):
        raise Wrong("account and author are needed")
    words = {key: str(asked.get(key) or "") for key in ("thread", "name", "text")}
    public = asked.get("public") in (True, "true", "1")
    return Told(channel, str(asked["account"]), str(asked["author"]), moment(asked.get("at")), public=public, **words)


def one_of(asked: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    if asked.get(key) not in allowed:
        raise Wrong(f"{key}: one of {', '.join(allowed)}")
    return str(asked[key])


def moment(text: Any) -> datetime:
    """An ISO time, UTC where it names no zone; now when there is none. Raises Wrong."""
    try:
        at = datetime.fromisoformat(str(text)) if text else datetime.now(UTC)
    except ValueError as error:
        raise Wrong("at: an ISO 8601 time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def waiting(world: World) -> list[dict[str, str]]:
    with world.hold:
        plans = [(place, list(kinds)) for place, kinds in world.failures.items()]
    return [{"channel": channel, "on": on, "kind": kind} for (channel, on), kinds in plans for kind in kinds]
