"""How Mastodon's API is called, on the server of the account, and what its errors mean.

https://docs.joinmastodon.org/api/rate-limits/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.channels.told import moment
from chalicelib.http import Http, Response

Now = Callable[[], datetime]

LONGEST_WAIT = timedelta(minutes=30)


def call(
    connection: Connection,
    http: Http,
    now: Now,
    account: str,
    method: str,
    path: str,
    lost: Outcome = Outcome.PASSING,
    query: Any = None,
    headers: Mapping[str, str] | None = None,
    **content: Any,
) -> Any:
    """What it answered. Raises PostFailed; `lost` is what an answer that never came means."""
    url = f"{server_of(connection, account)}/api/{path}{'?' + urlencode(query, doseq=True) if query else ''}"
    fields = {"authorization": f"Bearer {_token(connection, account)}", **(headers or {})}
    with reaching(lost):
        response = http(method, url, headers=fields, **content)
    answer = response.json()
    if 200 <= response.status < 300 and isinstance(answer, dict | list):
        return answer
    raise failure(response, now(), lost)


def failure(response: Response, now: datetime, lost: Outcome = Outcome.UNKNOWN) -> PostFailed:
    """What an answer that is none means. Its words are left out: they may quote the customer's."""
    status = response.status
    if status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429", _until(response, now))
    if 300 <= status < 500:
        return PostFailed(Outcome.REFUSED, REFUSALS.get(status, "rejected"), str(status))
    return PostFailed(lost, "unclear", str(status))


def server_of(connection: Connection, account: str) -> str:
    """Where the API is: at the name behind the account's @, where the settings name no other."""
    return str(connection.options.get("api_url") or f"https://{account.rpartition('@')[2]}")


def _token(connection: Connection, account: str) -> str:
    try:
        return connection.account_secret("access_tokens", account)
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


def _until(response: Response, now: datetime) -> timedelta | None:
    try:
        waits = moment(response.headers.get("x-ratelimit-reset", "")) - now
    except ValueError:
        return None
    return min(max(waits, timedelta(seconds=1)), LONGEST_WAIT)


REFUSALS = {401: "token", 403: "permission", 404: "gone", 410: "gone", 413: "attachment"}
