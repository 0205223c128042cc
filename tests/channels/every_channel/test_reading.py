"""What every channel promises: what it tells can be answered, and whatever is odd in it costs only itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import product

from chalicelib.channels import CHANNELS, poll_every
from chalicelib.channels.base import Channel
from chalicelib.channels.powers import Polls
from chalicelib.model import Event, Message, Ring, Unreadable
from tests.channels import broken
from tests.channels.contract import Contract
from tests.channels.contracts import CONTRACTS, NOW
from tests.channels.every_channel.at_hand import JSON, SERVED, Stack, of, proof, read, readable


def test_every_channel_has_its_entry_in_the_contracts() -> None:
    without = set(CHANNELS) - {contract.channel for contract in CONTRACTS}
    assert without == set(), "to be added in tests/channels/contracts.py"
    assert all(contract.message in contract.payloads for contract in SERVED)


@of(SERVED)
def test_whatever_it_tells_is_ours_can_be_answered_and_is_read_again(contract: Contract) -> None:
    channel = contract.opened
    for event in [event for name in contract.payloads for event in readable(read(contract, contract.payload(name)))]:
        assert event in read(contract, event.raw)
        assert (event.channel, event.account in contract.accounts, event.id != "") == (contract.channel, True, True)
        told_at = event.sent_at if isinstance(event, Message) else event.at
        assert told_at.utcoffset() == timedelta(0)
        assert told_at.timestamp() <= NOW
        assert not isinstance(event, Message) or is_answerable(channel, event)
        assert isinstance(event, Ring) is contract.only_rings
        assert not contract.only_rings or (isinstance(channel, Polls) and poll_every(channel.connection))


def is_answerable(channel: Channel, message: Message) -> bool:
    """There is somewhere to answer, and a limit that says how."""
    limits = channel.limits(message.kind, message.public)
    return bool(message.thread or message.parent) and limits.text > 0 and limits.public == message.public


@of([contract for contract in SERVED if contract.lists])
def test_one_broken_item_costs_only_itself(contract: Contract, stack: Stack) -> None:
    for (name, place), rubbish in product(contract.lists, (None, 7, "Wörter", ["x"], {"id": []})):
        told = json.loads(contract.payload(name))
        items = broken.value_at(told, place)
        stack.aws.rows.clear()
        assert stack.sends(json.dumps(told).encode()) == 200
        kept = stack.kept()
        stack.aws.rows.clear()
        body = json.dumps(broken.replaced(told, place, [rubbish, *items, rubbish])).encode()
        assert stack.sends(body) == 200
        assert (rubbish, stack.kept(), [each.body for each in stack.aside()]) == (rubbish, kept, [body])


@of(SERVED)
def test_kinds_that_appear_without_notice_are_kept_raw_until_they_are_known(contract: Contract, stack: Stack) -> None:
    unknown = [name for name in contract.payloads if "unknown-kind" in reasons(read(contract, contract.payload(name)))]
    assert unknown or contract.only_rings
    for name in unknown:
        stack.aws.rows.clear()
        assert stack.sends(contract.payload(name)) == 200
        (kept,) = stack.aside()
        assert kept.body == proof(contract).sign(contract.payload(name), NOW).body
        assert contract.opened.parse(kept) == read(contract, contract.payload(name))


def reasons(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Unreadable)]


@of(JSON)
def test_every_part_of_a_delivery_may_be_missing_or_of_another_type(contract: Contract) -> None:
    for number, name in enumerate(contract.payloads):
        for told in broken.mutations(json.loads(contract.payload(name)), number):
            events = read(contract, told)
            assert not any("Wörter" in reason for reason in reasons(events))
            assert all(isinstance(text, str) for event in events for text in broken.texts(event))
            assert all(event.id and isinstance(event.id, str) for event in readable(events))


@of(JSON)
def test_wild_texts_are_kept_as_they_are(contract: Contract, stack: Stack) -> None:
    body = contract.payload(contract.message)
    (message,) = readable(read(contract, body))
    for text in broken.TEXTS if message.text else ():
        told = broken.saying(body, message.text, text)
        assert [found.text for found in readable(read(contract, told))] == [text]
        assert (stack.sends(told), stack.aside()) == (200, [])


@of(JSON)
def test_odd_ids_are_kept_under_tame_names(contract: Contract, stack: Stack) -> None:
    body = contract.payload(contract.message)
    (message,) = readable(read(contract, body))
    for id in broken.IDS:
        told = broken.saying(body, message.id, id)
        assert all(found.id in (id, message.id) for found in readable(read(contract, told)))
        assert stack.sends(told) == 200
    assert all(f"{pk}{sk}".isascii() and len(f"{pk}{sk}") < 200 for pk, sk in stack.kept())
