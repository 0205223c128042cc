"""What is asked of Instagram besides: who somebody is, what a mention says, where a comment stands, what we wrote under one.

https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentioned_comment
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.instagram.comments import author, is_own, parts
from chalicelib.channels.meta import finding
from chalicelib.channels.meta.finding import Get, Json, segment
from chalicelib.channels.told import address, words
from chalicelib.model import Message, Reply

REPLIES_A_PAGE = 50


def profile(get: Get, person: str) -> Mapping[str, Any]:
    """Name, handle, followers; {} of who never wrote a message."""
    try:
        found = get(f"{segment(person)}?fields=name,username,follower_count")
    except PostFailed:
        return {}
    known, count = author(person, words(found.get("username"))), found.get("follower_count")
    told = {"name": words(found.get("name")), "handle": known.handle, "url": known.url}
    is_count = isinstance(count, int) and not isinstance(count, bool)
    return {name: value for name, value in {**told, "followers": count if is_count else None}.items() if value}


def mention(get: Get, message: Message) -> Message | None:
    """With its words, author and address; None when it is gone. Raises PostFailed."""
    media, comment = parts(message.thread)
    name, query = _asked(media, comment)
    try:
        found = get(f"{segment(message.account)}?fields={quote(query)}").get(name)
    except PostFailed as failed:
        if failed.code == "gone":
            return None
        raise
    if not isinstance(found, dict):
        raise PostFailed(Outcome.UNKNOWN, "unclear")
    text = words(found.get("text" if comment else "caption"))
    writer = author("", words(found.get("username")))
    return replace(message, text=text, author=writer, permalink=_permalink(found), partial=False)


def comment(get: Get, message: Message) -> Message:
    """With the address of its post. Its words are there already: it never waits for this."""
    whole = replace(message, partial=False)
    try:
        found = get(f"{segment(message.id)}?fields=media{quote('{permalink}')}")
    except PostFailed:
        return whole
    return replace(whole, permalink=_permalink(found))


def own_replies(get: Get, reply: Reply) -> Iterator[Json]:
    """What the account wrote under the comment at the top of a thread. Raises PostFailed."""
    handle = words(get(f"{segment(reply.account)}?fields=username").get("username"))
    _, top = parts(reply.thread)
    fields = f"fields=id,text,timestamp,username,from&limit={REPLIES_A_PAGE}"
    for page in finding.pages(get, f"{segment(top)}/replies?{fields}"):
        for one in page:
            if one.get("username") == handle or is_own(one.get("from") or {}, reply.account):
                yield one


def subscribed(get: Get) -> list[str]:
    """The fields that Meta tells us of. Raises PostFailed."""
    apps = get("me/subscribed_apps").get("data") or ()
    return [words(field) for app in apps for field in app.get("subscribed_fields") or ()]


def _asked(media: str, comment: str) -> tuple[str, str]:
    if comment:
        return "mentioned_comment", f"mentioned_comment.comment_id({comment}){{text,username,media{{permalink}}}}"
    return "mentioned_media", f"mentioned_media.media_id({media}){{caption,username,permalink}}"


def _permalink(found: Json) -> str:
    media = found.get("media")
    return address(found.get("permalink") or (media.get("permalink") if isinstance(media, dict) else ""))
