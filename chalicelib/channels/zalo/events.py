"""Zalo: what a delivery means; each brings one event, named by who did what: `user_send_text`, `oa_send_image`.

https://developers.zalo.me/docs/official-account/webhook
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import Malformed, each, read_json, text_id
from chalicelib.channels.told import address, words
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Unreadable,
)

GROUP, VISITOR = "group:", "visitor:"  # in front of a thread that is no follower's
NAME = re.compile(r"(?P<who>user|anonymous|oa)_send_((?P<group>group_)|(?P<visitor>anonymous_))?\w+")
KINDS = {
    "image": AttachmentKind.IMAGE,
    "photo": AttachmentKind.IMAGE,
    "gif": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "voice": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "file": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
    "link": AttachmentKind.LINK,
}


@dataclass(frozen=True)
class Piece:
    """One event: who it is about, on which account, and in which thread."""

    account: str
    person: str
    thread: str
    raw: Mapping[str, Any]

    @property
    def message(self) -> Mapping[str, Any]:
        return self.raw["message"]  # type: ignore[no-any-return]

    @property
    def is_group(self) -> bool:
        return self.thread.startswith(GROUP)

    @property
    def at(self) -> datetime:
        milliseconds = str(self.raw["timestamp"])
        if not (milliseconds.isascii() and milliseconds.isdecimal()):
            raise ValueError("timestamp")
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def events(delivery: Any, accounts: Collection[str]) -> list[Event]:
    """The event, or none: of the console's probe, and of what asks nothing. Raises Malformed."""
    if not isinstance(delivery, dict):
        raise Malformed("no object")
    return list(each([delivery], partial(_event, accounts))) if delivery else []


def _event(accounts: Collection[str], raw: Mapping[str, Any]) -> Event | None:
    name = raw["event_name"]
    sent = NAME.fullmatch(name)
    if name == "user_reacted_message":
        return _reaction(accounts, raw)
    if name in SILENT or name.startswith(SILENT_BEGINNINGS):
        return None
    read = READERS.get(name) or (WHO[sent["who"]] if sent else None)
    if read is None:
        # what manages an account, a group or an app has no message
        return Unreadable("unknown-kind", raw) if "message" in raw else None
    piece = _piece(raw, sent)
    return read(piece) if piece.account in accounts else Unreadable("unknown-account", raw)


def _piece(raw: Mapping[str, Any], sent: re.Match[str] | None) -> Piece:
    if sent is None:
        person = text_id(raw["follower"]["id"])
        return Piece(text_id(raw["oa_id"]), person, person, raw)
    sender, recipient = text_id(raw["sender"]["id"]), text_id(raw["recipient"]["id"])
    is_ours = sent["who"] == "oa"
    if sent["group"]:
        # the group stands where the other side does
        account = text_id(raw.get("oa_id") or sender)
        return Piece(account, "" if is_ours else sender, f"{GROUP}{recipient}", raw)
    account, person = (sender, recipient) if is_ours else (recipient, sender)
    is_visit = sent["who"] == "anonymous" or sent["visitor"]
    return Piece(account, person, _visit(person, raw["message"]) if is_visit else person, raw)


def _visit(person: str, message: Mapping[str, Any]) -> str:
    return f"{VISITOR}{person}:{words(message.get('conversation_id'))}"


def _message(piece: Piece) -> Event:
    message = piece.message
    text, shown = _content(message)
    id, author = text_id(message["msg_id"]), Author(piece.person)
    if not (text or shown):
        return Note("zalo", piece.account, id, piece.thread, author, NoteKind.UNSUPPORTED, piece.at, piece.raw)
    return Message(
        channel="zalo",
        account=piece.account,
        id=id,
        thread=piece.thread,
        author=author,
        text=text,
        sent_at=piece.at,
        kind=Kind.GROUP if piece.is_group else Kind.DIRECT,
        public=piece.is_group,
        attachments=shown,
        parent=words(message.get("quote_msg_id")),
        raw=piece.raw,
    )


def _content(message: Mapping[str, Any]) -> tuple[str, tuple[Attachment, ...]]:
    text, items = words(message.get("text")), message.get("attachments") or ()
    shown = tuple(found for found in map(_attachment, items) if found)
    # the address of a link is its text, too: once is enough
    said = "" if text in [each.url for each in shown] else text
    cards = map(_card, (each for each in items if each["type"] not in (*KINDS, "location") or _contact(each)))
    return "\n".join(filter(None, (said, *cards))), shown


def _attachment(item: Mapping[str, Any]) -> Attachment | None:
    payload = item.get("payload") or {}
    if item["type"] == "location":
        place = payload["coordinates"]
        return Attachment(AttachmentKind.LOCATION, name=f"{place['latitude']}, {place['longitude']}")
    kind, url = KINDS.get(item["type"]), address(payload.get("url"))
    if kind is None or not url or _contact(item):
        return None
    return Attachment(kind, url, words(payload.get(NAMES.get(kind, ""))))


def _card(item: Mapping[str, Any]) -> str:
    """A business card, or whatever else only its own words tell."""
    payload = _contact(item) or item.get("payload") or {}
    told = ", ".join(filter(None, (words(payload.get(name)) for name in CARD)))
    return f"👤 {told}" if told else ""


def _contact(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a business card that comes as a link: its description is JSON with the number; {} of any other."""
    payload = item.get("payload") or {}
    described = words(payload.get("description"))
    try:
        found = read_json(described.encode()) if described.startswith("{") else {}
    except Malformed:
        return {}
    return {**payload, "description": "", "url": "", **found} if isinstance(found, dict) and found.get("phone") else {}


NAMES = {AttachmentKind.FILE: "name", AttachmentKind.LINK: "description"}
CARD = ("title", "name", "description", "phone", "url")


def _echo(piece: Piece) -> Echo | None:
    """The business wrote: our answer coming back, or one given in Zalo's own app or manager."""
    text, parent = words(piece.message.get("text")), words(piece.message.get("quote_msg_id"))
    if not (piece.person or parent):
        return None  # said to a whole group, and to nobody in it
    return Echo(
        "zalo",
        piece.account,
        text_id(piece.message["msg_id"]),
        text,
        piece.at,
        thread=piece.thread if piece.person else "",  # in a group nobody tells whom it answers, but for the quote
        author_id=piece.person,
        parent=parent,
        raw=piece.raw,
    )


def _reaction(accounts: Collection[str], raw: Mapping[str, Any]) -> Reaction | None:
    """To a message of theirs or ours; in a group it is no account's."""
    account, message = text_id(raw["recipient"]["id"]), raw["message"]
    if account not in accounts:
        return None
    icon = words(message.get("react_icon"))
    at = Piece(account, "", "", raw).at
    return Reaction("zalo", account, text_id(message["msg_id"]), SIGNS.get(icon, icon), at, raw)


def _unfollow(piece: Piece) -> Note:
    id, author = f"unfollow:{piece.person}:{piece.raw['timestamp']}", Author(piece.person)
    return Note("zalo", piece.account, id, piece.thread, author, NoteKind.LEFT, piece.at, piece.raw)


WHO: Mapping[str, Callable[[Piece], Event | None]] = {"user": _message, "anonymous": _message, "oa": _echo}
READERS: Mapping[str, Callable[[Piece], Event | None]] = {"unfollow": _unfollow}
SIGNS = {
    **{":>": "😄", "--b": "😢", ":-((": "😭", ":o": "😮", ":-h": "😡"},
    **{"/-strong": "👍", "/-heart": "❤️", "/-remove": ""},
}
SILENT = frozenset(
    (
        *("follow", "user_submit_info", "user_received_message", "user_seen_message", "user_feedback"),
        *("oa_send_consent", "oa_send_template"),  # machines' words: they answer nobody
    )
)
SILENT_BEGINNINGS = (
    *("user_click_", "user_reacted_", "oa_reacted_", "user_call_", "oa_call_", "user_join_", "user_out_"),
    *("change_", "event_", "shop_", "widget_", "add_user_", "remove_user_", "update_user_", "create_group"),
)
