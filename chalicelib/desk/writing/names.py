"""What we call a channel in its reader's language, and how a sentence says that something came or goes by it.

Platforms have proper names; mail, post, phone and texts are words; a system of the owner's own is called as its owner does.
Which words there are is in `locales`: `channel_<name>` and `on_<name>`, else `on` with the proper name. Any text may have
a variant for one channel, `<key>_<name>`.
"""

from __future__ import annotations

from chalicelib.channels import spec_of
from chalicelib.locales import knows, say
from chalicelib.model import Conversation
from chalicelib.settings import Settings
from chalicelib.text import isolate

# no place of their own where one could look: what is said about them ends in `_nowhere`, where that differs
NOWHERE = frozenset({"canary", "email", "letter", "phone", "sms"})
ANSWERED_ON = {"phone": "sms"}  # where an answer goes, if not where the question came from


def title(settings: Settings, conversation: Conversation, language: str) -> str:
    """What the conversation's channel is called; "" where a mail is about none."""
    channel = conversation.channel
    if not channel:
        return ""
    if knows(language, f"channel_{channel}"):
        return say(language, f"channel_{channel}")
    spec = spec_of(channel)
    return (_own(settings, conversation.connection) if "title" in spec.settings else "") or spec.title


def on(language: str, channel: str, title: str) -> str:
    """Where somebody wrote or can look: "on Facebook", "by letter"; the beginning of no sentence."""
    key = f"on_{channel}" if knows(language, f"on_{channel}") else "on"
    return say(language, key, channel=isolate(title))


def out(language: str, channel: str, title: str) -> str:
    """Where an answer goes: like `on`, but to a call by text."""
    return on(language, ANSWERED_ON.get(channel, channel), title)


def fitting(language: str, channel: str, key: str) -> str:
    """The key of the text, or of its variant for this channel, or for all where there is no place to look."""
    variants = [f"{key}_{channel}", *([f"{key}_nowhere"] if channel in NOWHERE else ())]
    return next((each for each in variants if knows(language, each)), key)


def _own(settings: Settings, connection: str) -> str:
    """As its owner calls it, else as its owner named it."""
    found = settings.connections.get(connection)
    return str(found.options.get("title", "") if found else "") or connection
