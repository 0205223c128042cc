"""DynamoDB as we use it: flat items of strings, whole numbers and truth values, conditional writes that know their own.

A failed condition is no proof that somebody else wrote: our own write may have succeeded and its answer been lost, and
the SDK's second try then finds our row. So every conditional write carries a `writer`, and a failed one is read back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clients, environment

Item = dict[str, Any]
LARGEST_TRANSACTION = 100  # actions; DynamoDB's limit
TRIES = 3
ABSENT = "attribute_not_exists(pk)"


class Busy(clients.Passing):
    """The table does not take the write now; nothing of it is kept, as far as anybody knows."""


@dataclass(frozen=True)
class Put:
    """One item to write. With `unless_there` an item that exists already is left alone and reported."""

    item: Mapping[str, Any]
    unless_there: bool = False


@dataclass(frozen=True)
class Change:
    """An update of one item: attributes to set, to remove, to add to; `when` must hold ({} = the item exists)."""

    pk: str
    sk: str
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    add: Mapping[str, int] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A condition on an item that is not written, in the same transaction: `when` must hold."""

    pk: str
    sk: str
    when: Mapping[str, Any]


@dataclass(frozen=True)
class Remove:
    """One item to take away; one that is not there is as good, unless `when` must hold."""

    pk: str
    sk: str
    when: Mapping[str, Any] = field(default_factory=dict)


Action = Put | Change | Check | Remove


class Refused(clients.Passing):
    """Conditions that did not hold: position in the transaction -> the item that is there ({} when there is none)."""

    def __init__(self, there: Mapping[int, Item]) -> None:
        super().__init__(*there)
        self.there = there


def new_writer() -> str:
    """A name for one attempt to write, told from all others."""
    return os.urandom(8).hex()


def write(actions: Sequence[Action], writer: str) -> None:
    """All or nothing, once. Raises Refused when a condition fails for another writer's sake, Busy when it cannot be done now."""
    request = [_action(action, writer) for action in actions]
    for _ in range(TRIES):
        try:
            clients.client("dynamodb").transact_write_items(TransactItems=request)
        except ClientError as error:
            if _settled(error, writer):
                return
        else:
            return
    raise Busy("conflict")


def get(pk: str, sk: str) -> Item | None:
    """One item, strongly consistent."""
    key = marshal({"pk": pk, "sk": sk})
    found = clients.client("dynamodb").get_item(TableName=_name(), Key=key, ConsistentRead=True).get("Item")
    return unmarshal(found) if found else None


def everything(pk: str) -> list[Item]:
    """A whole partition, in order."""
    return _query("pk = :pk", {"pk": pk}, False)


def query(pk: str, prefix: str, *, newest: int = 0) -> list[Item]:
    """The items of a partition whose sk begins with `prefix`, in order; with `newest` the last so many only, newest first."""
    names = {"pk": pk, "prefix": prefix}
    asked = {"ScanIndexForward": False, "Limit": newest} if newest else {}
    return _query("pk = :pk AND begins_with(sk, :prefix)", names, bool(newest), ConsistentRead=True, **asked)


def todo(pk: str, most: int) -> list[Item]:
    """What is not yet done in a partition, oldest first, at most `most`."""
    return _query("pk = :pk", {"pk": pk}, True, IndexName="todo", ConsistentRead=True, Limit=most)


def overdue(shard: str, before: int, most: int) -> list[Item]:
    """Keys of what is overdue or stuck in one shard of the index, longest overdue first."""
    values = {"shard": shard, "before": before}
    # "shard" is one of DynamoDB's reserved words
    asked = {"IndexName": "attention", "Limit": most, "ExpressionAttributeNames": {"#shard": "shard"}}
    return _query("#shard = :shard AND check_at < :before", values, True, **asked)


def scan() -> Iterator[list[Item]]:
    """Every item there is, a page at a time. It reads the whole table: for an operator, never for a Lambda."""
    for page in _pages("scan", {"TableName": _name(), "ConsistentRead": True}):
        yield [unmarshal(item) for item in page["Items"]]


def by_author(author_key: str) -> list[Item]:
    """Keys of what carries an author's key, the oldest first; what was written a moment ago may be missing."""
    return _query("author_key = :author_key", {"author_key": author_key}, False, IndexName="author")


def watched(shard: str) -> list[Item]:
    """Keys of everything that one shard of the index looks after, due or not."""
    names = {"ExpressionAttributeNames": {"#shard": "shard"}}
    return _query("#shard = :shard", {"shard": shard}, False, IndexName="attention", **names)


def marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    """Python values as DynamoDB's; None is left out."""
    return {name: _typed(value) for name, value in item.items() if value is not None}


def unmarshal(item: Mapping[str, Any]) -> Item:
    """DynamoDB's values as Python's."""
    return {name: _value(typed) for name, typed in item.items()}


def _name() -> str:
    return environment.get("TABLE")


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    raise TypeError(type(value).__name__)


def _value(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    return int(value) if kind == "N" else value


def _query(condition: str, values: Mapping[str, Any], one_page: bool, **asked: Any) -> list[Item]:
    request = {
        "TableName": _name(),
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": _typed(value) for name, value in values.items()},
        **asked,
    }
    return [unmarshal(item) for page in _pages("query", request, one_page) for item in page["Items"]]


def _pages(operation: str, request: dict[str, Any], one_page: bool = False) -> Iterator[Any]:
    while True:
        page = getattr(clients.client("dynamodb"), operation)(**request)
        yield page
        if one_page or not page.get("LastEvaluatedKey"):
            return
        request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}


def _action(action: Action, writer: str) -> dict[str, Any]:
    if isinstance(action, Check):
        return {"ConditionCheck": _check(action)}
    if isinstance(action, Remove):
        return {"Delete": _removal(action)}
    return {"Put": _put(action, writer)} if isinstance(action, Put) else {"Update": _update(action, writer)}


def _removal(remove: Remove) -> dict[str, Any]:
    bare = {"TableName": _name(), "Key": marshal({"pk": remove.pk, "sk": remove.sk})}
    return _check(Check(remove.pk, remove.sk, remove.when)) if remove.when else bare


def _check(check: Check) -> dict[str, Any]:
    names = _placeholders([*check.when])
    return {
        "TableName": _name(),
        "Key": marshal({"pk": check.pk, "sk": check.sk}),
        "ConditionExpression": " AND ".join(f"#{names[key]} = :{names[key]}" for key in check.when),
        "ExpressionAttributeNames": {f"#{short}": key for key, short in names.items()},
        "ExpressionAttributeValues": {f":{names[key]}": _typed(value) for key, value in check.when.items()},
        **_ALL_OLD,
    }


def _put(put: Put, writer: str) -> dict[str, Any]:
    condition = {"ConditionExpression": ABSENT, **_ALL_OLD} if put.unless_there else {}
    return {"TableName": _name(), "Item": marshal({**put.item, "writer": writer}), **condition}


def _update(change: Change, writer: str) -> dict[str, Any]:
    assign = {**change.set, "writer": writer}
    names, values = _placeholders([*assign, *change.remove, *change.add, *change.when]), {}
    parts = ["SET " + ", ".join(f"#{names[key]} = :s{names[key]}" for key in assign)]
    values.update({f":s{names[key]}": _typed(value) for key, value in assign.items()})
    if change.remove:
        parts.append("REMOVE " + ", ".join(f"#{names[key]}" for key in change.remove))
    if change.add:
        parts.append("ADD " + ", ".join(f"#{names[key]} :a{names[key]}" for key in change.add))
        values.update({f":a{names[key]}": _typed(value) for key, value in change.add.items()})
    held = [f"#{names[key]} = :w{names[key]}" for key in change.when]
    values.update({f":w{names[key]}": _typed(value) for key, value in change.when.items()})
    return {
        "TableName": _name(),
        "Key": marshal({"pk": change.pk, "sk": change.sk}),
        "UpdateExpression": " ".join(parts),
        "ConditionExpression": " AND ".join(["attribute_exists(pk)", *held]),
        "ExpressionAttributeNames": {f"#{short}": key for key, short in names.items()},
        "ExpressionAttributeValues": values,
        **_ALL_OLD,
    }


def _placeholders(keys: Sequence[str]) -> dict[str, str]:
    return {key: f"n{number}" for number, key in enumerate(dict.fromkeys(keys))}


def _settled(error: ClientError, writer: str) -> bool:
    """True: our own earlier try did it. False: try again. Raises Refused or Busy, ClientError for what is never taken."""
    if not clients.is_passing(error):
        raise error
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        raise Busy(error.response["Error"]["Code"]) from error
    reasons = error.response.get("CancellationReasons", [])
    failed = {
        position: unmarshal(reason.get("Item") or {})
        for position, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    if any(item.get("writer") == writer for item in failed.values()):
        return True
    if failed:
        raise Refused(failed) from error
    return False


_ALL_OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
