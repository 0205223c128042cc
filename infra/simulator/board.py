"""What customers see, sorted for the page: a section a platform, a thread a card, oldest first inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from infra.simulator.world import Post, Sent, Told, World

Line = Post | Told


@dataclass(frozen=True)
class Said:
    """One line of a thread."""

    id: str
    ours: bool
    name: str
    handle: str
    text: str
    at: datetime
    kind: str
    files: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Thread:
    """One card; its key is where an answer went, `name` whose thread it is."""

    id: str
    key: str
    name: str
    lines: tuple[Said, ...]


@dataclass(frozen=True)
class Section:
    """One place on one platform; `key` is also its title's text and its look."""

    key: str
    channel: str
    threads: tuple[Thread, ...]


PLACES: tuple[tuple[str, str, Callable[[Line], bool]], ...] = (
    ("comments", "facebook", lambda line: line.public),
    ("messages", "facebook", lambda line: not line.public),
    ("tweets", "x", lambda line: line.public),
    ("dms", "x", lambda line: not line.public),
    ("shop", "standard_webhooks", lambda line: True),
)


def board(world: World) -> list[Section]:
    """Every place of the platforms that are connected."""
    lines: list[Line] = sorted([*world.told, *world.posts], key=lambda line: line.at)
    connected = {connection.channel for connection in world.connections}
    return [
        Section(key, channel, threads(world, key, [line for line in lines if line.channel == channel and fits(line)]))
        for key, channel, fits in PLACES
        if channel in connected
    ]


def threads(world: World, place: str, lines: list[Line]) -> tuple[Thread, ...]:
    """The thread with the newest line first. A place without words from us or the customer shows nothing."""
    cards: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if isinstance(line, Post) or line.text:
            cards.setdefault((line.account, key_of(line)), []).append(line)
    newest_first = sorted(cards.items(), key=lambda card: card[1][-1].at, reverse=True)
    return tuple(card(world, place, account, key, found) for (account, key), found in newest_first)


def key_of(line: Line) -> str:
    """Private words belong to a person, public ones and a shop's to their thread."""
    if isinstance(line, Told) and not line.public and line.channel != "standard_webhooks":
        return line.author
    return line.thread or (line.author if isinstance(line, Told) else line.id)


def card(world: World, place: str, account: str, key: str, lines: list[Line]) -> Thread:
    said = tuple(said_by(world, line, f"{place}-{number}") for number, line in enumerate(lines))
    return Thread(f"{place}-{account}-{key}", key, world.person(key)["name"], said)


def said_by(world: World, line: Line, fallback: str) -> Said:
    if isinstance(line, Post):
        name = world.account_name(line.account)
        handle = world.people.get(line.account, {}).get("username", line.account)
        return Said(line.id, True, name, handle, line.text, line.at, line.kind, line.files)
    person = world.person(line.author)
    return Said(fallback, False, person["name"], person["username"], line.text, line.at, "told")
