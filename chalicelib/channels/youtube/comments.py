"""What a YouTube comment means: a message of a customer's, a change of one, or the channel's own answer.

https://developers.google.com/youtube/v3/docs/comments
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.channels.base import text_id
from chalicelib.channels.told import moment
from chalicelib.model import Author, Echo, Edit, Event, Kind, Message

CHANNEL = "youtube"
SITE = "https://www.youtube.com"
VOLATILE = ("likeCount", "viewerRating", "canRate", "authorProfileImageUrl")  # change while nobody writes

Json = Mapping[str, Any]


class Comment(NamedTuple):
    """One comment with where it stands."""

    account: str
    thread: str
    video: str
    top_author: str  # who began the thread
    item: Json

    @property
    def id(self) -> str:
        """The platform's; a reply has its thread's in front."""
        return text_id(self.item["id"])

    @property
    def published_at(self) -> datetime:
        """When it was written."""
        return moment(self.item["snippet"]["publishedAt"])

    @property
    def updated_at(self) -> datetime:
        """When it was last changed; the same as `published_at` while it is as it was."""
        return moment(self.item["snippet"].get("updatedAt") or self.item["snippet"]["publishedAt"])


def to_event(comment: Comment) -> Event | None:
    """A comment that was not there before."""
    snippet = comment.item["snippet"]
    if author_id(snippet) == comment.account:
        return _echo(comment)
    return Message(
        channel=CHANNEL,
        account=comment.account,
        id=comment.id,
        thread=comment.thread,
        author=_author(snippet),
        text=words(snippet),
        sent_at=comment.published_at,
        kind=Kind.COMMENT,
        public=True,
        permalink=f"{SITE}/watch?v={comment.video}&lc={comment.id}" if comment.video else "",
        parent=snippet.get("parentId") or "",
        raw=raw_of(comment),
    )


def to_edit(comment: Comment) -> Event | None:
    """A comment that was there with other words."""
    snippet = comment.item["snippet"]
    if author_id(snippet) == comment.account:
        return None
    return Edit(CHANNEL, comment.account, comment.id, words(snippet), comment.updated_at, raw_of(comment))


def raw_of(comment: Comment) -> Json:
    """As YouTube told it, without what changes by itself: the same words are the same raw."""
    kept = {key: value for key, value in comment.item["snippet"].items() if key not in VOLATILE}
    return {"id": comment.id, "thread": comment.thread, "snippet": kept}


def author_id(snippet: Json) -> str:
    """The author's channel, or "" for one without."""
    found = (snippet.get("authorChannelId") or {}).get("value")
    return found if isinstance(found, str) else ""


def words(snippet: Json) -> str:
    """As it was written, where YouTube tells; else as it is shown, asked for as plain text."""
    found = snippet.get("textOriginal") or snippet.get("textDisplay")
    return found if isinstance(found, str) else ""


def _author(snippet: Json) -> Author:
    # the name shown is the handle nowadays; people from before handles have a name
    shown = snippet.get("authorDisplayName") or ""
    handle = shown[1:] if shown.startswith("@") else ""
    found = author_id(snippet)
    url = f"{SITE}/channel/{found}" if found else ""
    return Author(found, name="" if handle else shown, handle=handle, url=url)


def _echo(comment: Comment) -> Echo | None:
    """Our reply coming back, or one written on YouTube itself: it answers whoever began the thread."""
    if comment.id == comment.thread or comment.top_author == comment.account:
        return None
    return Echo(
        channel=CHANNEL,
        account=comment.account,
        id=comment.id,
        text=words(comment.item["snippet"]),
        at=comment.published_at,
        parent=comment.thread,
        raw=raw_of(comment),
    )
