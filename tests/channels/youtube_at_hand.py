"""A channel on YouTube and its comments: everything stands in plain sight, every unit is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.channels import google_oauth
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.youtube import YouTube
from chalicelib.http import Response
from chalicelib.model import Event, Kind, Message
from tests.channels.at_hand import replying

PAYLOADS = Path(__file__).parents[1] / "payloads" / "youtube"

US, MAI, YUI = "UCsonnenschein0000000001", "UCmai00000000000000000002", "UCyui00000000000000000003"
THREAD = "UgxMaiThread000000000AaABAg"
START = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
SECRETS = {"client_secret": "GOCSPX-a-secret-of-ours", "refresh_token": "1//a-refresh-token-of-ours"}
ANSWER = "Đến 21 giờ ạ. 🙂"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


def connection(**options: Any) -> Connection:
    return Connection("youtube", "youtube", (US,), {"client_id": "1-a.apps.googleusercontent.com", **options}, SECRETS)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Site:
    """YouTube, as far as we ask it. Comments are added with `write`; `shown` are a preview's replies."""

    now: datetime = START
    threads: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)  # what is said instead, first come first served
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    people: dict[str, Any] = field(default_factory=dict)  # what is told of a channel, by its id
    page_size: int = 100
    shown: int = 5

    def __call__(
        self, method: str, url: str, *, headers: dict[str, str], json: Any = None, body: bytes = b""
    ) -> Response:
        if body:
            return answer({"access_token": "ya29.a-token", "expires_in": 3599})
        parts = urlsplit(url)
        path = parts.path.rpartition("/")[2]
        fields = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append((path, fields))
        if self.answers and (said := self.answers.pop(0)) is not None:
            return answer(said)
        if json:
            return answer(self._reply(**json["snippet"]))
        found = {"commentThreads": self._threads, "comments": self._comments, "channels": self._channel}
        return answer(found[path](fields))

    def write(
        self, thread: str, text: str = "?", reply: str = "", author: str = MAI, at: datetime | None = None
    ) -> None:
        """A comment, or, with `reply`, one under it."""
        id, when = f"{thread}.{reply}" if reply else thread, stamp(at or self.now)
        snippet = {"textOriginal": text, "authorChannelId": {"value": author}, "authorDisplayName": "@somebody"}
        snippet |= {"publishedAt": when, "updatedAt": when, **({"parentId": thread} if reply else {})}
        made = {"id": id, "snippet": snippet}
        if reply:
            self.comments[thread].append(made)
        else:
            self.threads[thread], self.comments[thread] = made, []

    def all(self) -> list[dict[str, Any]]:
        """Every comment there is."""
        return [*self.threads.values(), *(each for replies in self.comments.values() for each in replies)]

    def edit(self, id: str, text: str) -> None:
        thread = id.partition(".")[0]
        one = next(each for each in [self.threads[thread], *self.comments[thread]] if each["id"] == id)
        one["snippet"] |= {"textOriginal": text, "updatedAt": stamp(self.now), "likeCount": 7}

    def _reply(self, parentId: str, textOriginal: str) -> Any:
        self.write(parentId, textOriginal, f"ours{len(self.comments[parentId])}", US)
        return self.comments[parentId][-1]

    def _channel(self, fields: dict[str, str]) -> Any:
        return self.people.get(fields["id"], {"items": []})

    def _threads(self, fields: dict[str, str]) -> Any:
        if "id" in fields:
            return {"items": [self._thread(id) for id in fields["id"].split(",") if id in self.threads]}
        newest = sorted(self.threads, key=lambda id: str(self.threads[id]["snippet"]["publishedAt"]), reverse=True)
        return self._page([self._thread(id) for id in newest], fields)

    def _comments(self, fields: dict[str, str]) -> Any:
        return self._page(self.comments[fields["parentId"]], fields)

    def _page(self, found: list[Any], fields: dict[str, str]) -> Any:
        start = int(fields.get("pageToken", "0"))
        more = {"nextPageToken": str(start + self.page_size)} if len(found) > start + self.page_size else {}
        return {"items": found[start : start + self.page_size], **more}

    def _thread(self, id: str) -> Any:
        replies = self.comments[id]
        snippet = {"videoId": "kaffee00001", "topLevelComment": self.threads[id], "totalReplyCount": len(replies)}
        return {"id": id, "snippet": snippet, "replies": {"comments": replies[-self.shown :]}}


@dataclass
class Watcher:
    """Who polls: keeps the cursor as the clock would, and what came."""

    site: Site
    options: dict[str, Any] = field(default_factory=dict)
    cursor: str = ""
    came: list[Event] = field(default_factory=list)

    def look(self, after: timedelta = timedelta(minutes=2)) -> list[Event]:
        """One round: as many polls as there is more."""
        self.site.now += after
        before = len(self.came)
        for _ in range(50):
            polled = opened(self.site, **self.options).poll(US, self.cursor)
            self.came += polled.events
            self.cursor = polled.cursor
            if not polled.more:
                break
        return self.came[before:]

    def texts(self) -> list[str]:
        """The words of everything that ever came."""
        return [event.text for event in self.came if isinstance(event, Message)]


def opened(site: Any, **options: Any) -> YouTube:
    return YouTube(connection(**options), site, lambda: getattr(site, "now", SENT_AT))


def answer(said: Any) -> Response:
    if isinstance(said, Exception):
        raise said
    return said if isinstance(said, Response) else Response(200, json.dumps(said).encode())


def reason(status: int, name: str) -> Response:
    errors = [{"message": ANSWER, "domain": "youtube", "reason": name}]
    return Response(status, json.dumps({"error": {"code": status, "message": ANSWER, "errors": errors}}).encode())


reply = replying(
    channel="youtube",
    account=US,
    thread=THREAD,
    author_id=MAI,
    parent=THREAD,
    kind=Kind.COMMENT,
    public=True,
    text=ANSWER,
    window_from=SENT_AT,
)


@contextmanager
def refused() -> Iterator[list[tuple[Outcome, str]]]:
    """What the failure inside meant."""
    found: list[tuple[Outcome, str]] = []
    with pytest.raises(PostFailed) as failed:
        yield found
    found.append((failed.value.outcome, failed.value.code))


def forget_tokens() -> None:
    google_oauth._minted.clear()
