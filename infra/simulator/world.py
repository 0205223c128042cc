"""What the platforms know: connections, what customers wrote, what was posted, what shall go wrong."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Connection:
    """One subscription, as the platform sees it."""

    name: str
    channel: str
    accounts: tuple[str, ...]
    secrets: Mapping[str, Any] = field(repr=False)
    webhook: str = ""

    def values(self, secret: str) -> list[str]:
        """All values of a secret that are valid now."""
        found = self.secrets.get(secret, ())
        return [found] if isinstance(found, str) else list(found)


@dataclass(frozen=True)
class Sent:
    """A file that came with a post."""

    name: str
    media_type: str
    size: int  # bytes


@dataclass(frozen=True)
class Post:
    """One thing the product posted, as customers see it."""

    id: str
    channel: str
    account: str
    thread: str
    text: str
    public: bool
    kind: str  # comment, message, private_reply, tweet, dm, reply
    at: datetime
    in_reply_to: str = ""
    metadata: str = ""
    files: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Told:
    """One thing a customer wrote, as far as we were told."""

    channel: str
    account: str
    author: str
    at: datetime
    thread: str = ""
    name: str = ""
    text: str = ""
    public: bool = False


@dataclass
class World:
    """Everything, in memory; `hold` it while looking and posting belong together."""

    connections: tuple[Connection, ...]
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mail: Mapping[str, str] = field(default_factory=dict)  # where mail goes and is found, see `mail.py`
    posts: list[Post] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    echoes: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)  # the shop's, by webhook-id
    uploads: dict[str, tuple[str, Sent]] = field(default_factory=dict)  # X's media: category and file, by media id
    pairs: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # X's tokens, by connection and account
    product: str = ""  # where its webhooks are
    subscribed: dict[str, list[str]] = field(default_factory=dict)  # webhook fields by page
    failures: dict[tuple[str, str], deque[str]] = field(default_factory=lambda: defaultdict(deque))
    hold: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def of(self, channel: str) -> list[Connection]:
        """The connections of one platform."""
        return [connection for connection in self.connections if connection.channel == channel]

    def owner_of(self, channel: str, secret: str, token: str) -> tuple[Connection, str] | None:
        """The connection and account that a token belongs to."""
        for connection in self.of(channel):
            for account, known in connection.secrets.get(secret, {}).items():
                if token and token == known:
                    return connection, account
        return None

    def number(self) -> int:
        """Never the same twice, and growing with time: milliseconds and a counter."""
        return (int(datetime.now(UTC).timestamp() * 1000) << 12) + next(self._numbers) % 4096

    def next_failure(self, channel: str, on: str) -> str | None:
        """Takes the next failure that was asked for."""
        with self.hold:
            waiting = self.failures[channel, on]
            return waiting.popleft() if waiting else None

    def last_inbound(self, channel: str, account: str, author: str) -> datetime | None:
        """When this person last wrote; None when nobody told."""
        times = [
            told.at for told in self.told if (told.channel, told.account, told.author) == (channel, account, author)
        ]
        return max(times, default=None)

    def is_missing(self, channel: str, account: str, thread: str) -> bool:
        """Whether a thread is none of those told; nothing is missing while no thread was told."""
        threads = {
            told.thread for told in self.told if (told.channel, told.account) == (channel, account) and told.thread
        }
        own = {post.id for post in self.posts if post.channel == channel}
        return bool(threads) and thread not in threads | own

    def person(self, person_id: str) -> dict[str, str]:
        """Name and handle: as configured, as told, or one of our cast, always the same for the same id."""
        told = next((told.name for told in reversed(self.told) if told.author == person_id and told.name), "")
        name = self.people.get(person_id, {}).get("name") or told or CAST[sum(person_id.encode()) % len(CAST)]
        return {"name": name, "username": self.people.get(person_id, {}).get("username") or f"user{person_id[-6:]}"}

    def account_name(self, account: str) -> str:
        """How an account of ours is called."""
        return self.people.get(account, {}).get("name") or account

    def reset(self) -> None:
        """Forgets all but the connections."""
        with self.hold:
            for forgotten in (
                self.posts,
                self.told,
                self.echoes,
                self.answers,
                self.uploads,
                self.subscribed,
                self.failures,
            ):
                forgotten.clear()


CAST = (
    "Emily Clark", "Jürgen Weiß", "佐藤 美咲", "Nguyễn Thị Ánh", "王 小明", "ليلى حسن", "Olivia O’Brien", "Phạm Minh Đức",
)  # fmt: skip
