"""moto in AWS's place, with faults below the SDK: what botocore's own tries make of them is part of what is tried.

The stub is patched, not the event: a `before-send` handler of our own would not keep moto's from carrying a call out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

from chalicelib.aws import clients, parameters
from tests import aws
from tests.world import Crash

WHERE = (aws.ACCOUNT, aws.REGION)
JSON = "application/x-amz-json-1.0"
Kind = Callable[[str], str]


@dataclass
class MotoAws:
    """moto's state, looked at without a call; `kind` says what the next call meets."""

    kind: Kind = lambda operation: ""
    calls: dict[str, str] = field(default_factory=dict)  # by the SDK's name of a call: what all its tries meet
    tags: list[dict[str, str]] = field(default_factory=list)

    def items(self) -> list[dict[str, Any]]:
        found = dynamodb_backends[WHERE[0]][WHERE[1]].get_table("bridgehead").all_items()
        return [item.to_json()["Attributes"] for item in found]

    def take_jobs(self) -> list[dict[str, Any]]:
        queue = sqs_backends[WHERE[0]][WHERE[1]].queues["jobs.fifo"]
        taken, queue._messages = queue._messages, []
        return [{"body": each.body, "group": each.group_id, "name": each.deduplication_id} for each in taken]

    def schedules(self) -> dict[str, dict[str, Any]]:
        found = scheduler_backends[WHERE[0]][WHERE[1]].schedule_groups["bridgehead"].schedules
        return _Timers(found)

    def mails(self) -> list[tuple[str, bytes, dict[str, str]]]:
        sent = ses_backends[WHERE[0]][WHERE[1]].sent_messages
        return [(each.id, each.raw_data.encode(), tags) for each, tags in zip(sent, self.tags, strict=True)]

    def put_object(self, key: str, body: bytes) -> None:
        s3_backends[WHERE[0]]["aws"].put_object("bridgehead-mail", key, body)

    def configure(self, settings: Mapping[str, Any]) -> None:
        aws.configure(settings)

    def answer(self, stub: Any, event: str, request: Any, more: Mapping[str, Any]) -> Any:
        """In the stub's place."""
        operation = event.rpartition(".")[2]
        name = str(request.headers.get("amz-sdk-invocation-id", id(request)))
        if name not in self.calls:
            self.calls[name] = self.kind(operation)
        kind = self.calls[name]
        if kind == "after":
            self.calls[name] = ""
        return _KINDS[kind](lambda: self._real(stub, event, request, more), request)

    def _real(self, stub: Any, event: str, request: Any, more: Mapping[str, Any]) -> Any:
        if event.endswith("SendRawEmail"):
            self.tags.append(_tags(request.body))
        return REAL(stub, event_name=event, request=request, **more)


class _Timers(dict[str, dict[str, Any]]):
    """The Scheduler's schedules in the shape of `quick_aws`; what is taken out is gone there too."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        at = {name: each.schedule_expression.removeprefix("at(").removesuffix(")") for name, each in found.items()}
        super().__init__({name: {"at": at[name], "body": each.target["Input"]} for name, each in found.items()})

    def pop(self, name: str, *_: Any) -> dict[str, Any]:
        del self.found[name]
        return super().pop(name)


@contextmanager
def moto(patch: pytest.MonkeyPatch) -> Iterator[MotoAws]:
    """In AWS's place until the end of the block."""
    for name, value in aws.ENVIRONMENT.items():
        patch.setenv(name, value)
    clients.forget()
    with mock_aws():
        aws.create()
        aws.configure(aws.SETTINGS)
        made = MotoAws()
        patch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
        hook = lambda stub, event_name, request, **more: made.answer(stub, event_name, request, more)  # noqa: E731
        patch.setattr(BotocoreStubber, "__call__", hook)
        yield made
        patch.setattr(BotocoreStubber, "__call__", REAL)
    clients.forget()
    parameters.forget()


def _tags(body: bytes | str | Mapping[str, Any]) -> dict[str, str]:
    told = body if isinstance(body, Mapping) else parse_qs(body if isinstance(body, str) else body.decode())
    flat = {name: value[0] if isinstance(value, list) else value for name, value in told.items()}
    names = [name for name in flat if name.startswith("Tags.") and name.endswith(".Name")]
    return {flat[name]: flat[name.replace(".Name", ".Value")] for name in names}


def _told(status: int, code: str) -> Callable[[Any, Any], Any]:
    def answer(real: Any, request: Any) -> Any:
        if "ses" in request.url.partition("//")[2][:6]:
            error = "Throttling" if status < 500 else code
            body = f"<ErrorResponse><Error><Code>{error}</Code></Error></ErrorResponse>".encode()
            return _response(request, status, "text/xml", body)
        return _response(request, status, JSON, json.dumps({"__type": f"x#{code}"}).encode())

    return answer


def _before(real: Any, request: Any) -> Any:
    raise ReadTimeoutError(endpoint_url=request.url)


def _after(real: Any, request: Any) -> Any:
    real()
    raise ConnectionClosedError(endpoint_url=request.url)


def _conflict(real: Any, request: Any) -> Any:
    reasons = [{"Code": "TransactionConflict"}]
    body = json.dumps({"__type": "x#TransactionCanceledException", "CancellationReasons": reasons}).encode()
    return _response(request, 400, JSON, body)


def _response(request: Any, status: int, kind: str, body: bytes) -> Any:
    headers: Any = {"content-type": kind}
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


def _crash_before(real: Any, request: Any) -> Any:
    raise Crash


def _crash_after(real: Any, request: Any) -> Any:
    real()
    raise Crash


REAL = BotocoreStubber.__call__
_KINDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "": lambda real, request: real(),
    "throttle": _told(400, "ProvisionedThroughputExceededException"),
    "5xx": _told(500, "InternalServerError"),
    "before": _before,
    "after": _after,
    "lost": _after,
    "conflict": _conflict,
    "crash_before": _crash_before,
    "crash_after": _crash_after,
}
