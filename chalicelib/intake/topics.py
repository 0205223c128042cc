"""The topics λ: what AWS services of the business's own account tell by SNS: texts to our number, WhatsApp messages.

No signature is needed: only those services may publish to the stack's topic `Platforms`, only the topic may write to
the queue. At least once and in any order, as webhooks. What nobody can read is kept in quarantine.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import intake, metrics
from chalicelib.aws import conversations, parameters
from chalicelib.aws.conversations import quarantined
from chalicelib.aws.table import Put
from chalicelib.channels import SMS, open_channel
from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.intake import texts
from chalicelib.settings import Settings


@dataclass(frozen=True)
class Record:
    """One message of the topic: what the service wrote, read, and when SNS took it."""

    message: Mapping[str, Any]
    at: datetime
    settings: Settings


class Unusable(Exception):
    """A message that is for us and cannot be used; the reason is a short code. It goes into quarantine."""


def handle(event: dict[str, Any], context: Any, logger: Any) -> Any:
    """A batch of the queue; the answer names those to be tried again."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    one = partial(_told, settings=parameters.load_settings(), logger=logger)
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)


def receive(body: str, settings: Settings) -> str:
    """One message as SNS hands it to the queue: what became of it, as a code."""
    try:
        record = _read(body, settings)
        return _reader_of(record.message)(record)
    except Unusable as unusable:
        return _put_aside(body, str(unusable))


def text(record: Record) -> str:
    """Somebody texted a number of ours, by AWS End User Messaging SMS: customers one of a connection, the owner the phone's.

    https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
    """
    message = record.message
    if _texts_to(str(message.get("destinationNumber", "")), record):
        return customers_text(record)
    arrived = texts.Arrived(
        id=str(message["inboundMessageId"]),
        sender=str(message.get("originationNumber", "")),
        recipient=str(message.get("destinationNumber", "")),
        text=str(message.get("messageBody", "")),
        at=record.at,
    )
    return texts.keep(arrived, record.settings)


def customers_text(record: Record) -> str:
    """A customer's text, or what became of one to a customer.

    https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
    """
    ours = record.message.get("destinationNumber" if "inboundMessageId" in record.message else "originationPhoneNumber")
    connection = _texts_to(str(ours), record)
    if connection is None:
        raise Unusable("unknown account")
    body = json.dumps(record.message).encode("utf-8", "surrogatepass")
    return _kept(WebhookRequest("POST", {}, {}, body, record.at.timestamp()), connection)


def whatsapp(record: Record) -> str:
    """A WhatsApp delivery by AWS End User Messaging Social: Meta's own entry is inside, and is kept like a webhook's.

    https://docs.aws.amazon.com/social-messaging/latest/userguide/managing-event-destination-dlrs.html
    """
    connection = _connection_of(record)
    entry = record.message["whatsAppWebhookEntry"]
    written = entry if isinstance(entry, str) else json.dumps(entry)
    # put together as text, so that it is read as strictly as a webhook's body
    body = f'{{"object":"whatsapp_business_account","entry":[{written}]}}'.encode("utf-8", "surrogatepass")
    return _kept(WebhookRequest("POST", {}, {}, body, record.at.timestamp()), connection)


# by which key a message is known, and who reads it: gives back what became of it, raises Unusable
READERS: Mapping[str, Callable[[Record], str]] = {
    "inboundMessageId": text,
    "whatsAppWebhookEntry": whatsapp,
    "eventType": customers_text,
}


def _kept(request: WebhookRequest, connection: Connection) -> str:
    kept = intake.keep(request, open_channel(connection), connection.name)
    if kept.unreadable:
        metrics.count("Quarantined")
    return f"kept: {kept.new} new, {kept.known} known, {kept.unreadable} unreadable"


def _texts_to(number: str, record: Record) -> Connection | None:
    """The connection whose number it is; only one that AWS serves gets its texts from here."""
    served = (each for each in record.settings.connections.values() if each.channel == SMS.name)
    return next((each for each in served if each.options.get("provider") == "aws" and number in each.accounts), None)


def _connection_of(record: Record) -> Connection:
    """Whose phone number the delivery is for; only a connection that AWS serves gets its messages from here.

    What concerns the whole account may name no number: then it is for the one connection there is.
    """
    named = (record.message.get("context") or {}).get("MetaPhoneNumberIds") or ()
    numbers = {str(each.get("metaPhoneNumberId")) for each in named}
    connections = [each for each in record.settings.connections.values() if each.channel == "whatsapp"]
    served = [each for each in connections if each.options.get("provider") == "aws"]
    meant = [each for each in served if numbers & set(each.accounts)] or ([] if numbers or served[1:] else served)
    if not meant:
        raise Unusable("unknown account")
    return meant[0]


def _told(record: Any, settings: Settings, logger: Any) -> None:
    logger.info("told", extra={"outcome": receive(record["body"], settings)})


def _read(body: str, settings: Settings) -> Record:
    try:
        envelope = json.loads(body)
        message = json.loads(envelope["Message"])
        at = datetime.fromisoformat(envelope["Timestamp"])
    except (ValueError, TypeError, LookupError) as error:
        raise Unusable(f"envelope: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise Unusable("no object")
    return Record(message, min(at.astimezone(UTC), datetime.now(UTC)), settings)


def _reader_of(message: Mapping[str, Any]) -> Callable[[Record], str]:
    for key, reader in READERS.items():
        if key in message:
            return reader
    raise Unusable("unknown kind")


def _put_aside(body: str, reason: str) -> str:
    metrics.count("Quarantined")
    conversations.write([Put(quarantined("topic", reason, body, datetime.now(UTC)))])
    return f"put aside: {reason}"
