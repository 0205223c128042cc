"""A stack in memory: a few dictionaries or moto in AWS's place, and what wakes our Lambdas: the stream and the queue.

`Stack.settle()` brings everything on its way to rest, through the real entry points: stream -> relay -> queue -> desk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import boto3
from chalice.test import Client

from chalicelib.aws import parameters
from chalicelib.aws.table import unmarshal
from chalicelib.http import Response

REGION, ACCOUNT = "eu-central-1", "123456789012"
SECRET = "a-secret-of-decent-length"
DOMAIN = "reply.lindner.example"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "STAGE": "test",
    "TABLE": "bridgehead",
    "BUCKET": "bridgehead-mail",
    "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs.fifo",
    "QUEUE_ARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs.fifo",
    "PARAMETERS": "/bridgehead/test",
    "BUS": "bridgehead",
    "SCHEDULE_GROUP": "bridgehead",
    "SCHEDULE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/schedules",
    "CONFIGURATION_SET": "bridgehead",
    "POWERTOOLS_METRICS_NAMESPACE": "Bridgehead",
    "POWERTOOLS_SERVICE_NAME": "bridgehead",
}
SETTINGS: dict[str, Any] = {
    "version": 1,
    "business": "Kaffeehaus Lindner",
    "reply_domain": DOMAIN,
    "public_url": "https://api.lindner.example",
    "helpdesk": {"address": "support@lindner.example", "kind": "plain", "language": "de"},
    "owner": {"address": "chefin@lindner.example", "name": "Eva Lindner", "language": "de"},
    "agents": [{"address": "anna@lindner.example", "name": "Anna"}],
    "hours": {"zone": "Europe/Vienna"},
    "policies": [{"name": "default", "first_response": 3600, "next_response": 7200, "always_open": True}],
    "connections": {
        "facebook": {"channel": "facebook", "accounts": ["1002003004005"], "options": {"human_agent": True}},
        "x": {"channel": "x", "accounts": ["77001"], "options": {}},
        "shop": {
            "channel": "standard_webhooks",
            "accounts": ["shop"],
            "options": {"reply_url": "https://shop.lindner.example/replies"},
        },
    },
}
SIGNING_SECRET = "whsec_c2hvcC1zaWduaW5nLXNlY3JldC0wMTIzNDU2Nzg5"
SECRETS: dict[str, Any] = {
    "receive/facebook": {"app_secret": SECRET, "verify_token": "verify-token-of-lindner"},
    "send/facebook": {"page_tokens": {"1002003004005": "page-token-of-lindner"}},
    "receive/x": {"consumer_secret": SECRET},
    "send/x": {"access_tokens": {"77001": "x-access-token-of-lindner"}},
    "receive/shop": {"signing_secret": SIGNING_SECRET},
    "send/shop": {"reply_secret": SIGNING_SECRET},
    "keys": {"current": "a", "keys": {"a": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}},
}


class Rig(Protocol):
    """AWS's place: `tests.quick_aws`, or moto."""

    def items(self) -> list[dict[str, Any]]: ...
    def take_jobs(self) -> list[dict[str, Any]]: ...
    def schedules(self) -> dict[str, dict[str, Any]]: ...
    def mails(self) -> list[tuple[str, bytes, dict[str, str]]]: ...
    def put_object(self, key: str, body: bytes) -> None: ...
    def configure(self, settings: Mapping[str, Any]) -> None: ...


@dataclass
class Platform:
    """All platforms and callbacks at once: takes every request and answers as it was told to."""

    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    answers: list[Response | Exception] = field(default_factory=list)

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.requests.append((method, url, more))
        answer = self.answers.pop(0) if self.answers else Response(200, b'{"id": "77_99", "data": {"id": "77099"}}')
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The bodies that were posted."""
        return [more["json"] for method, _, more in self.requests if method == "POST"]


@dataclass
class Stack:
    """Everything a test looks at."""

    rig: Rig
    client: Client
    platform: Platform
    seen: set[tuple[str, str]] = field(default_factory=set)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)  # that wait for the desk, by name
    done: set[str] = field(default_factory=set)
    read: list[EmailMessage] = field(default_factory=list)

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """All items of the table whose sort key begins so."""
        return [found for item in self.rig.items() if (found := unmarshal(item))["sk"].startswith(prefix)]

    def mails(self) -> list[EmailMessage]:
        """The mails that were sent, in order."""
        return read_on(self.read, self.rig.mails())

    def schedules(self) -> list[str]:
        """The names of the one-time schedules that are set."""
        return list(self.rig.schedules())

    def configure(self, settings: Mapping[str, Any]) -> None:
        """As `bridgehead configure` does; five minutes later."""
        self.rig.configure(settings)
        parameters.forget()

    def mail_in(self, raw: bytes, to: str, **verdicts: str) -> dict[str, Any]:
        """A mail from the helpdesk, as SES hands it over."""
        key = f"inbound/{len(self.items())}-{abs(hash(raw))}"
        self.rig.put_object(key, raw)
        record = _queued(json.dumps({"Type": "Notification", "Message": json.dumps(received(key, to, **verdicts))}))
        answer: dict[str, Any] = self.client.lambda_.invoke("mailroom", {"Records": [record]}).payload
        return answer

    def settle(self) -> None:
        """Until nothing is on its way any more."""
        while self._relay() or self._desk():
            pass

    def _relay(self) -> bool:
        keys = {(item["pk"], item["sk"]) for item in self.items()}
        new, self.seen = keys - self.seen, keys
        if not new:
            return False
        self.client.lambda_.invoke("relay", {"Records": [_record(pk, sk) for pk, sk in sorted(new)]})
        return True

    def _desk(self) -> bool:
        self.jobs |= {job["name"]: job for job in self.rig.take_jobs() if job["name"] not in self.done}
        found = list(self.jobs)[:10]
        if not found:
            return False
        records = [_job(name, self.jobs[name]) for name in found]
        answer = self.client.lambda_.invoke("desk", {"Records": records}).payload
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        self.done |= set(found) - failed
        self.jobs = {name: job for name, job in self.jobs.items() if name not in self.done}
        return True


@cache
def client(service: str) -> Any:
    """A client of the operator's; made once, moto answers whichever stack is the current one."""
    return boto3.Session("testing", "testing", region_name=REGION).client(service)  # type: ignore[call-overload]


@contextmanager
def stack(rig: Rig) -> Iterator[Stack]:
    """Our Lambdas on what stands in AWS's place; the environment is the test's to set (`ENVIRONMENT`)."""
    import app

    platform = Platform()
    with Client(app.app) as client, answering(platform):
        yield Stack(rig, client, platform)


def read_on(read: list[EmailMessage], sent: Sequence[tuple[str, bytes, Any]]) -> list[EmailMessage]:
    """All mails that were sent; those that were not read yet are read."""
    read += [message_from_bytes(raw, policy=policy.default) for _, raw, _ in sent[len(read) :]]
    return list(read)


def received(key: str, to: str, **verdicts: str) -> dict[str, Any]:
    """SES's notice of a mail; a verdict is PASS unless told otherwise."""
    found = {name: verdicts.get(name, "PASS") for name in ("virus", "spam", "spf", "dkim", "dmarc")}
    return {
        "notificationType": "Received",
        "mail": {"messageId": key.rpartition("/")[2], "source": "anna@lindner.example"},
        "receipt": {
            "recipients": [to],
            **{f"{name}Verdict": {"status": status} for name, status in found.items()},
            "action": {"type": "S3", "bucketName": "bridgehead-mail", "objectKey": key},
        },
    }


@contextmanager
def answering(platform: Callable[..., Response]) -> Iterator[None]:
    rooms: list[Any] = [import_module(f"chalicelib.{name}") for name in ("desk", "rounds")]
    opened = rooms[0].open_channel
    for room in rooms:
        room.open_channel = lambda connection: opened(connection, http=platform)
    try:
        yield
    finally:
        for room in rooms:
            room.open_channel = opened


def configure(settings: Mapping[str, Any]) -> None:
    """As `bridgehead configure` and `secret set` would leave Parameter Store."""
    ssm = client("ssm")
    values = {"settings": settings, **SECRETS}
    for name, value in values.items():
        kind = "String" if name == "settings" else "SecureString"
        ssm.put_parameter(Name=f"/bridgehead/test/{name}", Value=json.dumps(value), Type=kind, Overwrite=True)
    parameters.forget()


def create() -> None:
    """What the template makes."""
    client("dynamodb").create_table(
        TableName="bridgehead",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_attribute(name) for name in ("pk", "sk", "todo", "shard", "author_key", "opened_at")]
        + [{"AttributeName": "check_at", "AttributeType": "N"}],
        KeySchema=_keys("pk", "sk"),
        LocalSecondaryIndexes=[_index("todo", "pk", "todo", "ALL")],
        GlobalSecondaryIndexes=[
            _index("attention", "shard", "check_at", "KEYS_ONLY"),
            _index("author", "author_key", "opened_at", "KEYS_ONLY"),
        ],
    )
    where = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket="bridgehead-mail", CreateBucketConfiguration=where)
    client("sqs").create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "0"})
    client("scheduler").create_schedule_group(Name="bridgehead")
    client("events").create_event_bus(Name="bridgehead")
    client("ses").verify_domain_identity(Domain=DOMAIN)
    client("ses").create_configuration_set(ConfigurationSet={"Name": "bridgehead"})


def _attribute(name: str) -> Any:
    return {"AttributeName": name, "AttributeType": "S"}


def _keys(pk: str, sk: str) -> Any:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def _index(name: str, pk: str, sk: str, projection: str) -> Any:
    return {"IndexName": name, "KeySchema": _keys(pk, sk), "Projection": {"ProjectionType": projection}}


def _record(pk: str, sk: str) -> dict[str, Any]:
    keys = {"pk": {"S": pk}, "sk": {"S": sk}}
    name = f"{pk}{sk}".replace("#", "-").replace(":", "-")[-120:]
    return {"eventID": name, "eventName": "INSERT", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}


def _job(name: str, job: Mapping[str, Any]) -> dict[str, Any]:
    return {**_queued(job["body"]), "messageId": name, "attributes": {"MessageGroupId": job["group"]}}


def _queued(body: str) -> dict[str, Any]:
    return {
        "messageId": "1",
        "receiptHandle": "1",
        "body": body,
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": ENVIRONMENT["QUEUE_ARN"],
        "awsRegion": REGION,
    }
