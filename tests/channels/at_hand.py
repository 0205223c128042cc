"""A platform on its side of the wire: what it answers and was asked, and answers on their way to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chalicelib.channels.base import Channel, Outcome, PostFailed
from chalicelib.channels.powers import Polls
from chalicelib.http import Http, Response
from chalicelib.model import Event, Kind, Reply

SHARED = Path(__file__).parents[2].parent / "shared" / "fixtures"


@dataclass(frozen=True)
class Samples:
    """Deliveries and answers from elsewhere, as JSON in a folder that may not be at hand."""

    folder: str

    @property
    def needed(self) -> pytest.MarkDecorator:
        """In front of a test that reads them."""
        return pytest.mark.skipif(not (SHARED / self.folder).exists(), reason="samples are not at hand")

    @property
    def names(self) -> list[str]:
        return sorted(file.stem for file in (SHARED / self.folder).glob("*.json"))

    def body(self, name: str) -> bytes:
        return (SHARED / self.folder / f"{name}.json").read_bytes()

    def told(self, name: str) -> Any:
        return json.loads(self.body(name))


def answering(
    status: int, body: Any = b"", headers: dict[str, str] | None = None, asked: list[Any] | None = None
) -> Http:
    """The same to whatever it is asked; what is no bytes is told as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def http(method: str, url: str, **more: Any) -> Response:
        if asked is not None:
            asked.append((method, url, more))
        return Response(status, content, headers or {})

    return http


class Platform:
    """Answers in order: an exception, a response, or what `told` makes one of; keeps what it was asked."""

    usual: ClassVar[Any] = None

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        answer = self.answers.pop(0) if self.answers else self.usual
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else self.told(answer)

    def told(self, answer: Any) -> Response:
        return Response(200, json.dumps(answer).encode())

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [more["json"] for _, _, more in self.asked if more.get("json")]


def refusal(channel: Channel, answer: Reply) -> tuple[Outcome, str]:
    """What it means that an answer is not taken."""
    with pytest.raises(PostFailed) as failed:
        channel.send(answer)
    return failed.value.outcome, failed.value.code


def failing(error: Exception) -> Http:
    """Not to be reached."""

    def http(*_: Any, **__: Any) -> Response:
        raise error

    return http


def replying(**usual: Any) -> Callable[..., Reply]:
    """Makes answers on their way: as usual but for what is said."""
    names = {"conversation_id": "abcdefghijklmnop", "id": "3f9c2a7e"}
    fields = {**names, "kind": Kind.DIRECT, "public": False, **usual}
    return lambda **more: Reply(**{**fields, **more})


def kinds(events: list[Event]) -> str:
    return " ".join(type(event).__name__.lower() for event in events) or "nothing"


def all_there_is(channel: Polls, account: str, cursor: str) -> tuple[list[Event], str]:
    """What polls bring until there is no more, and where the next one goes on."""
    found: list[Event] = []
    for _ in range(20):
        polled = channel.poll(account, cursor)
        found, cursor = [*found, *polled.events], polled.cursor
        if not polled.more:
            return found, cursor
    raise AssertionError("it never ends")
