"""A text to our number, kept for the desk: whoever brings it, it becomes one durable item of its sender's phone.

A stranger's text is put aside and never answered. The number itself is not kept with the text, only its hash names the
partition.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from chalicelib import metrics
from chalicelib.aws import conversations
from chalicelib.aws.conversations import RAW_DAYS, entry, epoch, identity_key, item_key, quarantined
from chalicelib.aws.table import Put, Refused
from chalicelib.channels.base import Connection, Forged, WebhookRequest
from chalicelib.model import TextIn
from chalicelib.phone import twilio
from chalicelib.phone.people import person_at, place
from chalicelib.phone.twilio import NOTHING
from chalicelib.settings import Settings

__all__ = ["NOTHING", "Arrived", "by_twilio", "keep"]

LONGEST = 5_000  # characters; a text has 1,600 at most


@dataclass(frozen=True)
class Arrived:
    """One text as its provider tells of it; numbers as the provider writes them, E.164."""

    id: str
    sender: str
    recipient: str
    text: str
    at: datetime
    files: int = 0


def keep(arrived: Arrived, settings: Settings) -> str:
    """What became of it, as a code: kept, known (the provider told us before), stranger, other-number."""
    if settings.phone is None or arrived.recipient != settings.phone.number:
        return _put_aside(arrived, "other-number")
    pk = place(arrived.sender, settings)
    if person_at(pk, settings) is None:
        return _put_aside(arrived, "stranger")
    kept = TextIn(arrived.id, arrived.at, arrived.text[:LONGEST], arrived.files)
    known = identity_key("text", arrived.recipient, arrived.id)
    key = item_key(arrived.at, "text-in", known.removeprefix("id#")[:16])
    seen = {
        "pk": known,
        "sk": "id",
        "kind": "id",
        "conversation": pk,
        "item": key,
        "expires_at": epoch(arrived.at + timedelta(days=RAW_DAYS)),
    }
    item = entry(pk, key, "text-in", kept, arrived.at, days=RAW_DAYS, state="pending")
    try:
        conversations.write([Put(seen, unless_there=True), Put(item, unless_there=True)])
    except Refused:
        return "known"
    return "kept"


def by_twilio(request: WebhookRequest, settings: Settings, phone: Connection) -> str:
    """A delivery of Twilio's: what became of it. Raises Forged, SecretMissing."""
    if settings.phone is None or settings.phone.provider != "twilio":
        raise Forged("no number of Twilio's")
    url = f"{settings.public_url.rstrip('/')}{twilio.PATH}"
    form = twilio.proven(request, url, phone.secret("auth_token"))
    at = datetime.fromtimestamp(request.received_at, UTC)
    if form.get("OptOutType") == "HELP":
        return "help"  # Twilio has answered it
    files = form.get("NumMedia", "0")
    arrived = Arrived(
        id=form.get("MessageSid", ""),
        sender=form.get("From", ""),
        recipient=form.get("To", ""),
        # a word that the business chose at Twilio may mean it too
        text="STOP" if form.get("OptOutType") == "STOP" else form.get("Body", ""),
        at=at,
        files=int(files) if files.isdecimal() else 1,
    )
    return keep(arrived, settings)


def _put_aside(arrived: Arrived, reason: str) -> str:
    metrics.count("TextsRefused")
    raw = json.dumps(asdict(arrived), default=str)
    conversations.write([Put(quarantined("text", reason, raw, arrived.at))])
    return reason
