"""What LinkedIn's notifications mean: comments, mentions and shares, changes of them, and what the page itself wrote.

A comment is known by its number under the post. LinkedIn does not tell which comment it answers, so a conversation is
all that one person writes under one post. Decoration (who wrote what) is left out now and then: such a message is
partial and completed later.
https://learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-social-action-notifications
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

from chalicelib.channels.base import Malformed, each, text_id
from chalicelib.model import Author, Echo, Edit, Event, Kind, Message, Unreadable, Unsend

CHANNEL = "linkedin"
SITE = "https://www.linkedin.com"
TYPE = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
OTHER_TYPES = ("LEAD_ACTION",)  # forms of advertisements
SILENT = ("LIKE",)
ORGANIZATION = "urn:li:organization:"
POST = re.compile(r"urn:li:(?:activity|share|ugcPost):\d+")
COMMENT = re.compile(r"urn:li:comment:\((?:urn:li:)?((?:activity|share|ugcPost):\d+),(\d+)\)")  # also the short form

Json = Mapping[str, Any]


class Piece(NamedTuple):
    """One notification; `raw` is a delivery of its own that holds only this one, so it can be read again by itself."""

    account: str
    item: Json
    activity: Json  # who did what, {} when LinkedIn left it out
    received_at: float
    raw: Json


def read(delivery: Any, accounts: Collection[str], received_at: float) -> list[Event]:
    """Every notification of a delivery. Raises Malformed."""
    if not isinstance(delivery, dict):
        raise Malformed("no object")
    if delivery.get("type") in OTHER_TYPES:
        return []
    items = delivery.get("notifications")
    if delivery.get("type") != TYPE or not isinstance(items, list):
        return [Unreadable("unknown-kind", delivery)]
    return list(each(items, partial(to_event, accounts=accounts, received_at=received_at)))


def to_event(item: Json, accounts: Collection[str], received_at: float) -> Event | None:
    """One notification, pushed or looked up."""
    raw = {"type": TYPE, "notifications": [item]}
    account = text_id(item["organizationalEntity"]).rpartition(":")[2]
    if account not in accounts:
        return Unreadable("unknown-account", raw)
    if item["action"] in SILENT:
        return None
    read_action = ACTIONS.get(item["action"])
    if read_action is None:
        return Unreadable("unknown-kind", raw)
    decorated = item.get("decoratedGeneratedActivity") or {}
    activity = decorated.get("comment") or decorated.get("share") or {}
    return read_action(Piece(account, item, activity, received_at, raw))


def comment_parts(urn: str) -> tuple[str, str]:
    """The post and the number in a comment's URN, in either of its forms. Raises ValueError."""
    match = COMMENT.fullmatch(urn)
    if match is None:
        raise ValueError("comment")
    return f"urn:li:{match[1]}", match[2]


def comment_urn(post: str, number: str) -> str:
    """The one form that we know a comment by."""
    return f"urn:li:comment:({post},{number})"


def author_of(owner: str) -> Author:
    """LinkedIn gives no member's name to pages' programs; a company at least has an address."""
    company = owner.removeprefix(ORGANIZATION) if owner.startswith(ORGANIZATION) else ""
    return Author(owner, url=f"{SITE}/company/{company}" if company else "")


def words(activity: Json) -> str:
    """The text of a comment or share, flat or nested."""
    nested = activity.get("message")
    found = activity.get("text") or (nested.get("text") if isinstance(nested, dict) else None)
    return found if isinstance(found, str) else ""


def _comment(piece: Piece) -> Event:
    if _is_own(piece):
        return _own_comment(piece)
    id, post, owner, text = _comment_id(piece), _post(piece), _owner(piece), words(piece.activity)
    return Message(
        channel=CHANNEL,
        account=piece.account,
        id=id,
        # as long as nobody knows who wrote it, it must not share a conversation with others
        thread=post if owner else id,
        author=author_of(owner),
        text=text,
        sent_at=_moment(piece),
        kind=Kind.COMMENT,
        public=True,
        permalink=f"{SITE}/feed/update/{post}/?commentUrn={quote(_short(id), safe='')}",
        parent=_above(piece),
        partial=not (owner and text),
        raw=piece.raw,
    )


def _own_comment(piece: Piece) -> Echo:
    # LinkedIn tells whom the page answers only now and then; our own answers are known by their id
    above = _above(piece) or _post(piece)
    return Echo(
        channel=CHANNEL,
        account=piece.account,
        id=_comment_id(piece),
        text=words(piece.activity),
        at=_moment(piece),
        parent=above,
        raw=piece.raw,
    )


def _edited(piece: Piece) -> Event | None:
    if _is_own(piece):
        return None
    if not piece.activity:
        return Unreadable("edit without words", piece.raw)
    return Edit(CHANNEL, piece.account, _comment_id(piece), words(piece.activity), _moment(piece), piece.raw)


def _deleted(piece: Piece) -> Unsend:
    return Unsend(CHANNEL, piece.account, _comment_id(piece), _moment(piece), piece.raw)


def _share(piece: Piece, kind: Kind) -> Message | None:
    """A post of somebody else's that mentions or shares; answers go under it."""
    if _is_own(piece) or (kind is Kind.QUOTE and not words(piece.activity)):
        return None  # passing our post on without a word asks nothing
    post, owner, text = _shared_post(piece), _owner(piece), words(piece.activity)
    return Message(
        channel=CHANNEL,
        account=piece.account,
        id=post,
        thread=post,
        author=author_of(owner),
        text=text,
        sent_at=_moment(piece),
        kind=kind,
        public=True,
        permalink=f"{SITE}/feed/update/{post}/",
        partial=not (owner and text),
        raw=piece.raw,
    )


ACTIONS: Mapping[Any, Callable[[Piece], Event | None]] = {
    "COMMENT": _comment,
    "ADMIN_COMMENT": _own_comment,
    "COMMENT_EDIT": _edited,
    "COMMENT_DELETE": _deleted,
    "SHARE_MENTION": partial(_share, kind=Kind.MENTION),
    "SHARE": partial(_share, kind=Kind.QUOTE),
}


def _owner(piece: Piece) -> str:
    owner = piece.activity.get("owner") or piece.activity.get("actor") or piece.activity.get("author")
    return owner if isinstance(owner, str) else ""


def _is_own(piece: Piece) -> bool:
    return _owner(piece) == f"{ORGANIZATION}{piece.account}"


def _comment_id(piece: Piece) -> str:
    _, number = comment_parts(text_id(piece.activity.get("entity") or piece.item["generatedActivity"]))
    return comment_urn(_post(piece), number)


def _post(piece: Piece) -> str:
    """The post that a comment stands under; the same comment names it as activity, share or post."""
    source = piece.item.get("sourcePost")
    if isinstance(source, str) and POST.fullmatch(source):
        return source
    return comment_parts(text_id(piece.activity.get("entity") or piece.item["generatedActivity"]))[0]


def _shared_post(piece: Piece) -> str:
    candidates = (piece.item.get("generatedActivity"), piece.activity.get("entity"), piece.item.get("sourcePost"))
    found = next((each for each in candidates if isinstance(each, str) and POST.fullmatch(each)), None)
    if found is None:
        raise ValueError("post")
    return found


def _above(piece: Piece) -> str:
    for above in (piece.activity.get("parentComment"), piece.activity.get("object")):
        if isinstance(above, str) and COMMENT.fullmatch(above):
            return comment_urn(_post(piece), comment_parts(above)[1])
    return ""


def _moment(piece: Piece) -> datetime:
    milliseconds = piece.item.get("lastModifiedAt")
    if isinstance(milliseconds, int) and not isinstance(milliseconds, bool):
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    return datetime.fromtimestamp(piece.received_at, UTC)


def _short(id: str) -> str:
    # LinkedIn's own pages name a comment so
    return id.replace("(urn:li:", "(")
