"""What leaves for X: an answer as a post or a direct message, the look whether it was posted, an author's profile.

https://docs.x.com/x-api/posts/create-post, https://docs.x.com/x-api/direct-messages/manage/introduction
https://docs.x.com/x-api/media/image-or-subtitle-media-upload
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, text_id
from chalicelib.channels.x_common import author, from_iso
from chalicelib.http import Form, Http, Lost, NotSent, Response
from chalicelib.model import File, Reply

API = "https://api.x.com"
LONGEST_WAIT = timedelta(days=1)
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
    try:
        answer = _call(connection, http, reply.account, "POST", path, content=content)
    except NotSent as error:
        raise PostFailed(Outcome.PASSING, "unreachable") from error
    except Lost as error:
        raise PostFailed(Outcome.UNKNOWN, "lost") from error
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
        items = _items(page, "data")
        found = next((item for item in items if item.get("id") not in reply.earlier and is_it(item, reply)), None)
        if found is not None:
            return text_id(found["id"]) if _is_young(found, now) else None
        token = _mapping(page["meta"]).get("next_token")
        if not token or (items and not _is_young(items[-1], now)):
            return None
        fields = {**fields, "pagination_token": token}
    raise PostFailed(Outcome.UNKNOWN, "unclear", "too many posts to look through")


def profile(connection: Connection, http: Http, account: str, author_id: str) -> Mapping[str, Any]:
    """Any of name, handle, followers, url; {} when X will not tell. Never raises."""
    try:
        fields = {"user.fields": "name,username,public_metrics"}
        answer = _call(connection, http, account, "GET", f"/2/users/{_segment(author_id)}", fields)
        who = author(author_id, [_mapping(answer.json()).get("data")])
    except (NotSent, Lost, SecretMissing, PostFailed):
        return {}
    told = {"name": who.name, "handle": who.handle, "followers": who.followers, "url": who.url}
    return {key: value for key, value in told.items() if value not in ("", None)}


def _as_post(reply: Reply) -> tuple[str, Mapping[str, Any], str]:
    # without a post to answer this would be a post of its own, for all followers to wonder at
    words = {"text": reply.text} if reply.text else {}
    return "/2/tweets", {**words, "reply": {"in_reply_to_tweet_id": _segment(reply.parent)}}, "id"


def _as_direct_message(reply: Reply) -> tuple[str, Mapping[str, Any], str]:
    path = f"/2/dm_conversations/with/{_segment(reply.author_id)}/messages"
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
        answer = _call(connection, http, reply.account, "POST", "/2/media/upload", form=form)
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
    return f"/2/users/{_segment(reply.account)}/tweets", fields


def _dm_events(reply: Reply) -> tuple[str, Mapping[str, Any]]:
    fields = {
        "max_results": PAGE,
        "event_types": "MessageCreate",
        "dm_event.fields": "id,text,event_type,sender_id,created_at",
    }
    return f"/2/dm_conversations/with/{_segment(reply.author_id)}/dm_events", fields


def _page(
    connection: Connection, http: Http, account: str, path: str, fields: Mapping[str, Any], now: float
) -> Mapping[str, Any]:
    try:
        answer = _call(connection, http, account, "GET", path, fields)
    except (NotSent, Lost) as error:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from error
    page = _mapping(answer.json())
    if answer.status != 200 or "meta" not in page:
        raise PostFailed(Outcome.UNKNOWN, "unclear", _type(page), _wait(answer, now))
    return page


def _call(
    connection: Connection,
    http: Http,
    account: str,
    method: str,
    path: str,
    fields: Mapping[str, Any] | None = None,
    content: Mapping[str, Any] | None = None,
    form: Form | None = None,
) -> Response:
    from chalicelib.channels.x_oauth import authorization

    url = str(connection.options.get("api_url", API)).rstrip("/") + path
    token = connection.account_secret("access_tokens", account)
    headers = {"authorization": authorization(token, method, url, fields or {})}
    address = f"{url}?{urlencode(fields)}" if fields else url
    return http(method, address, headers=headers, **({"form": form} if form else {"json": content}))


def _segment(id: str) -> str:
    # ids are numbers: in a path anything else would ask for something else
    if not (id.isascii() and id.isdigit()):
        raise PostFailed(Outcome.REFUSED, "rejected", "recipient")
    return quote(id, safe="")


def _posted_id(answer: Response, key: str, now: float) -> str:
    page = _mapping(answer.json())
    posted = _mapping(page.get("data")).get(key)
    if answer.status in (200, 201) and posted:
        return text_id(posted)
    raise _failure(answer, page, now)


def _failure(answer: Response, page: Mapping[str, Any], now: float) -> PostFailed:
    """X puts its problems into the body or into `errors`, the latter also inside 200."""
    said = " ".join(_said(page)).lower()
    in_words = next((meaning for words, meaning in PROBLEMS if any(each in said for each in words)), None)
    status = next(_statuses(page), answer.status) if answer.status == 200 else answer.status
    outcome, code = in_words or STATUSES.get(status, (Outcome.REFUSED, "rejected"))
    if _is_open(status):
        outcome, code = Outcome.UNKNOWN, "unclear"
    return PostFailed(outcome, code, _type(page), _wait(answer, now))


def _said(page: Mapping[str, Any]) -> Iterator[str]:
    for problem in (page, *_items(page, "errors")):
        yield from (str(problem[key]) for key in ("title", "detail", "type", "message") if key in problem)


def _statuses(page: Mapping[str, Any]) -> Iterator[int]:
    yield from (each["status"] for each in _items(page, "errors") if isinstance(each.get("status"), int))


def _type(page: Mapping[str, Any]) -> str:
    # the name of the problem, never its detail, which may repeat what the customer or the agent wrote
    kinds = (str(each.get("type", "")) for each in (page, *_items(page, "errors")))
    return next((kind.rpartition("/")[2][:60] for kind in kinds if PROBLEM_TYPE.fullmatch(kind)), "")


def _is_open(status: int) -> bool:
    # a server that failed or a success without an id may have posted
    return status >= 500 or status < 300


def _wait(answer: Response, now: float) -> timedelta | None:
    reset = answer.headers.get("x-rate-limit-reset", "")
    if answer.status != 429 or not reset.isdecimal():
        return None
    wait = min(max(int(reset) - now, 1), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=round(wait))


def _is_answer(item: Mapping[str, Any], reply: Reply) -> bool:
    # by customer too: when they have written again meanwhile, the reply names their newer post
    answered = [each.get("id") for each in _items(item, "referenced_tweets") if each.get("type") == "replied_to"]
    to_them = reply.parent in answered or str(item.get("in_reply_to_user_id")) == reply.author_id
    text = _mapping(item.get("note_tweet")).get("text") or item.get("text")
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


def _items(page: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = page.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


LINK = re.compile(r"(?:https?://|www\.)\S+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
MENTIONS = re.compile(r"^(?:\s*@\w{1,20})+")
PROBLEM_TYPE = re.compile(r"(?!about:)(?:https?://[\w.]+/)?[\w/.:-]{1,200}", re.ASCII)

# what X says in words, before what it says in numbers
PROBLEMS = (
    (("usage-capped", "usagecapexceeded", "spend cap", "credits"), (Outcome.REFUSED, "usage-capped")),
    (("duplicate",), (Outcome.REFUSED, "duplicate")),
    (("text is too long", "over the max character limit"), (Outcome.REFUSED, "too-long")),
    (("not been mentioned", "otherwise engaged", "summoned"), (Outcome.REFUSED, "not-summoned")),
    (("to dm one or more", "cannot send messages to this user"), (Outcome.REFUSED, "blocked")),
    (("deleted or not visible", "tweet that is deleted", "post that is deleted"), (Outcome.REFUSED, "gone")),
)
STATUSES = {
    401: (Outcome.REFUSED, "token"),
    403: (Outcome.REFUSED, "permission"),
    404: (Outcome.REFUSED, "gone"),
    429: (Outcome.PASSING, "throttled"),
}
