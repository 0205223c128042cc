"""Mastodon: posts that mention an account, replies to it, and private mentions; on whatever server it lives.

Nothing is pushed: `polls.py` asks. What a post says is read in `statuses.py`, answers are in `answers.py`, and how the
API is called and fails in `calls.py`. Servers that speak the same API (GoToSocial, Pleroma, …) should do as well.
https://docs.joinmastodon.org/client/intro/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import http
from chalicelib.channels import option
from chalicelib.channels.base import Connection, Limits, Media, utc_now
from chalicelib.channels.mastodon.lengths import length
from chalicelib.channels.not_by_http import NotByHttp
from chalicelib.channels.powers import Polled
from chalicelib.http import Http
from chalicelib.model import Kind, Reply

SALUTATION = 32  # characters of "@name " in front of every answer; names of the usual server have up to 30
MOST_PARTS = 3  # of a private answer
# no GIF: what moves is made a film of, and cannot be posted until that is done
PICTURES = Media(("image/jpeg", "image/png", "image/webp"), size=8_000_000, most=4, together=4)


@dataclass(frozen=True)
class Mastodon(NotByHttp):
    """One or several accounts, each named with its server: name@server.example."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """A public post may be answered privately, a private one never in public."""
        whole = int(option(self.connection, "text_limit"))
        is_public = kind is not Kind.DIRECT and public is not False
        parts = 1 if is_public else MOST_PARTS
        return Limits(is_public, whole - SALUTATION, measure=length, parts=parts, media=PICTURES)

    def poll(self, account: str, cursor: str) -> Polled:
        """Mentions, edits of them, and what the account itself answered. Raises PostFailed."""
        from chalicelib.channels.mastodon.polls import poll

        return poll(self.connection, self.http, self.now, account, cursor)

    def send(self, reply: Reply) -> str:
        """The id of the post. Raises PostFailed."""
        from chalicelib.channels.mastodon.answers import post

        return post(self.connection, self.http, self.now, reply)

    def find(self, reply: Reply) -> str | None:
        """By what it answers, words and time, among the account's own posts. Raises PostFailed."""
        from chalicelib.channels.mastodon.answers import find

        return find(self.connection, self.http, self.now, reply)
