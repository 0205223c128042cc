"""YouTube: comments under the videos of a channel, and the channel's replies to them.

YouTube pushes no comments: they are asked for (`youtube_polls.py`), within the daily allowance of units. What a comment
says is read in `youtube_comments.py`; how the API is called and fails is in `youtube_calls.py`.
https://developers.google.com/youtube/v3/guides/implementation/comments
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import http
from chalicelib.channels.base import Connection, Limits, utc_now
from chalicelib.channels.not_by_http import NotByHttp
from chalicelib.channels.powers import Polled
from chalicelib.http import Http
from chalicelib.model import Kind, Reply

LONGEST_COMMENT = 10_000  # characters


@dataclass(frozen=True)
class YouTube(NotByHttp):
    """One channel, with the sign-in of its owner."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Always public: YouTube has no private messages."""
        return Limits(public=True, text=LONGEST_COMMENT)

    def poll(self, account: str, cursor: str) -> Polled:
        """New comments, late replies and edits. Raises PostFailed."""
        from chalicelib.channels.youtube.polls import poll

        return poll(self.connection, self.http, self.now, account, cursor)

    def send(self, reply: Reply) -> str:
        """The reply's id. Raises PostFailed or SecretMissing."""
        from chalicelib.channels.youtube.answers import post

        return post(self.connection, self.http, self.now, reply)

    def find(self, reply: Reply) -> str | None:
        """By author, words and time, among the replies of the thread. Raises PostFailed."""
        from chalicelib.channels.youtube.answers import find

        return find(self.connection, self.http, self.now, reply)

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        """How many follow the author, for one unit. Never raises."""
        from chalicelib.channels.youtube.answers import profile

        return profile(self.connection, self.http, self.now, author_id)
