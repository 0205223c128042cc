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
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from chalice.test import Client

from chalicelib.http import Lost, NotSent, Response
from tests import aws, promises, story
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
CONFLICTS = 3  # in a row: more than the table's own tries


@dataclass
class Faults:
    """Stands between us and everything outside; numbers the calls and lets the planned ones fail."""

    plan: Plan = field(default_factory=dict)
    armed: bool = False
    log: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    _conflicts: int = 0

    def arm(self, armed: bool) -> None:
        self.armed = armed

    def kind(self, operation: str) -> str:
        """What the next call meets; "" when nothing."""
        self.log.append(operation)
        kind = self.plan.get(len(self.log) - 1, "")
        if kind == "conflict":
            self._conflicts = CONFLICTS
        if self._conflicts and operation == "TransactWriteItems":
            self._conflicts -= 1
            kind = "conflict"
        kind = kind if kind in KINDS.get(operation, AWS_KINDS) else ""
        self.met[f"{operation} {kind}"] += bool(kind)
        return kind

    def call(self, operation: str, real: Real) -> Any:
        """A call to AWS, with what the SDK's own tries make of it."""
        kind = self.kind(operation) if self.armed else ""
        return _AWS[kind](operation, real) if kind else real()

    def platform(self, operation: str, real: Callable[[], Response]) -> Response:
        """A call to a platform."""
        kind = self.kind(operation) if self.armed else ""
        return _PLATFORM[kind](real) if kind else real()


def run(plan: Plan, *, on: Callable[[pytest.MonkeyPatch], Any] = quick, **world: Any) -> tuple[Faults, list[str]]:
    """The story under a plan: the faults as they were met, and the promises that were broken."""
    import app

    faults = Faults(plan)
    with pytest.MonkeyPatch.context() as patch, on(patch) as rig, Client(app.app) as client:
        clock = Clock()
        site = Site(clock, faults.platform)
        rig.between = faults.call
        surroundings = World(rig, client, clock, site, faults.arm, **world)
        with clocked(patch, clock), aws.answering(site):
            told = story.tell(surroundings)
            found = promises.broken(surroundings, told)
            faults.plan = {}
            return faults, [*found, *story.next_good_input(surroundings)]


def singles(log: list[str], start: int = 0) -> Iterator[dict[int, str]]:
    """Every fault at every call."""
    for number, operation in enumerate(log[start:], start):
        yield from ({number: kind} for kind in KINDS.get(operation, AWS_KINDS))


def pairs(**world: Any) -> Iterator[dict[int, str]]:
    """Every second fault after every first one: the calls of the story as the first fault made it."""
    for first in singles(run({}, **world)[0].log):
        (number,) = first
        yield from ({**first, **second} for second in singles(run(first, **world)[0].log, number + 1))


def chosen(seed: int, calls: int, most: int = 6) -> Iterator[dict[int, str]]:
    """Random plans of one to `most` faults."""
    luck = random.Random(seed)  # noqa: S311 - chooses faults
    every = sorted({kind for kinds in (*KINDS.values(), AWS_KINDS) for kind in kinds})
    while True:
        numbers = luck.sample(range(calls), luck.randint(1, most))
        yield {number: luck.choice(every) for number in sorted(numbers)}


def campaign(plans: Iterable[Plan], seconds: float = float("inf"), **world: Any) -> tuple[int, list[tuple[Plan, list[str]]]]:
    """How many plans were run within the time, and those that broke a promise."""
    until, count, broken = time.monotonic() + seconds, 0, []
    for plan in plans:
        if time.monotonic() > until:
            break
        found = run(plan, **world)[1]
        broken += [(plan, found)] if found else []
        count += 1
    return count, broken


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the log lines of ten thousand Lambdas."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _refused(code: str, status: int) -> Callable[[str, Real], Any]:
    def raise_(operation: str, real: Real) -> Any:
        found = THROTTLED.get(operation, code) if status < 500 else code
        raise ClientError({"Error": {"Code": found}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)

    return raise_


def _timed_out(operation: str, real: Real) -> Any:
    raise ReadTimeoutError(endpoint_url="")


def _lost(operation: str, real: Real) -> Any:
    real()
    raise ConnectionClosedError(endpoint_url="")


def _lost_once(operation: str, real: Real) -> Any:
    # the SDK tries again, except with SES
    return _lost(operation, real) if operation == "SendRawEmail" else (_tried(real), real())[1]


def _tried(real: Real) -> None:
    with contextlib.suppress(ClientError):
        real()


def _conflict(operation: str, real: Real) -> Any:
    response: Any = {"Error": {"Code": "TransactionCanceledException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    raise ClientError({**response, "CancellationReasons": [{"Code": "TransactionConflict"}]}, operation)


def _crash(*_: Any) -> Any:
    raise Crash


def _crash_after(operation: str, real: Real) -> Any:
    real()
    raise Crash


_AWS: Mapping[str, Callable[[str, Real], Any]] = {
    "throttle": _refused("ProvisionedThroughputExceededException", 400),
    "5xx": _refused("InternalServerError", 500),
    "before": _timed_out,
    "after": _lost_once,
    "lost": _lost,
    "conflict": _conflict,
    "crash_before": _crash,
    "crash_after": _crash_after,
}


def _raising(error: BaseException) -> Callable[[Any], Response]:
    def raise_(real: Any) -> Response:
        raise error

    return raise_


def _done_but(real: Callable[[], Response], told: Response | BaseException) -> Response:
    real()
    if isinstance(told, BaseException):
        raise told
    return told


_SICK = Response(500, b'{"error": {"code": 2, "message": "temporary"}}')
_PLATFORM: Mapping[str, Callable[[Callable[[], Response]], Response]] = {
    "throttle": lambda real: Response(400, b'{"error": {"code": 32, "message": "too many"}}'),
    "5xx": lambda real: _SICK,
    "unsent": _raising(NotSent("NewConnectionError")),
    "before": _raising(Lost("ReadTimeoutError")),
    "after": lambda real: _done_but(real, _SICK),
    "lost": lambda real: _done_but(real, Lost("ReadTimeoutError")),
    "crash_before": _raising(Crash()),
    "crash_after": lambda real: _done_but(real, Crash()),
}


def main() -> int:
    """Runs a campaign and tells what it broke; 1 when anything."""
    asked = _arguments()
    os.environ.update(aws.ENVIRONMENT, POWERTOOLS_LOG_LEVEL="CRITICAL")
    world: dict[str, Any] = {"with_send_events": not asked.silent_ses, "repeats": asked.repeats}
    pass
    with quiet():
        log = run({}, **world)[0].log
    print(f"{len(log)} outside calls in the story", file=sys.stderr)
    started, count, broken = time.monotonic(), 0, 0
    for plan in _plans(asked, log, world):
        with quiet():
            faults, found = run(plan, **world)
        count, broken = count + 1, broken + bool(found)
        if found:
            calls = {number: f"{faults.log[number]} {kind}" for number, kind in plan.items() if number < len(faults.log)}
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
    parser.add_argument("--pairs", action="store_true", help="every two faults")
    parser.add_argument("--part", default="1/1", help="2/4: the second quarter of the plans")
    parser.add_argument("--moto", action="store_true", help="on moto, below the SDK; slower")
    parser.add_argument("--silent-ses", action="store_true", help="no send events arrive")
    parser.add_argument("--repeats", type=int, default=1, help="everything is delivered so often")
    parser.add_argument("--replay", type=json.loads, default=None, help="one plan as JSON")
    return parser.parse_args()


def _plans(asked: argparse.Namespace, log: list[str], world: dict[str, Any]) -> Iterator[Plan]:
    part, parts = map(int, asked.part.split("/"))
    if asked.replay is not None:
        yield {int(number): kind for number, kind in asked.replay.items()}
    if asked.singles:
        yield from islice(singles(log), part - 1, None, parts)
    if asked.pairs:
        yield from islice(pairs(**world), part - 1, None, parts)
    yield from islice(chosen(asked.seed * parts + part, len(log) + 20), asked.plans)


if __name__ == "__main__":
    raise SystemExit(main())
