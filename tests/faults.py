"""The fault campaign: one story, told again and again while everything that can fail at an outside call does fail.

    python -m tests.faults --plans 10000        random plans; also: --singles, --pairs, --moto, --seed, --silent-ses
    python -m tests.faults --replay '{"12": "lost", "14": "crash_after"}'

A plan says which outside call (by number) meets which fault. After the story `promises.broken` looks at what is left.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from chalice.test import Client

from chalicelib.http import Lost, NotSent, Response
from tests import aws, moto_aws, promises, story
from tests.quick_aws import quick
from tests.world import Clock, Crash, Site, World, clocked

Plan = Mapping[int, str]
Real = Callable[[], Any]
AWS_KINDS = ("throttle", "5xx", "before", "after", "lost", "crash_before", "crash_after")
KINDS = {
    "TransactWriteItems": (*AWS_KINDS, "conflict"),
    "GetParameters": ("before", "crash_before"),
    "Post": ("throttle", "5xx", "unsent", "before", "after", "lost", "crash_before", "crash_after"),
    "Look": ("throttle", "5xx", "unsent", "before", "crash_before"),
    **dict.fromkeys(("GetItem", "Query", "GetObject"), ("throttle", "5xx", "before", "crash_before")),
}
THROTTLED = {"SendRawEmail": "Throttling", "PutEvents": "ThrottlingException", "CreateSchedule": "ThrottlingException"}
MEANWHILE = "meanwhile"
CONFLICTS = 3  # in a row: more than the table's own tries


@dataclass
class Faults:
    """Stands between us and everything outside; numbers the calls and lets the planned ones fail."""

    plan: Plan = field(default_factory=dict)
    armed: bool = False
    log: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    calls: int = 0  # of the story itself
    meanwhile: Callable[[], None] = lambda: None  # what a second worker does
    _conflicts: int = 0

    def arm(self, armed: bool) -> None:
        self.armed = armed

    def kind(self, operation: str) -> str:
        """What the next call meets; "" when nothing."""
        self.log.append(operation)
        kind = self.plan.get(len(self.log) - 1, "")
        if kind == MEANWHILE:
            self.meanwhile()
        if kind == "conflict":
            self._conflicts = CONFLICTS
        if self._conflicts and operation == "TransactWriteItems":
            self._conflicts -= 1
            kind = "conflict"
        kind = kind if kind in KINDS.get(operation, AWS_KINDS) else ""
        self.met[f"{operation} {kind}"] += bool(kind)
        return kind

    def next(self, operation: str) -> str:
        """As `kind`; tests look without being counted."""
        return self.kind(operation) if self.armed else ""

    def call(self, operation: str, real: Real) -> Any:
        """A call to AWS, with what the SDK's own tries make of it."""
        kind = self.next(operation)
        return AWS[kind](operation, real) if kind else real()

    def platform(self, operation: str, real: Callable[[], Response]) -> Response:
        """A call to a platform."""
        kind = self.next(operation)
        return PLATFORM[kind](operation, real) if kind else real()


def run(plan: Plan, *, on: Callable[[pytest.MonkeyPatch], Any] = quick, **world: Any) -> tuple[Faults, list[str]]:
    """The story under a plan: the faults as they were met, and the promises that were broken."""
    faults = Faults(plan)
    with pytest.MonkeyPatch.context() as patch, surrounded(patch), _settled_on(patch, on) as rig:
        import app

        client = Client(app.app)
        clock = Clock()
        site = Site(clock, faults.platform)
        rig.kind, rig.between = faults.next, faults.call
        surroundings = World(rig, client, clock, site, faults.arm, **world)
        with clocked(patch, clock), aws.answering(site):
            faults.meanwhile = partial(_second_worker, surroundings)
            told = story.tell(surroundings)
            faults.calls = len(faults.log)
            found = promises.broken(surroundings, told)
            faults.plan = {}
            return faults, [*found, *story.next_good_input(surroundings)]


@contextlib.contextmanager
def surrounded(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """With the environment of our Lambdas."""
    for name, value in aws.ENVIRONMENT.items():
        patch.setenv(name, value)
    yield


@contextlib.contextmanager
def _settled_on(patch: pytest.MonkeyPatch, on: Callable[[pytest.MonkeyPatch], Any]) -> Iterator[Any]:
    """With the story's policy."""
    patch.setattr(aws, "SETTINGS", {**aws.SETTINGS, "policies": [story.POLICY]})
    with on(patch) as rig:
        yield rig


def singles(told: Faults, start: int = 0) -> Iterator[dict[int, str]]:
    """Every fault at every call of a story."""
    for number, operation in enumerate(told.log[start : told.calls], start):
        yield from ({number: kind} for kind in KINDS.get(operation, AWS_KINDS))


def stale(told: Faults) -> Iterator[dict[int, str]]:
    """A second worker that does everything there is to do, just before each call."""
    yield from ({number: MEANWHILE} for number in range(told.calls))


def pairs(**world: Any) -> Iterator[dict[int, str]]:
    """Every second fault after every first one: the calls of the story as the first fault made it."""
    for first in singles(run({}, **world)[0]):
        (number,) = first
        with quiet():
            told = run(first, **world)[0]
        yield from ({**first, **second} for second in singles(told, number + 1))


def shuffled(plans: Iterable[dict[int, str]]) -> list[dict[int, str]]:
    """In an order that a budget of time may cut off anywhere; another one each day."""
    found = list(plans)
    random.Random(date.today().toordinal()).shuffle(found)  # noqa: S311 - chooses plans
    return found


def two(told: Faults) -> Iterator[dict[int, str]]:
    """Two faults of the story each, without end."""
    every = list(singles(told))
    luck = random.Random(date.today().toordinal())  # noqa: S311 - chooses plans
    while True:
        first, second = luck.sample(every, 2)
        yield {**first, **second}


def chosen(seed: int, calls: int, most: int = 6) -> Iterator[dict[int, str]]:
    """Random plans of one to `most` faults."""
    luck = random.Random(seed)  # noqa: S311 - chooses faults
    every = sorted({kind for kinds in (*KINDS.values(), AWS_KINDS) for kind in kinds})
    while True:
        numbers = luck.sample(range(calls), luck.randint(1, most))
        yield {number: luck.choice(every) for number in sorted(numbers)}


def campaign(
    plans: Iterable[Plan], seconds: float = float("inf"), **world: Any
) -> tuple[int, list[tuple[Plan, list[str]]]]:
    """How many plans were run within the time, and those that broke a promise."""
    until, count, broken = time.monotonic() + seconds, 0, []
    for plan in plans:
        if time.monotonic() > until:
            break
        found = run(plan, **world)[1]
        broken += [(plan, found)] if found else []
        count += 1
    return count, broken


def _second_worker(world: World) -> None:
    """All conversations with something to do, as a worker sees them that ought not to be there."""
    places = {item["pk"]["S"] for item in world.rig.items() if "todo" in item}
    records = [{"messageId": pk, "body": json.dumps({"conversation": pk}), "attributes": {}} for pk in sorted(places)]
    with contextlib.suppress(Exception), world.unarmed():
        world.client.lambda_.invoke("desk", {"Records": [{**each, "eventSource": "aws:sqs"} for each in records]})


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the log lines of ten thousand Lambdas."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _refused(code: str, status: int) -> Callable[[str, Real], Any]:
    def raise_(operation: str, real: Real) -> Any:
        found = THROTTLED.get(operation, code) if status < 500 else code
        told: Any = {"Error": {"Code": found}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(told, operation)

    return raise_


def _timed_out(operation: str, real: Real) -> Any:
    raise ReadTimeoutError(endpoint_url="")


def _lost(operation: str, real: Real) -> Any:
    real()
    raise ConnectionClosedError(endpoint_url="")


def _lost_once(operation: str, real: Real) -> Any:
    # the SDK tries again, except with SES
    if operation == "SendRawEmail":
        return _lost(operation, real)
    with contextlib.suppress(ClientError):
        real()
    return real()


def _conflict(operation: str, real: Real) -> Any:
    metadata, reasons = {"HTTPStatusCode": 400}, [{"Code": "TransactionConflict"}]
    code = {"Code": "TransactionCanceledException"}
    told: Any = {"Error": code, "ResponseMetadata": metadata, "CancellationReasons": reasons}
    raise ClientError(told, operation)


def _crash(*_: Any) -> Any:
    raise Crash


def _crash_after(operation: str, real: Real) -> Any:
    real()
    raise Crash


AWS: Mapping[str, Callable[[str, Real], Any]] = {
    "throttle": _refused("ProvisionedThroughputExceededException", 400),
    "5xx": _refused("InternalServerError", 500),
    "before": _timed_out,
    "after": _lost_once,
    "lost": _lost,
    "conflict": _conflict,
    "crash_before": _crash,
    "crash_after": _crash_after,
}


def _raising(error: BaseException) -> Callable[[str, Any], Response]:
    def raise_(operation: str, real: Any) -> Response:
        raise error

    return raise_


def _done_but(real: Callable[[], Response], told: Response | BaseException) -> Response:
    real()
    if isinstance(told, BaseException):
        raise told
    return told


_SICK = Response(500, b'{"error": {"code": 2, "message": "temporary"}}')
PLATFORM: Mapping[str, Callable[[str, Callable[[], Response]], Response]] = {
    "throttle": lambda operation, real: Response(400, b'{"error": {"code": 32, "message": "too many"}}'),
    "5xx": lambda operation, real: _SICK,
    "unsent": _raising(NotSent("NewConnectionError")),
    "before": _raising(Lost("ReadTimeoutError")),
    "after": lambda operation, real: _done_but(real, _SICK),
    "lost": lambda operation, real: _done_but(real, Lost("ReadTimeoutError")),
    "crash_before": _raising(Crash()),
    "crash_after": lambda operation, real: _done_but(real, Crash()),
}


def main() -> int:
    """Runs a campaign and tells what it broke; 1 when anything."""
    asked = _arguments()
    os.environ.update(aws.ENVIRONMENT, POWERTOOLS_LOG_LEVEL="CRITICAL", POWERTOOLS_METRICS_DISABLED="true")
    world: dict[str, Any] = {
        "with_send_events": not asked.silent_ses,
        "with_echoes": not asked.no_echoes,
        "repeats": asked.repeats,
    }
    world |= {"on": moto_aws.moto} if asked.moto else {}
    with quiet():
        told = run({}, **world)[0]
    print(f"{told.calls} outside calls in the story", file=sys.stderr)
    started, count, broken = time.monotonic(), 0, 0
    for plan in _plans(asked, told, world):
        with quiet():
            faults, found = run(plan, **world)
        count, broken = count + 1, broken + bool(found)
        if found:
            calls = {
                number: f"{faults.log[number]} {kind}" for number, kind in plan.items() if number < len(faults.log)
            }
            print(f"{json.dumps(dict(plan))}  {calls}\n    " + "\n    ".join(found))
        if count % 500 == 0:
            print(f"{count} plans, {broken} broken, {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(f"{count} plans, {broken} broke a promise, {time.monotonic() - started:.0f} s")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What must hold, while everything outside fails.")
    parser.add_argument("--plans", type=int, default=0, help="random plans of one to six faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--singles", action="store_true", help="every fault at every call")
    parser.add_argument("--stale", action="store_true", help="a second worker at every call")
    parser.add_argument("--pairs", action="store_true", help="every two faults")
    parser.add_argument("--part", default="1/1", help="2/4: the second quarter of the plans")
    parser.add_argument("--moto", action="store_true", help="on moto, below the SDK; slower")
    parser.add_argument("--silent-ses", action="store_true", help="no send events arrive")
    parser.add_argument("--no-echoes", action="store_true", help="the platform does not tell what the Page posts")
    parser.add_argument("--repeats", type=int, default=1, help="everything is delivered so often")
    parser.add_argument("--replay", type=json.loads, default=None, help="one plan as JSON")
    return parser.parse_args()


def _plans(asked: argparse.Namespace, told: Faults, world: dict[str, Any]) -> Iterator[Plan]:
    part, parts = map(int, asked.part.split("/"))
    if asked.replay is not None:
        yield {int(number): kind for number, kind in asked.replay.items()}
    if asked.singles:
        yield from islice(singles(told), part - 1, None, parts)
    if asked.stale:
        yield from stale(told)
    if asked.pairs:
        yield from islice(pairs(**world), part - 1, None, parts)
    yield from islice(chosen(asked.seed * parts + part, told.calls + 20), asked.plans)


if __name__ == "__main__":
    raise SystemExit(main())
