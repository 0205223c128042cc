"""Telegram: what an update means. There is one in a delivery, and its kind is whichever key it has besides its number.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import Malformed, each, text_id
from chalicelib.channels.telegram.content import (
    AMONG_MEMBERS,
    CONTENTS,
    HIDDEN,
    SERVICE,
    content,
    full_name,
    origin,
)
from chalicelib.channels.told import words
from chalicelib.model import (
    Attachment,
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    ThreadMoved,
    Trouble,
    TroubleKind,
    Unreadable,
)

WITHOUT_WORDS = (
    HIDDEN | SERVICE | AMONG_MEMBERS | {"location"}
)  # where somebody is at the moment is told as an edit, again and again
MIGRATIONS = (MOVED_FROM, MOVED_TO) = ("migrate_from_chat_id", "migrate_to_chat_id")
EARLIEST = 1_000_000_000  # epoch seconds; a time before 2001 is no time
BUSINESS = "business:"  # in front of a business connection and a chat, in a thread
CHANNEL = "channel:"  # in front of a channel's chat for direct messages and somebody's topic in it
OUT = ("left", "kicked")
KINDS = {"private": Kind.DIRECT, "channel": Kind.POST}  # any other chat is a group


@dataclass(frozen=True)
class Update:
    """An update, and what is in it."""

    account: str
    found: Mapping[str, Any]
    received_at: float  # epoch seconds
    raw: Mapping[str, Any]


def events(update: Any, account: str, received_at: float) -> list[Event]:
    """Raises Malformed."""
    if not isinstance(update, dict) or "update_id" not in update:
        raise Malformed("no update")
    return list(each([update], partial(_event, account, received_at)))


def key(message: Mapping[str, Any]) -> str:
    """A message's number counts in its chat only, and a business's chat with somebody is another one than the bot's."""
    business = words(message.get("business_connection_id"))
    place = f"{text_id(message['chat']['id'])}:{text_id(message['message_id'])}"
    return f"{business}:{place}" if business else place


def _event(account: str, received_at: float, raw: Mapping[str, Any]) -> Event | None:
    for kind, read in READERS.items():
        if kind in raw:
            return read(Update(account, raw[kind], received_at, raw))
    return None if raw.keys() <= PASSED_OVER else Unreadable("unknown-kind", raw)


def _said(update: Update) -> Event | None:
    if "direct_messages_topic" in update.found:
        return _in_a_chat_of_ours(update)
    return _moved(update) if update.found.keys() & {*MIGRATIONS} else _message(update)


def _moved(update: Update) -> ThreadMoved:
    """A group has become a supergroup, which is told in both."""
    message, here = update.found, text_id(update.found["chat"]["id"])
    old, new = (text_id(message[name]) if name in message else here for name in (MOVED_FROM, MOVED_TO))
    return ThreadMoved("telegram", update.account, key(message), old, new, _at(message["date"]), update.raw)


def _message(update: Update) -> Event | None:
    message = update.found
    if message.keys() & SERVICE or message.get("is_automatic_forward") is True or _is_by_a_bot(message):
        return None
    if message.keys() & HIDDEN or (message.keys() & AMONG_MEMBERS and _kind(message) is not Kind.DIRECT):
        return _note(update)
    if not message.keys() & CONTENTS.keys():
        return _note(update) or Unreadable("unknown-kind", update.raw)
    text, attachments = content(message)
    # the button that opens a chat says this for whoever presses it
    if text.partition("@")[0] == "/start":
        return None
    return _written(update, text, attachments) if text or attachments else _note(update)


def _written(update: Update, text: str, attachments: tuple[Attachment, ...]) -> Message:
    message, kind = update.found, _kind(update.found)
    first, post = origin(message)
    return Message(
        channel="telegram",
        account=update.account,
        id=key(message),
        thread=_thread(message),
        author=_author(message),
        text="\n".join(filter(None, (first, text))),
        sent_at=_at(message["date"]),
        kind=kind,
        public=kind is not Kind.DIRECT,
        attachments=(*attachments, *post),
        permalink=_permalink(message),
        parent=_answered(message),
        raw=update.raw,
    )


def _note(update: Update) -> Note | None:
    """Only in a chat of two: in a group nobody could tell whom an answer is for."""
    message = update.found
    if _kind(message) is not Kind.DIRECT:
        return None
    at, thread = _at(message["date"]), _thread(message)
    return Note(
        "telegram", update.account, key(message), thread, _author(message), NoteKind.UNSUPPORTED, at, update.raw
    )


def _in_a_chat_of_ours(update: Update) -> Event | None:
    """With a customer, of the business's own or of its channel's; what is not by them is by it, or is our answer."""
    message = update.found
    if _is_by_the_customer(message):
        return _message(update)
    if message.keys() & SERVICE:
        return None
    person = _customer(message)
    text = words(message.get("text")) or words(message.get("caption"))
    thread, at = _thread(message), _at(message["date"])
    return Echo("telegram", update.account, key(message), text, at, thread, person, raw=update.raw)


def _edited_message(update: Update) -> Edit | None:
    message = update.found
    if _is_by_a_bot(message) or message.keys() & WITHOUT_WORDS:
        return None
    if "direct_messages_topic" in message and not _is_by_the_customer(message):
        return None
    text, at = _words_in(message), message.get("edit_date") or message["date"]
    return Edit("telegram", update.account, key(message), text, _at(at), update.raw)


def _words_in(message: Mapping[str, Any]) -> str:
    return content(message)[0] if message.keys() & CONTENTS.keys() else words(message.get("caption"))


def _edited_business_message(update: Update) -> Edit | None:
    return _edited_message(update) if _is_by_the_customer(update.found) else None


def _button(update: Update) -> Message | None:
    """A button below a message of the bot's was pressed: the words on it, or what stands behind them."""
    pressed, message = update.found, update.found.get("message")
    if not message:
        return None  # below a message that somebody sent through the bot elsewhere
    kind = _kind(message)
    return Message(
        channel="telegram",
        account=update.account,
        id=f"button:{text_id(pressed['id'])}",
        thread=_thread(message),
        author=_person(pressed["from"]),
        text=_label(message, words(pressed.get("data"))),
        sent_at=datetime.fromtimestamp(update.received_at, UTC),  # Telegram tells no time of it
        kind=kind,
        public=kind is not Kind.DIRECT,
        parent=key(message),
        raw=update.raw,
    )


def _membership(update: Update) -> Trouble | Note | None:
    """Somebody who blocks the bot is none of the owner's troubles."""
    chat, status = update.found["chat"], update.found["new_chat_member"]["status"]
    if status not in OUT:
        return None
    if chat["type"] == "private":
        at, person = _at(update.found["date"]), _person(chat)
        id = f"left:{person.id}:{text_id(update.found['date'])}"
        return Note("telegram", update.account, id, person.id, person, NoteKind.LEFT, at, update.raw)
    return _revoked(update, f"{status} {text_id(chat['id'])}", update.found["date"])


def _business_connection(update: Update) -> Trouble | None:
    """The owner's account was connected to the bot, or is no more."""
    found = update.found
    return None if found.get("is_enabled") is True else _revoked(update, "business connection", found["date"])


READERS: Mapping[str, Callable[[Update], Event | None]] = {
    "message": _said,
    "edited_message": _edited_message,
    "channel_post": _message,
    "edited_channel_post": _edited_message,
    "business_message": _in_a_chat_of_ours,
    "edited_business_message": _edited_business_message,
    "callback_query": _button,
    "my_chat_member": _membership,
    "business_connection": _business_connection,
}
PASSED_OVER = frozenset(
    (
        *("update_id", "inline_query", "chosen_inline_result", "shipping_query", "pre_checkout_query"),
        *("poll", "poll_answer", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost"),
        *("message_reaction", "message_reaction_count", "purchased_paid_media", "managed_bot", "subscription"),
        "deleted_business_messages",  # nobody is told who deleted them, and the business may tidy up its own chats
    )
)


def _revoked(update: Update, detail: str, date: Any) -> Trouble:
    id = f"revoked:{update.raw['update_id']}"
    return Trouble("telegram", update.account, id, TroubleKind.REVOKED, _at(date), detail, update.raw)


def _is_by_a_bot(message: Mapping[str, Any]) -> bool:
    # who writes in the name of a group or a channel is told as a bot of Telegram's, beside `sender_chat`
    return (message.get("from") or {}).get("is_bot") is True and "sender_chat" not in message


def _is_by_the_customer(message: Mapping[str, Any]) -> bool:
    return text_id(message["from"]["id"]) == _customer(message)


def _customer(message: Mapping[str, Any]) -> str:
    """Of a chat of the business's own, or of its channel's."""
    topic = message.get("direct_messages_topic")
    return text_id(topic["user"]["id"] if topic else message["chat"]["id"])


def _kind(message: Mapping[str, Any]) -> Kind:
    is_direct = "direct_messages_topic" in message
    return Kind.DIRECT if is_direct else KINDS.get(message["chat"]["type"], Kind.GROUP)


def _thread(message: Mapping[str, Any]) -> str:
    topic = message.get("direct_messages_topic")
    if topic:
        return f"{CHANNEL}{text_id(message['chat']['id'])}:{text_id(topic['topic_id'])}"
    chat, business = text_id(message["chat"]["id"]), words(message.get("business_connection_id"))
    if business:
        return f"{BUSINESS}{business}:{chat}"
    return f"{chat}:{text_id(message['message_thread_id'])}" if message.get("is_topic_message") is True else chat


def _author(message: Mapping[str, Any]) -> Author:
    """A group or channel where it speaks itself, by an administrator without a name."""
    side = message.get("sender_chat") or message.get("from") or message["chat"]
    return _person(side)


def _person(side: Mapping[str, Any]) -> Author:
    handle = words(side.get("username"))
    url = f"https://t.me/{handle}" if handle else ""
    return Author(text_id(side["id"]), full_name(side), handle, url=url)


def _permalink(message: Mapping[str, Any]) -> str:
    chat = message["chat"]
    public = words(chat.get("username")) if chat["type"] != "private" else ""
    return f"https://t.me/{public}/{text_id(message['message_id'])}" if public else ""


def _answered(message: Mapping[str, Any]) -> str:
    answered = message.get("reply_to_message")
    # whatever is in a topic counts as an answer to the line that opened it
    if not answered or "forum_topic_created" in answered:
        return ""
    return key({**answered, "business_connection_id": message.get("business_connection_id")})


def _label(message: Mapping[str, Any], data: str) -> str:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or ()
    buttons = (button for row in rows for button in row if button.get("callback_data") == data)
    return next((words(button.get("text")) for button in buttons), "") or data


def _at(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < EARLIEST:
        raise ValueError("date")
    return datetime.fromtimestamp(seconds, UTC)
