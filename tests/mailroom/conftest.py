"""What tests of the mailroom share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mailroom.shop import Shop, opened


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop of its own."""
    with opened(monkeypatch) as made:
        yield made
