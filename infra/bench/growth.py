"""Whether a long conversation costs more: what is asked of AWS for its 10th, its 20th and its 2,000th message.

A ticket mail shows the last few of what was said before. The 10th message has fewer before it than fit; from the 20th
on nothing may grow.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.bench.figures import Figure, Section, progress

FIRST, EARLY, LATE = 10, 20, 2000
PAGE, CUSTOMER = "1002003004005", "9001"  # the Page is that of the tests' stack


Cost = dict[str, Any]  # calls by name, items read


class Costs:
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
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        early, late = _both()
    result = {"growth": {str(EARLY): early, str(LATE): late, "equal": early == late}}
    return Section(
        "growth: one more message of one conversation, webhook and desk", tuple(_figures(early, late)), result
    )


def _figures(costs: Mapping[int, Cost]) -> Iterator[Figure]:
    calls = {number: sum(cost["calls"].values()) for number, cost in costs.items()}
    told = ", ".join(f"{count} {name}" for name, count in costs[LATE]["calls"].items())
    yield Figure(f"AWS calls, message {LATE:,}", calls[LATE], calls[EARLY], "", told)
    read = {number: cost["items_read"] for number, cost in costs.items()}
    bar = f"message {EARLY} is the bar; message {FIRST}: {read[FIRST]}"
    yield Figure(f"items read, message {LATE:,}", read[LATE], read[EARLY], "", bar)


def _costs() -> dict[int, Cost]:
    from chalicelib.aws import clients
    from tests import aws

    started, found = time.time() - 60, {}
    with _environment(aws.ENVIRONMENT), aws.stack() as stack:
        costs = Costs()
        clients.session().get_component("event_emitter").register("after-call", costs)
        for number in (*range(1, EARLY + 1), LATE):
            if number == LATE:
                _grow(stack, started)
            costs.taken()
            _message(stack, number, started)
            found[number] = costs.taken()
    return {number: found[number] for number in (FIRST, EARLY, LATE)}


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _message(stack: Any, number: int, started: float) -> None:
    from chalicelib.aws import queue
    from tests import aws, signing

    body = _delivery(number, started)
    headers = {"content-type": "application/json", **signing.facebook(body, aws.SECRET)}
    answer = stack.client.http.post("/webhooks/facebook/facebook", headers=headers, body=body)
    if answer.status_code != 200:
        raise RuntimeError(f"answered {answer.status_code}")
    job = queue.body(_conversation(), f"message-{number}")
    record = {"messageId": "1", "eventSource": "aws:sqs", "attributes": {}, "body": job}
    outcome = stack.client.lambda_.invoke("desk", {"Records": [record]}).payload
    if outcome["batchItemFailures"]:
        raise RuntimeError("the desk failed")


def _grow(stack: Any, started: float) -> None:
    """What the messages between would have left: each its item and that of its mail, done with, like the last one's."""
    import boto3

    from chalicelib.aws.conversations import stamp
    from tests import aws

    patterns = [max(stack.items(prefix), key=lambda item: str(item["sk"])) for prefix in ("i#", "o#")]
    with boto3.resource("dynamodb").Table(aws.ENVIRONMENT["TABLE"]).batch_writer() as writer:
        for number in range(EARLY + 1, LATE):
            at = stamp(datetime.fromtimestamp(started + number / 1000, UTC))
            for pattern in patterns:
                prefix, _, *rest, name = pattern["sk"].split("#")
                writer.put_item(Item={**pattern, "sk": "#".join((prefix, at, *rest, f"{name}{number}"))})


def _conversation() -> str:
    from chalicelib.model import conversation_id

    return conversation_id("facebook", PAGE, CUSTOMER, CUSTOMER)


def _delivery(number: int, started: float) -> bytes:
    message = {
        "sender": {"id": CUSTOMER},
        "recipient": {"id": PAGE},
        "timestamp": int(started * 1000) + number,
        "message": {"mid": f"m_{number}", "text": f"Xin chào, câu hỏi số {number}?"},
    }
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": [message]}]}).encode()
