"""What our answers to a text say: what became of theirs, whom we take it for, how texting works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from chalicelib.aws import conversations, phones
from chalicelib.channels import open_channel
from chalicelib.desk.texting import Line
from chalicelib.desk.texting.customers import code_for, reader_of, subject_of
from chalicelib.desk.writing.voice import Voice
from chalicelib.locales import knows
from chalicelib.model import Conversation, OutgoingText
from chalicelib.phone import wording
from chalicelib.phone.segments import plain
from chalicelib.phone.wording import Reader, Subject

EXAMPLE = "A7"  # a code, where there is none to speak of


def words_of(text: OutgoingText, line: Line) -> str:
    """The words of one of our answers, in its reader's language."""
    return _WORDS[text.code](text, line)


def _about(key: str, text: OutgoingText, line: Line) -> str:
    """What became of an answer, or a question about one."""
    conversation = _customer(text)
    subject = replace(_subject(conversation, line), words=text.words)
    return wording.about(key, subject, _reader(line))


def _not_posted(key: str, text: OutgoingText, line: Line) -> str:
    """Why, as the ticket says it."""
    conversation = _customer(text)
    subject = replace(_subject(conversation, line), words=text.words)
    return wording.about(key, subject, _reader(line), why=_why(text, conversation, subject, line))


def _why(text: OutgoingText, conversation: Conversation, subject: Subject, line: Line) -> str:
    """The reason as the ticket gives it; `detail` is a state and a code of locales, or the code alone."""
    settings, code = line.settings, text.detail.rpartition(":")[2]
    voice = Voice(
        line.person.language,
        settings.hours.zone,
        subject.channel,
        settings.business,
        settings.business,
        conversation.author,
        conversation.channel,
    )
    key = f"refused_{code}" if knows(voice.language, f"refused_{code}") else "refused_rejected"
    connection = settings.connections.get(conversation.connection)
    if connection is None:
        return plain(voice.say("refused_rejected"))
    limits = open_channel(connection).limits(conversation.kind, conversation.public)
    return plain(voice.say(key, length=voice.length(limits), counted=voice.counted(limits.measure(text.words), limits)))


def _later(text: OutgoingText, line: Line) -> str:
    subject, reader = replace(_subject(_customer(text), line), words=text.words), _reader(line)
    return wording.about("later", subject, reader, when=wording.moment(datetime.fromisoformat(text.detail), reader))


def _again(text: OutgoingText, line: Line) -> str:
    """A customer's question once more."""
    conversation = _customer(text)
    waits = conversation.clock.waiting_since is not None
    kind = "missed" if conversation.clock.missed else "reminder" if waits else "answered"
    return wording.alarm(kind, _subject(conversation, line), (), _reader(line))


def _which(text: OutgoingText, line: Line) -> str:
    found = [each for name in text.detail.split() if (each := conversations.load(name))]
    return wording.which([_subject(each, line) for each in found], _reader(line))


def _told(key: str, text: OutgoingText, line: Line) -> str:
    return wording.told(key, _reader(line), code=text.detail or EXAMPLE)


def _customer(text: OutgoingText) -> Conversation:
    """Raises LookupError when the conversation is gone: texts do not live as long."""
    found = conversations.load(text.conversation)
    if found is None:
        raise LookupError("a text about a conversation that is gone")
    return found


def _subject(conversation: Conversation, line: Line) -> Subject:
    code = phones.code_of(conversation.id) or code_for(conversation, line.now)
    return subject_of(conversation, code, line.settings, line.person.language)


def _reader(line: Line) -> Reader:
    return reader_of(line.person, line.settings, line.now)


_WORDS: Mapping[str, Callable[[OutgoingText, Line], str]] = {
    **{key: partial(_not_posted, key) for key in ("refused", "partly", "unsure", "undelivered")},
    "later": _later,
    "again": _again,
    "which": _which,
    **{key: partial(_about, key) for key in ("posted", "closed", "seen", "note", "ask")},
    **{key: partial(_told, key) for key in ("help", "unknown", "pictures")},
}
