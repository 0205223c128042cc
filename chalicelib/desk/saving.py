"""What was decided, written down at once: the conversation, the mails that follow, what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, done, head, outgoing, told
from chalicelib.aws.table import Change, Put
from chalicelib.desk.absorb import View


def save(view: View, more: Sequence[Put | Change] = (), pk: str = "") -> View:
    """One transaction. Raises table.Refused when somebody else saved the conversation meanwhile: the job comes again."""
    conversation = view.conversation
    place = conversation.id if conversation else pk
    heads = [head(conversation, view.now)] if conversation else []
    mails = [outgoing(place, mail, view.now) for mail in view.mails]
    settled = [_settled(entry, view.now) for entry in view.settled]
    conversations.write([*heads, *mails, *settled, *more])
    saved = conversation and replace(conversation, version=conversation.version + 1)
    return replace(view, conversation=saved, mails=(), settled=(), covers=())


def _settled(entry: Entry, now: datetime) -> Change:
    """What is held stays on the operator's list."""
    return told(entry, now) if entry.kind == "held" else done(entry)
