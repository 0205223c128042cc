"""What every channel promises, tried on every channel and every delivery there is of it: proven, kept once, readable again.

Through the webhook's own entry point. How a channel is tried is an entry in `contract.py`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import app
from chalicelib import intake
from chalicelib.aws import parameters
from chalicelib.aws.table import unmarshal
from chalicelib.channels import CHANNELS, google_jwt, open_channel
from chalicelib.channels.base import LARGEST_BODY, Channel, Connection, Malformed, WebhookRequest
from chalicelib.model import Event, Message, Unreadable, identity
from tests import aws
from tests.channels import broken
from tests.channels.contract import CONTRACTS, NEW, NOW, OLD, Contract, Proof, Sign, payload
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

    def sends(self, body: bytes, sign: Sign | None = None, **more: Any) -> int:
        """A delivery comes, signed as the platform does; the status it is answered with. No answer says anything."""
        signed = sign or proof(self.contract).sign
        return self.asks("POST", signed(body, self.clock.now), body, **more)[0]

    def asks(
        self,
        method: str,
        headers: Mapping[str, str | list[str]],
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        to: str = "ours",
        channel: str = "",
    ) -> tuple[int, str]:
        """A request, and its answer: status and body."""
        answer = app.app(gateway(method, channel or self.contract.channel, to, headers, body, query or {}), None)
        assert method == "GET" or answer["body"] == ""
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
    google_jwt._keys.clear()
    google_jwt._asked.clear()
    with quick(monkeypatch) as rows:
        made = Stack(contract, rows, clock)
        made.configure()
        yield made


def gateway(
    method: str,
    channel: str,
    connection: str,
    headers: Mapping[str, str | list[str]],
    body: bytes,
    query: Mapping[str, str],
) -> dict[str, Any]:
    """A request as API Gateway hands it over: names of headers as they came, and all values of one that came twice."""
    lists = {name.title(): value if isinstance(value, list) else [value] for name, value in headers.items()}
    return {
        "requestContext": {"httpMethod": method, "resourcePath": "/webhooks/{channel}/{connection}", "identity": {}},
        "pathParameters": {"channel": channel, "connection": connection},
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
        "headers": {name: values[-1] for name, values in lists.items() if values},
        "multiValueHeaders": lists,
        "isBase64Encoded": True,
        "body": b64encode(body).decode(),
        "stageVariables": None,
    }


def proof(contract: Contract) -> Proof:
    assert contract.proof
    return contract.proof


def opened(contract: Contract) -> Channel:
    options, secrets = contract.split(contract.holds)
    return open_channel(Connection("ours", contract.channel, contract.accounts, options, secrets))


def read(contract: Contract, body: bytes | Mapping[str, Any]) -> list[Event]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = proof(contract).sign(raw, NOW) if contract.channel == "standard_webhooks" else {}
    try:
        return opened(contract).parse(WebhookRequest("POST", headers, {}, raw, NOW))
    except Malformed as malformed:
        return [Unreadable(str(malformed))]


def named(contract: Contract) -> str:
    return f"{contract.channel}-{contract.by}".rstrip("-")


def of(contracts: Sequence[Contract]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("contract", contracts, ids=named)


SERVED = [contract for contract in CONTRACTS if contract.proof]
UNSERVED = [contract for contract in CONTRACTS if not contract.proof]
ASKED = [contract for contract in SERVED if contract.challenge]
CHANGING = [contract for contract in SERVED if contract.proof and contract.proof.older]
DELIVERIES = [pytest.param(contract, name, id=name) for contract in SERVED for name in contract.payloads]
every_delivery = pytest.mark.parametrize(("contract", "name"), DELIVERIES)


def test_every_channel_has_its_entry_in_the_contracts() -> None:
    assert {contract.channel for contract in CONTRACTS} == set(CHANNELS)
    assert all(contract.message in contract.payloads for contract in SERVED)


# --- proof -----------------------------------------------------------------------------------------------------------


@every_delivery
def test_a_delivery_that_was_changed_or_comes_from_somebody_else_is_a_forgery(
    contract: Contract, name: str, stack: Stack
) -> None:
    body, good = payload(name), proof(contract)
    assert stack.sends(body, good.not_ours["theirs"]) == 401
    if good.covers_body:
        signed, middle = good.sign(body, NOW), len(body) // 2
        changed = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        rewritten = json.dumps(json.loads(body), indent=3).encode()
        assert [stack.asks("POST", signed, sent)[0] for sent in (changed, rewritten)] == [401, 401]
    assert stack.aws.rows == {}


@of(SERVED)
def test_nothing_but_the_one_proof_is_believed(contract: Contract, stack: Stack) -> None:
    body = payload(contract.message)
    for what, headers in forgeries(contract, body).items():
        assert (what, stack.asks("POST", headers, body)) == (what, (401, ""))
    assert stack.aws.rows == {}


def forgeries(contract: Contract, body: bytes) -> Mapping[str, Mapping[str, str | list[str]]]:
    """By name, what somebody may try who has seen a delivery."""
    good = proof(contract)
    signed, name = good.sign(body, NOW), good.header
    value = signed[name]
    tried: dict[str, str | list[str]] = {
        "empty": "",
        "cut": value[:-1],
        "half": value[: len(value) // 2],
        "longer": f"{value}0",
        "twice": [value, value],
        "twice in one": f"{value},{value}",
        "ten thousand times": ",".join([value] * 10_000),
        "not ascii": f"{value}日本\udcff",
    }
    return {
        "missing": {other: signed[other] for other in signed if other != name},
        "of old": {"x-hub-signature": value, "x-twitter-webhooks-signature-256": value},
        **{what: {**signed, name: given} for what, given in tried.items()},
        **{who: sign(body, NOW) for who, sign in good.not_ours.items()},
        **({"stale": good.stale(body, NOW)} if good.stale else {}),
    }


@of(SERVED)
def test_a_signature_of_another_delivery_proves_nothing(contract: Contract, stack: Stack) -> None:
    signed = {name: proof(contract).sign(payload(name), NOW) for name in contract.payloads[:5]}
    for name, headers in signed.items():
        for other in signed:
            taken = name == other or not proof(contract).covers_body
            assert (stack.asks("POST", headers, payload(other))[0] == 200) is taken


@of(CHANGING)
def test_the_older_secret_is_good_until_it_is_taken_away(contract: Contract, stack: Stack) -> None:
    body, older = payload(contract.message), proof(contract).older
    assert [stack.sends(body), stack.sends(body, older)] == [200, 200]
    before = dict(stack.aws.rows)
    stack.configure(**{name: value[0] for name, value in contract.holds.items() if isinstance(value, list)})
    assert [stack.sends(body), stack.sends(body, older)] == [200, 401]
    assert stack.aws.rows == before


@of(SERVED)
def test_what_proves_a_delivery_elsewhere_proves_it_only_there(contract: Contract, stack: Stack) -> None:
    body, theirs = payload(contract.message), proof(contract).not_ours["theirs"]
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
        return stack.sends(payload(stack.contract.message))
    assert stack.contract.challenge
    return stack.asks("GET", {}, query=stack.contract.challenge.right)[0]


# --- the question whether an address is ours -------------------------------------------------------------------------


@of(ASKED)
def test_the_platforms_question_is_answered_and_no_other(contract: Contract, stack: Stack) -> None:
    assert contract.challenge
    asked = [stack.asks("GET", {}, query=query) for query in contract.challenge.wrong]
    assert asked == [(403, "")] * len(asked)
    code, said = stack.asks("GET", {}, query=contract.challenge.right)
    told = said if isinstance(contract.challenge.answer, str) else json.loads(said)
    assert (code, told, stack.aws.rows) == (200, contract.challenge.answer, {})


@of([contract for contract in CONTRACTS if not contract.challenge])
def test_where_no_question_is_asked_none_is_answered(contract: Contract, stack: Stack) -> None:
    for query in ({}, {"challenge": "1"}, {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}):
        assert stack.asks("GET", {}, query=query) == (403, "")


@of(UNSERVED)
def test_what_brings_nothing_by_http_refuses_everything(contract: Contract, stack: Stack) -> None:
    for like in SERVED:
        sign, body = proof(like).sign, payload((contract.payloads or like.payloads)[0])
        assert stack.sends(body, sign) == 401
    assert stack.sends(b"", lambda body, at: {}) == 401
    assert stack.aws.rows == {}


@of(SERVED)
def test_an_address_that_is_none_says_nothing(contract: Contract, stack: Stack) -> None:
    body = payload(contract.message)
    others = [name for name in (*CHANNELS, "canary", "nobody") if name != contract.channel]
    assert {stack.sends(body, channel=name) for name in others} == {404}
    assert {stack.sends(body, to=name) for name in ("nobody", "canary", "OURS", "../ours", "日本", "x" * 5000)} == {404}
    assert stack.asks("GET", {}, to="nobody") == (404, "")
    assert stack.aws.rows == {}


# --- what arrives ----------------------------------------------------------------------------------------------------


@every_delivery
def test_a_delivery_is_kept_once_however_often_it_comes(contract: Contract, name: str, stack: Stack) -> None:
    body = payload(name)
    assert stack.sends(body) == 200
    kept, aside = stack.kept(), len(stack.aside())
    stack.aws.rows.clear()
    in_the_midst_of_the_first_write(stack, lambda: stack.sends(body))
    assert stack.sends(body) == 200
    assert (stack.kept(), len(stack.aside())) == (kept, aside)
    stack.clock.now += DAY
    assert stack.sends(body) == 200
    assert stack.kept() == kept


def in_the_midst_of_the_first_write(stack: Stack, happens: Callable[[], int]) -> None:
    """A second worker is quicker: it has kept the same by the time the first begins to write."""

    def between(operation: str, real: Callable[[], Any]) -> Any:
        if operation == "TransactWriteItems":
            stack.aws.between = lambda operation, real: real()
            assert happens() == 200
        return real()

    stack.aws.between = between


@of(SERVED)
def test_whatever_it_tells_is_ours_can_be_answered_and_is_read_again(contract: Contract) -> None:
    channel = opened(contract)
    for event in (event for name in contract.payloads for event in readable(read(contract, payload(name)))):
        assert event in read(contract, event.raw)
        assert (event.channel, event.account in contract.accounts, event.id != "") == (contract.channel, True, True)
        told_at = event.sent_at if isinstance(event, Message) else event.at
        assert told_at.utcoffset() == timedelta(0)
        assert told_at.timestamp() <= NOW
        assert not isinstance(event, Message) or is_answerable(channel, event)


def readable(events: Iterable[Event]) -> list[Any]:
    return [event for event in events if not isinstance(event, Unreadable)]


def is_answerable(channel: Channel, message: Message) -> bool:
    """There is somewhere to answer, and a limit that says how."""
    limits = channel.limits(message.kind, message.public)
    return bool(message.thread or message.parent) and limits.text > 0 and limits.public == message.public


@of(SERVED)
def test_what_says_it_comes_from_the_future_came_now(contract: Contract, stack: Stack) -> None:
    stack.clock.now = NOW - 365 * DAY
    assert stack.sends(payload(contract.message)) == 200
    times = [datetime.fromisoformat(sk.split("#")[1]) for _, sk in stack.kept() if sk.startswith("i#")]
    assert [at.timestamp() for at in times] == [stack.clock.now]


@of(SERVED)
def test_nobodys_words_names_ids_or_secrets_are_logged(
    contract: Contract, stack: Stack, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    bodies = [payload(name) for name in contract.payloads]
    assert {(stack.sends(body), stack.asks("POST", {}, body)[0]) for body in bodies} == {(200, 401)}
    stack.configure(**dict.fromkeys(contract.needs["POST"]))
    assert {stack.sends(body) for body in bodies} == {503}
    said = "".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out
    assert all(f"'msg': '{outcome}'" in said for outcome in ("kept", "forged", "secret missing"))
    theirs = {value for body in bodies for value in values(json.loads(body))}
    assert [value for value in {*theirs, NEW, OLD} if value in said] == []


def values(told: Any) -> Iterator[str]:
    """Whatever in a delivery may be somebody's: everything but short words."""
    for path in broken.paths(told):
        value = broken.value_at(told, path)
        if isinstance(value, str | int) and len(str(value)) > 7:
            yield str(value)


# --- what is wrong with it -------------------------------------------------------------------------------------------


@of(SERVED)
@pytest.mark.parametrize("how", broken.BODIES)
def test_what_nobody_can_read_is_kept_raw_when_it_is_proven(contract: Contract, how: str, stack: Stack) -> None:
    body = broken.BODIES[how](payload(contract.message))
    assert stack.asks("POST", {"content-type": "application/json"}, body) == (401, "")
    assert stack.aws.rows == {}
    assert stack.sends(body) == 200
    assert ([kept.body for kept in stack.aside()], stack.kept()) == ([body], [])


@of(SERVED)
def test_a_body_beyond_all_bounds_is_not_even_looked_at(contract: Contract, stack: Stack) -> None:
    body = payload(contract.message)
    room = LARGEST_BODY - len(body)
    assert stack.sends(body + b" " * (room + 1)) == 413
    assert stack.aws.rows == {}
    assert stack.sends(body + b" " * room) == 200
    assert stack.kept()


@of(SERVED)
def test_a_delivery_may_call_itself_what_it_likes(contract: Contract, stack: Stack) -> None:
    body, sign = payload(contract.message), proof(contract).sign
    for type in ("text/plain", "application/x-www-form-urlencoded", "text/xml; charset=utf-7", "x", "", "日本"):
        assert stack.sends(body, lambda sent, at, type=type: {**sign(sent, at), "content-type": type}) == 200  # type: ignore[misc]
        assert stack.kept()
        stack.aws.rows.clear()


@of([contract for contract in SERVED if contract.lists])
@pytest.mark.parametrize("rubbish", [None, 7, "Wörter", ["x"], {"id": []}], ids=str)
def test_one_broken_item_costs_only_itself(contract: Contract, rubbish: Any, stack: Stack) -> None:
    for name, place in contract.lists:
        told = json.loads(payload(name))
        items = broken.value_at(told, place)
        stack.aws.rows.clear()
        assert stack.sends(json.dumps(told).encode()) == 200
        kept = stack.kept()
        stack.aws.rows.clear()
        body = json.dumps(broken.replaced(told, place, [rubbish, *items, rubbish])).encode()
        assert stack.sends(body) == 200
        assert (stack.kept(), [each.body for each in stack.aside()]) == (kept, [body])


@of(SERVED)
def test_kinds_that_appear_without_notice_are_kept_raw_until_they_are_known(contract: Contract, stack: Stack) -> None:
    unknown = [name for name in contract.payloads if "unknown-kind" in reasons(read(contract, payload(name)))]
    assert unknown
    for name in unknown:
        stack.aws.rows.clear()
        assert stack.sends(payload(name)) == 200
        (kept,) = stack.aside()
        assert kept.body == payload(name)
        assert opened(contract).parse(kept) == read(contract, payload(name))


def reasons(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Unreadable)]


@of(SERVED)
def test_every_part_of_a_delivery_may_be_missing_or_of_another_type(contract: Contract) -> None:
    for number, name in enumerate(contract.payloads):
        for told in broken.mutations(json.loads(payload(name)), number):
            events = read(contract, told)
            assert not any("Wörter" in reason for reason in reasons(events))
            assert all(isinstance(text, str) for event in events for text in broken.texts(event))
            assert all(isinstance(event.id, str) and event.id for event in readable(events))


@of(SERVED)
@pytest.mark.parametrize("text", broken.TEXTS, ids=range(len(broken.TEXTS)))
def test_wild_texts_are_kept_as_they_are(contract: Contract, text: str, stack: Stack) -> None:
    (message,) = read(contract, payload(contract.message))
    assert isinstance(message, Message)
    if message.text:
        body = broken.saying(payload(contract.message), message.text, text)
        (found,) = read(contract, body)
        assert isinstance(found, Message)
        assert (found.text, stack.sends(body), stack.aside()) == (text, 200, [])


@of(SERVED)
@pytest.mark.parametrize("id", broken.IDS, ids=range(len(broken.IDS)))
def test_odd_ids_are_kept_under_tame_names(contract: Contract, id: str, stack: Stack) -> None:
    (message,) = read(contract, payload(contract.message))
    body = broken.saying(payload(contract.message), message.id, id)
    for found in readable(read(contract, body)):
        assert identity(contract.channel, found.account, found.id).isalnum()
    assert stack.sends(body) == 200
    assert all(len(f"{pk}{sk}") < 200 for pk, sk in stack.kept())
