"""What customers see, sorted for the page: a section a platform, a thread a card, oldest first inside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from infra.simulator.platform import Place, Platform
from infra.simulator.platforms import PLATFORMS
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
    """One place on one platform; `key` is also its title's text, `look` a macro of the page."""

    key: str
    channel: str
    look: str
    threads: tuple[Thread, ...]


def board(world: World) -> list[Section]:
    """Every place of the platforms that are connected."""
    lines: list[Line] = sorted([*world.told, *world.posts], key=lambda line: line.at)
    connected = {connection.channel for connection in world.connections}
    return [
        Section(place.key, platform.channel, place.look, threads(world, place, lines_of(lines, platform, place)))
        for platform in PLATFORMS.values()
        if platform.channel in connected
        for place in platform.places
    ]


def lines_of(lines: list[Line], platform: Platform, place: Place) -> list[Line]:
    """What was said there: a platform has one place, or a public and a private one."""
    found = [line for line in lines if line.channel == platform.channel]
    return [line for line in found if len(platform.places) == 1 or line.public == place.public]


def threads(world: World, place: Place, lines: list[Line]) -> tuple[Thread, ...]:
    """The thread with the newest line first. A place without words from us or the customer shows nothing."""
    cards: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if isinstance(line, Post) or line.text:
            cards.setdefault((line.account, key_of(line, place)), []).append(line)
    newest_first = sorted(cards.items(), key=lambda card: card[1][-1].at, reverse=True)
    return tuple(card(world, place.key, account, key, found) for (account, key), found in newest_first)


def key_of(line: Line, place: Place) -> str:
    """Whose card it is on: the person's, or its thread's."""
    if isinstance(line, Told) and not place.by_thread:
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
