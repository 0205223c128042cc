"""TikTok: what a delivery means; each brings one event, whose content is JSON written into a text.

The envelope counts seconds, the content milliseconds. Ids are whole numbers that no float can hold.
https://business-api.tiktok.com/portal/docs?id=1832190670631937
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import Malformed, each, read_json, text_id
from chalicelib.channels.tiktok.content import content_of
from chalicelib.channels.told import words
from chalicelib.model import (
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
)

CHANNEL = "tiktok"
SITE = "https://www.tiktok.com"
EUROPE = "europe"  # the thread of what people in Europe write; nothing tells them apart
NO_COMMENT = "0"


@dataclass(frozen=True)
class Piece:
    """One event: on which account, and what it is about."""

    account: str
    content: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """Of the content."""
        return _moment(self.content["timestamp"], 1000)

    @property
    def told_at(self) -> datetime:
        """Of the envelope."""
        return _moment(self.raw["create_time"], 1)


def events(delivery: Any, accounts: Collection[str]) -> list[Event]:
    """The event, or none: of what asks nothing. Raises Malformed."""
    if not isinstance(delivery, dict):
        raise Malformed("no object")
    return list(each([delivery], partial(_event, accounts)))


def author_of(id: str, shown: str, name: str = "") -> Author:
    """With the name people know them by; what has spaces in it is no handle."""
    handle = shown if shown and " " not in shown else ""
    return Author(id, name=name or ("" if handle else shown), handle=handle, url=f"{SITE}/@{handle}" if handle else "")


def thread_of(video: str, top: str) -> str:
    """Where an answer to a comment goes: the video, and the first comment or "" for one on the video itself."""
    return f"{video}:{top}"


def _event(accounts: Collection[str], raw: Mapping[str, Any]) -> Event | None:
    name = raw["event"]
    if name in SILENT or name.startswith(SILENT_BEGINNINGS):
        return None
    read = READERS.get(name)
    if read is None:
        return Unreadable("unknown-kind", raw)
    piece = Piece(text_id(raw["user_openid"]), _content(raw["content"]), raw)
    return read(piece) if piece.account in accounts else Unreadable("unknown-account", raw)


def _content(text: str) -> Mapping[str, Any]:
    try:
        content = read_json(text.encode())
    except Malformed:
        raise ValueError("content") from None
    if not isinstance(content, dict):
        raise ValueError("content")
    return content


def _moment(number: Any, fraction: int) -> datetime:
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError("time")
    return datetime.fromtimestamp(number / fraction, UTC)


def _message(piece: Piece) -> Event:
    content = piece.content
    if content["type"] == "reaction":
        return _reaction(piece)
    id, thread = text_id(content["message_id"]), text_id(content["conversation_id"])
    author = author_of(text_id(content["from_user"]["id"]), words(content.get("from")))
    text, shown = content_of(content, thread, id)
    if not (text or shown):
        return Note(CHANNEL, piece.account, id, thread, author, NoteKind.UNSUPPORTED, piece.at, piece.raw)
    return Message(
        channel=CHANNEL,
        account=piece.account,
        id=id,
        thread=thread,
        author=author,
        text=text,
        sent_at=piece.at,
        kind=Kind.DIRECT,
        public=False,
        attachments=shown,
        parent=_answered(content),
        raw=piece.raw,
    )


def _reaction(piece: Piece) -> Reaction:
    latest = piece.content["reaction"][-1]
    sign = words(latest.get("emoji")) or "🙂"  # of one that TikTok drew there is only a picture
    shown = "" if latest["operation"] == "REMOVE" else sign
    return Reaction(CHANNEL, piece.account, text_id(latest["original_msg_id"]), shown, piece.at, piece.raw)


def _echo(piece: Piece) -> Event | None:
    """The business wrote: our answer coming back, or one given in TikTok's app. What the account says by itself is none."""
    content = piece.content
    if content.get("auto_message_type") or content["type"] == "reaction":
        return None
    id, thread = text_id(content["message_id"]), text_id(content["conversation_id"])
    return Echo(
        CHANNEL,
        piece.account,
        id,
        content_of(content, thread, id)[0],
        piece.at,
        thread=thread,
        author_id=text_id(content["to_user"]["id"]),
        raw=piece.raw,
    )


def _withheld(piece: Piece) -> Note:
    """Somebody in Europe wrote: neither who nor what is told."""
    id = f"europe:{piece.content['timestamp']}"
    return Note(CHANNEL, piece.account, id, EUROPE, Author(""), NoteKind.WITHHELD, piece.at, piece.raw)


def _comment(piece: Piece) -> Event | None:
    content = piece.content
    action, id = content["comment_action"], text_id(content["comment_id"])
    if action in HIDES:
        return None
    if action == "delete":
        return Unsend(CHANNEL, piece.account, id, piece.at, piece.raw)
    if action != "insert":
        return Unreadable("unknown-kind", piece.raw)
    video = text_id(content["video_id"])
    # below a first comment stands the video where its parent would be
    above = text_id(content["parent_comment_id"]) if content["comment_type"] == "reply" else ""
    return Message(
        channel=CHANNEL,
        account=piece.account,
        id=id,
        thread=thread_of(video, above or id),
        author=Author(words(content.get("unique_identifier"))),
        text=words(content.get("text")),
        sent_at=piece.at,
        kind=Kind.COMMENT,
        public=True,
        permalink=f"{SITE}/player/v1/{video}",
        parent=above,
        partial=True,
        raw=piece.raw,
    )


def _mention(piece: Piece) -> Event | None:
    """In a video's own words, or in a comment, of which only its place is told."""
    content, what = piece.content, piece.content["type_of_event"]
    video, comment = text_id(content["video_id"]), text_id(content.get("comment_id") or NO_COMMENT)
    is_comment = comment != NO_COMMENT
    caption, link = words(content.get("video_caption")), words(content.get("share_url"))
    if what == "EDIT" and not is_comment:
        return Edit(CHANNEL, piece.account, video, caption, piece.told_at, piece.raw)
    if what != "CREATE":
        return None
    id = comment if is_comment else video
    shown = "" if is_comment else link.partition("/@")[2].partition("/")[0]
    return Message(
        channel=CHANNEL,
        account=piece.account,
        id=id,
        thread=thread_of(video, comment if is_comment else ""),
        author=author_of(words(content.get("unique_identifier")) or shown, shown),
        text="" if is_comment else caption,
        sent_at=piece.told_at,
        kind=Kind.MENTION,
        public=True,
        permalink=link,
        partial=is_comment,
        raw=piece.raw,
    )


def _removed(piece: Piece) -> Trouble:
    id, reason = f"removed:{piece.raw['create_time']}", str(piece.content.get("reason", ""))[:20]
    return Trouble(CHANNEL, piece.account, id, TroubleKind.REVOKED, piece.told_at, reason, piece.raw)


def _answered(content: Mapping[str, Any]) -> str:
    found = content.get("referenced_message_info") or {}
    return text_id(found["referenced_message_id"]) if found.get("referenced_message_id") else ""


HIDES = frozenset(("set_to_hidden", "set_to_friends_only", "set_to_public"))  # by the business or by TikTok
READERS: Mapping[str, Callable[[Piece], Event | None]] = {
    "im_receive_msg": _message,
    "im_receive_msg_eu": _withheld,
    "im_send_msg": _echo,
    "comment.update": _comment,
    "brand.mention.event": _mention,
    "authorization.removed": _removed,
}
# a comment that promises a purchase comes as a comment, too
SILENT = frozenset(("im_mark_read_msg", "im_referral_msg", "im_receive_high_intent_comment"))
SILENT_BEGINNINGS = ("im_auto_message_", "post.publish.", "video.")
