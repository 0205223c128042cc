"""What leaves for LinkedIn in answer to something: the comment, the look whether it is there, and who wrote what.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/comments-api
https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.linkedin.calls import Json, call, listed, segment
from chalicelib.channels.linkedin.notifications import (
    COMMENT,
    ORGANIZATION,
    author_of,
    comment_parts,
    comment_urn,
    words,
)
from chalicelib.http import Http, Response
from chalicelib.model import Attachment, AttachmentKind, Kind, Message, Reply

CLOCKS_DIFFER = timedelta(seconds=10)
NUMBER = re.compile(r"(\d+)\)?$")  # LinkedIn answers with the number, or with the whole URN


def post(connection: Connection, http: Http, reply: Reply, now: datetime) -> str:
    """A comment under the customer's, or under their post. Raises PostFailed."""
    try:
        return _post_under(connection, http, reply, _target(reply), now)
    except PostFailed as failed:
        if failed.code != "rejected" or not COMMENT.fullmatch(_target(reply)):
            raise
        # comments are two levels deep, and nobody told whether the customer's stands on the second
        above = _above(connection, http, reply.account, _target(reply), now)
        if not above:
            raise
        return _post_under(connection, http, reply, above, now)


def find(connection: Connection, http: Http, reply: Reply, now: datetime) -> str | None:
    """The URN of the posted answer, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    try:
        found = next((each for each in _posted(connection, http, reply, now) if _is_ours(each, reply)), None)
        return _own_urn(_post_of(reply), str(found.get("commentUrn") or found["id"])) if found else None
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def complete(connection: Connection, http: Http, message: Message, now: datetime) -> Message | None:
    """The message with its author and words; None when it is gone, or the page's own. Raises PostFailed."""
    read = _comment if message.kind is Kind.COMMENT else _share
    try:
        found = read(connection, http, message, now)
    except PostFailed as failed:
        if failed.code == "gone":
            return None
        raise
    return None if found.author.id == f"{ORGANIZATION}{message.account}" else found


def _target(reply: Reply) -> str:
    # without a message to answer the answer would stand beside the conversation
    return reply.parent or reply.thread


def _post_of(reply: Reply) -> str:
    return comment_parts(_target(reply))[0] if COMMENT.fullmatch(_target(reply)) else _target(reply)


def _post_under(connection: Connection, http: Http, reply: Reply, target: str, now: datetime) -> str:
    content = {
        "actor": f"{ORGANIZATION}{reply.account}",
        "object": _post_of(reply),
        "message": {"text": reply.text},
        **({"parentComment": target} if COMMENT.fullmatch(target) else {}),
    }
    answer = call(connection, http, reply.account, "POST", f"socialActions/{segment(target)}/comments", now, content)
    return _own_urn(_post_of(reply), _given_id(answer))


def _given_id(answer: Response) -> str:
    body = answer.json()
    told = body.get("commentUrn") or body.get("id") if isinstance(body, dict) else None
    return str(told or answer.headers.get("x-restli-id", ""))


def _own_urn(post: str, told: str) -> str:
    # in the form that its notification will have, so that it is known when it comes back
    number = NUMBER.search(unquote(told))
    if number is None:
        raise PostFailed(Outcome.UNKNOWN, "unclear")
    return comment_urn(post, number[1])


def _above(connection: Connection, http: Http, account: str, urn: str, now: datetime) -> str:
    found = call(connection, http, account, "GET", _comment_path(urn), now).json()
    above = found.get("parentComment")
    return above if isinstance(above, str) and COMMENT.fullmatch(above) else ""


def _comment_path(urn: str) -> str:
    post, number = comment_parts(urn)
    return f"socialActions/{segment(post)}/comments/{number}"


def _posted(connection: Connection, http: Http, reply: Reply, now: datetime) -> Iterator[Json]:
    """What stands where the answer went, or where it may have gone in the second try."""
    target, seen = _target(reply), 0
    is_comment = COMMENT.fullmatch(target) is not None
    # some roles read an empty list where there are comments: what cannot be read proves nothing
    above = _above(connection, http, reply.account, target, now) if is_comment else ""
    for place in filter(None, (target, above)):
        for each in listed(connection, http, reply.account, f"socialActions/{segment(place)}/comments", now):
            seen += 1
            yield each
    if not (seen or is_comment):
        call(connection, http, reply.account, "GET", f"posts/{segment(target)}", now)


def _is_ours(posted: Json, reply: Reply) -> bool:
    if posted.get("actor") != f"{ORGANIZATION}{reply.account}" or _plain(words(posted)) != _plain(reply.text):
        return False
    tried = (reply.tried_at or reply.window_from) - CLOCKS_DIFFER
    return datetime.fromtimestamp(posted["created"]["time"] / 1000, UTC) >= tried


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).split())


def _comment(connection: Connection, http: Http, message: Message, now: datetime) -> Message:
    found = call(connection, http, message.account, "GET", _comment_path(message.id), now).json()
    author = author_of(str(found.get("actor") or message.author.id))
    return replace(
        message,
        author=author,
        thread=comment_parts(message.id)[0] if author.id else message.thread,
        text=words(found),
        attachments=tuple(_attachments(found.get("content"))),
        partial=False,
    )


def _share(connection: Connection, http: Http, message: Message, now: datetime) -> Message:
    found = call(connection, http, message.account, "GET", f"posts/{segment(message.id)}", now).json()
    author = author_of(str(found.get("author") or message.author.id))
    return replace(message, author=author, text=unescaped(str(found.get("commentary") or "")), partial=False)


def _attachments(content: Any) -> Iterator[Attachment]:
    for each in content if isinstance(content, list) else ():
        url = each.get("url")
        yield Attachment(AttachmentKind.IMAGE, url if isinstance(url, str) else "")


def unescaped(commentary: str) -> str:
    """A post's text as people see it: LinkedIn escapes signs in it and wraps mentions and hashtags.

    https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
    """
    return ESCAPED.sub(r"\1", HASHTAG.sub(r"#\1", MENTION.sub(r"\1", commentary)))


MENTION = re.compile(r"@\[((?:[^\]\\]|\\.)*)\]\([^()]*\)")
HASHTAG = re.compile(r"\{hashtag\|\\?#\|([^{}|]*)\}")
ESCAPED = re.compile(r"\\([|{}@\[\]()<>#\\*_~])")
