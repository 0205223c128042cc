"""Phone calls: what came of one, asked of Twilio after it ended: the recording, its words, and whether the caller can be texted.

https://www.twilio.com/docs/voice/api/recording and https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.phone import words
from chalicelib.channels.twilio import Account, account_of
from chalicelib.http import Http, Response
from chalicelib.model import Attachment, AttachmentKind, Kind, Message

GOES_ON = ("queued", "initiated", "ringing", "in-progress")
LOOK_AGAIN = timedelta(seconds=15)
NO_TEXTS = ("landline", "pager", "premium", "sharedCost", "tollFree", "uan", "voicemail")
MISSED, TRANSCRIBED = "missed-call", "transcribed"


def complete(
    connection: Connection, http: Http, get: Callable[..., Response], message: Message, now: datetime
) -> Message:
    """The call with its recordings and their words. Raises PostFailed, passing, while it goes on or is worked on."""
    account = account_of(connection, http)
    if account.look(account.address(f"Calls/{quote(message.id)}.json")).get("status") in GOES_ON:
        raise PostFailed(Outcome.PASSING, "unfinished", retry_after=LOOK_AGAIN)
    recordings = _recordings(account, message.id)
    place = words.Place(connection, account, get, message.sent_at, now)
    text = "\n\n".join(filter(None, (words.of(str(each["sid"]), place) for each in recordings)))
    return replace(
        message,
        kind=_kind(connection, account, message),
        text=text,
        attachments=tuple(_attachment(each) for each in recordings),
        doubt="" if recordings and not text else TRANSCRIBED if text else MISSED,
    )


def _recordings(account: Account, call: str) -> Sequence[Mapping[str, Any]]:
    """Those with something in them."""
    found = account.look(account.address(f"Calls/{quote(call)}/Recordings.json")).get("recordings", ())
    if any(each["status"] in ("in-progress", "paused", "stopped", "processing") for each in found):
        raise PostFailed(Outcome.PASSING, "unfinished", retry_after=LOOK_AGAIN)
    return [each for each in found if each["status"] == "completed" and int(each.get("duration") or 0) > 0]


def _attachment(recording: Mapping[str, Any]) -> Attachment:
    return Attachment(AttachmentKind.AUDIO, name="voicemail.mp3", ref=words.file_of(str(recording["sid"])))


def _kind(connection: Connection, account: Account, message: Message) -> Kind:
    if message.kind is not Kind.CALL or not option(connection, "text_back"):
        return Kind.CALL_BACK
    base = str(option(connection, "lookup_url"))
    url = f"{base}/v2/PhoneNumbers/{quote(message.thread)}?Fields=line_type_intelligence"
    try:
        line = account.look(url).get("line_type_intelligence") or {}
    except PostFailed:
        # a text that cannot be delivered is told of, too, only later
        return Kind.CALL
    return Kind.CALL_BACK if line.get("type") in NO_TEXTS else Kind.CALL
