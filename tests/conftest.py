"""What tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import aws


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws.Stack]:
    """A whole stack in memory."""
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with aws.stack() as made:
        yield made
