"""The relay λ: a new item in the table -> one job on the queue, in the group of its conversation.

A stream that fed the work directly would let one bad record hold up its whole shard; the queue holds up one conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.aws import queue
from chalicelib.aws.queue import Job


def relay(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answers with the first record that could not be handed on; Lambda brings the stream back from there."""
    records = [record for record in event["Records"] if _wakes(record)]
    jobs = {_conversation(record): record for record in records}
    failed = {job.conversation for job in queue.send([_job(*each) for each in jobs.items()])}
    return {"batchItemFailures": _first(records, failed)}


def _wakes(record: Mapping[str, Any]) -> bool:
    # the event source mapping filters already; an emulator or a changed filter must not make removals wake the desk
    return record["eventName"] == "INSERT" and str(record["dynamodb"]["Keys"]["sk"]["S"]).startswith("i#")


def _conversation(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["pk"]["S"])


def _job(conversation: str, record: Mapping[str, Any]) -> Job:
    # named by the record: without a name of its own a second job with the same body would be swallowed for five minutes
    return Job(conversation, str(record["eventID"]))


def _first(records: Sequence[Mapping[str, Any]], failed: set[str]) -> list[dict[str, str]]:
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records if _conversation(record) in failed]
    return [{"itemIdentifier": str(number)} for number in numbers[:1]]
