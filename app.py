"""Every Lambda entry point but that of `chalicelib/press`, in the order a message travels. Nothing is decided here.

    webhook, topics -> table -> (stream) relay -> queue -> desk -> helpdesk mail, platform answer, text
    helpdesk mail -> SES, S3, queue -> mailroom -> table -> (stream) relay -> queue -> desk

What only one Lambda needs is imported in its function: a webhook's cold start loads neither the desk nor the mailroom.
What wakes each Lambda, and what it may do, is in infra/stack/resources.yaml.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Chalice, Response

from chalicelib import intake, metrics
from chalicelib.aws import objects, parameters
from chalicelib.channels import open_channel
from chalicelib.channels.base import LARGEST_BODY, Answer, Channel, Forged, SecretMissing, WebhookRequest
from chalicelib.channels.powers import Responds

# what is loaded by now stays for good: searching it for garbage, while the first client is made, is a tenth of a cold start
gc.freeze()

app = Chalice(app_name="bridgehead")
logger = Logger(service="bridgehead")
UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


@app.route("/webhooks/{channel}/{connection}", methods=["GET", "POST"], content_types=["*/*"])
def webhook(channel: str, connection: str) -> Response:
    """A platform's delivery: proven, kept, answered. Or its question whether this address is ours (GET)."""
    logger.append_keys(channel=channel, connection=connection)
    request = _request()
    return _answer(413) if len(request.body) > LARGEST_BODY else _guarded(_webhook, request, channel, connection)


@app.route("/texts/twilio", methods=["POST"], content_types=["*/*"])
def texts() -> Response:
    """A text to the business's number, brought by Twilio. Texts by AWS come through `topics`."""
    return _guarded(_text, _request())


@app.route("/files/{token}", methods=["GET"])
def files(token: str) -> Response:
    """A link of ours: leads to the file as long as it is kept. An ending is for programs that go by it, and says nothing."""
    name = token.partition(".")[0]
    link = objects.signed_link(f"media/{name}") if name.isalnum() else None
    return Response("", {"Location": link, **UNKEPT}, 302) if link else _answer(404)


@app.lambda_function(name="topics")
def topics(event: dict[str, Any], context: Any) -> Any:
    """What services of the business's own AWS account bring: texts, WhatsApp messages."""
    from chalicelib.intake import topics as room

    return room.handle(event, context, logger)


@app.lambda_function(name="relay")
def relay(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The table's stream: what is new becomes a job of its conversation."""
    from chalicelib import relay as room

    return room.relay(event)


@app.lambda_function(name="desk")
def desk(event: dict[str, Any], context: Any) -> Any:
    """Jobs: whatever a conversation needs next. One that fails holds up its own conversation only."""
    from chalicelib import desk as room

    return room.handle(event, context, _asked, logger)


@app.lambda_function(name="mailroom")
def mailroom(event: dict[str, Any], context: Any) -> Any:
    """Mail from the helpdesk, and what SES tells about ours."""
    from chalicelib import mailroom as room

    return room.handle(event, context, intake.keep_events, logger)


@app.lambda_function(name="clock")
def clock(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Every few minutes: what is overdue or stuck is looked at again, and platforms are asked for what they did not push."""
    task = event.get("task", "sweep")
    if task == "sweep":
        from chalicelib import sweep

        return sweep.sweep(logger)
    from chalicelib import rounds

    return rounds.go(task, intake.keep_events, logger)


def _asked(connection: str, words: Mapping[str, str]) -> None:
    """Where a platform only rang, it is asked at once instead of by the clock."""
    from chalicelib import rounds

    rounds.rung(connection, words, intake.keep_events, logger)


def _guarded(take: Callable[..., Response], request: WebhookRequest, *place: str) -> Response:
    """What becomes of a delivery; what is not proven or not kept is answered so that an honest sender comes again."""
    try:
        return take(request, *place)
    except Forged as forged:
        logger.warning("forged", extra={"reason": str(forged)})
        return _answer(403 if request.method == "GET" else 401)
    except SecretMissing as missing:
        logger.error("secret missing", extra={"reason": str(missing)})
        return _answer(503)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be sent again
        logger.error("not kept", extra={"error": type(error).__name__})
        return _answer(503)


def _webhook(request: WebhookRequest, channel: str, connection: str) -> Response:
    opened, public_url = _open(channel, connection)
    if opened is None:
        return _answer(404)
    request = replace(request, url=f"{public_url}/webhooks/{channel}/{connection}")
    return _handshake(opened, request) if request.method == "GET" else _receive(opened, request, connection)


def _text(request: WebhookRequest) -> Response:
    from chalicelib.intake import texts as room

    outcome = room.by_twilio(request, parameters.load_settings(), parameters.load_phone("receive"))
    logger.info("text", extra={"outcome": outcome})
    return Response(room.NOTHING, {"Content-Type": "text/xml"}, 200)


def _open(channel: str, connection: str) -> tuple[Channel | None, str]:
    """The channel, None when there is no such connection, and where our public addresses begin."""
    try:
        settings, found = parameters.load_connection(connection, "receive")
    except KeyError:
        return None, ""
    return (open_channel(found) if found.channel == channel else None), settings.public_url.rstrip("/")


def _handshake(channel: Channel, request: WebhookRequest) -> Response:
    return _said(channel.handshake(request))


def _receive(channel: Channel, request: WebhookRequest, connection: str) -> Response:
    kept = intake.receive(request, channel, connection)
    logger.info("kept", extra={"new": kept.new, "known": kept.known, "unreadable": kept.unreadable})
    if kept.unreadable:
        metrics.count("Quarantined")
    return _said(channel.respond(request)) if isinstance(channel, Responds) else _answer(200)


def _said(answer: Answer) -> Response:
    return Response(answer.body, {"Content-Type": answer.content_type, "X-Content-Type-Options": "nosniff"}, 200)


def _request() -> WebhookRequest:
    request: Any = app.current_request
    event = request.to_original_event()
    repeated = event.get("multiValueHeaders") or {name: [value] for name, value in (event["headers"] or {}).items()}
    return WebhookRequest(
        method=request.method,
        # a header sent twice becomes one that no signature matches
        headers={name.lower(): ", ".join(values) for name, values in repeated.items()},
        query=dict(request.query_params or {}),
        body=request.raw_body,
        received_at=time.time(),
    )


def _answer(status: int) -> Response:
    return Response("", {"Content-Type": "text/plain"}, status)
