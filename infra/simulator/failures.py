"""Failures on demand. The two cut connections leave the product without an answer: after one of them the post is there."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from flask import Response, request
from flask.typing import ResponseReturnValue

from infra.simulator.world import World

KINDS = ("throttle", "refuse", "5xx", "timeout_before", "timeout_after", "window", "token")

Act = Callable[[], ResponseReturnValue]


def under(world: World, channel: str, answers: Mapping[str, Act], act: Act, on: str = "post") -> ResponseReturnValue:
    """Does it, unless something else was asked for. A kind that a platform does not know is a refusal."""
    kind = world.next_failure(channel, on)
    if kind is None:
        return act()
    if kind == "timeout_before":
        return cut()
    if kind == "timeout_after":
        act()
        return cut()
    return answers.get(kind, answers["refuse"])()


def cut() -> Response:
    """Closes the connection under the answer: the client sees it end without a byte."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
