"""What SES does with mail that comes in, on this machine: raw mail to the bucket, a notice with verdicts to the topic.

Only the reply domain's mail is taken. There is nobody to ask for DKIM or DMARC here, so every mail passes, except one
with the header `X-Local-DMARC: FAIL`, which plays a forged one (the header itself is taken out).
https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

import argparse
import asyncio
import json
import logging
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import HeaderParser
from email.utils import format_datetime, getaddresses
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from botocore.exceptions import BotoCoreError, ClientError

from infra.stack.deploy import connect

LARGEST_MAIL = 40 * 1024 * 1024  # bytes; SES's own limit
SHOWN_HEADERS = 10 * 1024  # characters; beyond it SES leaves headers out of the notice
FORGED = re.compile(rb"^X-Local-DMARC:[ \t]*FAIL[ \t]*\r?\n", re.IGNORECASE | re.MULTILINE)

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Delivery:
    """Where mail goes: `s3` and `sns` are clients, `domain` is the reply domain."""

    s3: Any
    sns: Any
    domain: str
    bucket: str
    topic_arn: str


@dataclass(frozen=True)
class Arrival:
    """One mail at the door, as the envelope says; `sender` is empty for a bounce."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    peer: str
    at: datetime


class Door:
    """aiosmtpd's handler; its method names are aiosmtpd's."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.rpartition("@")[2].lower() != self.delivery.domain:
            return "550 5.1.1 Requested action not taken: mailbox unavailable"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        peer = session.peer[0] if session.peer else ""
        arrival = arrive(envelope.mail_from or "", envelope.rcpt_tos, peer)
        try:
            await asyncio.to_thread(take_in, envelope.original_content or b"", arrival, self.delivery)
        except (BotoCoreError, ClientError) as error:
            logging.warning("not taken: %s", error)
            return "451 4.3.0 Requested action aborted: try again later"
        logging.info("taken: %s for %s", arrival.id, ", ".join(arrival.recipients))
        return f"250 OK {arrival.id}"


def listen(delivery: Delivery, port: int) -> Controller:
    """A running SMTP server on loopback; end it with `stop()`."""
    controller = Controller(Door(delivery), hostname="127.0.0.1", port=port, data_size_limit=LARGEST_MAIL)
    controller.start()
    return controller


def arrive(sender: str, recipients: Iterable[str], peer: str) -> Arrival:
    return Arrival(secrets.token_hex(20), sender, tuple(recipients), peer, datetime.now(UTC))


def take_in(content: bytes, arrival: Arrival, delivery: Delivery) -> None:
    """Stores the mail first, then tells of it: who reads the notice finds the mail."""
    raw, forged = unmarked(content)
    raw = trace(arrival, raw) + raw
    key = f"inbound/{arrival.id}"
    delivery.s3.put_object(Bucket=delivery.bucket, Key=key, Body=raw)
    action = {"type": "S3", "topicArn": delivery.topic_arn, "bucketName": delivery.bucket}
    told = notice(arrival, headers_of(raw), forged, {**action, "objectKeyPrefix": "inbound/", "objectKey": key})
    subject = "Amazon SES Email Receipt Notification"
    delivery.sns.publish(TopicArn=delivery.topic_arn, Message=json.dumps(told), Subject=subject)


def unmarked(content: bytes) -> tuple[bytes, bool]:
    """The mail without the mark of a forged one, and whether it had it; what its body says does not count."""
    head, separator, body = partition(content)
    cleaned = FORGED.sub(b"", head)
    return cleaned + separator + body, cleaned != head


def partition(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Headers with their last line break, the empty line, the body."""
    empty = re.search(rb"(?<=\n)\r?\n", content)
    if not empty:
        return content, b"", b""
    return content[: empty.start()], empty.group(), content[empty.end() :]


def trace(arrival: Arrival, raw: bytes) -> bytes:
    """The headers SES puts on top."""
    to = f"\r\n for {arrival.recipients[0]}" if len(arrival.recipients) == 1 else ""
    received = f"from {arrival.peer} ([{arrival.peer}])\r\n by inbound-smtp.local with SMTP id {arrival.id}{to}"
    lines = (
        f"Return-Path: <{arrival.sender}>",
        f"Received: {received};\r\n {format_datetime(arrival.at)}",
        "X-SES-Spam-Verdict: PASS",
        "X-SES-Virus-Verdict: PASS",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def headers_of(raw: bytes) -> Headers:
    """Names and values as sent, unfolded."""
    parsed = HeaderParser().parsestr(partition(raw)[0].decode("utf-8", "replace"))
    return [(name, re.sub(r"\r?\n(?=[ \t])", "", value)) for name, value in parsed.items()]


def notice(arrival: Arrival, headers: Headers, forged: bool, action: dict[str, str]) -> dict[str, Any]:
    shown = list(fitting(headers))
    sent_at = f"{arrival.at:%Y-%m-%dT%H:%M:%S}.{arrival.at.microsecond // 1000:03}Z"
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": sent_at,
            "source": arrival.sender,
            "messageId": arrival.id,
            "destination": list(arrival.recipients),
            "headersTruncated": len(shown) < len(headers),
            "headers": [{"name": name, "value": value} for name, value in shown],
            "commonHeaders": common(headers),
        },
        "receipt": {
            "timestamp": sent_at,
            "processingTimeMillis": 1,
            "recipients": list(arrival.recipients),
            **verdicts(forged),
            "action": action,
        },
    }


def verdicts(forged: bool) -> dict[str, Any]:
    """A forged mail is one whose sending server is in order, but for another domain than its From says."""
    given = {"spam": "PASS", "virus": "PASS", "spf": "PASS", "dkim": "PASS", "dmarc": "PASS"}
    if forged:
        given |= {"dkim": "GRAY", "dmarc": "FAIL"}
    statuses = {f"{name}Verdict": {"status": status} for name, status in given.items()}
    return {**statuses, "dmarcPolicy": "reject"} if forged else statuses


def fitting(headers: Headers) -> Iterator[tuple[str, str]]:
    room = SHOWN_HEADERS
    for name, value in headers:
        room -= len(name) + len(value)
        if room < 0:
            return
        yield name, value


def common(headers: Headers) -> dict[str, Any]:
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    single = {"returnPath": "return-path", "date": "date", "messageId": "message-id", "subject": "subject"}
    lists = {"from": "from", "to": "to", "cc": "cc", "replyTo": "reply-to"}
    return {
        **{key: readable(first[name]) for key, name in single.items() if name in first},
        **{key: mailboxes(first[name]) for key, name in lists.items() if name in first},
    }


def mailboxes(value: str) -> list[str]:
    pairs = getaddresses([value])
    return [f"{readable(name)} <{address}>" if name else address for name, address in pairs]


def readable(value: str) -> str:
    """Encoded words as the script they stand for."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def main() -> None:
    """`python -m infra.local.smtp_front`: until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--endpoint-url", "--domain", "--bucket", "--topic-arn"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, default=2525)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every line of the conversation
    session = connect(given.endpoint_url)
    clients: tuple[Any, Any] = session.client("s3"), session.client("sns")
    controller = listen(Delivery(*clients, given.domain.lower(), given.bucket, given.topic_arn), given.port)
    logging.info("SMTP for %s on 127.0.0.1:%s", given.domain, controller.port)
    asyncio.run(asyncio.Event().wait())


if __name__ == "__main__":
    main()
