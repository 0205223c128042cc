"""Facebook Pages: comments, visitor posts, mentions, ratings and Messenger, through one webhook for any number of Pages.

A change of the feed is read in `feed.py`, a Messenger event in `messenger.py`; how Meta proves and fails is in `meta.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import http
from chalicelib.channels import meta, option
from chalicelib.channels.base import (
    Answer,
    Connection,
    Limits,
    Outcome,
    PostFailed,
    SecretMissing,
    WebhookRequest,
    utc_now,
)
from chalicelib.channels.facebook import feed
from chalicelib.channels.meta import finding, messenger
from chalicelib.channels.meta.finding import segment
from chalicelib.channels.told import words
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Reply

LONGEST_COMMENT = 8000  # characters
PRIVATELY = {Kind.COMMENT: "comment_id", Kind.POST: "post_id"}  # how a private answer names what it answers
COMMENTS_A_PAGE = 100
CJK_FROM = "\u2e80"


@dataclass(frozen=True)
class Facebook:
    """One app's webhook and the Pages it serves; each Page posts with its own token."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        return meta.handshake(request, self.connection.secret("verify_token"))

    def verify(self, request: WebhookRequest) -> None:
        meta.verify(request, self.connection.secret("app_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return meta.read(request, self.connection.accounts, _to_event)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Comments have no window; a private answer to one may be a single message, and not to all of them."""
        if kind is Kind.DIRECT:
            return messenger.limits(bool(option(self.connection, "human_agent")))
        if public is False:
            return Limits(False, messenger.LONGEST_TEXT, window=messenger.PRIVATE_WINDOW, answers=kind in PRIVATELY)
        return Limits(public=True, text=LONGEST_COMMENT)

    def send(self, reply: Reply) -> str:
        """A comment under the customer's, a message, or, where a public comment is answered privately, Meta's "private reply"."""
        if reply.kind is Kind.DIRECT:
            tagged = messenger.needs_tag(reply, self.now(), bool(option(self.connection, "human_agent")))
            return self._message(reply, {"id": reply.thread}, tagged)
        if reply.public:
            return self._comment(reply)
        return self._message(reply, messenger.private_recipient(_answered(reply), self.now(), PRIVATELY))

    def find(self, reply: Reply) -> str | None:
        """By author, words or file, and time, for neither place keeps our own id."""
        get = partial(self._call, "GET", reply.account)
        owner = segment(reply.account)
        posted = finding.messages(get, owner, "messenger", reply) if _is_message(reply) else _comments(get, reply)
        return finding.first(posted, lambda one: _is_ours(one, reply))

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        try:
            found = self._call("GET", account, f"{segment(author_id)}?fields=first_name,last_name")
        except PostFailed:
            return {}
        name = _name(words(found.get("first_name")), words(found.get("last_name")))
        return {"name": name} if name else {}

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Messages, visitors' posts, and comments under the latest posts; mentions and ratings cannot be listed so."""
        from chalicelib.channels.facebook import recent

        for told in recent.deliveries(partial(self._call, "GET", account), account, since):
            body = json.dumps(told).encode()
            yield from self.parse(WebhookRequest("POST", {}, {}, body, self.now().timestamp()))

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """Where Meta sends to is the app's own setting; which Pages it tells of is asked and set here."""
        from chalicelib.channels.facebook import recent

        known, missing = recent.missing(partial(self._call, "GET", account), account)
        if missing:
            fields = ",".join([*known, *missing])
            self._call("POST", account, f"{segment(account)}/subscribed_apps?subscribed_fields={fields}")
        return missing

    def _message(self, reply: Reply, recipient: Mapping[str, str], human_agent: bool = False) -> str:
        """Words or one file: Meta takes only one of the two in a message."""
        if len(reply.text) > messenger.LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        body, path = messenger.addressed(reply, recipient, human_agent), f"{segment(reply.account)}/messages"
        content = {"form": messenger.with_file(body, reply.files[0])} if reply.files else {"json": body}
        return finding.id_of(self._call("POST", reply.account, path, **content), "message_id")

    def _comment(self, reply: Reply) -> str:
        *others, last = feed.targets(reply.thread, reply.parent)
        for target in others:
            try:
                return self._comment_under(target, reply)
            except PostFailed as failed:
                if failed.code != "rejected":
                    raise
        return self._comment_under(last, reply)

    def _comment_under(self, target: str, reply: Reply) -> str:
        path = f"{segment(target)}/comments"
        return finding.id_of(self._call("POST", reply.account, path, json={"message": _untagged(reply.text)}))

    def _call(self, method: str, account: str, path: str, **content: Any) -> Mapping[str, Any]:
        try:
            token = self.connection.account_secret("page_tokens", account)
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None
        url = f"{option(self.connection, 'api_url')}/{option(self.connection, 'api_version')}/{path}"
        return meta.call(self.http, method, url, token, **content)


def _to_event(piece: meta.Piece) -> Event | None:
    return READERS.get(piece.list, meta.unknown)(piece)


READERS: Mapping[str, Callable[[meta.Piece], Event | None]] = {
    "changes": feed.to_event,
    "messaging": messenger.to_event,
    "standby": messenger.to_event,
}


def _is_message(reply: Reply) -> bool:
    return reply.kind is Kind.DIRECT or not reply.public


def _answered(reply: Reply) -> Reply:
    """A visitor who goes on below their own post writes comments there."""
    is_comment = reply.kind is Kind.POST and reply.parent != reply.thread
    return replace(reply, kind=Kind.COMMENT) if is_comment else reply


def _untagged(text: str) -> str:
    """Words like "@[123]" would tag somebody; an invisible joiner keeps them words."""
    return text.replace("@[", "@\u2060[")


def _comments(get: finding.Get, reply: Reply) -> Iterator[Mapping[str, Any]]:
    query = f"fields=id,from,message,created_time&order=reverse_chronological&limit={COMMENTS_A_PAGE}"
    for target in feed.targets(reply.thread, reply.parent):
        yield from finding.newest_first(get, f"{segment(target)}/comments?{query}", reply)


def _is_ours(posted: Mapping[str, Any], reply: Reply) -> bool:
    author = str((posted.get("from") or {}).get("id"))
    return author == reply.account and finding.is_it(posted, reply)


def _name(first: str, last: str) -> str:
    """Chinese, Japanese and Korean names have the family's first and nothing between."""
    if first and last and min(first[0], last[0]) >= CJK_FROM:
        return last + first
    return f"{first} {last}".strip()
