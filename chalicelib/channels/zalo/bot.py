"""Zalo Bot: messages to a bot that anybody can make in Zalo's own app, without a package and without a company.

Another platform than Official Accounts, with an API like Telegram's. One connection is one bot: a delivery does not say
whose it is. The body is not signed; the token that was given with the address comes back.
https://bot.zaloplatforms.com/docs
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.channels import option
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
    reaching,
    read_json,
    text_id,
)
from chalicelib.channels.meta import moment
from chalicelib.channels.told import address, words
from chalicelib.http import Http, Response, request
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Event,
    File,
    Kind,
    Message,
    Note,
    NoteKind,
    Reply,
    Unreadable,
)

HEADER = "x-bot-api-secret-token"
LONGEST_TEXT = 2000  # characters
MOST_PARTS = 3
PICTURES = ("image/jpeg", "image/png")
FILES = Media(types=("",), size=10_000_000, most=3, by_link=True)
GROUP = "group:"  # in front of a group's id, in a thread


@dataclass(frozen=True)
class ZaloBot:
    """One bot."""

    connection: Connection
    http: Http = request

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none. Raises Forged."""
        raise Forged("no handshake")

    def verify(self, request: WebhookRequest) -> None:
        """Raises Forged or SecretMissing."""
        given = request.headers.get(HEADER, "").encode("utf-8", "replace")
        known = [hmac.compare_digest(secret.encode(), given) for secret in self.connection.secret("secret_token")]
        if True not in known:
            raise Forged(HEADER)

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Raises Malformed."""
        delivery = read_json(request.body)
        if not isinstance(delivery, dict):
            raise Malformed("no object")
        account = next(iter(self.connection.accounts), "")
        return list(each([delivery], partial(_event, account, request.received_at)))

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What a group reads counts as public: its members read along."""
        if kind is Kind.DIRECT:
            return Limits(False, LONGEST_TEXT, parts=MOST_PARTS, media=FILES)
        return Limits(kind is Kind.GROUP, LONGEST_TEXT, answers=kind is Kind.GROUP)

    def send(self, reply: Reply) -> str:
        """The id of the message; a lost answer stays lost. Raises PostFailed."""
        if reply.public != reply.thread.startswith(GROUP):
            raise PostFailed(Outcome.REFUSED, "no-public" if reply.public else "private-only")
        if len(reply.text) > LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        chat = reply.thread.removeprefix(GROUP)
        sent = self._file(chat, reply.files[0]) if reply.files else self._text(chat, reply.text)
        try:
            return text_id(sent["message_id"])
        except (LookupError, ValueError):
            raise PostFailed(Outcome.UNKNOWN, "unclear") from None

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """The webhook's address, where it was another one or none. Raises PostFailed."""
        found = self._call("getWebhookInfo", {}, Outcome.PASSING)
        if found.get("url") == callback:
            return ()
        given = {"url": callback, "secret_token": self.connection.secret("secret_token")[0]}
        self._call("setWebhook", given, Outcome.PASSING)
        return ("webhook",)

    def _text(self, chat: str, text: str) -> Mapping[str, Any]:
        return self._call("sendMessage", {"chat_id": chat, "text": text}, Outcome.UNKNOWN)

    def _file(self, chat: str, file: File) -> Mapping[str, Any]:
        """A picture as one; what Zalo does not take for one, and any other file, as a link."""
        if file.media_type in PICTURES:
            try:
                return self._call("sendPhoto", {"chat_id": chat, "photo": file.link}, Outcome.UNKNOWN)
            except PostFailed as failed:
                if failed.code != "rejected":
                    raise
        return self._text(chat, f"📎 {file.name}\n{file.link}")

    def _call(self, method: str, body: Mapping[str, Any], lost: Outcome) -> Mapping[str, Any]:
        """The token stands in the address, which therefore is in no error of ours."""
        try:
            token = self.connection.secret("bot_token")[0]
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None
        url = option(self.connection, "api_url")
        with reaching(lost):
            response = self.http("POST", f"{url}/bot{token}/{method}", json=body)
        answer = response.json()
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer["result"] if isinstance(answer.get("result"), dict) else {}
        raise _failure(response, answer, lost)


def _failure(response: Response, answer: Any, lost: Outcome) -> PostFailed:
    told = answer.get("error_code") if isinstance(answer, dict) else None
    code = told if isinstance(told, int) else response.status
    if 400 <= code < 500:
        return PostFailed(*ERRORS.get(code, (Outcome.REFUSED, "rejected")), str(code))
    return PostFailed(lost, "unclear", str(code))


ERRORS: Mapping[int, tuple[Outcome, str]] = {
    401: (Outcome.REFUSED, "token"),
    404: (Outcome.REFUSED, "token"),
    429: (Outcome.PASSING, "throttled"),
}


def _event(account: str, received_at: float, raw: Mapping[str, Any]) -> Event | None:
    told = raw.get("result") or raw  # some deliveries are wrapped like an answer
    if told["event_name"] == "message.reaction.received":
        return None
    if told["event_name"] not in READ:
        return Unreadable("unknown-kind", raw)
    message = told["message"]
    if message["from"].get("is_bot") is True:
        return None
    return _message(account, message, moment(message.get("date"), received_at), raw)


def _message(account: str, message: Mapping[str, Any], at: datetime, raw: Mapping[str, Any]) -> Event:
    sender, chat, id = message["from"], message["chat"], text_id(message["message_id"])
    author, is_group = Author(text_id(sender["id"]), words(sender.get("display_name"))), chat["chat_type"] == "GROUP"
    thread = f"{GROUP if is_group else ''}{text_id(chat['id'])}"
    text, attachments = words(message.get("text")) or words(message.get("caption")), tuple(_attachments(message))
    if not (text or attachments):
        return Note("zalo_bot", account, id, thread, author, NoteKind.UNSUPPORTED, at, raw)
    return Message(
        channel="zalo_bot",
        account=account,
        id=id,
        thread=thread,
        author=author,
        text=text,
        sent_at=at,
        kind=Kind.GROUP if is_group else Kind.DIRECT,
        public=is_group,
        attachments=attachments,
        raw=raw,
    )


def _attachments(message: Mapping[str, Any]) -> list[Attachment]:
    """A sticker's address stands under `url`, beside the number it has; a link's may be in its text as well."""
    found = [(kind, address(message.get(name))) for name, kind in MEDIA.items()]
    linked = [message.get("link"), *(message.get("links") or ())]
    places = (address(each.get("url")) if isinstance(each, dict) else address(each) for each in linked)
    found += [(AttachmentKind.LINK, url) for url in places if url not in words(message.get("text"))]
    return [Attachment(kind, url) for kind, url in dict.fromkeys(found) if url]


READ = tuple(f"message.{kind}.received" for kind in ("text", "image", "sticker", "voice", "link", "unsupported"))
MEDIA = {
    "photo_url": AttachmentKind.IMAGE,
    "photo": AttachmentKind.IMAGE,
    "url": AttachmentKind.STICKER,
    "voice_url": AttachmentKind.AUDIO,
}
