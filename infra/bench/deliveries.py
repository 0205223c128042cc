"""The webhooks that are measured: the demo's scenes as API Gateway hands them over, and the handlers that answer them.

Both sides write through botocore down to where a connection would be opened; there a hook answers at once.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.bench import barest
from infra.bench.barest import Handler
from infra.bench.transport import Canned
from infra.local import scenes
from infra.local.scenes import Webhook
from infra.settings import document
from infra.stack.package import ROOT

NAMES = ("facebook", "messenger", "x", "standard_webhooks")  # in the order of scenes.all_scenes
SECRETS = {
    "app_secret": "an-app-secret-of-decent-length",
    "verify_token": "a-verify-token-of-decent-length",
    "consumer_secret": "a-consumer-secret-of-decent-length",
    "signing_secret": "whsec_c2hvcC1zaWduaW5nLXNlY3JldC0wMTIzNDU2Nzg5",
}
SIGNS = {"facebook": "app_secret", "x": "consumer_secret", "standard_webhooks": "signing_secret"}
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


@dataclass(frozen=True)
class Delivery:
    """One webhook, its handlers by side, and the calls that the app made for it."""

    name: str
    event: dict[str, Any]
    sides: Mapping[str, Handler]
    calls: Mapping[str, int]


def deliveries() -> list[Delivery]:
    """Each answered once by every side. Changes this process's environment. Raises RuntimeError on any answer but 200."""
    os.environ.update(ENVIRONMENT)
    settings = document.check((ROOT / "bridgehead.example.toml").read_text("utf-8"), "local").settings
    connections = settings["connections"]
    transport, app = Canned(_parameters(settings)), _app()
    clients = _clients(transport)
    named = {name: {"name": name, "secrets": SECRETS, **found} for name, found in connections.items()}
    told = zip(NAMES, scenes.all_scenes(named), strict=True)
    return [_delivery(name, scene, connections[scene.connection], app, clients, transport) for name, scene in told]


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    prefix = ENVIRONMENT["PARAMETERS"]
    secrets = {f"{prefix}/receive/{name}": json.dumps(SECRETS) for name in settings["connections"]}
    return {f"{prefix}/settings": json.dumps(settings), **secrets}


def _app() -> Handler:
    # its log lines are written, but nobody reads them
    with redirect_stdout(Path(os.devnull).open("w")):
        import app
    handle: Handler = app.app
    return handle


def _clients(transport: Canned) -> dict[str, Any]:
    from chalicelib.aws import clients

    session = clients.session()
    session.get_component("event_emitter").register("before-send", transport)
    return {"barest": session.create_client("dynamodb"), "barest, our client": clients.client("dynamodb")}


def _delivery(
    name: str,
    scene: Webhook,
    connection: Mapping[str, Any],
    app: Handler,
    clients: Mapping[str, Any],
    transport: Canned,
) -> Delivery:
    channel = connection["channel"]
    event = _event(channel, scene)
    _answer(app, event)
    transport.calls.clear()
    _answer(app, event)
    calls = Counter(transport.calls)
    items = json.loads(transport.body)["TransactItems"]
    others = {side: barest.handler(channel, SECRETS[SIGNS[channel]], each, items) for side, each in clients.items()}
    for handle in others.values():
        _answer(handle, event)
    return Delivery(name, event, {"app": app, **others}, calls)


def _answer(handle: Handler, event: dict[str, Any]) -> None:
    answer = handle(event, None)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"answered {answer['statusCode']}")


def _event(channel: str, scene: Webhook) -> dict[str, Any]:
    """As a REST API hands it over."""
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
        **{name.title(): value for name, value in scene.headers.items()},
    }
    resource, path = "/webhooks/{channel}/{connection}", f"/webhooks/{channel}/{scene.connection}"
    return {
        "resource": resource,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"channel": channel, "connection": scene.connection},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": "POST",
            "path": f"/api{path}",
            "stage": "api",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "platform/1.0"},
        },
        "body": scene.body.decode(),
        "isBase64Encoded": False,
    }
