"""A customer writes: what it is on its platform, and how the platform remembers it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from infra.simulator.platform import Place, Words
from infra.simulator.platforms import place_of
from infra.simulator.world import Told, World


def write(world: World, place: str, account: str, name: str, text: str, picture: str = "") -> tuple[Words, Told]:
    """What it is and how the platform remembers it. The same name is the same person. Raises KeyError on an unknown place."""
    platform, found = place_of(place)
    connection = next(each for each in world.of(platform.channel) if not account or account in each.accounts)
    account = account or connection.accounts[0]
    author = str(10**12 + int(hashlib.sha256(f"{platform.channel} {name}".encode()).hexdigest()[:9], 16))
    handle = world.person(account)["username"]
    words = Words(connection, account, handle, found.make_id(world), author, name, text, datetime.now(UTC), picture)
    return words, told(words, found)


def told(words: Words, place: Place) -> Told:
    thread = words.id if place.by_thread else ""
    shown = f"{words.text}\n🖼️" if words.picture else words.text
    channel = words.connection.channel
    return Told(channel, words.account, words.author, words.at, thread, words.name, shown, place.public)
