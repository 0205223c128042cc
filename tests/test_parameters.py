"""Parameter Store that does not answer, and values that are written while it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws import parameters
from chalicelib.aws.parameters import Unavailable
from tests import aws, faults
from tests.quick_aws import QuickAws, quick

MINUTE = 60


class Time:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(parameters, "time", SimpleNamespace(monotonic=made.monotonic, sleep=lambda seconds: None))
    return made


@pytest.fixture
def rig(time: Time, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickAws]:
    with faults.surrounded(monkeypatch), quick(monkeypatch) as made:
        yield made


def silence(rig: QuickAws) -> list[str]:
    """Parameter Store does not answer any more; how often it was asked."""
    asked: list[str] = []

    def between(operation: str, real: Any) -> Any:
        asked.append(operation)
        raise Unavailable("ReadTimeoutError")

    rig.between = between
    return asked


def test_a_webhook_goes_on_for_a_quarter_of_an_hour_with_what_it_knows(rig: QuickAws, time: Time) -> None:
    _, known = parameters.load_connection("facebook", "receive")
    silence(rig)
    time.now += 14 * MINUTE
    assert parameters.load_connection("facebook", "receive")[1] == known
    time.now += 2 * MINUTE
    with pytest.raises(Unavailable):
        parameters.load_connection("facebook", "receive")


def test_who_posts_or_believes_agents_does_not(rig: QuickAws, time: Time) -> None:
    parameters.load_connection("facebook", "send")
    parameters.load_keys()
    silence(rig)
    time.now += 6 * MINUTE
    for load in (
        parameters.load_settings,
        parameters.load_keys,
        lambda: parameters.load_connection("facebook", "send"),
    ):
        with pytest.raises(Unavailable):
            load()


def test_not_every_delivery_waits_for_a_parameter_store_that_is_silent(rig: QuickAws, time: Time) -> None:
    parameters.load_connection("facebook", "receive")
    asked = silence(rig)
    time.now += 6 * MINUTE
    for _ in range(50):
        parameters.load_connection("facebook", "receive")
        time.now += 1
    assert len(asked) == 4
    with pytest.raises(KeyError):
        parameters.load_connection("nobody-knows", "receive")
    assert len(asked) == 4


def test_what_the_owner_changed_holds_as_soon_as_it_can_be_read(rig: QuickAws, time: Time) -> None:
    parameters.load_connection("facebook", "receive")
    answering, _ = rig.between, silence(rig)
    time.now += 6 * MINUTE
    parameters.load_connection("facebook", "receive")
    rig.between = answering
    rig.store["/bridgehead/test/receive/facebook"] = [json.dumps({"app_secret": "another-secret-altogether"})]
    time.now += MINUTE
    assert parameters.load_connection("facebook", "receive")[1].secret("app_secret") == ["another-secret-altogether"]


def test_a_value_is_changed_in_a_real_parameter_store(moto_stack: aws.Stack) -> None:
    parameters.change("send/x", lambda kept: {**kept, "refresh_tokens": {"77001": "a {{secret}} with ÄÖ"}})
    tokens = aws.SECRETS["send/x"]["access_tokens"]
    assert parameters.load_connection("x", "send")[1].secrets == {
        "access_tokens": tokens,
        "refresh_tokens": {"77001": "a {{secret}} with ÄÖ"},
    }
    found = aws.client("ssm").get_parameter(Name="/bridgehead/test/send/x", WithDecryption=True)["Parameter"]
    assert (found["Type"], found["Version"]) == ("SecureString", 2)
