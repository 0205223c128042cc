"""What leaves for X: an answer as a post or a direct message, the look whether it was posted, an author's profile.

https://docs.x.com/x-api/posts/create-post, https://docs.x.com/x-api/direct-messages/manage/introduction
https://docs.x.com/x-api/media/image-or-subtitle-media-upload
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize

from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching, text_id
from chalicelib.channels.x.calls import call, failure, listed, mapping, problem, segment, wait
from chalicelib.channels.x.common import author, from_iso
from chalicelib.http import Form, Http, Lost, NotSent, Response
from chalicelib.model import File, Reply

PAGE, MOST_PAGES = 100, 5  # X bills by what it gives
LOOK_BACK = timedelta(days=1)
CLOCKS_DIFFER = timedelta(seconds=10)


def post(connection: Connection, http: Http, reply: Reply, now: float) -> str:
    """The id of what was posted. Raises PostFailed or SecretMissing."""
    path, content, key = _as_post(reply) if reply.public else _as_direct_message(reply)
    # what is only uploaded nobody sees: it can be done again, unlike the post
    pictures = [_upload(connection, http, reply, file, now) for file in reply.files]
    if pictures:
        content = {**content, **_with(pictures, reply)}
    with reaching():
        answer = call(connection, http, reply.account, "POST", path, content=content)
    return _posted_id(answer, key, now)


def find(connection: Connection, http: Http, reply: Reply, now: float) -> str | None:
    """The id of the posted answer, None when it is not there. Raises PostFailed when nobody can tell.

    The same words to the same customer within a day are taken for it. X stores before it answers, but its timelines
    follow a little later: look again rather than at once.
    """
    path, fields = _timeline(reply, now) if reply.public else _dm_events(reply)
    is_it = _is_answer if reply.public else _is_sent
    for _ in range(MOST_PAGES):
        page = _page(connection, http, reply.account, path, fields, now)
        items = listed(page, "data")
        found = next((item for item in items if item.get("id") not in reply.earlier and is_it(item, reply)), None)
        if found is not None:
            return text_id(found["id"]) if _is_young(found, now) else None
        token = mapping(page["meta"]).get("next_token")
        if not token or (items and not _is_young(items[-1], now)):
            return None
        fields = {**fields, "pagination_token": token}
    raise PostFailed(Outcome.UNKNOWN, "unclear", "too many posts to look through")


def profile(connection: Connection, http: Http, account: str, author_id: str) -> Mapping[str, Any]:
    """Any of name, handle, followers, url; {} when X will not tell. Never raises."""
    try:
        fields = {"user.fields": "name,username,public_metrics"}
        answer = call(connection, http, account, "GET", f"/2/users/{segment(author_id)}", fields)
        who = author(author_id, [mapping(answer.json()).get("data")])
    except (NotSent, Lost, SecretMissing, PostFailed):
        return {}
    told = {"name": who.name, "handle": who.handle, "followers": who.followers, "url": who.url}
    return {key: value for key, value in told.items() if value not in ("", None)}


def _as_post(reply: Reply) -> tuple[str, Mapping[str, Any], str]:
    # without a post to answer this would be a post of its own, for all followers to wonder at
    words = {"text": reply.text} if reply.text else {}
    return "/2/tweets", {**words, "reply": {"in_reply_to_tweet_id": segment(reply.parent)}}, "id"


def _as_direct_message(reply: Reply) -> tuple[str, Mapping[str, Any], str]:
    path = f"/2/dm_conversations/with/{segment(reply.author_id)}/messages"
    return path, {"text": reply.text} if reply.text else {}, "dm_event_id"


def _with(pictures: list[str], reply: Reply) -> Mapping[str, Any]:
    if reply.public:
        return {"media": {"media_ids": pictures}}
    return {"attachments": [{"media_id": picture} for picture in pictures]}


def _upload(connection: Connection, http: Http, reply: Reply, file: File, now: float) -> str:
    """X's id of a picture, good for a day. Raises PostFailed, never with an unknown outcome."""
    category = "tweet_image" if reply.public else "dm_image"
    form: Form = {"media": (file.name, file.content, file.media_type), "media_category": category}
    try:
        answer = call(connection, http, reply.account, "POST", "/2/media/upload", form=form)
        return _posted_id(answer, "id", now)
    except (NotSent, Lost) as error:
        raise PostFailed(Outcome.PASSING, "unreachable") from error
    except PostFailed as failed:
        raise _not_uploaded(failed) from failed


def _not_uploaded(failed: PostFailed) -> PostFailed:
    if failed.outcome is Outcome.UNKNOWN:
        return PostFailed(Outcome.PASSING, "unreachable", failed.detail)
    code = "attachment" if failed.code == "rejected" else failed.code
    return PostFailed(failed.outcome, code, failed.detail, failed.retry_after)


def _timeline(reply: Reply, now: float) -> tuple[str, Mapping[str, Any]]:
    since = datetime.fromtimestamp(now, UTC) - LOOK_BACK
    fields = {
        "max_results": PAGE,
        "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tweet.fields": "created_at,in_reply_to_user_id,referenced_tweets,note_tweet",
    }
    return f"/2/users/{segment(reply.account)}/tweets", fields


def _dm_events(reply: Reply) -> tuple[str, Mapping[str, Any]]:
    fields = {
        "max_results": PAGE,
        "event_types": "MessageCreate",
        "dm_event.fields": "id,text,event_type,sender_id,created_at",
    }
    return f"/2/dm_conversations/with/{segment(reply.author_id)}/dm_events", fields


def _page(
    connection: Connection, http: Http, account: str, path: str, fields: Mapping[str, Any], now: float
) -> Mapping[str, Any]:
    try:
        answer = call(connection, http, account, "GET", path, fields)
    except (NotSent, Lost) as error:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from error
    page = mapping(answer.json())
    if answer.status != 200 or "meta" not in page:
        raise PostFailed(Outcome.UNKNOWN, "unclear", problem(page), wait(answer, now))
    return page


def _posted_id(answer: Response, key: str, now: float) -> str:
    page = mapping(answer.json())
    posted = mapping(page.get("data")).get(key)
    if answer.status in (200, 201) and posted:
        return text_id(posted)
    raise failure(answer, page, now)


def _is_answer(item: Mapping[str, Any], reply: Reply) -> bool:
    # by customer too: when they have written again meanwhile, the reply names their newer post
    answered = [each.get("id") for each in listed(item, "referenced_tweets") if each.get("type") == "replied_to"]
    to_them = reply.parent in answered or str(item.get("in_reply_to_user_id")) == reply.author_id
    text = mapping(item.get("note_tweet")).get("text") or item.get("text")
    return to_them and _is_said(text, item, reply)


def _is_sent(item: Mapping[str, Any], reply: Reply) -> bool:
    return str(item.get("sender_id")) == reply.account and _is_said(item.get("text"), item, reply)


def _is_said(text: object, item: Mapping[str, Any], reply: Reply) -> bool:
    """The same words; X puts a link behind them when there are pictures, and nothing else tells pictures apart but when they came."""
    shown, wanted = _bare(text), _bare(reply.text)
    if not reply.files or wanted:
        return shown == wanted or bool(reply.files and shown.removesuffix("·").rstrip() == wanted)
    tried = reply.tried_at or reply.window_from
    return shown in ("", "·") and from_iso(item.get("created_at")) >= tried - CLOCKS_DIFFER


def _is_young(item: Mapping[str, Any], now: float) -> bool:
    try:
        return datetime.fromtimestamp(now, UTC) - from_iso(item.get("created_at")) < LOOK_BACK
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear", "created_at") from None


def _bare(text: object) -> str:
    """A text without what X changes in it: short links, escapes, mentions put in front, spaces."""
    plain = normalize("NFC", html.unescape(str(text or "")))
    return " ".join(LINK.sub("·", MENTIONS.sub("", plain)).split())


LINK = re.compile(r"(?:https?://|www\.)\S+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
MENTIONS = re.compile(r"^(?:\s*@\w{1,20})+")
