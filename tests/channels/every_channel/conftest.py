"""What the tests of every channel share."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import app
from chalicelib.channels import open_channel
from chalicelib.channels.google_business import push_proof
from tests import aws
from tests.channels.contract import Contract
from tests.channels.contracts import NOW
from tests.channels.every_channel.at_hand import Stack
from tests.quick_aws import quick


@pytest.fixture
def stack(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    clock = SimpleNamespace(now=NOW)
    monkeypatch.setattr(app, "time", SimpleNamespace(time=lambda: clock.now))
    monkeypatch.setattr(app, "open_channel", lambda connection: open_channel(connection, http=contract.http))
    push_proof._keys.clear()
    push_proof._asked.clear()
    with quick(monkeypatch) as rows:
        made = Stack(contract, rows, clock)
        made.configure()
        yield made
