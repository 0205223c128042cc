"""Threads: replies to our posts and mentions, all of them public; an answer is a reply, made in two steps.

https://developers.facebook.com/docs/threads/reply-management
https://developers.facebook.com/docs/threads/posts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from chalicelib.channels.meta import finding, tokens
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.threads import posts
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Reply

LONGEST = 500
SYMBOLS = ("\u2300", "\u2bff")  # where emoji of old stand
JOINERS = "\u200d\ufe0f\u20e3"
REPLIES_A_PAGE = 50
QUOTA = "me/threads_publishing_limit?fields=reply_quota_usage,reply_config"
USED_UP_FOR = timedelta(hours=1)  # the day that is counted moves on with the clock
NOT_READY = (Outcome.PASSING, "temporary")
GONE = (Outcome.REFUSED, "gone")
THROTTLED = (Outcome.PASSING, "throttled")
# the same number means another thing in each step: no post to answer, no container to publish
CREATING: meta.Errors = {(9, None): THROTTLED, (24, None): GONE}
PUBLISHING: meta.Errors = {(9, None): THROTTLED, (24, None): NOT_READY, (9007, None): NOT_READY}


@dataclass(frozen=True)
class Threads:
    """One app's webhook and the account it serves, named by its handle; "me" is what the token belongs to."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        return meta.handshake(request, self.connection.secret("verify_token"))

    def verify(self, request: WebhookRequest) -> None:
        """With any of the secrets: Meta does not say whether its app's or its Threads app's is the one that signs."""
        meta.verify(request, self.connection.secret("app_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return posts.read(request, self.connection.accounts)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """There are no private messages."""
        answers = public is not False and kind is not Kind.DIRECT
        return Limits(answers, LONGEST, size, "emoji", answers=answers)

    def send(self, reply: Reply) -> str:
        """A container first, which nobody sees, then its publication, which must not happen twice."""
        if not reply.public:
            raise PostFailed(Outcome.REFUSED, "private-only")
        if size(reply.text) > LONGEST:
            raise PostFailed(Outcome.REFUSED, "too-long")
        form = {"creation_id": self._container(reply)}
        published = self._step(reply.account, "me/threads_publish", form, PUBLISHING)
        return finding.id_of(published)

    def find(self, reply: Reply) -> str | None:
        """Among the account's latest replies, by what they answer, words and time."""
        fields = f"fields=id,text,timestamp,replied_to&limit={REPLIES_A_PAGE}"
        written = finding.newest_first(self._get(reply.account), f"me/replies?{fields}", reply)
        return finding.first(written, lambda one: _is_ours(one, reply))

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Mentions, and replies in the threads of the latest posts."""
        from chalicelib.channels.threads import recent

        for told in recent.deliveries(self._get(account), account, since):
            body = json.dumps(told).encode()
            yield from self.parse(WebhookRequest("POST", {}, {}, body, self.now().timestamp()))

    def refresh(self, account: str) -> Refreshed | None:
        get, host, token = self._get(account), str(option(self.connection, "api_url")), self._token(account)
        return tokens.refreshed(self.http, get, host, "th_refresh_token", token, self.now())

    def _container(self, reply: Reply) -> str:
        form = {"media_type": "TEXT", "text": reply.text, "reply_to_id": reply.parent or reply.thread}
        try:
            return finding.id_of(self._step(reply.account, "me/threads", form, CREATING))
        except PostFailed as failed:
            if failed.outcome is not Outcome.UNKNOWN:
                raise
            # whatever became of it, nothing of it shows
            raise PostFailed(Outcome.PASSING, failed.code, failed.detail, failed.retry_after) from None

    def _step(self, account: str, path: str, form: Mapping[str, str], errors: meta.Errors) -> Mapping[str, Any]:
        try:
            return self._call("POST", account, path, errors=errors, form=form)
        except PostFailed as failed:
            if failed.code != "rejected" or not self._is_used_up(account):
                raise
            raise PostFailed(Outcome.PASSING, "throttled", failed.detail, USED_UP_FOR) from None

    def _is_used_up(self, account: str) -> bool:
        """Whether the thousand replies of a day are written: the error alone does not tell."""
        try:
            (found,) = self._call("GET", account, QUOTA)["data"]
            return bool(found["reply_quota_usage"] >= found["reply_config"]["quota_total"])
        except (PostFailed, LookupError, TypeError, ValueError):
            return False

    def _get(self, account: str) -> finding.Get:
        return partial(self._call, "GET", account)

    def _call(self, method: str, account: str, path: str, **content: Any) -> Mapping[str, Any]:
        url = f"{option(self.connection, 'api_url')}/{option(self.connection, 'api_version')}/{path}"
        return meta.call(self.http, method, url, self._token(account), **content)

    def _token(self, account: str) -> str:
        try:
            return self.connection.account_secret(tokens.NAME, account)
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None


def size(text: str) -> int:
    """Characters, but emoji in bytes: every sign that may be one is counted so, for too long is worse than too short."""
    return sum(len(sign.encode("utf-8", "surrogatepass")) if _is_emoji(sign) else 1 for sign in text)


def _is_emoji(sign: str) -> bool:
    return sign > "\uffff" or SYMBOLS[0] <= sign <= SYMBOLS[1] or sign in JOINERS


def _is_ours(posted: Mapping[str, Any], reply: Reply) -> bool:
    above = str((posted.get("replied_to") or {}).get("id") or reply.parent)
    return above == (reply.parent or reply.thread) and finding.is_it(posted, reply)
