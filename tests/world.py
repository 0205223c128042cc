"""What surrounds our Lambdas, with time that a test moves: stream, queue, Scheduler, sweep, SES's events, a platform.

Each keeps the promise its service makes, no more: what was not taken comes again (a webhook after a minute, a stream
record after a second, a job when it is visible again), what fails too often is dropped, and the sweep comes by.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from chalice.test import Client

from chalicelib import sweep
from chalicelib.aws import parameters
from chalicelib.aws.table import unmarshal
from chalicelib.http import Response
from tests import aws, signing

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
REDELIVERY, STREAM_RETRY = timedelta(minutes=1), timedelta(seconds=1)
JOB_HIDDEN, NOTICE_HIDDEN = timedelta(seconds=180), timedelta(seconds=360)  # as in infra/stack/resources.yaml
MOST_RECEIVES, MOST_STREAM_TRIES, MOST_DELIVERIES = 5, 10, 20
SWEEP_SECONDS, ONE_JOB_SECONDS = 300, 300  # the sweep's rate; how long the queue knows a job's name
NEVER = datetime.max.replace(tzinfo=UTC)
PAGE = "1002003004005"

Item = dict[str, Any]


class Rig(Protocol):
    """AWS's place: `tests.quick_aws`, or moto."""

    def items(self) -> list[Item]: ...
    def take_jobs(self) -> list[dict[str, Any]]: ...
    def schedules(self) -> dict[str, dict[str, Any]]: ...
    def mails(self) -> list[tuple[str, bytes, dict[str, str]]]: ...
    def put_object(self, key: str, body: bytes) -> None: ...


class Crash(BaseException):
    """The process is gone: no handler of ours sees it."""


@dataclass
class Clock:
    """Time, moved by hand."""

    now: datetime = START

    def epoch(self) -> float:
        return self.now.timestamp()


@dataclass
class Parcel:
    """Something that is delivered until it is taken."""

    body: Any
    due: datetime
    group: str = ""
    tries: int = 0


@dataclass
class Site:
    """A platform where the Page's comments stand; `between` may do anything to a call."""

    clock: Clock
    between: Callable[[str, Callable[[], Response]], Response] = lambda operation, real: real()
    comments: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        return self.between("Post" if method == "POST" else "Look", lambda: self._answer(method, url, more))

    def _answer(self, method: str, url: str, more: Mapping[str, Any]) -> Response:
        if method == "GET":
            return _ok({"data": list(reversed(self.comments))})
        known = {"id": f"77_{900 + len(self.comments)}", "message": more["json"]["message"], "from": {"id": PAGE}}
        self.comments.append({**known, "created_time": self.clock.now.isoformat(), "under": url.split("/")[-2]})
        return _ok({"id": known["id"]})


@dataclass
class World:
    """One stack in its surroundings."""

    rig: Rig
    client: Client
    clock: Clock
    site: Site
    arm: Callable[[bool], None] = lambda armed: None
    with_send_events: bool = True
    with_echoes: bool = True
    repeats: int = 1  # how often each webhook, stream record and job is delivered at least
    webhooks: list[Parcel] = field(default_factory=list)
    stream: list[Parcel] = field(default_factory=list)
    jobs: list[Parcel] = field(default_factory=list)
    notices: list[Parcel] = field(default_factory=list)
    sent_at: list[datetime] = field(default_factory=list)  # when SES took each mail
    answered_at: datetime | None = None  # when a reply was first seen as done in the table
    proven: dict[str, datetime] = field(default_factory=dict)  # when the table first knew that SES has a mail
    dropped: list[Parcel] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)  # answers to webhooks that were not 2xx
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _names: dict[str, datetime] = field(default_factory=dict)
    _read: list[EmailMessage] = field(default_factory=list)
    _echoed: int = 0

    def items(self, prefix: str = "") -> list[Item]:
        return [found for item in self.rig.items() if (found := unmarshal(item))["sk"].startswith(prefix)]

    def mails(self) -> list[EmailMessage]:
        return aws.read_on(self._read, self.rig.mails())

    def customer(self, body: bytes) -> None:
        """A platform's webhook, brought until it is answered 2xx."""
        self.webhooks.append(Parcel(body, self.clock.now))

    def agent(self, raw: bytes, to: str) -> None:
        """A mail from the helpdesk."""
        key = f"inbound/{sha256(raw).hexdigest()}"
        self.rig.put_object(key, raw)
        self.notices.append(Parcel(aws.received(key, to), self.clock.now))

    @contextmanager
    def unarmed(self) -> Iterator[None]:
        """Without faults for a while, in the middle of a Lambda."""
        self.arm(False)
        try:
            yield
        finally:
            self.arm(True)

    def pass_time(self, span: timedelta, until: Callable[[], bool] = lambda: False) -> None:
        """Everything that happens in a while, or until something has happened."""
        end = self.clock.now + span
        while True:
            self._rest()
            upcoming = min(self._dues(), default=NEVER)
            if until() or upcoming > end:
                break
            self.clock.now = max(upcoming, self.clock.now)
            self._fire()
        if not until():
            self.clock.now = end

    def _rest(self) -> None:
        while self._webhook() or self._relay() or self._desk() or self._mailroom():
            pass

    def _dues(self) -> Iterable[datetime]:
        yield from (parcel.due for parcel in [*self.webhooks, *self.stream, *self._heads(), *self.notices])
        yield from (_time(each["at"]) for each in self.rig.schedules().values())
        watched = [int(item["check_at"]["N"]) for item in self.rig.items() if "check_at" in item]
        if watched:
            first = max(min(watched), self.clock.epoch()) // SWEEP_SECONDS + 1
            yield datetime.fromtimestamp(first * SWEEP_SECONDS, UTC)

    def _fire(self) -> None:
        now, timers = self.clock.now, self.rig.schedules()
        for name in [name for name, each in timers.items() if _time(each["at"]) <= now]:
            body = timers.pop(name)["body"]
            self._queue(
                {"body": body, "group": json.loads(body)["conversation"], "name": sha256(body.encode()).hexdigest()}
            )
        if now.timestamp() % SWEEP_SECONDS == 0:
            self._invoke("clock", {})

    def _webhook(self) -> bool:
        parcel = self._next(self.webhooks)
        if not parcel:
            return False
        headers = {"content-type": "application/json", **signing.facebook(parcel.body, aws.SECRET)}
        request = lambda: self.client.http.post("/webhooks/facebook/facebook", headers=headers, body=parcel.body)  # noqa: E731
        answer = self._run(request)
        taken = answer is not None and answer.status_code == 200
        self.refused += [answer.status_code] if answer is not None and not taken else []
        self._conclude(self.webhooks, parcel, taken, REDELIVERY, MOST_DELIVERIES)
        return True

    def _relay(self) -> bool:
        batch = [parcel for parcel in self.stream if parcel.due <= self.clock.now]
        if not batch:
            return False
        answer = self._invoke("relay", {"Records": [parcel.body for parcel in batch]})
        failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]] if answer else ["0"]
        for parcel in batch:
            taken = not failed or int(parcel.body["dynamodb"]["SequenceNumber"]) < int(failed[0])
            self._conclude(self.stream, parcel, taken, STREAM_RETRY, MOST_STREAM_TRIES)
        return True

    def _desk(self) -> bool:
        batch = [parcel for parcel in self._heads() if parcel.due <= self.clock.now][:10]
        return self._batch("desk", self.jobs, batch, JOB_HIDDEN)

    def _heads(self) -> list[Parcel]:
        """The first job of each group: the others wait behind it."""
        return list({parcel.group: parcel for parcel in reversed(self.jobs)}.values())

    def _mailroom(self) -> bool:
        parcel = self._next(self.notices)
        return self._batch("mailroom", self.notices, [parcel] if parcel else [], NOTICE_HIDDEN)

    def _batch(self, name: str, parcels: list[Parcel], batch: list[Parcel], hidden: timedelta) -> bool:
        if not batch:
            return False
        answer = self._invoke(name, {"Records": [_record(name, n, parcel) for n, parcel in enumerate(batch)]})
        failed = [int(each["itemIdentifier"]) for each in answer["batchItemFailures"]] if answer else range(len(batch))
        for number, parcel in enumerate(batch):
            self._conclude(parcels, parcel, number not in failed, hidden, MOST_RECEIVES)
        return True

    def _next(self, parcels: list[Parcel]) -> Parcel | None:
        return next((parcel for parcel in parcels if parcel.due <= self.clock.now), None)

    def _conclude(self, parcels: list[Parcel], parcel: Parcel, taken: bool, wait: timedelta, most: int) -> None:
        parcel.tries += 1
        if (taken and parcel.tries >= self.repeats) or parcel.tries >= most:
            parcels.remove(parcel)
            self.dropped += [] if taken else [parcel]
        elif not taken:
            parcel.due = self.clock.now + wait

    def _invoke(self, name: str, event: dict[str, Any]) -> Any:
        answer = self._run(lambda: self.client.lambda_.invoke(name, event))
        return answer and answer.payload

    def _run(self, what: Callable[[], Any]) -> Any:
        self.arm(True)
        try:
            return what()
        except Crash:
            parameters.forget()
            return None
        except Exception:  # noqa: BLE001 - as Lambda does: whatever it is, the event comes again
            return None
        finally:
            self.arm(False)
            self.collect()

    def collect(self) -> None:
        for item in self.rig.items():
            key = (item["pk"]["S"], item["sk"]["S"])
            if key not in self._seen:
                self._seen.add(key)
                self._stream(*key)
        for job in self.rig.take_jobs():
            self._queue(job)
        for mail_id, _, tags in self.rig.mails()[len(self.sent_at) :]:
            self.sent_at.append(self.clock.now)
            if self.with_send_events:
                self.notices.append(Parcel(_send_event(mail_id, tags), self.clock.now + timedelta(seconds=1)))
        for comment in self.site.comments[self._echoed :]:
            self._echoed += 1
            if not self.with_echoes:
                continue
            self.webhooks.append(Parcel(echo(comment, self.clock.now), self.clock.now + timedelta(seconds=2)))
        for item in self.rig.items():
            if item["sk"]["S"].startswith("o#") and ("accepted" in item or "message_id" in item):
                self.proven.setdefault(item["sk"]["S"].rpartition("#")[2], self.clock.now)
        if not self.answered_at and any(_is_answered(item) for item in self.rig.items()):
            self.answered_at = self.clock.now

    def _stream(self, pk: str, sk: str) -> None:
        if sk.startswith("i#"):
            keys = {"pk": {"S": pk}, "sk": {"S": sk}}
            number = str(len(self._seen))
            record = {"eventID": f"e{number}", "eventName": "INSERT"}
            self.stream.append(Parcel({**record, "dynamodb": {"Keys": keys, "SequenceNumber": number}}, self.clock.now))

    def _queue(self, job: Mapping[str, Any]) -> None:
        known = self._names.get(job["name"])
        if known is None or (self.clock.now - known).total_seconds() >= ONE_JOB_SECONDS:
            self._names[job["name"]] = self.clock.now
            self.jobs.append(Parcel(job["body"], self.clock.now, job["group"]))


@contextmanager
def clocked(patch: pytest.MonkeyPatch, clock: Clock) -> Iterator[None]:
    """Our Lambdas look at this clock."""
    import app
    from chalicelib import desk, mailroom, rounds

    times = SimpleNamespace(time=clock.epoch, monotonic=clock.epoch, sleep=lambda seconds: None)
    for module in (app, sweep, parameters):
        patch.setattr(module, "time", times)
    for room, name in ((desk, "_room"), (mailroom, "open_room"), (rounds, "_round")):
        made: Any = getattr(room, name)
        patch.setattr(room, name, lambda *asked, made=made: replace(made(*asked), now=lambda: clock.now))
    yield


def echo(comment: Mapping[str, Any], at: datetime) -> bytes:
    """A comment of the Page itself, as the platform tells of it."""
    return feed(comment["id"], comment["message"], PAGE, "Kaffeehaus Lindner", comment["under"], at)


def feed(id: str, text: str, author: str, name: str, parent: str, at: datetime, **more: Any) -> bytes:
    """A change of a Page's feed."""
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": id,
        "post_id": f"{PAGE}_77",
        "parent_id": parent,
        "from": {"id": author, "name": name},
        "created_time": int(at.timestamp()),
        "message": text,
        **more,
    }
    entry = {"id": PAGE, "time": int(at.timestamp()), "changes": [{"field": "feed", "value": value}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def _ok(body: Any) -> Response:
    return Response(200, json.dumps(body).encode())


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def _is_answered(item: Item) -> bool:
    return bool(item["kind"]["S"] == "reply" and item["state"]["S"] == "done")


def _send_event(mail_id: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "eventType": "Send",
        "mail": {"messageId": mail_id, "tags": {name: [value] for name, value in tags.items()}},
    }


def _record(name: str, number: int, parcel: Parcel) -> dict[str, Any]:
    body = parcel.body if name == "desk" else json.dumps({"Message": json.dumps(parcel.body)})
    group = {"MessageGroupId": parcel.group}
    return {"messageId": str(number), "body": body, "attributes": group, "eventSource": "aws:sqs", "receiptHandle": ""}
