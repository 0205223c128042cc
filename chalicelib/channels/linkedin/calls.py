"""How LinkedIn's API is called and what its errors mean.

https://learn.microsoft.com/linkedin/shared/api-guide/concepts/rate-limits
https://learn.microsoft.com/linkedin/marketing/community-management/shares/comments-api
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, reaching
from chalicelib.channels.token_pairs import tokens
from chalicelib.http import Http, Response

Json = Mapping[str, Any]

MINUTE = timedelta(minutes=1)
A_PAGE, MOST_PAGES = 100, 10
CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def call(
    connection: Connection, http: Http, account: str, method: str, path: str, now: datetime, content: Any = None
) -> Response:
    """One call in an account's name; `path` begins behind `/rest/`. Raises PostFailed."""
    headers = {
        "authorization": f"Bearer {tokens(connection, account)[0]}",
        "linkedin-version": str(option(connection, "api_version")),
        "x-restli-protocol-version": "2.0.0",
    }
    url = f"{option(connection, 'api_url')}/rest/{path}"
    lost = Outcome.UNKNOWN if method == "POST" else Outcome.PASSING
    response = sent(http, method, url, lost, headers=headers, **({} if content is None else {"json": content}))
    if 200 <= response.status < 300:
        return response
    raise failure(response, now)


def listed(connection: Connection, http: Http, account: str, path: str, now: datetime) -> Iterator[Json]:
    """All elements of a list, page by page. Raises PostFailed, also when there are too many to see them all."""
    joined = "&" if "?" in path else "?"
    for page in range(MOST_PAGES):
        place = f"{path}{joined}count={A_PAGE}&start={page * A_PAGE}"
        answer = call(connection, http, account, "GET", place, now).json()
        elements = answer.get("elements") if isinstance(answer, dict) else None
        if not isinstance(elements, list):
            raise PostFailed(Outcome.UNKNOWN, "unclear")
        yield from elements
        if len(elements) < A_PAGE:
            return
    raise PostFailed(Outcome.UNKNOWN, "unclear")


def sent(http: Http, method: str, url: str, lost: Outcome = Outcome.PASSING, **content: Any) -> Response:
    """Raises PostFailed; `lost` is what an answer that never came means."""
    with reaching(lost):
        return http(method, url, **content)


def failure(response: Response, now: datetime) -> PostFailed:
    """What an answer that is none means; its words are left out, for they may quote the customer's."""
    answer = response.json()
    said: Json = answer if isinstance(answer, dict) else {}
    name = str(said.get("code", said.get("serviceErrorCode", "")))
    detail = f"{response.status} {name if CODE.fullmatch(name) else ''}".rstrip()
    if response.status == 429:
        short = "creation rate limit" in str(said.get("message", "")).lower()
        code, wait = ("throttled", MINUTE) if short else ("usage-capped", until_midnight(now))
        return PostFailed(Outcome.PASSING, code, detail, wait)
    refused = (Outcome.REFUSED, "rejected") if 300 <= response.status < 500 else (Outcome.UNKNOWN, "unclear")
    outcome, code = CODES.get(name) or STATUSES.get(response.status, refused)
    return PostFailed(outcome, code, detail)


def until_midnight(now: datetime) -> timedelta:
    """Daily allowances begin anew at midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight - now


def segment(urn: str) -> str:
    """A URN as part of a path."""
    return quote(urn, safe="")


CODES = {"DUPLICATE_POST": (Outcome.REFUSED, "duplicate")}
STATUSES = {
    401: (Outcome.REFUSED, "token"),
    403: (Outcome.REFUSED, "permission"),  # no longer an administrator: a new token does not help
    404: (Outcome.REFUSED, "gone"),
    410: (Outcome.REFUSED, "gone"),
}
