"""Comments, live comments and mentions on Instagram: what a change of one of our fields means.

https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram
https://developers.facebook.com/docs/instagram-platform/webhooks/examples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import text_id
from chalicelib.channels.meta import Piece, moment, unknown
from chalicelib.channels.told import words
from chalicelib.model import Author, Echo, Event, Kind, Message

SITE = "https://www.instagram.com"
LIVE = "live:"  # in front of the threads of a broadcast, which takes no public answers
SILENT = ("story_insights", "messaging_handover", "messaging_handovers", "messaging_seen", "messaging_referral")


def to_event(piece: Piece) -> Event | None:
    """One of `entry[].changes[]`. There is none for edits and deletions: Instagram does not tell of them."""
    field, value = piece.item["field"], piece.item.get("value", {})
    if field in SILENT:
        return None
    read = READERS.get(field)
    return read(piece, value) if read else unknown(piece)


def thread(media: str, top: str = "") -> str:
    """Where an answer goes: a comment at the top of its thread under a post, or the post alone."""
    return f"{media}:{top}" if top else media


def parts(thread: str) -> tuple[str, str]:
    """The post, and the comment at the top, "" for the post alone."""
    media, _, top = thread.removeprefix(LIVE).partition(":")
    return media, top


def author(id: str, handle: str) -> Author:
    """Instagram tells handles; names only of those who wrote a message."""
    return Author(id, handle=handle, url=f"{SITE}/{quote(handle, safe='')}/" if handle else "")


def _comment(piece: Piece, value: Mapping[str, Any], live: str = "") -> Event | None:
    sender = value.get("from") or {}
    if is_own(sender, piece.account):
        return _echo(piece, value)
    id, above, media = text_id(value["id"]), _above(value), _media(value)
    return Message(
        channel="instagram",
        account=piece.account,
        id=id,
        thread=live + thread(media, above or id),
        author=author(text_id(sender["id"]) if sender.get("id") else "", words(sender.get("username"))),
        text=words(value.get("text")),
        sent_at=_at(piece),
        kind=Kind.COMMENT,
        public=True,
        parent=above or media,
        partial=not live,  # whole but for its address, which is worth one look
        raw=piece.raw,
    )


def _live_comment(piece: Piece, value: Mapping[str, Any]) -> Event | None:
    return _comment(piece, value, LIVE)


def _mention(piece: Piece, value: Mapping[str, Any]) -> Message:
    """Who wrote it and what has to be asked for, see `Instagram.complete`."""
    media = text_id(value["media_id"])
    comment = text_id(value["comment_id"]) if value.get("comment_id") else ""
    return Message(
        channel="instagram",
        account=piece.account,
        id=comment or media,
        thread=thread(media, comment),
        author=Author(""),
        text="",
        sent_at=_at(piece),
        kind=Kind.MENTION,
        public=True,
        parent=media if comment else "",
        partial=True,
        raw=piece.raw,
    )


READERS: Mapping[str, Callable[[Piece, Mapping[str, Any]], Event | None]] = {
    "comments": _comment,
    "live_comments": _live_comment,
    "mentions": _mention,
}


def is_own(sender: Mapping[str, Any], account: str) -> bool:
    """Whether the account itself wrote it; only then has it an id of its own for itself."""
    return str(sender.get("id")) == account or bool(sender.get("self_ig_scoped_id"))


def _echo(piece: Piece, value: Mapping[str, Any]) -> Echo | None:
    above = _above(value)
    if not above:
        return None  # under the post itself: it answers nobody
    id, text = text_id(value["id"]), words(value.get("text"))
    return Echo("instagram", piece.account, id, text, _at(piece), parent=above, raw=piece.raw)


def _above(value: Mapping[str, Any]) -> str:
    return text_id(value["parent_id"]) if value.get("parent_id") else ""


def _media(value: Mapping[str, Any]) -> str:
    media = value.get("media") or {}
    return text_id(media["id"]) if media.get("id") else ""


def _at(piece: Piece) -> datetime:
    """When Meta told of it: nothing here has a time of its own."""
    return moment(*piece.times)
