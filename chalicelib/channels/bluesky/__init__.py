"""Bluesky: posts that mention an account, quote it or answer it; all of them public.

Nothing is pushed: `polls.py` asks. What a post says is read in `posts.py`, answers are in `answers.py`; the session, which
the clock renews, is in `sessions.py`, and how the API is called and fails in `calls.py`.
https://docs.bsky.app/docs/get-started
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import http
from chalicelib.channels.base import Connection, Limits, Media, utc_now
from chalicelib.channels.not_by_http import NotByHttp
from chalicelib.channels.powers import Polled, Refreshed
from chalicelib.http import Http
from chalicelib.model import Kind, Reply

LONGEST_POST = 300  # graphemes
BYTES_A_SIGN = 10  # a post has ten times as many bytes at most
PICTURES = Media(("image/jpeg", "image/png", "image/webp"), size=1_000_000, most=4, together=4)


@dataclass(frozen=True)
class Bluesky(NotByHttp):
    """One or several accounts, each by its handle or its DID."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Always public: posts on Bluesky are."""
        return Limits(True, LONGEST_POST, measure=length, media=PICTURES)

    def poll(self, account: str, cursor: str) -> Polled:
        """Mentions, answers, quotes, and what the account itself answered. Raises PostFailed."""
        from chalicelib.channels.bluesky.polls import poll

        return poll(self.connection, self.http, self.now, account, cursor)

    def send(self, reply: Reply) -> str:
        """The post's URI. Raises PostFailed."""
        from chalicelib.channels.bluesky.answers import post

        return post(self.connection, self.http, self.now, reply)

    def find(self, reply: Reply) -> str | None:
        """By its name, which is made from the answer's. Raises PostFailed."""
        from chalicelib.channels.bluesky.answers import find

        return find(self.connection, self.http, self.now, reply)

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        """How many follow the author. Never raises."""
        from chalicelib.channels.bluesky.answers import profile

        return profile(self.connection, self.http, self.now, account, author_id)

    def refresh(self, account: str) -> Refreshed | None:
        """A session for another two hours. Raises PostFailed."""
        from chalicelib.channels.bluesky.sessions import refresh

        return refresh(self.connection, self.http, account, self.now())


def length(text: str) -> int:
    """In graphemes, as Bluesky counts."""
    from chalicelib.splitting import signs

    return max(sum(1 for _ in signs(text)), -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_A_SIGN))
