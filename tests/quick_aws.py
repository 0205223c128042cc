"""AWS in a few dictionaries, for tens of thousands of runs: the calls we make and nothing else, a hundred times moto's speed.

`test_faults.py` plays the same story on moto and here and compares what is left behind, so the two cannot drift apart.
"""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients, parameters
from tests import aws

Call = Callable[[str, Callable[[], Any]], Any]  # what stands between us and AWS: operation, the real call
Row = dict[str, Any]


@dataclass
class QuickAws:
    """The services' state, in plain sight."""

    between: Call = lambda operation, real: real()
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)  # id, mail, tags
    timers: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    saved_as: dict[str, str] = field(default_factory=dict)  # the ContentDisposition of objects that have one
    events: list[dict[str, str]] = field(default_factory=list)  # what the bus was told
    letters: dict[str, list[str]] = field(default_factory=dict)  # of dead-letter queues, by the end of their names
    hidden: set[tuple[str, str]] = field(default_factory=set)  # letters that somebody is reading
    store: dict[str, list[str]] = field(default_factory=dict)  # Parameter Store: the versions of each
    lock: Any = field(default_factory=threading.Lock)
    kind: Any = None

    def items(self) -> list[Row]:
        return list(self.rows.values())

    def take_jobs(self) -> list[dict[str, Any]]:
        taken, self.jobs = self.jobs, []
        return taken

    def schedules(self) -> dict[str, dict[str, Any]]:
        return self.timers

    def mails(self) -> list[tuple[str, bytes, dict[str, str]]]:
        return self.sent

    def put_object(self, key: str, body: bytes) -> None:
        self.objects[key] = body

    def configure(self, settings: Mapping[str, Any]) -> None:
        self.store["/bridgehead/test/settings"] = [json.dumps(settings)]

    def parameters(self, asked: Mapping[str, Any]) -> Any:
        named = [(name, *name.partition(":")[::2]) for name in asked["Names"] if name.partition(":")[0] in self.store]
        found = [(name, int(wanted or len(self.store[plain])), self.store[plain]) for name, plain, wanted in named]
        return {"Parameters": [{"Name": n, "Value": kept[at - 1], "Version": at} for n, at, kept in found]}

    def put_parameter(self, asked: Mapping[str, Any]) -> Any:
        self.store.setdefault(asked["Name"], []).append(asked["Value"])
        return {"Version": len(self.store[asked["Name"]])}

    def client(self, service: str) -> Any:
        return _Client(self, service)


@contextmanager
def quick(patch: pytest.MonkeyPatch) -> Iterator[QuickAws]:
    """In AWS's place until the end of the block."""
    made = QuickAws()
    values = {"settings": aws.SETTINGS, **aws.SECRETS}
    made.store = {f"/bridgehead/test/{name}": [json.dumps(value)] for name, value in values.items()}

    def parameter_store(body: Mapping[str, Any], operation: str = "GetParameters") -> Any:
        real = partial(made.put_parameter if "Value" in body else made.parameters, body)
        try:
            return made.between(operation, real)
        except (BotoCoreError, ClientError) as error:
            raise parameters.Unavailable(operation) from error

    patch.setattr(clients, "client", made.client)
    patch.setattr(parameters, "_call", parameter_store)
    parameters.forget()
    yield made
    parameters.forget()


@dataclass
class _Client:
    aws: QuickAws
    service: str

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(word.capitalize() for word in method.split("_"))
        real = _CALLS[operation]
        return lambda **asked: self.aws.between(operation, partial(self._one_by_one, real, asked))

    def generate_presigned_url(self, _: str, Params: Mapping[str, str], ExpiresIn: int) -> str:
        return f"https://bucket.example/{Params['Key']}?expires={ExpiresIn}"

    def _one_by_one(self, real: Callable[..., Any], asked: Mapping[str, Any]) -> Any:
        with self.aws.lock:
            return real(self.aws, asked)


def _transact(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    actions = [next(iter(action.items())) for action in asked["TransactItems"]]
    if len(actions) > 100:
        raise _error("ValidationException", "TransactWriteItems")
    keys = [_key(each.get("Item") or each["Key"]) for _, each in actions]
    if len(set(keys)) < len(keys):
        raise _error("ValidationException", "TransactWriteItems")
    reasons = [_reason(each, aws.rows.get(key)) for (_, each), key in zip(actions, keys, strict=True)]
    if any(reason["Code"] != "None" for reason in reasons):
        raise _error("TransactionCanceledException", "TransactWriteItems", reasons)
    for (kind, each), key in zip(actions, keys, strict=True):
        if kind == "Delete":
            aws.rows.pop(key, None)
        elif kind != "ConditionCheck":
            aws.rows[key] = dict(each["Item"]) if kind == "Put" else _updated(each, aws.rows[key])
    return {}


def _key(typed: Mapping[str, Any]) -> tuple[str, str]:
    return typed["pk"]["S"], typed["sk"]["S"]


def _reason(action: Mapping[str, Any], row: Row | None) -> dict[str, Any]:
    parts = action.get("ConditionExpression", "").split(" AND ")
    if all(_holds(part, action, row) for part in parts):
        return {"Code": "None"}
    return {"Code": "ConditionalCheckFailed", **({"Item": row} if row else {})}


def _holds(part: str, action: Mapping[str, Any], row: Row | None) -> bool:
    if not part:
        return True
    if part.startswith("attribute_"):
        return (row is None) == part.startswith("attribute_not_exists")
    name, value = part.split(" = ")
    wanted = action["ExpressionAttributeValues"][value]
    return row is not None and row.get(action["ExpressionAttributeNames"][name]) == wanted


def _updated(action: Mapping[str, Any], row: Row) -> Row:
    names, values = action["ExpressionAttributeNames"], action["ExpressionAttributeValues"]
    changed, word = dict(row), ""
    for part in action["UpdateExpression"].replace(",", "").replace(" = ", "=").split():
        if part in ("SET", "REMOVE", "ADD"):
            word, pending = part, ""
        elif word == "SET":
            name, value = part.split("=")
            changed[names[name]] = values[value]
        elif word == "REMOVE":
            changed.pop(names[part], None)
        elif not pending:
            pending = names[part]
        else:
            changed[pending] = {"N": str(int(changed.get(pending, {"N": "0"})["N"]) + int(values[part]["N"]))}
            pending = ""
    return changed


def _query(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    values, index = asked["ExpressionAttributeValues"], asked.get("IndexName")
    found = sorted(_chosen(aws, values, index, asked["KeyConditionExpression"]), key=_ORDERS[index])
    if not asked.get("ScanIndexForward", True):
        found.reverse()
    return {"Items": found[: asked.get("Limit", len(found))]}


def _chosen(aws: QuickAws, values: Mapping[str, Any], index: str | None, condition: str) -> Iterator[Row]:
    if index == "attention":
        due = (row for row in aws.rows.values() if row.get("shard") == values[":shard"] and "check_at" in row)
        before = int(values.get(":before", {"N": sys.maxsize})["N"])
        return (row for row in due if int(row["check_at"]["N"]) < before)
    if index == "author":
        return (row for row in aws.rows.values() if row.get("author_key") == values[":author_key"])
    sort = "todo" if index == "todo" else "sk"
    prefix = values[":prefix"]["S"] if "begins_with" in condition else ""
    rows = (row for row in aws.rows.values() if row["pk"] == values[":pk"] and sort in row)
    return (row for row in rows if row[sort]["S"].startswith(prefix))


_ORDERS: dict[str | None, Callable[[Row], Any]] = {
    None: lambda row: row["sk"]["S"],
    "todo": lambda row: row["todo"]["S"],
    "attention": lambda row: int(row["check_at"]["N"]),
    "author": lambda row: row["opened_at"]["S"],
}


def _get(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    row = aws.rows.get(_key(asked["Key"]))
    return {"Item": row} if row else {}


def _queue(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    aws.jobs += [
        {"body": each["MessageBody"], "group": each["MessageGroupId"], "name": each["MessageDeduplicationId"]}
        for each in asked["Entries"]
    ]
    return {}


def _mail(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    tags = {tag["Name"]: tag["Value"] for tag in asked["Tags"]}
    aws.sent.append((f"ses-{len(aws.sent)}", asked["RawMessage"]["Data"], tags))
    return {"MessageId": aws.sent[-1][0]}


def _schedule(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    if asked["Name"] in aws.timers:
        raise _error("ConflictException", "CreateSchedule")
    at = asked["ScheduleExpression"].removeprefix("at(").removesuffix(")")
    aws.timers[asked["Name"]] = {"at": at, "body": asked["Target"]["Input"]}
    return {}


def _unschedule(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    if aws.timers.pop(asked["Name"], None) is None:
        raise _error("ResourceNotFoundException", "DeleteSchedule")
    return {}


def _object(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    content = _known(aws, asked["Key"])
    return {"ContentLength": len(content), "Body": io.BytesIO(content)}


def _known(aws: QuickAws, key: str) -> bytes:
    if key not in aws.objects:
        raise _error("NoSuchKey", "GetObject")
    return aws.objects[key]


def _head(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    known, saved_as = _known(aws, asked["Key"]), aws.saved_as.get(asked["Key"])
    return {"ContentLength": len(known), **({"ContentDisposition": saved_as} if saved_as else {})}


def _keep(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    aws.put_object(asked["Key"], asked["Body"])
    if "ContentDisposition" in asked:
        aws.saved_as[asked["Key"]] = asked["ContentDisposition"]
    return {}


def _listed(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    keys = [key for key in aws.objects if key.startswith(asked["Prefix"])]
    return {"Contents": [{"Key": key, "LastModified": datetime(2026, 11, 21, tzinfo=UTC)} for key in keys]}


def _named(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    return {"Schedules": [{"Name": name} for name in aws.timers if name.startswith(asked["NamePrefix"])]}


def _letters(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    queue = asked["QueueUrl"]
    shown = [each for each in aws.letters.get(queue, []) if (queue, each) not in aws.hidden][:10]
    aws.hidden |= {(queue, each) for each in shown}
    return {"Messages": [{"Body": each, "ReceiptHandle": each, "MessageId": each} for each in shown]}


def _drop(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    aws.letters[asked["QueueUrl"]].remove(asked["ReceiptHandle"])
    return {}


def _show(aws: QuickAws, asked: Mapping[str, Any]) -> Any:
    aws.hidden.discard((asked["QueueUrl"], asked["ReceiptHandle"]))
    return {}


def _error(code: str, operation: str, reasons: list[dict[str, Any]] | None = None) -> ClientError:
    metadata = {"HTTPStatusCode": 400}
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": metadata, "CancellationReasons": reasons or []}
    return ClientError(told, operation)


_CALLS: dict[str, Callable[[QuickAws, Mapping[str, Any]], Any]] = {
    "TransactWriteItems": _transact,
    "GetItem": _get,
    "Query": _query,
    "SendMessageBatch": _queue,
    "SendRawEmail": _mail,
    "CreateSchedule": _schedule,
    "DeleteSchedule": _unschedule,
    "PutEvents": lambda aws, asked: aws.events.extend(asked["Entries"]),
    "GetObject": _object,
    "HeadObject": _head,
    "PutObject": _keep,
    "DeleteObject": lambda aws, asked: aws.objects.pop(asked["Key"], None),
    # an operator's
    "Scan": lambda aws, asked: {"Items": list(aws.rows.values())},
    "ListObjectsV2": _listed,
    "ListSchedules": _named,
    "GetQueueUrl": lambda aws, asked: {"QueueUrl": re.sub(r"^bridgehead-test-", "", asked["QueueName"])},
    "ReceiveMessage": _letters,
    "DeleteMessage": _drop,
    "ChangeMessageVisibility": _show,
}
