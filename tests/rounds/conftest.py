"""A stack in memory with a kiosk connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rounds import kiosk
from tests.rounds.kiosk import Square
from tests.world import World


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Square]]:
    with kiosk.connected(monkeypatch) as made:
        yield made


@pytest.fixture
def world(both: tuple[World, Square]) -> World:
    return both[0]


@pytest.fixture
def square(both: tuple[World, Square]) -> Square:
    return both[1]
