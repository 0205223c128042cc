"""WeCom customer service: people write from WeChat to a business's service accounts in WeCom.

A callback says only that there is something; it is asked for then, from where we were before, and by the clock as well.
So what a lost callback would have told is there all the same. Proof and calls are those of `chalicelib/channels/wechat`.
https://developer.work.weixin.qq.com/document/path/94638
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.channels import option
from chalicelib.channels.base import Answer, Connection, Forged, Limits, Media, SecretMissing, WebhookRequest, utc_now
from chalicelib.channels.powers import Polled, Refreshed
from chalicelib.channels.wechat import MOST_ANSWERS, check, encrypted_in, limits, proof
from chalicelib.channels.wechat.elements import read_fields
from chalicelib.channels.wechat.messages import moment
from chalicelib.http import Http, Response, fetch, request
from chalicelib.model import Attachment, Event, Kind, Reply, Ring, Unreadable

if TYPE_CHECKING:
    from chalicelib.channels.wechat.calls import Api

FILES = Media(types=("",), size=10_000_000, most=MOST_ANSWERS - 1)  # pictures and videos; others could have twice that
SOMETHING_NEW = "kf_msg_or_event"


@dataclass(frozen=True)
class WeCom:
    """One business's service accounts ("wk…"), by one application."""

    connection: Connection
    http: Http = request
    now: Callable[[], datetime] = utc_now
    get: Callable[..., Response] = fetch

    def handshake(self, request: WebhookRequest) -> Answer:
        """The question is encrypted, its answer is not. Raises Forged."""
        challenge = self._opened(request, request.query.get("echostr", "")).decode("utf-8", "replace")
        if not proof.CHALLENGE.fullmatch(challenge):
            raise Forged("echostr")
        return Answer(challenge)

    def verify(self, request: WebhookRequest) -> None:
        self._opened(request, encrypted_in(request.body))

    def parse(self, request: WebhookRequest) -> list[Event]:
        """No more than for which account there is something, and the word to ask with."""
        fields = read_fields(proof.decrypt(encrypted_in(request.body), self._keys(), self._corp_id()))
        if fields.get("Event") != SOMETHING_NEW:
            return []  # the same address may be given for what concerns members and departments
        account = fields.get("OpenKfId")
        if account not in self.connection.accounts:
            return [Unreadable("unknown-account", fields)]
        at, word = moment(fields.get("CreateTime"), request.received_at), fields.get("Token")
        # two callbacks of one second may tell of two messages: only what is signed along tells them apart
        id = f"{int(at.timestamp())} {request.query.get('nonce', '')}"
        return [Ring("wecom", account, id, at, word if isinstance(word, str) else "", fields)]

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """One message: every part would be one of the five."""
        return limits(kind, FILES)

    def poll(self, account: str, cursor: str) -> Polled:
        from chalicelib.channels.wecom import answers

        return answers.poll(self._api(), account, cursor, self.now)

    def rung(self, account: str, cursor: str, word: str) -> Polled:
        from chalicelib.channels.wecom import answers

        return answers.rung(self._api(), account, cursor, word, self.now)

    def send(self, reply: Reply) -> str:
        from chalicelib.channels.wecom import answers

        check(reply, self.now())
        return answers.post(reply, self._api())

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        return self._api().download(attachment.ref, most, seconds)

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        from chalicelib.channels.wecom import answers

        return answers.profile(self._api(), author_id)

    def refresh(self, account: str) -> Refreshed | None:
        return self._api().refreshed(self.now())

    def _opened(self, request: WebhookRequest, encrypted: str) -> bytes:
        """What was encrypted for us. Raises Forged."""
        tokens, keys = self.connection.secret("token"), self._keys()
        proof.prove(request, "msg_signature", tokens, encrypted)
        return proof.decrypt(encrypted, keys, self._corp_id())

    def _api(self) -> Api:
        from chalicelib.channels.wechat.calls import Api
        from chalicelib.channels.wecom import answers

        url = option(self.connection, "api_url").rstrip("/")
        return Api(self.connection, self.http, self.get, url, answers.ERRORS, answers.token)

    def _keys(self) -> list[bytes]:
        return proof.aes_keys(self.connection.name, self.connection.secret("aes_key"))

    def _corp_id(self) -> str:
        found = str(option(self.connection, "corp_id"))
        if not found:
            raise SecretMissing(self.connection.name, "corp_id")
        return found
