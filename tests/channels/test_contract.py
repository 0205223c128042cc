"""What every channel promises, tried on every channel and every delivery there is of it: proven, kept once, readable again.

Through the webhook's own entry point. How a channel is tried is an entry in `contracts.py`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

import app
from chalicelib import intake
from chalicelib.aws import parameters
from chalicelib.aws.table import unmarshal
from chalicelib.channels import CHANNELS, open_channel, poll_every
from chalicelib.channels.base import LARGEST_BODY, Channel, Malformed, WebhookRequest
from chalicelib.channels.google_business import push_proof
from chalicelib.channels.powers import Polls
from chalicelib.model import Event, Message, Ring, Unreadable
from tests import aws
from tests.channels import broken
from tests.channels.contract import Contract, Proof, Sent, Sign, Values
from tests.channels.contracts import CONTRACTS, NEW, NOW, OLD
from tests.quick_aws import QuickAws, quick

DAY = timedelta(days=1).total_seconds()


@dataclass
class Stack:
    """A stack in memory whose webhook is served for two connections, "ours" and "theirs"."""

    contract: Contract
    aws: QuickAws
    clock: SimpleNamespace

    def configure(self, **held: Any) -> None:
        """Other options or secrets of ours; None takes one away."""
        ours = {name: value for name, value in {**self.contract.holds, **held}.items() if value is not None}
        connections = {}
        for name, values in {"ours": ours, "theirs": self.contract.theirs}.items():
            options, secrets = self.contract.split(values)
            accounts = self.contract.accounts if name == "ours" else ("somebody-else",)
            connections[name] = {"channel": self.contract.channel, "accounts": accounts, "options": options}
            self.aws.store[f"/bridgehead/test/receive/{name}"] = [json.dumps(secrets)]
        self.aws.store["/bridgehead/test/settings"] = [json.dumps({**aws.SETTINGS, "connections": connections})]
        parameters.forget()

    def sends(self, body: bytes, sign: Sign | None = None, **to: str) -> int:
        """A delivery comes as the platform sends it: the status it is answered with."""
        return self.asks("POST", (sign or proof(self.contract).sign)(body, self.clock.now), **to)[0]

    def asks(self, method: str, sent: Sent, to: str = "ours", channel: str = "") -> tuple[int, str]:
        """A request, and its answer: status and body."""
        answer = app.app(gateway(method, channel or self.contract.channel, to, sent), None)
        return answer["statusCode"], answer["body"]

    def kept(self) -> list[tuple[str, str]]:
        """The keys of all that is stored, but for what was put aside."""
        return sorted(key for key in self.aws.rows if not key[0].startswith("quarantine#"))

    def aside(self) -> list[WebhookRequest]:
        """What was put aside, as `replay` reads it."""
        items = [unmarshal(row) for key, row in self.aws.rows.items() if key[0].startswith("quarantine#")]
        return [intake.read_put_aside(item) for item in items]


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


def gateway(method: str, channel: str, connection: str, sent: Sent) -> dict[str, Any]:
    """A request as API Gateway hands it over, which Chalice's own client does not: with all values of a header that came twice."""
    headers = {name.title(): values for name, values in listed(sent.headers).items()}
    return {
        "requestContext": {"httpMethod": method, "resourcePath": "/webhooks/{channel}/{connection}", "identity": {}},
        "pathParameters": {"channel": channel, "connection": connection},
        "multiValueQueryStringParameters": listed(sent.query),
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "isBase64Encoded": True,
        "body": b64encode(sent.body).decode(),
        "stageVariables": None,
    }


def listed(values: Values) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in values.items()}


def proof(contract: Contract) -> Proof:
    assert contract.proof
    return contract.proof


def read(contract: Contract, body: bytes | Mapping[str, Any]) -> list[Event]:
    written = urlencode if contract.written == "form" else json.dumps
    sent = proof(contract).sign(body if isinstance(body, bytes) else written(body).encode(), NOW)
    headers, query = (
        {name: values[-1] for name, values in listed(each).items()} for each in (sent.headers, sent.query)
    )
    try:
        return contract.opened.parse(WebhookRequest("POST", headers, query, sent.body, NOW))
    except Malformed as malformed:
        return [Unreadable(str(malformed))]


def named(contract: Contract) -> str:
    return f"{contract.channel}-{contract.by}".rstrip("-")


def of(contracts: Sequence[Contract]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("contract", contracts, ids=named)


SERVED = [contract for contract in CONTRACTS if contract.proof]
UNSERVED = [contract for contract in CONTRACTS if not contract.proof]
JSON = [contract for contract in SERVED if contract.written == "json"]
ASKED = [contract for contract in SERVED if contract.challenge]
CHANGING = [contract for contract in SERVED if contract.proof and contract.proof.older]


def test_every_channel_has_its_entry_in_the_contracts() -> None:
    without = set(CHANNELS) - {contract.channel for contract in CONTRACTS}
    assert without == set(), "to be added in tests/channels/contracts.py"
    assert all(contract.message in contract.payloads for contract in SERVED)


# --- proof -----------------------------------------------------------------------------------------------------------


@of(SERVED)
def test_a_delivery_that_was_changed_or_comes_from_somebody_else_is_a_forgery(contract: Contract, stack: Stack) -> None:
    for name in contract.payloads:
        answers = [stack.asks("POST", sent) for sent in imitations(contract, contract.payload(name))]
        assert (name, answers) == (name, [(401, "")] * len(answers))
    assert stack.aws.rows == {}


def imitations(contract: Contract, body: bytes) -> Iterator[Sent]:
    """Somebody else's delivery, and what is proven for other bytes, though they may mean the same."""
    good = proof(contract)
    yield good.not_ours["theirs"](body, NOW)
    if good.covers_body:
        sent = good.sign(body, NOW)
        middle = len(sent.body) // 2
        yield replace(sent, body=sent.body[:middle] + bytes([sent.body[middle] ^ 1]) + sent.body[middle + 1 :])
        yield replace(sent, body=json.dumps(json.loads(body), indent=3).encode() if contract in JSON else b"")


@of(SERVED)
def test_nothing_but_the_one_proof_is_believed(contract: Contract, stack: Stack) -> None:
    body = contract.payload(contract.message)
    for what, sent in forgeries(contract, body).items():
        assert (what, stack.asks("POST", sent)) == (what, (401, ""))
    assert stack.aws.rows == {}


def forgeries(contract: Contract, body: bytes) -> Mapping[str, Sent]:
    """By name, what somebody may try who has seen a delivery."""
    good = proof(contract)
    sent, name = good.sign(body, NOW), good.name
    (value,) = listed({**sent.headers, **sent.query})[name]
    tried: Mapping[str, str | list[str] | None] = {
        "missing": None,
        "empty": "",
        "cut": value[:-1],
        "half": value[: len(value) // 2],
        "longer": f"{value}0",
        "twice in one": f"{value},{value}",
        "ten thousand times": ",".join([value] * 10_000),
        "not ascii": f"{value}日本\udcff",
        **({"twice": [value, value]} if name in sent.headers else {}),
    }
    return {
        **{what: sent.with_(name, given) for what, given in tried.items()},
        "of old": Sent(body, {"x-hub-signature": value, "x-twitter-webhooks-signature-256": value}),
        **{who: sign(body, NOW) for who, sign in good.not_ours.items()},
        **({"stale": good.stale(body, NOW)} if good.stale else {}),
    }


@of(SERVED)
def test_a_signature_of_another_delivery_proves_nothing(contract: Contract, stack: Stack) -> None:
    signed = {name: proof(contract).sign(contract.payload(name), NOW) for name in contract.payloads[:5]}
    for name, sent in signed.items():
        for other in signed:
            taken = name == other or not proof(contract).covers_body
            assert (stack.asks("POST", replace(sent, body=signed[other].body))[0] == 200) is taken


@of(CHANGING)
def test_the_older_secret_is_good_until_it_is_taken_away(contract: Contract, stack: Stack) -> None:
    body, older = contract.payload(contract.message), proof(contract).older
    assert [stack.sends(body), stack.sends(body, older)] == [200, 200]
    before = dict(stack.aws.rows)
    stack.configure(**{name: value[0] for name, value in contract.holds.items() if isinstance(value, list)})
    assert [stack.sends(body), stack.sends(body, older)] == [200, 401]
    assert stack.aws.rows == before


@of(SERVED)
def test_what_proves_a_delivery_elsewhere_proves_it_only_there(contract: Contract, stack: Stack) -> None:
    body, theirs = contract.payload(contract.message), proof(contract).not_ours["theirs"]
    assert stack.sends(body, theirs) == 401
    assert stack.sends(body, to="theirs") == 401
    assert stack.aws.rows == {}
    assert stack.sends(body, theirs, to="theirs") == 200


@of(SERVED)
def test_without_a_proper_secret_nobody_is_served(contract: Contract, stack: Stack) -> None:
    secrets = contract.split(contract.holds)[1]
    for method, name in [(method, name) for method, names in contract.needs.items() for name in names]:
        for useless in (None, "", *(("short", [], [NEW, "short"]) if name in secrets else ())):
            stack.configure(**{name: useless})
            assert (name, useless, status(stack, method)) == (name, useless, 503)
    assert stack.aws.rows == {}


def status(stack: Stack, method: str) -> int:
    """Of a request that is right in every way."""
    if method == "POST":
        return stack.sends(stack.contract.payload(stack.contract.message))
    assert stack.contract.challenge
    return stack.asks("GET", Sent(query=dict(stack.contract.challenge.right)))[0]


# --- the question whether an address is ours -------------------------------------------------------------------------


@of(ASKED)
def test_the_platforms_question_is_answered_and_no_other(contract: Contract, stack: Stack) -> None:
    assert contract.challenge
    asked = [stack.asks("GET", Sent(query=dict(query))) for query in contract.challenge.wrong]
    assert asked == [(403, "")] * len(asked)
    code, said = stack.asks("GET", Sent(query=dict(contract.challenge.right)))
    told = said if isinstance(contract.challenge.answer, str) else json.loads(said)
    assert (code, told, stack.aws.rows) == (200, contract.challenge.answer, {})


@of([contract for contract in CONTRACTS if not contract.challenge])
def test_where_no_question_is_asked_none_is_answered(contract: Contract, stack: Stack) -> None:
    for query in ({}, {"challenge": "1"}, {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}):
        assert stack.asks("GET", Sent(query=dict(query))) == (403, "")


@of(UNSERVED)
def test_what_brings_nothing_by_http_refuses_everything(contract: Contract, stack: Stack) -> None:
    for like in SERVED:
        sign, body = proof(like).sign, like.payload(like.message)
        assert stack.sends(body, sign) == 401
    assert stack.sends(b"", lambda body, at: Sent()) == 401
    assert stack.aws.rows == {}


@of(SERVED)
def test_an_address_that_is_none_says_nothing(contract: Contract, stack: Stack) -> None:
    body = contract.payload(contract.message)
    others = [name for name in (*CHANNELS, "canary", "nobody") if name != contract.channel]
    assert {stack.sends(body, channel=name) for name in others} == {404}
    assert {stack.sends(body, to=name) for name in ("nobody", "canary", "OURS", "../ours", "日本", "x" * 5000)} == {404}
    assert stack.asks("GET", Sent(), to="nobody") == (404, "")
    assert stack.aws.rows == {}


# --- what arrives ----------------------------------------------------------------------------------------------------


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


def readable(events: Iterable[Event]) -> list[Any]:
    return [event for event in events if not isinstance(event, Unreadable)]


def is_answerable(channel: Channel, message: Message) -> bool:
    """There is somewhere to answer, and a limit that says how."""
    limits = channel.limits(message.kind, message.public)
    return bool(message.thread or message.parent) and limits.text > 0 and limits.public == message.public


@of(SERVED)
def test_what_says_it_comes_from_the_future_came_now(contract: Contract, stack: Stack) -> None:
    stack.clock.now = NOW - 365 * DAY
    assert stack.sends(contract.payload(contract.message)) == 200
    times = [datetime.fromisoformat(sk.split("#")[1]) for _, sk in stack.kept() if sk.startswith("i#")]
    assert [at.timestamp() for at in times] == [stack.clock.now]


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


# --- what is wrong with it -------------------------------------------------------------------------------------------


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
