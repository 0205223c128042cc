"""What a customer takes back: every version of its words that we still have goes, and every file that holds them.

The message itself is emptied where the news of it waits (`parked`), with its raw payload; here go the edits that the
conversation has, the files, and the subject that the ticket has from it. What is in the helpdesk's mailbox stays there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from chalicelib import stored
from chalicelib.aws import conversations, objects
from chalicelib.aws.conversations import Entry, stamp
from chalicelib.aws.table import LARGEST_TRANSACTION, Change
from chalicelib.desk import media
from chalicelib.model import Conversation, Echo, Edit, Message

VERSION = "version-"  # begins the names of a message's attributes that each name an edit of it

T = TypeVar("T")


def version_of(name: str, sk: str) -> dict[str, str]:
    """What is noted on a message about an edit of it, so that both can go together."""
    return {f"{VERSION}{name}": sk}


def emptied(event: T) -> T:
    """Without what anybody said in it."""
    if isinstance(event, Message):
        bare = replace(event, text="", title="", rating="", translation="")
        return replace(bare, overflow="", attachments=(), partial=False)
    return replace(event, text="") if isinstance(event, Edit | Echo) else event


def erased(message: Message) -> Message:
    """A message that was taken back; what of it lay in the bucket is gone."""
    if message.overflow:
        objects.delete(message.overflow)
    return emptied(message)


def forget(unsend: Entry) -> None:
    """The files of a message that was taken back, the words of its edits, and the subjects of mails under way."""
    message = conversations.one(unsend.pk, str(unsend.more["target"]))
    edits = list(_edits(message)) if message else []
    for each in (message, *edits):
        media.forget(each)
    empty = [Change(each.pk, each.sk, set={"data": stored.dump(emptied(each.read(Edit)))}) for each in edits]
    under_way = [each for each in conversations.pending(unsend.pk) if "subject" in each.more]
    writes = [*empty, *(Change(each.pk, each.sk, remove=("subject",)) for each in under_way)]
    for start in range(0, len(writes), LARGEST_TRANSACTION):
        conversations.write(writes[start : start + LARGEST_TRANSACTION])


def unnamed(conversation: Conversation, target: str) -> Conversation:
    """Without the words in its ticket's subject, if they may be those of the message with this sort key."""
    ticket = conversation.ticket
    if ticket.opened_at is None or not _was_there(target, ticket.opened_at):
        return conversation
    return replace(conversation, ticket=replace(ticket, subject=""))


def _was_there(sk: str, at: datetime) -> bool:
    return sk.split("#")[1:2] <= [stamp(at)]


def _edits(message: Entry) -> Iterator[Entry]:
    keys: Sequence[str] = [str(sk) for name, sk in message.more.items() if name.startswith(VERSION)]
    for sk in keys:
        found = conversations.one(message.pk, sk)
        if found:
            yield found
