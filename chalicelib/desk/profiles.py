"""Who writes, where a message tells only an id, or not how many follow its author: asked once a person, then remembered.

One call at most, when a conversation opens, and a ticket waits for it no longer than for any call to its platform. What
the platform would not tell is asked again after an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import conversations, known
from chalicelib.channels import days_kept, spec_of
from chalicelib.channels.base import Channel, SecretMissing
from chalicelib.channels.powers import Members, Profiles
from chalicelib.model import Author, Conversation

REMEMBERED_DAYS = 30
ASKED_AGAIN = timedelta(hours=1)


def named(conversation: Conversation, open_: Callable[[str], Channel], now: datetime) -> Conversation:
    """With what the platform tells of its author besides; as it is when it tells nothing."""
    author = conversation.author
    if not author.id or not _is_missing(author, conversation.channel):
        return conversation
    found = known.profile(conversation.channel, conversation.account, author.id, now)
    told = _asked(conversation, open_, now) if found is None else found
    missing = {name: value for name, value in told.items() if getattr(author, name) in ("", None)}
    return replace(conversation, author=replace(author, **missing))


def _is_missing(author: Author, channel: str) -> bool:
    return not (author.name or author.handle) or (spec_of(channel).tells_reach_apart and author.followers is None)


def _asked(conversation: Conversation, open_: Callable[[str], Channel], now: datetime) -> Mapping[str, Any]:
    try:
        channel = open_(conversation.connection)
    except (SecretMissing, KeyError):
        return {}
    if not isinstance(channel, Members | Profiles):
        return {}
    told = _profile(channel, conversation)
    kept = timedelta(days=days_kept(conversation.channel, REMEMBERED_DAYS)) if told else ASKED_AGAIN
    author = conversation.author.id
    conversations.write([known.told_of(conversation.channel, conversation.account, author, told, now + kept)])
    return told


def _profile(channel: Members | Profiles, conversation: Conversation) -> Mapping[str, Any]:
    account, author = conversation.account, conversation.author.id
    if isinstance(channel, Members):
        return channel.member(account, conversation.thread, author)
    return channel.profile(account, author)
