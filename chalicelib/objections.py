"""What speaks against posting an answer, however it came to us: by mail or by text. Pure.

Each reason is a code of locales, `refused_<code>`. What the platform itself allows is looked at when it is posted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.aws.conversations import Entry
from chalicelib.channels import open_channel
from chalicelib.channels.base import Limits
from chalicelib.commands import Command, Orders
from chalicelib.model import AgentReply, Conversation
from chalicelib.settings import Settings

OPEN_FOR = timedelta(days=90)  # after the customer's last message an address answers no more
MOST_REPLIES, RATE_SPAN = 20, timedelta(minutes=10)

# an address of ours, its beginning, or something as long as a token with digits as tokens have and words have not
TOKEN = re.compile(r"\bc-[a-z2-7]{16}\b|\b(?=(?:[a-z]*[2-7]){2})[a-z2-7]{26,}\b", re.IGNORECASE)


def objections(
    answer: AgentReply, orders: Orders, conversation: Conversation, said: Sequence[Entry], settings: Settings
) -> Iterator[str]:
    """Everything that speaks against the answer itself, as codes; `said` are the conversation's latest items."""
    written = conversation.last_message_at or conversation.opened_at
    reasons = {
        "expired": answer.at - written > OPEN_FOR,
        "rate": len(recent(said, answer.at)) >= MOST_REPLIES,
        "unclear-command": orders.unclear,
        _wrong_way(answer.public, conversation, settings): True,
        "template": Command.TEMPLATE in orders.commands and not _is_approved(answer, conversation, settings),
        "token-in-text": holds_a_token(answer.text, settings.reply_domain),
    }
    return (code for code, holds in reasons.items() if code and holds)


def recent(said: Sequence[Entry], now: datetime) -> list[AgentReply]:
    """The answers of the last ten minutes."""
    replies = (each.read(AgentReply) for each in said if each.kind == "reply")
    return [each for each in replies if now - each.at <= RATE_SPAN]


def is_repeat(answer: AgentReply, said: Sequence[Entry]) -> bool:
    """The same words again within ten minutes."""
    same = (answer.template, answer.text.split())
    return any((each.template, each.text.split()) == same for each in recent(said, answer.at))


def publicly(orders: Orders) -> bool | None:
    """Whether the answer is to be public; None: as the conversation is."""
    if Command.PRIVATE in orders.commands:
        return False
    return True if Command.PUBLIC in orders.commands else None


def holds_a_token(words: str, reply_domain: str) -> bool:
    """Whether something in the words could open the way back to somebody."""
    return f"@{reply_domain}" in words.lower() or TOKEN.search(words) is not None


def _wrong_way(public: bool | None, conversation: Conversation, settings: Settings) -> str:
    """Why the answer cannot be as public or private as is wanted; "" if it can."""
    if public is None or public == conversation.public:
        return ""
    limits = _limits(public, conversation, settings)
    is_possible = limits and limits.answers and limits.public == public
    return "" if is_possible else "no-public" if public else "private-only"


def _is_approved(answer: AgentReply, conversation: Conversation, settings: Settings) -> bool:
    """Whether the channel has an approved text of this name."""
    public = conversation.public if answer.public is None else answer.public
    limits = _limits(public, conversation, settings)
    return limits is not None and answer.template in limits.templates


def _limits(public: bool, conversation: Conversation, settings: Settings) -> Limits | None:
    connection = settings.connections.get(conversation.connection)
    return open_channel(connection).limits(conversation.kind, public) if connection else None
