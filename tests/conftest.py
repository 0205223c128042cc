"""What tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from tests import aws, quicker
from tests.quick_aws import quick

quicker.keep()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes moto comes first: workers begin apart and help each other from the end, so one of them loads it, for all."""
    items.sort(key=lambda item: not takes_moto(item))


def takes_moto(item: pytest.Item) -> bool:
    found: Any = item
    return "moto_stack" in found.fixturenames or hasattr(found.module, "mock_aws")


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: Python's collector need not look at them over and over."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws.Stack]:
    """A whole stack on a few dictionaries."""
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with quick(monkeypatch) as rig, aws.stack(rig) as made:
        yield made


@pytest.fixture
def moto_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws.Stack]:
    """The same on moto, for what AWS itself makes of our calls."""
    from tests.moto_aws import moto

    with moto(monkeypatch) as rig, aws.stack(rig) as made:
        yield made
