"""A stack on which the promises of every channel are tried, through the webhook's own entry point."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

import app
from chalicelib import intake
from chalicelib.aws import parameters
from chalicelib.aws.table import unmarshal
from chalicelib.channels.base import Malformed, WebhookRequest
from chalicelib.model import Event, Unreadable
from tests import aws
from tests.channels.contract import Contract, Proof, Sent, Sign, Values
from tests.channels.contracts import CONTRACTS, NOW
from tests.quick_aws import QuickAws

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


def readable(events: Iterable[Event]) -> list[Any]:
    return [event for event in events if not isinstance(event, Unreadable)]


def named(contract: Contract) -> str:
    return f"{contract.channel}-{contract.by}".rstrip("-")


def of(contracts: Sequence[Contract]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("contract", contracts, ids=named)


SERVED = [contract for contract in CONTRACTS if contract.proof]
JSON = [contract for contract in SERVED if contract.written == "json"]
