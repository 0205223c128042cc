"""What every channel promises: a delivery is believed when it is proven, and only then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from chalicelib.channels import CHANNELS
from tests.channels.contract import Contract, Sent
from tests.channels.contracts import CONTRACTS, NEW, NOW
from tests.channels.every_channel.at_hand import JSON, SERVED, Stack, listed, of, proof

UNSERVED = [contract for contract in CONTRACTS if not contract.proof]
ASKED = [contract for contract in SERVED if contract.challenge]
CHANGING = [contract for contract in SERVED if contract.proof and contract.proof.older]


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
