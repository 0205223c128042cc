"""Warm webhooks: CPU of one delivery through the real app, against the barest handler with the same write.

    python -m infra.bench.warm          prints the result as JSON; in a process of its own, with no test rig in it

The app's side: API Gateway's event -> chalice -> settings and secrets from their cache -> proof -> parse -> write ->
log line -> answer. The barest side: see barest.py. Under both lies the same transport that answers at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from infra.bench.figures import Figure, Section, progress
from infra.package import ROOT

ROUNDS, DELIVERIES = 25, 40  # turns of each side, and deliveries in one
BAR = 1.5
MOST_WRITES = 1
NAMES = ("facebook", "messenger", "x", "standard_webhooks")  # in the order of infra.scenes.all_scenes
SECRETS = {
    "app_secret": "an-app-secret-of-decent-length",
    "verify_token": "a-verify-token-of-decent-length",
    "consumer_secret": "a-consumer-secret-of-decent-length",
    "signing_secret": "whsec_c2hvcC1zaWduaW5nLXNlY3JldC0wMTIzNDU2Nzg5",
}
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "STAGE": "bench",
    "TABLE": "bridgehead-bench",
    "BUCKET": "bridgehead-bench",
    "PARAMETERS": "/bridgehead/bench",
    "POWERTOOLS_SERVICE_NAME": "bridgehead-bench",
    "LOG_LEVEL": "INFO",
}

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Pair:
    """One delivery and its two handlers."""

    name: str
    event: dict[str, Any]
    app: Handle
    barest: Handle


def measure() -> Section:
    """Raises CalledProcessError when a delivery is not answered 200."""
    command = [sys.executable, "-m", "infra.bench.warm"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    notes = (
        f"the app: {result['warm_sides']['app']};",
        f"the barest: {result['warm_sides']['barest']}",
    )
    return Section("webhook, warm", tuple(_figures(result)), result, notes)


def run() -> dict[str, Any]:
    """In this process, whose environment and standard output are ours."""
    os.environ.update(ENVIRONMENT)
    pairs, calls = _pairs()
    rounds = [_round(number, pairs) for number in range(ROUNDS)]
    sides = {side: {pair.name: _median(rounds, pair.name, side) for pair in pairs} for side in ("app", "barest")}
    return {
        "warm_ratio": {
            pair.name: round(median(r[pair.name]["app"] / r[pair.name]["barest"] for r in rounds), 3) for pair in pairs
        },
        "warm_microseconds": sides,
        "calls_before_ack": calls,
        "warm_sides": {
            "app": "REST event, chalice, cached settings, proof, strict parsing, items, botocore's write, log line, answer",
            "barest": "REST event, proof, json.loads, the same write of items that stand ready by botocore, answer",
        },
    }


def _median(rounds: list[dict[str, dict[str, float]]], name: str, side: str) -> int:
    return round(median(each[name][side] for each in rounds) / DELIVERIES * 1e6)


def _round(number: int, pairs: list[Pair]) -> dict[str, dict[str, float]]:
    if number % 5 == 0:
        progress(f"warm webhook: round {number + 1} of {ROUNDS}")
    return {pair.name: {"app": _cpu(pair.app, pair), "barest": _cpu(pair.barest, pair)} for pair in pairs}


def _cpu(handle: Handle, pair: Pair) -> float:
    started = time.process_time()
    for _ in range(DELIVERIES):
        handle(pair.event, None)
    return time.process_time() - started


def _pairs() -> tuple[list[Pair], dict[str, dict[str, int]]]:
    """Each delivery with its handlers, both of which have answered it once, and what the app asked of AWS for it."""
    from botocore.config import Config

    from chalicelib.aws import clients
    from infra import scenes, settings_file
    from infra.bench import barest
    from infra.bench.transport import Canned

    settings = settings_file.check((ROOT / "bridgehead.example.toml").read_text(), "local").settings
    transport = Canned(_parameters(settings))
    clients.session().get_component("event_emitter").register("before-send", transport)
    dynamodb = clients.session().create_client("dynamodb", config=Config())
    app = _app()
    pairs, calls = [], {}
    named = {name: {"name": name, "secrets": SECRETS, **found} for name, found in settings["connections"].items()}
    for name, scene in zip(NAMES, scenes.all_scenes(named), strict=True):
        channel = settings["connections"][scene.connection]["channel"]
        event = _event(channel, scene.connection, scene.body.decode(), scene.headers)
        _check(app, event)
        transport.calls.clear()
        _check(app, event)
        calls[name] = dict(Counter(transport.calls))
        items = json.loads(transport.body)["TransactItems"]
        handler = barest.handler(channel, SECRETS[SIGNS[channel]], dynamodb, items)
        _check(handler, event)
        pairs.append(Pair(name, event, app, handler))
    return pairs, calls


SIGNS = {"facebook": "app_secret", "x": "consumer_secret", "standard_webhooks": "signing_secret"}


def _app() -> Handle:
    # its log lines are written, but nobody reads them
    with redirect_stdout(Path(os.devnull).open("w")):
        import app
    handle: Handle = app.app
    return handle


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    prefix = ENVIRONMENT["PARAMETERS"]
    secrets = {f"{prefix}/receive/{name}": json.dumps(SECRETS) for name in settings["connections"]}
    return {f"{prefix}/settings": json.dumps(settings), **secrets}


def _check(handle: Handle, event: dict[str, Any]) -> None:
    answer = handle(event, None)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"answered {answer['statusCode']}")


def _event(channel: str, connection: str, body: str, signature: Mapping[str, str]) -> dict[str, Any]:
    """As API Gateway's REST API hands it over."""
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip",
        "Content-Type": "application/json",
        "Host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
        "User-Agent": "platform/1.0",
        "X-Amzn-Trace-Id": "Root=1-6920ddee-0f1e2d3c4b5a69788796a5b4",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **{name.title(): value for name, value in signature.items()},
    }
    return {
        "resource": "/webhooks/{channel}/{connection}",
        "path": f"/webhooks/{channel}/{connection}",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"channel": channel, "connection": connection},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/webhooks/{channel}/{connection}",
            "httpMethod": "POST",
            "path": f"/api/webhooks/{channel}/{connection}",
            "stage": "api",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "platform/1.0"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _figures(result: Mapping[str, Any]) -> list[Figure]:
    sides = result["warm_microseconds"]
    ratios = [
        Figure(name, ratio, BAR, "x", f"{sides['app'][name]} µs against {sides['barest'][name]} µs of CPU")
        for name, ratio in result["warm_ratio"].items()
    ]
    calls = [
        Figure(f"AWS calls before the answer, {name}", sum(made.values()), MOST_WRITES, "", ", ".join(made))
        for name, made in result["calls_before_ack"].items()
    ]
    return ratios + calls


if __name__ == "__main__":
    print(json.dumps(run()))
