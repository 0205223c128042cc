"""What a post on Mastodon means: a message of a customer's, a change of one, or what the account answered itself.

https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.mastodon.words import words_of
from chalicelib.channels.told import address, moment, words
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Edit, Event, Kind, Message

CHANNEL = "mastodon"
DIRECT, FOLLOWERS = "direct", "private"  # what a post's `visibility` calls them
OPEN = ("public", "unlisted")
WARNING = "⚠️"
KINDS = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "gifv": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
}
MENTIONS = re.compile(r"(?:@[\w.-]+(?:@[\w.-]+)?\s+)+", re.ASCII)  # in front of an answer

Json = Mapping[str, Any]


def to_message(account: str, me: str, status: Json, root: str) -> Message:
    """`root` is the first post of its thread."""
    visibility, said_by = status["visibility"], text_id(status["account"]["id"])
    return Message(
        channel=CHANNEL,
        account=account,
        id=text_id(status["id"]),
        thread=_thread(visibility, said_by, root),
        author=author_of(status["account"]),
        text=text_of(status),
        sent_at=moment(status["created_at"]),
        kind=_kind(status, me),
        public=visibility in OPEN,
        attachments=tuple(map(_attachment, status.get("media_attachments") or ())),
        permalink=address(status.get("url")) or address(status.get("uri")),
        parent=text_id(status["in_reply_to_id"]) if status.get("in_reply_to_id") else "",
        raw=status,
    )


def to_edit(account: str, status: Json) -> Edit:
    """It stands there with other words."""
    at = moment(status.get("edited_at") or status["created_at"])
    return Edit(CHANNEL, account, text_id(status["id"]), text_of(status), at, status)


def to_echo(account: str, status: Json) -> Event | None:
    """The account itself wrote: our answer coming back, or one given on Mastodon. What answers nobody is none."""
    answered = status.get("in_reply_to_id")
    others = [text_id(each["id"]) for each in status.get("mentions") or ()]
    is_direct = status["visibility"] == DIRECT and len(others) == 1
    if not (answered or is_direct):
        return None
    return Echo(
        channel=CHANNEL,
        account=account,
        id=text_id(status["id"]),
        text=MENTIONS.sub("", text_of(status), count=1),
        at=moment(status["created_at"]),
        thread=_thread(DIRECT, others[0], "") if is_direct else "",
        author_id=others[0] if is_direct else "",
        parent=text_id(answered) if answered else "",
        raw=status,
    )


def text_of(status: Json) -> str:
    """Its words, below the warning that its author put in front of them."""
    said, warned = words_of(words(status["content"])), words(status.get("spoiler_text"))
    return f"{WARNING} {warned}\n\n{said}".strip() if warned else said


def author_of(told: Json) -> Author:
    """Whoever lives on the same server has a handle without it."""
    followers = told.get("followers_count")
    return Author(
        text_id(told["id"]),
        name=words(told.get("display_name")),
        handle=words(told.get("acct")),
        followers=followers if isinstance(followers, int) and not isinstance(followers, bool) else None,
        url=address(told.get("url")),
    )


def _thread(visibility: str, person: str, root: str) -> str:
    """Private mentions belong to a person, whatever they answer: few people reply to them, most write anew."""
    if visibility == DIRECT:
        return f"{DIRECT}:{person}"
    return root if visibility in OPEN else f"{FOLLOWERS}:{root}"


def _kind(status: Json, me: str) -> Kind:
    if status["visibility"] == DIRECT:
        return Kind.DIRECT
    return Kind.COMMENT if status.get("in_reply_to_account_id") == me else Kind.MENTION


def _attachment(told: Json) -> Attachment:
    kind = KINDS.get(told["type"], AttachmentKind.FILE)
    return Attachment(kind, address(told.get("url")) or address(told.get("remote_url")), words(told.get("description")))
