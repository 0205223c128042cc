"""What was decided, written down at once: the conversation, the mails that follow, what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.aws import conversations
from chalicelib.aws.conversations import done, head, outgoing
from chalicelib.aws.table import Change, Put
from chalicelib.desk.absorb import View


def save(view: View, more: Sequence[Put | Change] = (), pk: str = "") -> View:
    """One transaction. Raises table.Refused when somebody else saved the conversation meanwhile: the job comes again."""
    conversation = view.conversation
    place = conversation.id if conversation else pk
    heads = [head(conversation, view.now)] if conversation else []
    mails = [outgoing(place, mail, view.now) for mail in view.mails]
    settled = [done(entry) for entry in view.settled]
    conversations.write([*heads, *mails, *settled, *more])
    saved = conversation and replace(conversation, version=conversation.version + 1)
    return replace(view, conversation=saved, mails=(), settled=(), covers=())
