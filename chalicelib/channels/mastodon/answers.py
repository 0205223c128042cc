"""What leaves for Mastodon: an answer below the post it answers, and the look whether it is there.

Who is answered has to be named in the text, or nobody tells them. Seen it is by those who saw the question or by fewer,
never by more: what an agent is told to be private is a private mention, and nobody's followers read it.
https://docs.joinmastodon.org/methods/statuses/#create
"""

from __future__ import annotations

import re
from datetime import timedelta
from unicodedata import normalize
from urllib.parse import quote

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.mastodon.calls import Now, call
from chalicelib.channels.mastodon.lengths import length
from chalicelib.channels.mastodon.polls import Look, own_posts
from chalicelib.channels.mastodon.statuses import DIRECT, OPEN, Json, text_of
from chalicelib.channels.told import moment, words
from chalicelib.http import Http
from chalicelib.model import File, Reply

CLOCKS_DIFFER = timedelta(seconds=10)
MOST_PAGES = 5
NAMES = re.compile(r"@[\w.-]+(?:@[\w.-]+)?", re.ASCII)  # what is no ASCII belongs to none, also without a space


def post(connection: Connection, http: Http, now: Now, reply: Reply) -> str:
    """The id of the post; for an hour the same answer posted again is the same post. Raises PostFailed."""
    question = call(connection, http, now, reply.account, "GET", f"v1/statuses/{quote(reply.parent, safe='')}")
    seen_by, text = _visibility(question, reply), _addressed(question, reply.text)
    if length(text) > int(option(connection, "text_limit")):
        raise PostFailed(Outcome.REFUSED, "too-long")
    pictures = [_uploaded(connection, http, now, reply, file) for file in reply.files]
    body = {"status": text, "in_reply_to_id": reply.parent, "visibility": seen_by}
    answer = call(
        connection,
        http,
        now,
        reply.account,
        "POST",
        "v1/statuses",
        Outcome.UNKNOWN,
        headers={"idempotency-key": reply.id},
        json={**body, "media_ids": pictures} if pictures else body,
    )
    try:
        return text_id(answer.get("id"))
    except (AttributeError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def find(connection: Connection, http: Http, now: Now, reply: Reply) -> str | None:
    """The id of the posted answer, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    since = (reply.tried_at or reply.window_from) - CLOCKS_DIFFER
    try:
        for page in own_posts(Look(connection, http, now, reply.account), MOST_PAGES):
            found = next((each for each in page if _is_it(each, reply) and moment(each["created_at"]) >= since), None)
            if found:
                return text_id(found["id"])
            if page and moment(page[-1]["created_at"]) < since:
                return None
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None
    return None


def _visibility(question: Json, reply: Reply) -> str:
    if not reply.public:
        return DIRECT
    found = words(question.get("visibility"))
    if found not in OPEN:
        raise PostFailed(Outcome.REFUSED, "private-only")
    return found


def _addressed(question: Json, text: str) -> str:
    name = f"@{words((question.get('account') or {}).get('acct'))}"
    return text if name in NAMES.findall(text) else f"{name} {text}".rstrip()


def _is_it(posted: Json, reply: Reply) -> bool:
    is_answer = posted.get("in_reply_to_id") == reply.parent and posted["id"] not in reply.earlier
    return is_answer and _plain(text_of(posted)) == _plain(reply.text)


def _plain(text: str) -> str:
    """Without names: of people elsewhere the server is not shown."""
    return "".join(normalize("NFC", NAMES.sub("", text)).split())


def _uploaded(connection: Connection, http: Http, now: Now, reply: Reply, file: File) -> str:
    """What is only uploaded nobody sees: it can be done again, unlike the post."""
    form = {"file": (file.name, file.content, file.media_type)}
    try:
        return text_id(call(connection, http, now, reply.account, "POST", "v2/media", form=form).get("id"))
    except (AttributeError, ValueError):
        raise PostFailed(Outcome.PASSING, "temporary") from None
    except PostFailed as failed:
        code = "attachment" if failed.code == "rejected" else failed.code
        raise PostFailed(failed.outcome, code, failed.detail, failed.retry_after) from None
