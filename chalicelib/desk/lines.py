"""What came in and what was answered, as the lines that mails show of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry
from chalicelib.desk import parts
from chalicelib.desk.view import View
from chalicelib.desk.writing.speeches import Line, Shown
from chalicelib.model import AgentReply, Conversation, Echo, Edit, Message, Note, Reaction, ReplyState, Unsend

LOOK_BACK = 12  # items

Show = Callable[[Entry], tuple[Shown, ...]]


def unanswered(view: View) -> tuple[Line, ...]:
    """What the customer wrote since they have been waiting."""
    conversation = view.conversation
    since = conversation.clock.waiting_since if conversation else None
    if conversation is None or since is None:
        return ()
    written = [each for each in conversations.latest(conversation.id, LOOK_BACK) if each.kind == "message"]
    lines = [_message_line(each, conversation, named) for each in written]
    return tuple(line for line in lines if line.at >= since)


def last_permalink(view: View) -> str:
    """Where the agent can look for an answer whose fate nobody knows."""
    return next((line.permalink for line in reversed(unanswered(view)) if line.permalink), "")


def named(entry: Entry) -> tuple[Shown, ...]:
    """What was said before shows only that there was something."""
    return tuple(Shown(each.kind) for each in entry.read(Message).attachments)


def was_said(entry: Entry) -> bool:
    """Whether it belongs to what was said before, as the next mail shows it."""
    posted = entry.kind == "reply" and entry.more["state"] == ReplyState.DONE
    # what turned out to be nothing for the agent, or another's
    is_left_out = entry.kind == "message" and entry.more.get("state") in ("dropped", "moved")
    return (
        posted
        or (entry.kind in ("message", "note", "reaction") and not is_left_out)
        or (entry.kind == "echo" and not entry.read(Echo).reply_id)
    )


def _message_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    message = entry.read(Message)
    unsent = "unsend" in entry.more
    return Line(
        at=message.sent_at,
        who="customer",
        name=message.author.name or conversation.author.name,
        text=message.text,
        attachments=() if unsent else show(entry),
        permalink=message.permalink,
        change="unsent" if unsent else "edited" if "edit" in entry.more else "",
        rating=message.rating,
        translation=message.translation,
        note="incomplete" if message.partial else message.doubt,
    )


def _note_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    note = entry.read(Note)
    return Line(note.at, "note", conversation.author.name, "", note=note.kind.value)


def _edit_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    edit = entry.read(Edit)
    return Line(edit.at, "customer", conversation.author.name, edit.text, change="edited")


def _unsend_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    return Line(entry.read(Unsend).at, "customer", conversation.author.name, "", change="unsent")


def _reaction_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    reaction = entry.read(Reaction)
    change: Literal["reacted", "unreacted"] = "reacted" if reaction.sign else "unreacted"
    return Line(reaction.at, "note", conversation.author.name, reaction.sign, change=change)


def _echo_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    echo = entry.read(Echo)
    return Line(echo.at, "business", "", echo.text)


def _reply_line(entry: Entry, conversation: Conversation, show: Show) -> Line:
    reply = entry.read(AgentReply)
    return Line(reply.at, "business", "", parts.words(entry) if reply.template else reply.text)


LINES: Mapping[str, Callable[[Entry, Conversation, Show], Line]] = {
    "message": _message_line,
    "note": _note_line,
    "edit": _edit_line,
    "unsend": _unsend_line,
    "reaction": _reaction_line,
    "echo": _echo_line,
    "reply": _reply_line,
}
