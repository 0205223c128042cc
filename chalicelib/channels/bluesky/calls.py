"""How Bluesky's servers are called and what their errors mean: by name, the status alone says little.

https://docs.bsky.app/docs/advanced-guides/rate-limits
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed, reaching
from chalicelib.channels.bluesky.sessions import session_of
from chalicelib.channels.told import words
from chalicelib.http import Http, Response

Json = Mapping[str, Any]
Now = Callable[[], datetime]

LONGEST_WAIT = timedelta(hours=1)
NAME = re.compile(r"[A-Za-z]{1,40}")
_TOKEN = (Outcome.REFUSED, "token")
_RESTRICTED = (Outcome.REFUSED, "restricted")
_GONE = (Outcome.REFUSED, "gone")
_BLOCKED = (Outcome.REFUSED, "blocked")
ERRORS: Mapping[str, tuple[Outcome, str]] = {
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"), _TOKEN),
    **dict.fromkeys(("AccountTakedown", "AccountDeactivated", "AccountSuspended", "RepoTakendown"), _RESTRICTED),
    **dict.fromkeys(("RecordNotFound", "NotFound"), _GONE),
    **dict.fromkeys(("BlockedActor", "BlockedByActor"), _BLOCKED),
    "RateLimitExceeded": (Outcome.PASSING, "throttled"),
    "BlobTooLarge": (Outcome.REFUSED, "attachment"),
    "InvalidMimeType": (Outcome.REFUSED, "attachment"),
}
STATUSES = {
    401: _TOKEN,
    403: (Outcome.REFUSED, "permission"),
    404: _GONE,
    413: (Outcome.REFUSED, "attachment"),
    429: (Outcome.PASSING, "throttled"),
}


def call(
    connection: Connection,
    http: Http,
    now: Now,
    account: str,
    method: str,
    name: str,
    lost: Outcome = Outcome.PASSING,
    query: Any = None,
    headers: Mapping[str, str] | None = None,
    **content: Any,
) -> Json:
    """What the account's own server answered. Raises PostFailed; `lost` is what an answer that never came means."""
    session = session_of(connection, account)
    url = f"{session.server}/xrpc/{name}{'?' + urlencode(query, doseq=True) if query else ''}"
    fields = {"authorization": f"Bearer {session.access}", **(headers or {})}
    with reaching(lost):
        response = http(method, url, headers=fields, **content)
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict):
        return answer
    raise failure(response, now(), lost)


def failure(response: Response, now: datetime, lost: Outcome = Outcome.UNKNOWN) -> PostFailed:
    """What an answer that is none means. Its words are left out: they may quote the customer's."""
    answer = response.json()
    name = words(answer.get("error")) if isinstance(answer, dict) else ""
    shown = f"{response.status} {name}" if NAME.fullmatch(name) else str(response.status)
    refused = (Outcome.REFUSED, "rejected") if 300 <= response.status < 500 else (lost, "unclear")
    outcome, code = ERRORS.get(name) or STATUSES.get(response.status, refused)
    return PostFailed(outcome, code, shown, _until(response, now) if code == "throttled" else None)


def _until(response: Response, now: datetime) -> timedelta | None:
    ends = response.headers.get("ratelimit-reset", "")
    if not (ends.isascii() and ends.isdecimal()):
        return None
    return min(max(timedelta(seconds=int(ends) - now.timestamp()), timedelta(seconds=1)), LONGEST_WAIT)
