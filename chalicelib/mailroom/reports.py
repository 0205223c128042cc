"""What SES reports about mails of ours: sent, bounced, complained about, rejected.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
A send event is the only proof that a mail went out whose answer we never saw. A bounce means tickets are being lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib import metrics
from chalicelib.aws import conversations
from chalicelib.aws.conversations import entry, item_key, stamp
from chalicelib.aws.mail import message_id
from chalicelib.aws.table import Change, Put, Refused
from chalicelib.model import Bounced, OutgoingMail

REPORTED = ("bounce", "complaint", "reject")


def note(report: Mapping[str, Any], now: datetime) -> str:
    """Writes a report to the mail it is about; what it was, as a code. A mail without our tags is none of ours."""
    mail, event = report.get("mail", {}), str(report.get("eventType", "")).lower()
    tags = {name: values[0] for name, values in mail.get("tags", {}).items() if values}
    if not {"place", "mail", "created"} <= tags.keys():
        return "not ours"
    place = tags["place"].replace("_", "#", 1)
    if event == "send":
        return _accepted(place, tags, str(mail["messageId"]))
    if event in REPORTED:
        return _lost(place, tags, event, report, now)
    return "ignored"


def _accepted(place: str, tags: Mapping[str, str], ses_id: str) -> str:
    key = f"o#{stamp(_created(tags))}#{tags['mail']}"
    try:
        conversations.write([Change(place, key, set={"accepted": message_id(ses_id)})])
    except Refused:
        return "unknown mail"
    return "sent"


def _lost(place: str, tags: Mapping[str, str], event: str, report: Mapping[str, Any], now: datetime) -> str:
    metrics.count("Bounced")
    key = f"o#{stamp(_created(tags))}#{tags['mail']}"
    found = conversations.one(place, key)
    if found and not found.read(OutgoingMail).kind.in_ticket:
        # a mail to the owner about it would come back as well, and so on; an agent has the ticket
        return f"{event} of a person's"
    details = report.get(event, {})
    reason = details.get("bounceType") or details.get("complaintFeedbackType") or details.get("reason") or ""
    bounced = Bounced(now, event, str(reason)[:80])
    # named by the mail it is about: SNS may tell of it twice
    item = entry(place, item_key(_created(tags), "bounced", f"{tags['mail']}-{event}"), "bounced", bounced, now)
    try:
        conversations.write([Put(item, unless_there=True)])
    except Refused:
        return "known"
    return event


def _created(tags: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(int(tags["created"]) / 1000, UTC)
