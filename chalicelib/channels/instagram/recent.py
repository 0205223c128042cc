"""What Instagram has of the last days, put into the words of its webhook, so that it is the same message however it came.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api
https://developers.facebook.com/docs/instagram-platform/comment-moderation
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.meta.finding import READABLE_MESSAGES, Get, Json, file_of, pages, segment, written_at
from chalicelib.channels.told import words

CONVERSATIONS_A_PAGE, POSTS_A_PAGE, COMMENTS_SHOWN = 20, 25, 50
MOST_PAGES = 10  # of conversations; those that were quiet for longer are not read
COMMENT = "id,text,timestamp,from,parent_id"


def deliveries(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    """One delivery for each thing said. Raises PostFailed, also in the midst of it."""
    try:
        yield from _messages(get, account, since)
        yield from _comments(get, account, since)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _messages(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    handle = words(get(f"{segment(account)}?fields=username").get("username"))
    inner = f"messages.limit({READABLE_MESSAGES}){{id,created_time,from,to,message,attachments,story}}"
    fields = f"fields=updated_time,{quote(inner)}&limit={CONVERSATIONS_A_PAGE}"
    for page in pages(get, f"me/conversations?platform=instagram&{fields}", MOST_PAGES, all_of_them=False):
        for conversation in page:
            for message in conversation["messages"]["data"]:
                if written_at(message) >= since:
                    yield _message(message, account, handle)
        if not page or _updated_at(page[-1]) < since:
            return


def _message(message: Json, account: str, handle: str) -> dict[str, Any]:
    is_own = account == message["from"]["id"] or (bool(handle) and message["from"].get("username") == handle)
    person = message["to"]["data"][0]["id"] if is_own else message["from"]["id"]
    sides = (account, person) if is_own else (person, account)
    item = {
        "sender": {"id": sides[0]},
        "recipient": {"id": sides[1]},
        "timestamp": _milliseconds(message),
        "message": {"mid": message["id"], "text": words(message.get("message")), "is_echo": is_own, **_more(message)},
    }
    return _entry(account, _milliseconds(message), messaging=[item])


def _more(message: Json) -> dict[str, Any]:
    files = [file_of(one) for one in (message.get("attachments") or {}).get("data") or ()]
    story = message.get("story") or {}
    mentioned, answered = story.get("mention"), story.get("reply_to")
    files += [{"type": "story_mention", "payload": {"url": mentioned.get("link")}}] if mentioned else []
    answers = {"reply_to": {"story": {"url": answered.get("link"), "id": answered.get("id")}}} if answered else {}
    return {**({"attachments": files} if files else {}), **answers}


def _comments(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Those under the latest posts, with the answers to them; what is said under older ones is only pushed."""
    answers = f"replies.limit({COMMENTS_SHOWN}){{{COMMENT}}}"
    query = quote(f"id,comments.limit({COMMENTS_SHOWN}){{{COMMENT},{answers}}}")
    for media in get(f"{segment(account)}/media?fields={query}&limit={POSTS_A_PAGE}")["data"]:
        for top in (media.get("comments") or {}).get("data") or ():
            for comment in (top, *((top.get("replies") or {}).get("data") or ())):
                if written_at(comment) >= since:
                    yield _comment(comment, top, media, account)


def _comment(comment: Json, top: Json, media: Json, account: str) -> dict[str, Any]:
    above = {"parent_id": comment.get("parent_id") or top["id"]} if comment is not top else {}
    told = {name: comment[name] for name in ("id", "text", "from") if name in comment}
    value = {**told, **above, "media": {"id": media["id"]}}
    return _entry(account, _milliseconds(comment) // 1000, changes=[{"field": "comments", "value": value}])


def _entry(account: str, time: int, **items: Any) -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": account, "time": time, **items}]}


def _updated_at(conversation: Json) -> datetime:
    return datetime.fromisoformat(conversation["updated_time"])


def _milliseconds(told: Json) -> int:
    return int(written_at(told).timestamp() * 1000)
