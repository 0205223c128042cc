"""The jobs queue: FIFO, a message group per conversation. A job says "look at this conversation", nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.aws import clients, environment

LARGEST_BATCH = 10


@dataclass(frozen=True)
class Job:
    """Look at `conversation`; two jobs with the same `cause` within five minutes are one."""

    conversation: str
    cause: str


def body(conversation: str, cause: str) -> str:
    """A job as the queue carries it. Its cause tells it from another: the Scheduler can name no deduplication id."""
    return json.dumps({"conversation": conversation, "cause": cause})


def read(text: str) -> str:
    """The conversation a job names. Raises KeyError or ValueError."""
    return str(json.loads(text)["conversation"])


def send(jobs: Sequence[Job]) -> list[Job]:
    """Puts jobs on the queue and gives back those it did not take."""
    return [job for batch in _batches(jobs) for job in _send(batch)]


def _batches(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    return (jobs[start : start + LARGEST_BATCH] for start in range(0, len(jobs), LARGEST_BATCH))


def _send(batch: Sequence[Job]) -> list[Job]:
    entries = [
        {
            "Id": str(position),
            "MessageBody": body(job.conversation, job.cause),
            "MessageGroupId": job.conversation,
            "MessageDeduplicationId": job.cause,
        }
        for position, job in enumerate(batch)
    ]
    answer = clients.client("sqs").send_message_batch(QueueUrl=environment.get("QUEUE_URL"), Entries=entries)
    return [batch[int(failed["Id"])] for failed in answer.get("Failed", ())]
