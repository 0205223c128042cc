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
from chalicelib.channels.telegram.content import CONTENTS, HIDDEN, SERVICE, content, words
from chalicelib.model import (
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Trouble,
    TroubleKind,
    Unreadable,
)

WITHOUT_WORDS = HIDDEN | SERVICE | {"location"}  # where somebody is at the moment is told as an edit, again and again
EARLIEST = 1_000_000_000  # epoch seconds; a time before 2001 is no time
BUSINESS = "business:"  # in front of a business connection and a chat, in a thread
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


def _message(update: Update) -> Event | None:
    message = update.found
    if message.keys() & SERVICE or message.get("is_automatic_forward") is True or _is_by_a_bot(message):
        return None
    if message.keys() & HIDDEN:
        return _note(update)
    if not message.keys() & CONTENTS.keys():
        return Unreadable("unknown-kind", update.raw)
    text, attachments = content(message)
    chat = message["chat"]
    kind = KINDS.get(chat["type"], Kind.GROUP)
    # the button that opens a chat says this for whoever presses it
    if text.partition("@")[0] == "/start":
        return None
    return Message(
        channel="telegram",
        account=update.account,
        id=key(message),
        thread=_thread(message),
        author=_author(message),
        text=text,
        sent_at=_at(message["date"]),
        kind=kind,
        public=kind is not Kind.DIRECT,
        attachments=attachments,
        permalink=_permalink(message),
        parent=_answered(message),
        raw=update.raw,
    )


def _note(update: Update) -> Note | None:
    """Only in a chat of two: in a group nobody could tell whom an answer is for."""
    message = update.found
    if message["chat"]["type"] != "private":
        return None
    at, thread = _at(message["date"]), _thread(message)
    return Note(
        "telegram", update.account, key(message), thread, _author(message), NoteKind.UNSUPPORTED, at, update.raw
    )


def _business_message(update: Update) -> Event | None:
    """In the business's own chat with a customer; what is not by the customer is by the business, or is our answer."""
    message = update.found
    if _is_by_the_customer(message):
        return _message(update)
    if message.keys() & SERVICE:
        return None
    person = text_id(message["chat"]["id"])
    text = words(message.get("text")) or words(message.get("caption"))
    thread, at = _thread(message), _at(message["date"])
    return Echo("telegram", update.account, key(message), text, at, thread, person, raw=update.raw)


def _edited_message(update: Update) -> Edit | None:
    message = update.found
    if _is_by_a_bot(message) or message.keys() & WITHOUT_WORDS:
        return None
    text, at = words(message.get("text")) or words(message.get("caption")), message.get("edit_date") or message["date"]
    return Edit("telegram", update.account, key(message), text, _at(at), update.raw)


def _edited_business_message(update: Update) -> Edit | None:
    return _edited_message(update) if _is_by_the_customer(update.found) else None


def _button(update: Update) -> Message | None:
    """A button below a message of the bot's was pressed: the words on it, or what stands behind them."""
    pressed, message = update.found, update.found.get("message")
    if not message:
        return None  # below a message that somebody sent through the bot elsewhere
    chat = message["chat"]
    kind = KINDS.get(chat["type"], Kind.GROUP)
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


def _membership(update: Update) -> Trouble | None:
    """Somebody who blocks the bot is none of the owner's troubles: an answer to them will be refused."""
    chat, status = update.found["chat"], update.found["new_chat_member"]["status"]
    if chat["type"] == "private" or status not in OUT:
        return None
    return _revoked(update, f"{status} {text_id(chat['id'])}", update.found["date"])


def _business_connection(update: Update) -> Trouble | None:
    """The owner's account was connected to the bot, or is no more."""
    found = update.found
    return None if found.get("is_enabled") is True else _revoked(update, "business connection", found["date"])


READERS: Mapping[str, Callable[[Update], Event | None]] = {
    "message": _message,
    "edited_message": _edited_message,
    "channel_post": _message,
    "edited_channel_post": _edited_message,
    "business_message": _business_message,
    "edited_business_message": _edited_business_message,
    "callback_query": _button,
    "my_chat_member": _membership,
    "business_connection": _business_connection,
}
PASSED_OVER = frozenset(
    (
        *("update_id", "inline_query", "chosen_inline_result", "shipping_query", "pre_checkout_query"),
        *("poll", "poll_answer", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost"),
        *("message_reaction", "message_reaction_count", "purchased_paid_media"),
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
    return text_id(message["from"]["id"]) == text_id(message["chat"]["id"])


def _thread(message: Mapping[str, Any]) -> str:
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
    named = " ".join(filter(None, (words(side.get("first_name")), words(side.get("last_name")))))
    url = f"https://t.me/{handle}" if handle else ""
    return Author(text_id(side["id"]), named or words(side.get("title")), handle, url=url)


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
