"""How a text speaks of a customer: by code, channel, name, and the words that wait for an answer."""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws import conversations, phones
from chalicelib.desk.writing import names
from chalicelib.model import Conversation, Message
from chalicelib.phone.wording import Reader, Subject
from chalicelib.settings import Owner, Settings

LOOK_BACK = 12  # items, for the words that nobody has answered


def subject_of(conversation: Conversation, code: str, settings: Settings, language: str) -> Subject:
    """The customer with what they wrote since they have been waiting, for who reads this language."""
    author, clock = conversation.author, conversation.clock
    title = names.title(settings, conversation, language)
    return Subject(
        code=code,
        channel=title,
        name=author.name or author.handle,
        words=_words(conversation),
        followers=author.followers,
        waiting_since=clock.waiting_since,
        due_at=clock.due_at,
        out=names.out(language, conversation.channel, title),
    )


def reader_of(person: Owner, settings: Settings, now: datetime) -> Reader:
    """The language of a person and the zone of the business."""
    return Reader(person.language, settings.hours.zone, now)


def code_for(conversation: Conversation, now: datetime) -> str:
    """Its code, from now on for a week. Raises phones.NoCode."""
    return phones.name(conversation.id, now, _is_settled)


def _is_settled(conversation_id: str) -> bool:
    found = conversations.load(conversation_id)
    return found is None or found.clock.waiting_since is None


def _words(conversation: Conversation) -> str:
    """What was written since the customer has been waiting; when nobody waits, what came last."""
    found = [each for each in conversations.latest(conversation.id, LOOK_BACK) if each.kind == "message"]
    written = [each.read(Message) for each in found if "unsend" not in each.more]
    since = conversation.clock.waiting_since
    unanswered = [each for each in written if since and each.sent_at >= since]
    return " / ".join(each.text for each in unanswered or written[-1:] if each.text.strip())
