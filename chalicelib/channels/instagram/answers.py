"""How an answer goes out on Instagram: as a message, a comment or a mention, and what each of them must be.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentions
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.channels.base import Limits, Media, Outcome, PostFailed
from chalicelib.channels.instagram.comments import LIVE, parts
from chalicelib.channels.meta import messenger
from chalicelib.channels.meta.finding import segment
from chalicelib.model import Kind, Reply

LONGEST_MESSAGE = 1000  # bytes of UTF-8
LONGEST_COMMENT = 300  # characters
MOST_PARTS = 5
MOST_HASHTAGS, MOST_LINKS = 4, 1  # in a comment
PRIVATELY = {Kind.COMMENT: "comment_id"}  # how a private answer names what it answers
FILES = Media(
    types=("image/jpeg", "image/png", "image/gif", "video/mp4", "audio/mp4", "application/pdf"),
    size=8_000_000,  # of a picture; of others it takes 25 MB
    most=5,
    by_link=True,
)
HASHTAG = re.compile(r"(?<![\w&#])#\w*[^\W\d]\w*")
LINK = re.compile(r"(?i)\bhttps?://\S+|\bwww\.\S+")


def size(text: str) -> int:
    """In bytes, as Instagram counts messages."""
    return len(text.encode("utf-8", "surrogatepass"))


def limits(kind: Kind, public: bool | None, human_agent: bool) -> Limits:
    """Comments have no window; a private answer to one may be a single message, and not to all of them."""
    if kind is not Kind.DIRECT and public is not False:
        return Limits(public=True, text=LONGEST_COMMENT)
    alone = Limits(False, LONGEST_MESSAGE, size, "bytes", messenger.PRIVATE_WINDOW)
    if kind is not Kind.DIRECT:
        return replace(alone, answers=kind in PRIVATELY)
    extended = messenger.HUMAN_WINDOW if human_agent else None
    return replace(alone, window=messenger.WINDOW, extended_window=extended, parts=MOST_PARTS, media=FILES)


def message(reply: Reply, recipient: Mapping[str, str], human_agent: bool) -> dict[str, Any]:
    """The body of a Send API call; `human_agent`: the day has passed, and a human wrote this, which Meta has allowed us to say.

    Raises PostFailed.
    """
    if size(reply.text) > LONGEST_MESSAGE:
        raise PostFailed(Outcome.REFUSED, "too-long")
    tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if human_agent else {}
    return {"recipient": recipient, "message": _content(reply), **tag}


def comment(reply: Reply) -> tuple[str, dict[str, Any]]:
    """Where a public answer is posted, and its body. Raises PostFailed."""
    _check_rules(reply.text)
    if reply.thread.startswith(LIVE):
        raise PostFailed(Outcome.REFUSED, "no-answers")
    media, top = parts(reply.thread)
    if reply.kind is Kind.MENTION:
        named = {"media_id": media, **({"comment_id": top} if top else {})}
        return f"{segment(reply.account)}/mentions", {**named, "message": reply.text}
    # an answer to an answer would stand under the one at the top anyway
    return f"{segment(top)}/replies", {"message": reply.text}


def _content(reply: Reply) -> dict[str, Any]:
    if not reply.files:
        return {"text": reply.text}
    file = reply.files[0]
    major = file.media_type.partition("/")[0]
    kind = major if major in ("image", "audio", "video") else "file"
    return {"attachment": {"type": kind, "payload": {"url": file.link}}}


def _check_rules(text: str) -> None:
    if len(text) > LONGEST_COMMENT:
        raise PostFailed(Outcome.REFUSED, "too-long")
    if len(HASHTAG.findall(text)) > MOST_HASHTAGS or len(LINK.findall(text)) > MOST_LINKS:
        raise PostFailed(Outcome.REFUSED, "crowded")
