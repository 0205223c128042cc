"""Text messages: what a delivery means, Twilio's form or AWS's JSON. Neither tells when a text was written.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
"""

from __future__ import annotations

from base64 import b64decode
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from chalicelib.channels import twilio
from chalicelib.channels.base import Malformed, WebhookRequest, each, read_json, text_id
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Event,
    Message,
    Note,
    NoteKind,
    Undelivered,
    Unreadable,
)
from chalicelib.phone.reading import Wish, read

MOST_FILES = 10
SHORTEST_BASE64 = 24  # characters; less is what somebody wrote
# these alone can mean nothing else; "cancel" or "weiter" may be words to the business, too
PLAIN = frozenset(("stop", "stopp", "stopall", "unsubscribe", "start", "unstop", "td", "退订", "退訂", "配信停止"))
AWS_FAILED = {
    "TEXT_BLOCKED": "blocked",
    "TEXT_CARRIER_BLOCKED": "policy",
    "TEXT_CARRIER_UNREACHABLE": "no-texts",
    "TEXT_INVALID": "no-texts",
    "TEXT_INVALID_MESSAGE": "rejected",
    "TEXT_PROTECT_BLOCKED": "permission",
    "TEXT_SPAM": "policy",
    "TEXT_TTL_EXPIRED": "no-texts",
    "TEXT_UNREACHABLE": "no-texts",
}
KINDS = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


def by_twilio(request: WebhookRequest, accounts: Sequence[str]) -> list[Event]:
    """Raises Malformed."""
    form, at = twilio.read(request.body), datetime.fromtimestamp(request.received_at, UTC)
    if not form.get("MessageSid"):
        return [Unreadable("unknown-kind", form)]
    if form.get("MessageStatus", "received") != "received":
        return twilio.undelivered("sms", form, accounts, at)
    if form.get("OptOutType") == "HELP":
        return []  # Twilio has answered it
    return [event for found in each(form, partial(_text, accounts, at)) for event in _with_note(found)]


def by_aws(request: WebhookRequest, accounts: Sequence[str]) -> list[Event]:
    """Raises Malformed."""
    told, at = read_json(request.body), datetime.fromtimestamp(request.received_at, UTC)
    if not isinstance(told, dict):
        raise Malformed("no object")
    if "eventType" in told:
        return list(each(told, partial(_fate, at)))
    return [event for found in each(told, partial(_text_by_aws, accounts, at)) for event in _with_note(found)]


def wish(text: str) -> Wish:
    """Whether somebody wants no more texts, or texts again."""
    return read(text).wish


def is_plain(text: str) -> bool:
    """Whether it is for the network and not for the business."""
    return text.strip(" .!。！\n").casefold() in PLAIN


def _text(accounts: Sequence[str], at: datetime, form: Mapping[str, str]) -> Message | Unreadable:
    return _message(
        accounts,
        id=form["MessageSid"],
        account=form["To"],
        sender=form["From"],
        # a word that the business chose at Twilio may mean it too
        text=form["OptOutType"] if form.get("OptOutType") in ("STOP", "START") else _decoded(form.get("Body", "")),
        at=at,
        attachments=tuple(_files(form)),
        raw=form,
    )


def _text_by_aws(accounts: Sequence[str], at: datetime, told: Mapping[str, Any]) -> Message | Unreadable:
    return _message(
        accounts,
        id=text_id(told["inboundMessageId"]),
        account=text_id(told["destinationNumber"]),
        sender=text_id(told["originationNumber"]),
        text=str(told.get("messageBody") or ""),
        at=at,
        attachments=(),
        raw=told,
    )


def _message(
    accounts: Sequence[str],
    id: str,
    account: str,
    sender: str,
    text: str,
    at: datetime,
    attachments: tuple[Attachment, ...],
    raw: Mapping[str, Any],
) -> Message | Unreadable:
    if account not in accounts:
        return Unreadable("unknown account", raw)
    if not (id and sender):
        raise ValueError("empty")
    return Message(
        channel="sms",
        account=account,
        id=id,
        thread=sender,
        author=Author(sender, name=sender),
        text=text,
        sent_at=at,
        attachments=attachments,
        # the desk keeps it before anybody answers
        partial=wish(text) in (Wish.STOP, Wish.START),
        raw=raw,
    )


def _with_note(found: Event) -> Iterator[Event]:
    """A bare STOP opens no ticket; who has one open is told."""
    yield found
    if isinstance(found, Message) and is_plain(found.text) and wish(found.text) is Wish.STOP:
        about = (found.thread, found.author, NoteKind.LEFT, found.sent_at, found.raw)
        yield Note("sms", found.account, f"{found.id}-left", *about)


def _fate(at: datetime, told: Mapping[str, Any]) -> Undelivered | None:
    kind, account = str(told["eventType"]), text_id(told["originationPhoneNumber"])
    if kind not in AWS_FAILED or not told.get("isFinal", True):
        return None
    return Undelivered("sms", account, text_id(told["messageId"]), AWS_FAILED[kind], at, kind, raw=told)


def _files(form: Mapping[str, str]) -> Iterator[Attachment]:
    announced = form.get("NumMedia", "0")
    for number in range(min(int(announced) if announced.isdecimal() else 0, MOST_FILES)):
        url = form.get(f"MediaUrl{number}", "")
        kind = KINDS.get(form.get(f"MediaContentType{number}", "").partition("/")[0], AttachmentKind.FILE)
        _, found, rest = urlsplit(url).path.partition("/Messages/")
        if found:
            # below the account, whose id we know better than a form does
            yield Attachment(kind, ref=f"Messages/{rest}")
        elif url.startswith("https://"):
            yield Attachment(AttachmentKind.LINK, url)  # the words beside it must not be lost for it


def _decoded(body: str) -> str:
    """Some networks hand a long text over as base64; anything in doubt stays as it came."""
    if len(body) < SHORTEST_BASE64 or not body.isascii() or len(body) % 4:
        return body
    try:
        # the last sign may have been cut
        text = getincrementaldecoder("utf-8")().decode(b64decode(body, validate=True))
    except ValueError:
        return body
    return text if " " in text and all(c.isprintable() or c in "\r\n\t" for c in text) else body
