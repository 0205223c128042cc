"""What a Page has of the last days, put into the words of its webhook, so that it is the same message however it came;
and whether Meta still tells us of what is new.

https://developers.facebook.com/docs/graph-api/reference/page/feed
https://developers.facebook.com/docs/messenger-platform/conversations
https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.meta.finding import READABLE_MESSAGES, Get, Json, file_of, pages, segment, written_at
from chalicelib.channels.told import words

PAGE_FIELDS = ("feed", "mention", "ratings")
MESSENGER_FIELDS = (
    "messages",
    "message_echoes",
    "message_edits",
    "messaging_postbacks",
    "messaging_policy_enforcement",
)
CONVERSATIONS_A_PAGE, POSTS_A_PAGE, COMMENTS_SHOWN = 20, 25, 50
MOST_PAGES = 4  # of conversations and of posts; what is said under older ones is only pushed
COMMENT = "id,from,message,created_time,parent{id},attachment{type,media,url}"


def deliveries(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    """One delivery for each thing said. Raises PostFailed, also in the midst of it."""
    try:
        yield from _messages(get, account, since)
        yield from _feed(get, account, since)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def missing(get: Get, account: str) -> tuple[Sequence[str], Sequence[str]]:
    """The fields that our app gets for this Page, and those that it ought to get besides. Raises PostFailed.

    Meta drops an app as a whole. Where only one of the two groups is there somebody wants it so.
    """
    ours = str(get("app?fields=id").get("id"))
    apps = get(f"{segment(account)}/subscribed_apps?fields=id,subscribed_fields").get("data") or ()
    known = [words(field) for app in apps if str(app.get("id")) == ours for field in app.get("subscribed_fields") or ()]
    wanted = [group for group in (PAGE_FIELDS, MESSENGER_FIELDS) if not known or group[0] in known]
    there = set(map(_plain, known))
    return known, [field for group in wanted for field in group if _plain(field) not in there]


def _plain(field: str) -> str:
    # what was set and what is read back are not always spelled alike
    return field.replace("-", "_").rstrip("s")


def _messages(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    inner = f"messages.limit({READABLE_MESSAGES}){{id,created_time,from,to,message,attachments}}"
    query = f"platform=messenger&fields=updated_time,{quote(inner)}&limit={CONVERSATIONS_A_PAGE}"
    for page in pages(get, f"{segment(account)}/conversations?{query}", MOST_PAGES, all_of_them=False):
        for conversation in page:
            for message in conversation["messages"]["data"]:
                if written_at(message) >= since:
                    yield _message(message, account)
        if not page or datetime.fromisoformat(page[-1]["updated_time"]) < since:
            return


def _message(message: Json, account: str) -> dict[str, Any]:
    is_own = message["from"]["id"] == account
    person, at = message["to"]["data"][0]["id"] if is_own else message["from"]["id"], _seconds(message) * 1000
    files = [file_of(one) for one in (message.get("attachments") or {}).get("data") or ()]
    told = {"mid": message["id"], "text": words(message.get("message")), "is_echo": is_own}
    item = {
        "sender": {"id": account if is_own else person},
        "recipient": {"id": person if is_own else account},
        "timestamp": at,
        "message": {**told, **({"attachments": files} if files else {})},
    }
    return _entry(account, at, messaging=[item])


def _feed(get: Get, account: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Visitors' posts, and comments under the latest posts."""
    comments = f"comments.filter(stream).order(reverse_chronological).limit({COMMENTS_SHOWN}){{{COMMENT}}}"
    query = (
        f"fields={quote(f'id,from,message,created_time,permalink_url,full_picture,{comments}')}&limit={POSTS_A_PAGE}"
    )
    for page in pages(get, f"{segment(account)}/feed?{query}", MOST_PAGES, all_of_them=False):
        for post in page:
            if written_at(post) >= since and (post.get("from") or {}).get("id") != account:
                yield _change(account, post, _post(post))
            for comment in (post.get("comments") or {}).get("data") or ():
                if written_at(comment) >= since:
                    yield _change(account, comment, _comment(comment, post))


def _post(post: Json) -> dict[str, Any]:
    told = {"item": "post", "post_id": post["id"], "post": {"permalink_url": post.get("permalink_url")}}
    return {**told, "photo": post.get("full_picture")}


def _comment(comment: Json, post: Json) -> dict[str, Any]:
    above = (comment.get("parent") or post)["id"]
    return {"item": "comment", "comment_id": comment["id"], "post_id": post["id"], "parent_id": above, **_file(comment)}


def _file(comment: Json) -> dict[str, Any]:
    attachment = comment.get("attachment") or {}
    picture = ((attachment.get("media") or {}).get("image") or {}).get("src")
    kind = "photo" if "video" not in words(attachment.get("type")) else "link"
    return {kind: picture if kind == "photo" else attachment.get("url")} if attachment else {}


def _change(account: str, told: Json, value: dict[str, Any]) -> dict[str, Any]:
    said = {name: told[name] for name in ("from", "message") if name in told}
    whole = {**value, **said, "verb": "add", "created_time": _seconds(told)}
    return _entry(account, _seconds(told), changes=[{"field": "feed", "value": whole}])


def _entry(account: str, time: int, **items: Any) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": account, "time": time, **items}]}


def _seconds(told: Json) -> int:
    return int(written_at(told).timestamp())
