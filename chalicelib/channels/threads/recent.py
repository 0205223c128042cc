"""What Threads has of the last days, put into the words of its webhook, so that it is the same message however it came.

https://developers.facebook.com/docs/threads/threads-mentions
https://developers.facebook.com/docs/threads/reply-management
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.meta.finding import Get, Json, pages, segment, written_at

POST = "id,username,text,media_type,media_url,gif_url,alt_text,link_attachment_url,permalink,timestamp,replied_to,root_post"
POSTS_A_PAGE, SAID_A_PAGE = 25, 50
MOST_PAGES = 10


def deliveries(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    """One delivery for each thing said. Raises PostFailed, also in the midst of it."""
    try:
        yield from _told(account, "mentions", _since(get, f"me/mentions?fields={POST}&limit={SAID_A_PAGE}", since))
        for post in get(f"me/threads?fields=id&limit={POSTS_A_PAGE}")["data"]:
            path = f"{segment(post['id'])}/conversation?fields={POST}&reverse=true&limit={SAID_A_PAGE}"
            yield from _told(account, "replies", _since(get, path, since))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _since(get: Get, path: str, since: datetime) -> Iterator[Json]:
    """Newest first."""
    for page in pages(get, path, MOST_PAGES, all_of_them=False):
        for one in page:
            if written_at(one) < since:
                return
            yield one


def _told(account: str, field: str, values: Iterator[Json]) -> Iterator[dict[str, Any]]:
    return ({"target_id": account, "values": {"field": field, "value": value}} for value in values)
