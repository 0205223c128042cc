"""Instagram: direct messages, comments, live comments and mentions of any number of professional accounts, through one webhook.

Meta has two ways to the same account, and a connection goes one of them (`login`): "instagram", with a token of the
account's own, or "facebook", with the token of the Page it is linked to. "me" is what the token belongs to, which is
what messages are sent and listed by in both.

A message is read in `messenger.py`, a comment or mention in `instagram_comments.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import http
from chalicelib.channels import INSTAGRAM, meta, option
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
from chalicelib.channels.instagram import answers, comments
from chalicelib.channels.meta import finding, messenger, tokens
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.told import words
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Message, Reply

HOSTS = {"instagram": "https://graph.instagram.com", "facebook": "https://graph.facebook.com"}
# what is asked for of an account; a Page's fields say nothing about Instagram, but without any nothing comes
FIELDS = {
    "instagram": ("messages", "messaging_postbacks", "message_reactions", "comments", "live_comments", "mentions"),
    "facebook": ("feed",),
}
MESSAGING = ("messages", "message_echoes", "message_edit", "messaging_postbacks", "standby")  # as fields of a change


@dataclass(frozen=True)
class Instagram:
    """One app's webhook and the accounts it serves; each account posts with its own token, or its Page's."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        return meta.handshake(request, self.connection.secret("verify_token"))

    def verify(self, request: WebhookRequest) -> None:
        """With any of the secrets: Meta does not say whether its app's or its Instagram app's is the one that signs."""
        meta.verify(request, self.connection.secret("app_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return meta.read(request, self.connection.accounts, _to_event, INSTAGRAM.name)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        return answers.limits(kind, public, self._may_tag)

    def send(self, reply: Reply) -> str:
        """A message, a comment under the one at the top, a mention's answer, or Meta's "private reply" to a comment."""
        if reply.kind is Kind.DIRECT:
            tagged = messenger.needs_tag(reply, self.now(), self._may_tag)
            return self._message(reply, {"id": reply.thread}, tagged)
        if not reply.public:
            return self._message(reply, messenger.private_recipient(reply, self.now(), answers.PRIVATELY))
        path, body = answers.comment(reply)
        return finding.id_of(self._call("POST", reply.account, path, json=body))

    def find(self, reply: Reply) -> str | None:
        """By author, words or file, and time. What answers a mention stands under somebody else's post, where we cannot look."""
        from chalicelib.channels.instagram import look_ups

        get = self._get(reply.account)
        if reply.kind is Kind.DIRECT or not reply.public:
            sent = finding.messages(get, "me", INSTAGRAM.name, reply)
            return finding.first(sent, lambda one: _is_sent(one, reply))
        if reply.kind is Kind.MENTION:
            raise PostFailed(Outcome.UNKNOWN, "unclear")
        written = look_ups.own_replies(get, reply)
        return finding.first(written, lambda one: finding.is_it(one, reply))

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        """Only of people who wrote a message: of others Instagram does not tell."""
        from chalicelib.channels.instagram import look_ups

        return look_ups.profile(self._get(account), author_id)

    def complete(self, message: Message) -> Message | None:
        """Of a mention its words and author, of a comment the address of its post."""
        from chalicelib.channels.instagram import look_ups

        look = look_ups.mention if message.kind is Kind.MENTION else look_ups.comment
        return look(self._get(message.account), message)

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Messages, and comments under the latest posts; mentions cannot be listed."""
        from chalicelib.channels.instagram import recent

        for told in recent.deliveries(self._get(account), account, since):
            body = json.dumps(told).encode()
            yield from self.parse(WebhookRequest("POST", {}, {}, body, self.now().timestamp()))

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """Where Meta sends to is the app's own setting; which accounts it tells of is asked and set here."""
        from chalicelib.channels.instagram import look_ups

        known = look_ups.subscribed(self._get(account))
        wanted = FIELDS[self._login]
        missing = [field for field in wanted if field not in known] if self._login == "instagram" or not known else []
        try:
            if missing:
                fields = ",".join(dict.fromkeys([*known, *wanted]))
                self._call("POST", account, f"me/subscribed_apps?subscribed_fields={fields}")
        except PostFailed as failed:
            # some are there, and the app may not have the others: that is how somebody wants it
            if not known or failed.outcome is not Outcome.REFUSED:
                raise
            return ()
        return missing

    def refresh(self, account: str) -> Refreshed | None:
        """Tokens of Pages need none."""
        if self._login != "instagram":
            return None
        get, token = self._get(account), self._token(account)
        return tokens.refreshed(self.http, get, self._host, "ig_refresh_token", token, self.now())

    def _message(self, reply: Reply, recipient: Mapping[str, str], human_agent: bool = False) -> str:
        body = answers.message(reply, recipient, human_agent)
        return finding.id_of(self._call("POST", reply.account, "me/messages", json=body), "message_id")

    def _get(self, account: str) -> finding.Get:
        return partial(self._call, "GET", account)

    def _call(self, method: str, account: str, path: str, **content: Any) -> Mapping[str, Any]:
        url = f"{self._host}/{option(self.connection, 'api_version')}/{path}"
        return meta.call(self.http, method, url, self._token(account), **content)

    def _token(self, account: str) -> str:
        try:
            return self.connection.account_secret(tokens.NAME, account)
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None

    @property
    def _may_tag(self) -> bool:
        return bool(option(self.connection, "human_agent"))

    @property
    def _login(self) -> str:
        return str(option(self.connection, "login"))

    @property
    def _host(self) -> str:
        return option(self.connection, "api_url") or HOSTS[self._login]


def _to_event(piece: meta.Piece) -> Event | None:
    return READERS.get(piece.list, meta.unknown)(piece)


def _change(piece: meta.Piece) -> Event | None:
    # what the dashboard's "Test" buttons and some apps get as a change is otherwise an item of `messaging`
    if piece.item["field"] in MESSAGING:
        return _messaging(replace(piece, item=piece.item.get("value", {})))
    return comments.to_event(piece)


def _messaging(piece: meta.Piece) -> Event | None:
    message, edit = piece.item.get("message") or {}, piece.item.get("message_edit")
    if piece.item.get("is_self") or message.get("is_self"):
        return None  # the account writes to itself, to try something out
    if edit and not words(edit.get("text")):
        return None  # Meta now and then tells of one without its words: there is nothing to show
    return messenger.to_event(piece)


READERS: Mapping[str, Callable[[meta.Piece], Event | None]] = {
    "changes": _change,
    "messaging": _messaging,
    "standby": _messaging,
}


def _is_sent(posted: Mapping[str, Any], reply: Reply) -> bool:
    """Of the two who are in a conversation, whoever is not the customer: the account has another id in each way to it."""
    author = str((posted.get("from") or {}).get("id") or reply.author_id)
    return author != reply.author_id and finding.is_it(posted, reply)
