"""A platform with every power a channel may have, and the channel that speaks to it. `Square` is what stands there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import channels
from chalicelib.aws import parameters
from chalicelib.channels.base import Answer, Connection, Limits, Outcome, PostFailed, Spec, WebhookRequest, read_json
from chalicelib.channels.powers import Polled, Refreshed
from chalicelib.http import Response
from chalicelib.model import Attachment, Author, Event, Kind, Message, Reply, Ring
from tests import aws, faults, story
from tests.quick_aws import QuickAws, quick
from tests.world import Clock, Site, World, clocked

SPEC = Spec(
    name="kiosk",
    title="Kiosk",
    module="tests.rounds.kiosk",
    factory="Kiosk",
    receive_secrets=(),
    send_secrets=("tokens", "refresh_tokens"),
    per_account_secrets=("tokens", "refresh_tokens"),
    poll_every=timedelta(minutes=10),
    refresh_before=timedelta(days=10),
)
PARTIAL = "partial-"  # ids of messages of which a push does not tell what they say
RING = "ring-"  # begins what is no message, but says that there is something: ring-<account>-<number>
JSON = {"content-type": "application/json"}
LIVES = timedelta(days=60)  # a token
EAST, WEST = "east", "west"  # the two accounts


def message(id: str, text: str = "Habt ihr offen? 日曜日は営業していますか ☕", **more: Any) -> Message:
    """What Mia wrote; ten minutes before the clocks of the tests begin."""
    told: dict[str, Any] = {"account": EAST, "thread": "counter", "author": Author("mia", "Mia Muster"), **more}
    sent_at = told.pop("sent_at", datetime.fromisoformat("2026-11-21T08:50:00Z"))
    return Message("kiosk", id=id, text=text, sent_at=sent_at, permalink=f"https://kiosk.example/{id}", **told)


@dataclass
class Square:
    """The platform: what it tells, whom it listens to. `between` may do anything to a call."""

    clock: Clock
    between: Callable[[str, Callable[[], Any]], Any] = lambda operation, real: real()
    pages: dict[str, list[Sequence[Event]]] = field(default_factory=dict)  # by account: what polls bring
    listed: list[Event | PostFailed] = field(default_factory=list)
    whole: dict[str, Message | PostFailed | None] = field(default_factory=dict)  # by id
    files: dict[str, Response | Exception] = field(default_factory=dict)  # by ref
    missing: list[str] = field(default_factory=list)
    failing: dict[str, PostFailed] = field(default_factory=dict)  # by account
    asked: list[tuple[str, ...]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # that polls were made with
    posted: list[tuple[str, str]] = field(default_factory=list)  # token, text
    valid: dict[str, str] = field(default_factory=dict)  # tokens by account; others are refused
    refreshable: dict[str, str] = field(default_factory=dict)  # refresh tokens by account, each for one use
    reusable: bool = False

    def call(self, operation: str, account: str, *more: str, real: Callable[[], Any]) -> Any:
        self.asked.append((operation, account, *more))
        if account in self.failing:
            raise self.failing[account]
        return self.between(operation, real)

    def count(self, operation: str, account: str = "") -> int:
        """How often it was asked so."""
        return sum(each[0] == operation and account in (each[1], "") for each in self.asked)


@dataclass(frozen=True)
class Kiosk:
    """All powers; what they do is the square's."""

    connection: Connection
    http: Any = None  # the square; a webhook asks nobody

    def handshake(self, request: WebhookRequest) -> Answer:
        return Answer("")

    def verify(self, request: WebhookRequest) -> None:
        return None

    def parse(self, request: WebhookRequest) -> list[Event]:
        return [_ring(id) if id.startswith(RING) else _pushed(id) for id in read_json(request.body)]

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        return Limits(public=False, text=1000)

    def send(self, reply: Reply) -> str:
        token = self._token(reply.account)
        return str(self.http.call("Post", reply.account, real=lambda: self._post(reply, token)))

    def complete(self, message: Message) -> Message | None:
        found = self.http.call("Complete", message.account, message.id, real=lambda: self.http.whole[message.id])
        if isinstance(found, PostFailed):
            raise found
        return found if isinstance(found, Message) else None

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        found = self.http.call("Download", account, attachment.ref, real=lambda: self.http.files[attachment.ref])
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Response)
        return found

    def poll(self, account: str, cursor: str) -> Polled:
        told: Polled = self.http.call("Poll", account, cursor, real=lambda: self._page(account, int(cursor or 0)))
        return told

    def rung(self, account: str, cursor: str, word: str) -> Polled:
        self.http.words.append(word)
        return self.poll(account, cursor)

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        found: list[Event | PostFailed] = self.http.call("List", account, real=lambda: list(self.http.listed))
        for each in found:
            if isinstance(each, PostFailed):
                raise each
            if isinstance(each, Message) and each.account == account and each.sent_at >= since:
                yield each

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        return tuple(self.http.call("Subscribe", account, callback, real=self._subscribed))

    def refresh(self, account: str) -> Refreshed | None:
        held = self.connection.secrets.get("refresh_tokens", {}).get(account)
        return self.http.call("Refresh", account, real=lambda: self._renewed(account, held)) if held else None

    def _token(self, account: str) -> str:
        return self.connection.account_secret("tokens", account)

    def _post(self, reply: Reply, token: str) -> str:
        if self.http.valid.get(reply.account, token) != token:
            raise PostFailed(Outcome.REFUSED, "token")
        self.http.posted.append((token, reply.text))
        return f"post-{len(self.http.posted)}"

    def _page(self, account: str, at: int) -> Polled:
        pages = self.http.pages.get(account, [])
        return Polled(pages[at] if at < len(pages) else (), str(min(at + 1, len(pages))), at + 1 < len(pages))

    def _subscribed(self) -> list[str]:
        was, self.http.missing[:] = list(self.http.missing), []
        return was

    def _renewed(self, account: str, held: str) -> Refreshed:
        if self.http.refreshable.get(account, held) != held:
            raise PostFailed(Outcome.REFUSED, "token")
        number = self.http.count("Refresh")
        values = {"tokens": f"access-token-number-{number}-{account}"}
        if not self.http.reusable:
            values["refresh_tokens"] = self.http.refreshable[account] = f"refresh-token-number-{number}-{account}"
        self.http.valid[account] = values["tokens"]
        return Refreshed(values, self.http.clock.now + LIVES)


def _pushed(id: str) -> Message:
    return message(id, partial=id.startswith(PARTIAL))


def _ring(id: str) -> Ring:
    return Ring("kiosk", id.split("-")[1], id, message(id).sent_at, f"word of {id}")


@contextmanager
def connected(patch: pytest.MonkeyPatch) -> Iterator[tuple[World, Square]]:
    """A stack in memory with a kiosk connected to it."""
    patch.setitem(channels.CHANNELS, "kiosk", SPEC)
    with faults.surrounded(patch), quick(patch) as rig:
        import app

        square, stranger = Square(Clock()), Site(Clock())
        _configure(rig)
        with Client(app.app) as client, clocked(patch, square.clock), aws.answering(square):  # type: ignore[arg-type]
            yield World(rig, client, square.clock, stranger), square


def go(world: World, task: str = "poll") -> None:
    """The clock λ once, and what follows from it within a minute."""
    world._invoke("clock", {"task": task})
    world.pass_time(timedelta(minutes=1))


def push(world: World, *ids: str) -> None:
    """A webhook that tells of these messages."""
    deliver(world, *ids)
    world.pass_time(timedelta(minutes=1))


def deliver(world: World, *ids: str) -> int:
    """As `push`, but nothing is done with it yet."""
    answer = world.client.http.post("/webhooks/kiosk/kiosk", headers=JSON, body=json.dumps(ids).encode())
    world.collect()
    return int(answer.status_code)


def tickets(world: World, words: str = "") -> int:
    """How many ticket mails bring these words as news."""
    return len(story.mails_with(world, "ticket", words))


def troubles(world: World) -> list[str]:
    """What the owner was told about the connection."""
    subjects = ("braucht Sie", "verspätet")
    told = [mail for mail in story.mails_with(world, "owner") if any(each in str(mail["Subject"]) for each in subjects)]
    return [" ".join(story.text(mail).replace("\u2060", "").split()) for mail in told]


def secrets(world: World) -> dict[str, Any]:
    """The kiosk's secrets as they are now."""
    store: dict[str, list[str]] = world.rig.store  # type: ignore[attr-defined]
    held: dict[str, Any] = json.loads(store["/bridgehead/test/send/kiosk"][-1])
    return held


def give(world: World, **more: Any) -> None:
    """As `bridgehead secret set` does."""
    store: dict[str, list[str]] = world.rig.store  # type: ignore[attr-defined]
    store["/bridgehead/test/send/kiosk"].append(json.dumps({**secrets(world), **more}))


def _configure(rig: QuickAws) -> None:
    kiosk = {"channel": "kiosk", "accounts": [EAST, WEST], "options": {}}
    settings = {**aws.SETTINGS, "connections": {"shop": aws.SETTINGS["connections"]["shop"], "kiosk": kiosk}}
    tokens = {"tokens": {each: f"access-token-given-{each}" for each in (EAST, WEST)}}
    rig.store["/bridgehead/test/settings"] = [json.dumps(settings)]
    rig.store["/bridgehead/test/send/kiosk"] = [json.dumps(tokens)]
    rig.store["/bridgehead/test/receive/kiosk"] = ["{}"]
    parameters.forget()
