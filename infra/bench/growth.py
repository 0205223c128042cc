"""Whether a long conversation costs more: what is asked of AWS for its 10th, its 20th and its 2,000th message.

A ticket mail shows the last few of what was said before. The 10th message has fewer before it than fit in; from the
20th on nothing may grow. Each is measured in a conversation of its own, which has had one mail before in this hour.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.bench.figures import Figure, Section, progress

NUMBERS = FIRST, EARLY, LATE = 10, 20, 2000
PAGE = "1002003004005"  # that of the tests' stack

Cost = dict[str, Any]  # calls by name, items read


class Counted:
    """Calls by service and operation, and items that came back from the table."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items_read = 0

    def __call__(self, parsed: Any, model: Any, **_: Any) -> None:
        self.calls[f"{model.service_model.service_name}.{model.name}"] += 1
        self.items_read += parsed.get("ScannedCount", "Item" in parsed)

    def taken(self) -> Cost:
        """What was counted since last time."""
        found: Cost = {"calls": dict(sorted(self.calls.items())), "items_read": self.items_read}
        self.calls.clear()
        self.items_read = 0
        return found


def measure() -> Section:
    """On moto, through the real webhook and the real desk."""
    progress("growth: a long conversation")
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        costs = _costs()
    growth = {str(number): cost for number, cost in costs.items()}
    result = {"growth": {**growth, "equal": costs[EARLY] == costs[LATE]}}
    return Section("one more message of a conversation, webhook and desk", tuple(_figures(costs)), result)


def _figures(costs: Mapping[int, Cost]) -> Iterator[Figure]:
    calls = {number: sum(cost["calls"].values()) for number, cost in costs.items()}
    told = ", ".join(f"{count} {name}" for name, count in costs[LATE]["calls"].items())
    yield Figure(f"AWS calls, message {LATE:,}", calls[LATE], calls[EARLY], "", f"bar: message {EARLY}. {told}")
    read = {number: cost["items_read"] for number, cost in costs.items()}
    told = f"bar: message {EARLY}. Message {FIRST}: {read[FIRST]}"
    yield Figure(f"items read, message {LATE:,}", read[LATE], read[EARLY], "", told)


def _costs() -> dict[int, Cost]:
    import pytest

    from chalicelib.aws import clients
    from tests import aws, moto_aws

    started = time.time() - 60
    with pytest.MonkeyPatch.context() as patch, moto_aws.moto(patch) as rig, aws.stack(rig) as stack:
        counted = Counted()
        clients.session().get_component("event_emitter").register("after-call", counted)
        return {number: _cost(number, stack, counted, started) for number in NUMBERS}


def _cost(number: int, stack: Any, counted: Counted, started: float) -> Cost:
    customer = f"90{number}"
    _message(stack, customer, 1, started)
    _grow(stack, _conversation(customer), number, started)
    counted.taken()
    _message(stack, customer, number, started)
    return counted.taken()


def _grow(stack: Any, conversation: str, until: int, started: float) -> None:
    """What the messages between would have left: each its item and that of its mail, done with, like the first one's."""
    import boto3

    from chalicelib.aws.conversations import stamp
    from tests import aws

    patterns = [item for prefix in ("i#", "o#") for item in stack.items(prefix) if item["pk"] == conversation]
    with boto3.resource("dynamodb").Table(aws.ENVIRONMENT["TABLE"]).batch_writer() as writer:
        for number in range(2, until):
            at = stamp(datetime.fromtimestamp(started + number / 1000, UTC))
            for pattern in patterns:
                prefix, _, *rest, name = pattern["sk"].split("#")
                writer.put_item(Item={**pattern, "sk": "#".join((prefix, at, *rest, f"{name}{number}"))})


def _conversation(customer: str) -> str:
    from chalicelib.model import conversation_id

    return conversation_id("facebook", PAGE, customer, customer)


def _message(stack: Any, customer: str, number: int, started: float) -> None:
    """Raises RuntimeError when it is not kept, or not worked on."""
    from chalicelib.aws import queue
    from tests import aws, signing

    body = _delivery(customer, number, started)
    headers = {"content-type": "application/json", **signing.facebook(body, aws.SECRET)}
    answer = stack.client.http.post("/webhooks/facebook/facebook", headers=headers, body=body)
    if answer.status_code != 200:
        raise RuntimeError(f"answered {answer.status_code}")
    job = queue.body(_conversation(customer), f"message-{number}")
    record = {"messageId": "1", "eventSource": "aws:sqs", "attributes": {}, "body": job}
    if stack.client.lambda_.invoke("desk", {"Records": [record]}).payload["batchItemFailures"]:
        raise RuntimeError("the desk failed")


def _delivery(customer: str, number: int, started: float) -> bytes:
    message = {
        "sender": {"id": customer},
        "recipient": {"id": PAGE},
        "timestamp": int(started * 1000) + number,
        "message": {"mid": f"m_{customer}_{number}", "text": f"Xin chào, câu hỏi số {number}?"},
    }
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": [message]}]}).encode()
