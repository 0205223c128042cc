"""What failed too often and lies in the dead-letter queues. For an operator: no Lambda may read these.

Reading a queue hides what was read; whatever stays is shown again at the end, or after half a minute by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clients, environment

QUEUES = ("dead-jobs.fifo", "dead-mail", "dead-records", "dead-deliveries")  # as in infra/stack/resources.yaml
HIDDEN_SECONDS, WAIT_SECONDS = 30, 1  # without a wait SQS asks only some of its servers
ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


@dataclass(frozen=True)
class Letter:
    """One message of a dead-letter queue."""

    queue: str  # which of QUEUES
    body: str


def take_out(is_wanted: Callable[[Letter], bool], drop: bool) -> int:
    """How many letters are wanted; with `drop` they are gone, all others stay."""
    return sum(_of_one(queue, is_wanted, drop) for queue in QUEUES)


def _of_one(queue: str, is_wanted: Callable[[Letter], bool], drop: bool) -> int:
    url, found, kept = _url(queue), 0, []
    try:
        for message in _messages(url):
            wanted = is_wanted(Letter(queue, message["Body"]))
            found += wanted
            if wanted and drop:
                clients.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            else:
                kept.append(message["ReceiptHandle"])
    finally:
        _show_again(url, kept)
    return found


def _url(queue: str) -> str:
    """ "" where the stack is older than the queue."""
    try:
        name = f"bridgehead-{environment.get('STAGE')}-{queue}"
        return str(clients.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return ""
        raise


def _messages(url: str) -> Iterator[dict[str, Any]]:
    asked = {"MaxNumberOfMessages": 10, "VisibilityTimeout": HIDDEN_SECONDS, "WaitTimeSeconds": WAIT_SECONDS}
    seen: set[str] = set()
    while url and (batch := clients.client("sqs").receive_message(QueueUrl=url, **asked).get("Messages")):
        new = [each for each in batch if each["MessageId"] not in seen]
        if not new:
            return  # it took so long that the first are shown again
        seen |= {each["MessageId"] for each in new}
        yield from new


def _show_again(url: str, receipts: Sequence[str]) -> None:
    for receipt in receipts:
        with suppress(ClientError):  # it is shown again by itself
            clients.client("sqs").change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
