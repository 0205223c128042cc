"""What stands on one of Meta's platforms, looked at afterwards: page by page, told apart by who wrote it, its words and its time.

None of the platforms keeps a mark of ours where it can be looked up: of two equal answers the first found is taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed, text_id
from chalicelib.channels.told import words
from chalicelib.model import Kind, Reply

READABLE_MESSAGES = 20  # Meta shows no more of a conversation
MOST_PAGES = 3
CLOCKS_DIFFER = timedelta(seconds=10)
FILES = {"image_data": "image", "video_data": "video"}

Json = Mapping[str, Any]
Get = Callable[[str], Json]  # a path to what Meta answers; raises PostFailed


def first(posted: Iterable[Json], is_ours: Callable[[Json], bool]) -> str | None:
    """The id of the first that is ours. Raises PostFailed, always of unknown outcome, when nobody can tell."""
    try:
        return next((text_id(one["id"]) for one in posted if is_ours(one)), None)
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def id_of(answer: Json, name: str = "id") -> str:
    """What Meta calls what it posted. Raises PostFailed when it does not tell: it may be there all the same."""
    try:
        return text_id(answer.get(name))
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def newest_first(get: Get, path: str, reply: Reply) -> Iterator[Json]:
    """What `path` lists, until it is older than what is answered. Raises PostFailed when there is too much to tell."""
    for page in pages(get, path):
        yield from page
        if not page or is_before(page[-1], reply):
            return


def pages(get: Get, path: str, most: int = MOST_PAGES, all_of_them: bool = True) -> Iterator[list[Json]]:
    """The pages of a list; `path` has a query. Raises PostFailed when there are more than `most` and all are needed."""
    after = ""
    for _ in range(most):
        answer = get(path + after)
        yield answer["data"]
        # the address of the next page has the token in it, so the cursor is taken instead
        paging = answer.get("paging", {})
        if "next" not in paging:
            return
        after = f"&after={segment(paging.get('cursors', {}).get('after', ''))}"
    if all_of_them:
        raise PostFailed(Outcome.UNKNOWN, "unclear")


def messages(get: Get, owner: str, platform: str, reply: Reply) -> Iterator[Json]:
    """The conversation that a private answer is in, newest first. Raises PostFailed when there may be more than is shown."""
    fields = f"messages.limit({READABLE_MESSAGES}){{id,message,from,created_time,attachments}}"
    query = f"platform={platform}&user_id={segment(reply.author_id)}&fields={quote(fields)}"
    found = get(f"{owner}/conversations?{query}")["data"]
    listed = [message for conversation in found for message in conversation["messages"]["data"]]
    yield from listed
    # who wrote to us has a conversation; and beyond what Meta shows there may be more
    hidden = not listed and reply.kind is Kind.DIRECT
    if hidden or (len(listed) >= READABLE_MESSAGES and not is_before(listed[-1], reply)):
        raise PostFailed(Outcome.UNKNOWN, "unclear")


def is_it(posted: Json, reply: Reply) -> bool:
    """Whether something the business wrote there can be the answer: by its words or its file, and its time."""
    if is_before(posted, reply) or posted.get("id") in reply.earlier:
        return False
    return _is_file(posted, reply) if reply.files else _plain(_text(posted)) == _plain(reply.text)


def is_before(posted: Json, reply: Reply) -> bool:
    """Whether it is older than what is answered; Meta tells whole seconds."""
    return written_at(posted) < reply.window_from.replace(microsecond=0)


def written_at(posted: Json) -> datetime:
    """The one name for it or the other. Raises KeyError, ValueError."""
    return datetime.fromisoformat(posted["created_time"] if "created_time" in posted else posted["timestamp"])


def file_of(attachment: Json) -> dict[str, Any]:
    """A file of a listed message as a webhook would tell of it."""
    for name, kind in FILES.items():
        if attachment.get(name):
            return {"type": kind, "payload": {"url": attachment[name].get("url")}}
    return {"type": "file", "payload": {"url": attachment.get("file_url"), "title": attachment.get("name")}}


def segment(text: str) -> str:
    """A part of an address that cannot leave its place."""
    return quote(text, safe="")


def _text(posted: Json) -> str:
    return words(posted.get("message")) or words(posted.get("text"))


def _is_file(posted: Json, reply: Reply) -> bool:
    """Meta stores pictures anew, under a name of its own: what is left to compare is that it is a file, and when it came."""
    tried = (reply.tried_at or reply.window_from) - CLOCKS_DIFFER
    has_file = bool((posted.get("attachments") or {}).get("data"))
    return has_file and not _text(posted) and written_at(posted) >= tried


def _plain(text: str) -> str:
    """Meta trims and folds white space."""
    return " ".join(unicodedata.normalize("NFC", text.replace("\u2060", "")).split())
