"""How X's API is called for an account, and what its answers mean where they are none.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.x.oauth import authorization
from chalicelib.http import Form, Http, Response

API = "https://api.x.com"
LONGEST_WAIT = timedelta(days=1)


def call(
    connection: Connection,
    http: Http,
    account: str,
    method: str,
    path: str,
    fields: Mapping[str, Any] | None = None,
    content: Mapping[str, Any] | None = None,
    form: Form | None = None,
    bearer: str = "",
) -> Response:
    """One request in the account's name, or with an app's own `bearer`. Raises http.NotSent or Lost, SecretMissing."""
    url = api_url(connection) + path
    token = bearer or connection.account_secret("access_tokens", account)
    headers = {"authorization": authorization(token, method, url, fields or {})}
    address = f"{url}?{urlencode(fields)}" if fields else url
    return http(method, address, headers=headers, **({"form": form} if form else {"json": content}))


def api_url(connection: Connection) -> str:
    """Where the API is."""
    return str(connection.options.get("api_url", API)).rstrip("/")


def failure(answer: Response, page: Mapping[str, Any], now: float) -> PostFailed:
    """X puts its problems into the body or into `errors`, the latter also inside 200."""
    said = " ".join(_said(page)).lower()
    in_words = next((meaning for words, meaning in PROBLEMS if any(each in said for each in words)), None)
    status = next(_statuses(page), answer.status) if answer.status == 200 else answer.status
    outcome, code = in_words or STATUSES.get(status, (Outcome.REFUSED, "rejected"))
    if _is_open(status):
        outcome, code = Outcome.UNKNOWN, "unclear"
    return PostFailed(outcome, code, problem(page), wait(answer, now))


def _said(page: Mapping[str, Any]) -> Iterator[str]:
    for each in (page, *listed(page, "errors")):
        yield from (str(each[key]) for key in ("title", "detail", "type", "message") if key in each)


def _statuses(page: Mapping[str, Any]) -> Iterator[int]:
    yield from (each["status"] for each in listed(page, "errors") if isinstance(each.get("status"), int))


def problem(page: Mapping[str, Any]) -> str:
    """The name of the problem, never its detail, which may repeat what the customer or the agent wrote."""
    kinds = (str(each.get("type", "")) for each in (page, *listed(page, "errors")))
    return next((kind.rpartition("/")[2][:60] for kind in kinds if PROBLEM_TYPE.fullmatch(kind)), "")


def _is_open(status: int) -> bool:
    # a server that failed or a success without an id may have posted
    return status >= 500 or status < 300


def wait(answer: Response, now: float) -> timedelta | None:
    """How long X asks us to wait, told as the time when it takes requests again."""
    reset = answer.headers.get("x-rate-limit-reset", "")
    if answer.status != 429 or not reset.isdecimal():
        return None
    wait = min(max(int(reset) - now, 1), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=round(wait))


def segment(id: str) -> str:
    """An id in a path. Raises PostFailed on what is no number: it would ask for something else."""
    if not (id.isascii() and id.isdigit()):
        raise PostFailed(Outcome.REFUSED, "rejected", "recipient")
    return quote(id, safe="")


def listed(page: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects of a list that may be missing."""
    found = page.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An object that may be missing."""
    return value if isinstance(value, dict) else {}


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
