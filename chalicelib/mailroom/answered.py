"""What SES reports about answers of ours that went to customers by mail: that one was sent, that one did not arrive.

That it was sent settles an answer whose outcome nobody knew; of one that bounced the agent hears.
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws import conversations
from chalicelib.aws.mail import message_id
from chalicelib.mailroom.letterboxes import Keep
from chalicelib.model import Conversation, Echo, Undelivered
from chalicelib.settings import Settings

# a bounce that passes by itself, or an absence note that SES takes for one, is no loss
LASTING = ("MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected")


def note(report: Mapping[str, Any], settings: Settings, keep: Keep, now: datetime) -> str:
    """What it was, as a code; "" when it is about no answer. Raises table.Busy."""
    mail, event = report.get("mail", {}), str(report.get("eventType", "")).lower()
    tags = {name: values[0] for name, values in mail.get("tags", {}).items() if values}
    if not {"place", "answer"} <= tags.keys():
        return ""
    conversation = conversations.load(tags["place"])
    connection = settings.connections.get(conversation.connection) if conversation else None
    if conversation is None or connection is None:
        return "unknown conversation"
    id = tags.get("id") or message_id(str(mail["messageId"]))
    if event == "send":
        keep([_sent(conversation, id, tags["answer"], now)], connection, now)
        return "answer sent"
    reason = _lost(event, report)
    if reason:
        lost = Undelivered(conversation.channel, conversation.account, id, "bounced", now, reason)
        keep([lost], connection, now)
    return f"answer {event}"


def _sent(conversation: Conversation, id: str, answer: str, now: datetime) -> Echo:
    channel, account, thread = conversation.channel, conversation.account, conversation.thread
    return Echo(channel, account, id, "", now, thread, conversation.author.id, reply_id=answer)


def _lost(event: str, report: Mapping[str, Any]) -> str:
    """SES's own words for it, "" if it may still have arrived."""
    if event == "reject":
        return "reject"
    bounce = report.get("bounce", {})
    kind, detail = str(bounce.get("bounceType", "")), str(bounce.get("bounceSubType", ""))
    is_lasting = event == "bounce" and (kind != "Transient" or detail in LASTING)
    return f"{kind} {detail}".strip()[:80] if is_lasting else ""
