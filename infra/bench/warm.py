"""Warm webhooks: CPU of one delivery through the real app, against the barest handler with the same write.

    python -m infra.bench.warm          prints the result as JSON; in a process of its own, with no test rig in it

The handlers and what lies under both are made in deliveries.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from infra.bench.barest import Handler
from infra.bench.deliveries import Delivery, deliveries
from infra.bench.figures import Figure, Section, progress
from infra.stack.package import ROOT

ROUNDS, REPEATS = 120, 8  # turns of each side, and deliveries in one
BAR = 1.5
MOST_CALLS = 1
SIDES = {
    "app": "API Gateway's event, chalice, settings and secrets from their cache, proof, strict parsing, "
    "items made, the write, log line, answer",
    "barest": "API Gateway's event, proof, json.loads, the same write (items stand ready; botocore's default client), answer",
    "barest, our client": "the same with the client that the app uses",
}

Times = Mapping[tuple[str, str], float]  # by delivery and side


def measure() -> Section:
    """Raises CalledProcessError when a delivery is not answered 200."""
    command = [sys.executable, "-m", "infra.bench.warm"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    notes = tuple(f"{side}: {what}" for side, what in SIDES.items())
    return Section("webhook, warm", tuple(_figures(result)), result, notes)


def run() -> dict[str, Any]:
    """In this process, whose environment and standard output are ours."""
    measured = deliveries()
    rounds = [_round(number, measured) for number in range(ROUNDS)]
    names = [delivery.name for delivery in measured]
    return {
        "warm_ratio": {name: _ratio(rounds, name, "barest") for name in names},
        "warm_ratio_our_client": {name: _ratio(rounds, name, "barest, our client") for name in names},
        "warm_microseconds": {side: {name: _microseconds(rounds, name, side) for name in names} for side in SIDES},
        "warm_sides": SIDES,
        "calls_before_ack": {delivery.name: delivery.calls for delivery in measured},
    }


def _round(number: int, measured: list[Delivery]) -> Times:
    if number % 30 == 0:
        progress(f"warm webhook: round {number + 1} of {ROUNDS}")
    # each round begins with another side
    sides = [(delivery, side) for delivery in measured for side in _turned(list(delivery.sides), number)]
    return {(delivery.name, side): _cpu(delivery.sides[side], delivery.event) for delivery, side in sides}


def _turned(sides: list[str], number: int) -> list[str]:
    first = number % len(sides)
    return sides[first:] + sides[:first]


def _cpu(handle: Handler, event: dict[str, Any]) -> float:
    started = time.process_time()
    for _ in range(REPEATS):
        handle(event, None)
    return time.process_time() - started


def _ratio(rounds: list[Times], name: str, side: str) -> float:
    return round(median(times[name, "app"] / times[name, side] for times in rounds), 3)


def _microseconds(rounds: list[Times], name: str, side: str) -> int:
    return round(median(times[name, side] for times in rounds) / REPEATS * 1e6)


def _figures(result: Mapping[str, Any]) -> Iterator[Figure]:
    times = result["warm_microseconds"]
    for name, ratio in result["warm_ratio"].items():
        yield Figure(name, ratio, BAR, "x", f"{times['app'][name]} µs of CPU against {times['barest'][name]} µs")
    worst = max(result["warm_ratio_our_client"].values())
    yield Figure("harsher, the worst of them", worst, None, "x", "against the barest with our client")
    for name, made in result["calls_before_ack"].items():
        yield Figure(f"AWS calls before 200, {name}", sum(made.values()), MOST_CALLS, "", ", ".join(made))


if __name__ == "__main__":
    print(json.dumps(run()))
