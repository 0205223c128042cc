"""What tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests import aws
from tests.quick_aws import quick


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
