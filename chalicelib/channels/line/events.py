"""LINE: what each event of a delivery means.

https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import Malformed, each, text_id
from chalicelib.channels.line.content import CONTENTS
from chalicelib.channels.told import words
from chalicelib.model import (
    Author,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
)

STANDBY, ASKING = "standby", ("message", "postback")  # another program has the chat at present, and answers there
PLACES = ("groupId", "roomId", "userId")  # a group outranks who wrote in it: the answer goes where all can read it


@dataclass(frozen=True)
class Piece:
    """One event, the account it came to, and which of a group's messages are wanted: all, mentions, none."""

    account: str
    wanted: str
    event: Mapping[str, Any]
    raw: Mapping[str, Any]  # a delivery of this event alone

    @property
    def thread(self) -> str:
        return text_id(next((self.source[name] for name in PLACES if name in self.source), ""))

    @property
    def author(self) -> Author:
        """Somebody in a group who has not agreed to be known has no id."""
        return Author(words(self.source.get("userId")))

    @property
    def source(self) -> Mapping[str, Any]:
        return self.event["source"]  # type: ignore[no-any-return]

    @property
    def is_group(self) -> bool:
        return self.source.get("type") != "user"

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.event["timestamp"] / 1000, UTC)

    @property
    def id(self) -> str:
        """Of what is no message; deliveries of old had no id for it."""
        return words(self.event.get("webhookEventId")) or f"{self.thread}:{self.event['timestamp']}"


def events(delivery: Any, accounts: Collection[str], wanted: str) -> list[Event]:
    """Every event; none when somebody pressed Verify. What came to an account we do not serve is unreadable. Raises Malformed."""
    if not isinstance(delivery, dict) or not isinstance(delivery.get("events"), list):
        raise Malformed("no events")
    account = words(delivery.get("destination")) or next(iter(accounts), "")
    # each is kept with what is around it, so that it can be read again alone
    alone = [{**delivery, "events": [event]} for event in delivery["events"]]
    if account not in accounts:
        return [Unreadable("unknown-account", raw) for raw in alone]
    return list(each(alone, partial(_event, account, wanted)))


def _event(account: str, wanted: str, raw: Mapping[str, Any]) -> Event | None:
    event = raw["events"][0]
    kind = event["type"]
    if kind in SILENT or (kind in ASKING and event.get("mode") == STANDBY):
        return None
    read = READERS.get(kind)
    return read(Piece(account, wanted, event, raw)) if read else Unreadable("unknown-kind", raw)


def _message(piece: Piece) -> Event | None:
    message = piece.event["message"]
    if piece.is_group and not _is_wanted(piece, message):
        return None
    read = CONTENTS.get(message["type"])
    if read is None:
        return _note(piece, text_id(message["id"]), NoteKind.UNSUPPORTED)
    text, attachments = read(message)
    return Message(
        channel="line",
        account=piece.account,
        id=text_id(message["id"]),
        thread=piece.thread,
        author=piece.author,
        text=text,
        sent_at=piece.at,
        kind=Kind.GROUP if piece.is_group else Kind.DIRECT,
        public=piece.is_group,
        attachments=attachments,
        parent=words(message.get("quotedMessageId")),
        raw=piece.raw,
    )


def _is_wanted(piece: Piece, message: Mapping[str, Any]) -> bool:
    if piece.wanted != "mentions":
        return piece.wanted == "all"
    mentioned = (message.get("mention") or {}).get("mentionees") or ()
    return any(each.get("isSelf") is True or each.get("userId") == piece.account for each in mentioned)


def _postback(piece: Piece) -> Message | None:
    """A button of a menu or card was tapped; what it says is what the business wrote on it."""
    tapped = piece.event["postback"]
    params = tapped.get("params") or {}
    # a tap that only shows another page of the menu asks nothing
    if (piece.is_group and piece.wanted == "none") or "newRichMenuAliasId" in params:
        return None
    chosen = [str(value) for value in params.values()]
    return Message(
        channel="line",
        account=piece.account,
        id=piece.id,
        thread=piece.thread,
        author=piece.author,
        text=" ".join([words(tapped["data"]), *chosen]),
        sent_at=piece.at,
        kind=Kind.GROUP if piece.is_group else Kind.DIRECT,
        public=piece.is_group,
        raw=piece.raw,
    )


def _edited(piece: Piece) -> Edit:
    message = piece.event["message"]
    return Edit("line", piece.account, text_id(message["id"]), words(message.get("text")), piece.at, piece.raw)


def _unsend(piece: Piece) -> Unsend:
    return Unsend("line", piece.account, text_id(piece.event["unsend"]["messageId"]), piece.at, piece.raw)


def _unfollow(piece: Piece) -> Note:
    """Blocked: LINE goes on taking answers and delivers none."""
    return _note(piece, piece.id, NoteKind.LEFT)


def _note(piece: Piece, id: str, kind: NoteKind) -> Note:
    return Note("line", piece.account, id, piece.thread, piece.author, kind, piece.at, piece.raw)


def _suspended(piece: Piece) -> Trouble:
    return Trouble("line", piece.account, piece.id, TroubleKind.POLICY, piece.at, "botSuspended", piece.raw)


SILENT = frozenset(
    (
        *("follow", "join", "leave", "memberJoined", "memberLeft", "beacon", "accountLink", "videoPlayComplete"),
        *("membership", "botResumed", "module", "activated", "deactivated", "delivery", "things"),
    )
)
READERS: Mapping[Any, Callable[[Piece], Event | None]] = {
    "message": _message,
    "messageEdited": _edited,
    "unsend": _unsend,
    "postback": _postback,
    "unfollow": _unfollow,
    "botSuspended": _suspended,
}
