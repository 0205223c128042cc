"""How many more posts a platform takes until the customer writes again, where it counts them.

Counted is what was posted since the customer last wrote: the parts of our answers, and what the business said in the
platform's own app, as far as that is told.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, epoch
from chalicelib.channels.base import Limits
from chalicelib.desk import parts
from chalicelib.model import Conversation, Echo

LOOK_BACK = 40  # items; no platform takes more than ten posts


def left(conversation: Conversation, limits: Limits) -> int | None:
    """The number, 0 at least; None where the platform does not count."""
    since = conversation.last_message_at
    if not limits.posts or since is None:
        return None
    latest = conversations.latest(conversation.id, LOOK_BACK)
    replies = [each for each in latest if each.kind == "reply"]
    echoes = [each.read(Echo) for each in latest if each.kind == "echo"]
    elsewhere = [echo for echo in echoes if echo.at >= since and not any(parts.is_ours(each, echo) for each in replies)]
    return max(limits.posts - sum(_posted(each, since) for each in replies) - len(elsewhere), 0)


def _posted(reply: Entry, since: datetime) -> int:
    attempted = int(reply.more.get("attempted_at", 0))
    return len(parts.posted_ids(reply)) if attempted >= epoch(since) else 0
