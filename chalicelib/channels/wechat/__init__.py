"""WeChat: messages to one official account, answered as customer-service messages.

Who may send what is proven in `proof.py`, what a delivery says is read in `messages.py`, whatever it is written in by
`elements.py`; answers, `answers.py` and `calls.py`, are loaded where they are posted. WeCom's customer service, the
other way into WeChat, shares all but the messages: `chalicelib/channels/wecom`.
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Overview.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.channels import WECHAT, option
from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Malformed,
    Media,
    Outcome,
    PostFailed,
    SecretMissing,
    WebhookRequest,
    each,
    utc_now,
)
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.wechat import proof
from chalicelib.channels.wechat.elements import read_fields
from chalicelib.channels.wechat.messages import event_of
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Reply

if TYPE_CHECKING:
    from chalicelib.channels.wechat.calls import Api

LONGEST_TEXT = 2048  # bytes of UTF-8
WINDOW = timedelta(hours=48)
MOST_POSTS = 5  # after each message of a customer
MOST_ANSWERS = 5  # messages to one person in that time, until they write again; WeChat counts
FILES = Media(
    types=("",),
    size=10_000_000,
    by_link=True,  # of those that WeChat takes none of
    most=MOST_ANSWERS - 1,  # the words are a message too
)


@dataclass(frozen=True)
class WeChat:
    """One official account, by its original id ("gh_…")."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """Never encrypted, in no mode. Raises Forged."""
        proof.prove(request, "signature", self.connection.secret("token"))
        challenge = request.query.get("echostr", "")
        if not proof.CHALLENGE.fullmatch(challenge):
            raise Forged("echostr")
        return Answer(challenge)

    def verify(self, request: WebhookRequest) -> None:
        """In safe mode nothing is believed that is not encrypted: a plain signature covers no body. Raises Forged."""
        tokens = self.connection.secret("token")
        if option(self.connection, "mode") == "plain":
            proof.prove(request, "signature", tokens)
            return
        keys, encrypted = self._keys(), encrypted_in(request.body)
        proof.prove(request, "msg_signature", tokens, encrypted)
        proof.decrypt(encrypted, keys, self._app_id())

    def parse(self, request: WebhookRequest) -> list[Event]:
        body = request.body
        if option(self.connection, "mode") != "plain":
            # what stands beside it is not proven
            body = proof.decrypt(encrypted_in(body), self._keys(), self._app_id())
        to_event = partial(event_of, accounts=self.connection.accounts, received_at=request.received_at)
        return list(each([read_fields(body)], to_event))

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """One message: every part would be one of the five."""
        return limits(kind, FILES)

    def send(self, reply: Reply) -> str:
        from chalicelib.channels.wechat import answers

        check(reply, self.now())
        return answers.post(reply, self._api())

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        return self._api().download(attachment.ref, most, seconds)

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        from chalicelib.channels.wechat import answers

        return answers.profile(self._api(), author_id)

    def refresh(self, account: str) -> Refreshed | None:
        return self._api().refreshed(self.now())

    def _api(self) -> Api:
        from chalicelib.channels.wechat import answers
        from chalicelib.channels.wechat.calls import Api

        hosts = self.connection.options.get("media_hosts", WECHAT.media_hosts)
        url = option(self.connection, "api_url").rstrip("/")
        return Api(self.connection, self.http, self.get, url, answers.ERRORS, answers.token, hosts)

    def _keys(self) -> list[bytes]:
        return proof.aes_keys(self.connection.name, self.connection.secret("aes_key"))

    def _app_id(self) -> str:
        found = str(option(self.connection, "app_id"))
        if not found:
            raise SecretMissing(self.connection.name, "app_id")
        return found


def encrypted_in(body: bytes) -> str:
    """The encrypted part of a delivery. Raises Forged."""
    try:
        found = read_fields(body).get("Encrypt")
    except Malformed as malformed:
        raise Forged(str(malformed)) from None
    if not isinstance(found, str) or not found:
        raise Forged("not encrypted")
    return found


def limits(kind: Kind, files: Media) -> Limits:
    """What both ways into WeChat allow."""
    return Limits(
        public=False,
        text=LONGEST_TEXT,
        measure=_bytes,
        unit="bytes",
        window=WINDOW,
        answers=kind is Kind.DIRECT,
        media=files,
        posts=MOST_POSTS,
    )


def check(reply: Reply, now: datetime) -> None:
    """What can be known before the platform is asked. Raises PostFailed."""
    if reply.public:
        raise PostFailed(Outcome.REFUSED, "no-public")
    if now - reply.window_from > WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    if _bytes(reply.text) > LONGEST_TEXT:
        raise PostFailed(Outcome.REFUSED, "too-long")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
