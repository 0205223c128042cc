"""What every channel promises: what is proven is kept, once, whatever it looks like, and nobody's words are logged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.channels.base import LARGEST_BODY
from chalicelib.model import Event
from tests.channels import broken
from tests.channels.contract import Contract, Sent
from tests.channels.contracts import NEW, NOW, OLD
from tests.channels.every_channel.at_hand import DAY, SERVED, Stack, of, proof, read


@of(SERVED)
def test_a_delivery_is_kept_once_however_often_it_comes(contract: Contract, stack: Stack) -> None:
    for name in contract.payloads:
        stack.aws.rows.clear()
        kept = [*deliveries_of_one(stack, contract.payload(name))]
        assert (name, kept) == (name, [kept[0]] * len(kept))


def deliveries_of_one(stack: Stack, body: bytes) -> Iterator[list[tuple[str, str]]]:
    """What is kept after one delivery; where two came at once; and on the next day."""
    assert stack.sends(body) == 200
    yield stack.kept()
    aside = len(stack.aside())
    stack.aws.rows.clear()
    answers: list[int] = []
    on_the_first_write(stack, lambda: answers.append(stack.sends(body)))
    answers.append(stack.sends(body))
    assert (set(answers), len(stack.aside())) == ({200}, aside)
    yield stack.kept()
    stack.clock.now += DAY
    assert stack.sends(body) == 200
    stack.clock.now -= DAY
    yield stack.kept()


def on_the_first_write(stack: Stack, happens: Callable[[], Any]) -> None:
    """Before it is done, such as: a second worker, which is quicker, keeps the same."""

    def between(operation: str, real: Callable[[], Any]) -> Any:
        if operation == "TransactWriteItems":
            stack.aws.between = lambda operation, real: real()
            happens()
        return real()

    stack.aws.between = between


@of(SERVED)
def test_what_says_it_comes_from_the_future_came_now(contract: Contract, stack: Stack) -> None:
    stack.clock.now = NOW - 365 * DAY
    assert stack.sends(contract.payload(contract.message)) == 200
    times = [datetime.fromisoformat(sk.split("#")[1]) for _, sk in stack.kept() if sk.startswith("i#")]
    assert [at.timestamp() for at in times] == [stack.clock.now]


@of(SERVED)
def test_what_could_not_be_kept_is_asked_for_again(
    contract: Contract, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    body = contract.payload(contract.message)
    on_the_first_write(stack, lambda: fail(body))
    assert (stack.sends(body), stack.aws.rows) == (503, {})
    said = "".join(str(vars(record)) for record in caplog.records)
    assert "RuntimeError" in said
    assert [value for value in values(contract, body) if value in said] == []
    assert stack.sends(body) == 200
    assert stack.kept()


def fail(body: bytes) -> None:
    raise RuntimeError(body.decode())


@of(SERVED)
def test_what_nobody_can_read_is_kept_raw_when_it_is_proven(contract: Contract, stack: Stack) -> None:
    for how, breaks in broken.BODIES[contract.written].items():
        stack.aws.rows.clear()
        sent = proof(contract).sign(breaks(contract.payload(contract.message)), NOW)
        assert (how, stack.asks("POST", Sent(sent.body, {"content-type": "application/json"}))) == (how, (401, ""))
        assert (how, stack.aws.rows) == (how, {})
        assert (how, stack.asks("POST", sent)[0]) == (how, 200)
        assert (how, [kept.body for kept in stack.aside()], stack.kept()) == (how, [sent.body], [])


@of(SERVED)
def test_a_body_beyond_all_bounds_is_not_even_looked_at(contract: Contract, stack: Stack) -> None:
    body = contract.payload(contract.message)
    room = LARGEST_BODY - len(body)
    for more in (room + 1, room):
        sent = proof(contract).sign(body + b" " * more, NOW)
        assert stack.asks("POST", sent)[0] == (413 if len(sent.body) > LARGEST_BODY else 200)
        assert bool(stack.kept()) == (len(sent.body) <= LARGEST_BODY)
        stack.aws.rows.clear()


@of(SERVED)
def test_a_delivery_may_call_itself_what_it_likes(contract: Contract, stack: Stack) -> None:
    body, sign = contract.payload(contract.message), proof(contract).sign
    for type in ("text/plain", "application/x-www-form-urlencoded", "text/xml; charset=utf-7", "x", "", "日本"):
        sent = sign(body, NOW)
        assert stack.asks("POST", replace(sent, headers={**sent.headers, "content-type": type}))[0] == 200
        assert stack.kept()
        stack.aws.rows.clear()


@of(SERVED)
def test_nobodys_words_names_ids_or_secrets_are_logged(
    contract: Contract, stack: Stack, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    bodies = [contract.payload(name) for name in contract.payloads]
    assert {stack.sends(body) for body in bodies} == {200}
    assert stack.asks("POST", Sent(bodies[0])) == (401, "")
    stack.configure(**dict.fromkeys(contract.needs["POST"]))
    assert {stack.sends(body) for body in bodies} == {503}
    said = "".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out
    assert all(f"'msg': '{outcome}'" in said for outcome in ("kept", "forged", "secret missing"))
    theirs = {value for body in bodies for value in [*values(contract, body), *fields(read(contract, body))]}
    assert [value for value in {*theirs, NEW, OLD} if value in said] == []


def values(contract: Contract, body: bytes) -> Iterable[str]:
    """Whatever in a delivery may be somebody's: everything but short words."""
    told = json.loads(body) if contract.written == "json" else re.split(r"[<>\[\]]+", body.decode())
    found = (broken.value_at(told, path) for path in broken.paths(told))
    return (str(value) for value in found if isinstance(value, str | int) and len(str(value)) > 7)


def fields(events: Iterable[Event]) -> Iterable[str]:
    """The words, names and ids of messages, short ones too."""
    return (text for event in events for text in broken.texts(event) if len(text) > 2 and not text.isdecimal())
