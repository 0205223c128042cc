"""What TikTok has of the last days, put into the words of its webhook, so that it is the same message however it came.

https://business-api.tiktok.com/portal/docs/get-comments-on-an-owned-video/v1.3
https://business-api.tiktok.com/portal/docs/direct-messages/v1.3
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.tiktok.events import events
from chalicelib.channels.tiktok.look_ups import Json, whole
from chalicelib.model import Event, Message

Get = Callable[..., Mapping[str, Any]]  # (path, query)

VIDEOS, COMMENTS_A_PAGE, CONVERSATIONS = 20, 30, 100
MOST_PAGES = 3  # of comments below one video; an address takes forty questions a minute
KINDS_OF_CONVERSATIONS = ("SINGLE", "STRANGER")  # that we answered, and that we did not yet


def recent(get: Get, account: str, since: datetime) -> Iterator[Event]:
    """Comments below the latest videos, then messages. Raises PostFailed, also in the midst of it."""
    try:
        yield from _comments(get, account, since)
        yield from _messages(get, account, since)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _comments(get: Get, account: str, since: datetime) -> Iterator[Event]:
    asked = {"business_id": account, "fields": json.dumps(["item_id"]), "max_count": VIDEOS}
    for video in get("business/video/list", asked)["videos"]:
        for page in _pages(get, account, str(video["item_id"])):
            said = [each for top in page for each in (top, *(top.get("reply_list") or ()))]
            for found in said:
                if int(found["create_time"]) >= since.timestamp() and found.get("owner") is not True:
                    yield from _comment(found, account)
            if all(int(top["create_time"]) < since.timestamp() for top in page):
                break


def _pages(get: Get, account: str, video: str) -> Iterator[list[Json]]:
    """The newest first, with three answers to each: more are not told at once."""
    order = {"sort_field": "create_time", "sort_order": "desc", "include_replies": "true"}
    query = {"business_id": account, "video_id": video, "max_count": COMMENTS_A_PAGE, **order}
    for _ in range(MOST_PAGES):
        page = get("business/comment/list", query)
        yield page["comments"]
        if not page.get("has_more"):
            return
        query = {**query, "cursor": page["cursor"]}


def _comment(found: Json, account: str) -> Iterator[Event]:
    above = found.get("parent_comment_id")
    at = int(found["create_time"])
    content = {
        "comment_id": int(found["comment_id"]),
        "video_id": int(found["video_id"]),
        "parent_comment_id": int(above or found["video_id"]),
        "comment_type": "reply" if above else "comment",
        "comment_action": "insert",
        "unique_identifier": found["unique_identifier"],
        "timestamp": at * 1000,
    }
    for event in events(_envelope("comment.update", account, at, content), (account,)):
        yield whole(event, found) if isinstance(event, Message) else event


def _messages(get: Get, account: str, since: datetime) -> Iterator[Event]:
    earliest = since.timestamp() * 1000
    for conversation in _conversations(get, account):
        if int(conversation["up_time"]) >= earliest:
            query = {"business_id": account, "conversation_id": conversation["conversation_id"]}
            for message in get("business/message/content/list", query)["messages"]:
                if int(message["timestamp"]) >= earliest:
                    yield from _message(message, account)


def _conversations(get: Get, account: str) -> Iterator[Json]:
    """None where messages are not offered, as in Europe."""
    for kind in KINDS_OF_CONVERSATIONS:
        query = {"business_id": account, "conversation_type": kind, "limit": CONVERSATIONS}
        try:
            yield from get("business/message/conversation/list", query)["conversations"]
        except PostFailed as failed:
            if failed.outcome is not Outcome.REFUSED:
                raise


def _message(message: Json, account: str) -> Iterator[Event]:
    is_ours = message["from_user"]["role"].upper() == "BUSINESS_ACCOUNT"
    at = int(message["timestamp"])
    content = {**message, "type": message["message_type"].lower(), "from": message.get("sender"), "timestamp": at}
    name = "im_send_msg" if is_ours else "im_receive_msg"
    return iter(events(_envelope(name, account, at // 1000, content), (account,)))


def _envelope(name: str, account: str, at: int, content: Json) -> Json:
    return {"event": name, "create_time": at, "user_openid": account, "content": json.dumps(content)}
