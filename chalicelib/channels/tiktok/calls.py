"""How TikTok's API is called and what its errors mean: they come inside an answer of status 200.

https://business-api.tiktok.com/portal/docs?id=1737172488964097
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.channels.token_pairs import tokens
from chalicelib.http import Http, Response

_TOKEN = (Outcome.REFUSED, "token")
_THROTTLED = (Outcome.PASSING, "throttled")
ERRORS: Mapping[int, tuple[Outcome, str]] = {
    **dict.fromkeys((40102, 40104, 40105), _TOKEN),
    40001: (Outcome.REFUSED, "permission"),  # not granted when the account was signed in
    **dict.fromkeys((40016, 40064, 40100, 40133), _THROTTLED),
    40003: (Outcome.REFUSED, "gone"),
}  # any other of four and five digits is final as well; those from 50000 on are TikTok's own failures
OWN_FAILURES = range(50_000, 70_000)


def call(
    connection: Connection, http: Http, account: str, method: str, path: str, lost: Outcome, **content: Any
) -> Mapping[str, Any]:
    """What it answered under `data`. Raises PostFailed; `lost` is what an answer that never came means."""
    headers = {"access-token": tokens(connection, account)[0]}
    return ask(connection, http, method, path, lost, headers=headers, **content)


def ask(
    connection: Connection, http: Http, method: str, path: str, lost: Outcome, query: Any = None, **content: Any
) -> Mapping[str, Any]:
    """As `call`, without anybody's token: with the app's own secret inside."""
    url = f"{option(connection, 'api_url')}/{path}/{'?' + urlencode(query) if query else ''}"
    with reaching(lost):
        response = http(method, url, **content)
    answer = response.json()
    if isinstance(answer, dict) and answer.get("code") == 0 and response.status == 200:
        data = answer.get("data")
        return data if isinstance(data, dict) else {}
    raise failure(response, lost)


def failure(response: Response, lost: Outcome) -> PostFailed:
    """What an answer that is none means. Its words are left out: they may quote the customer's."""
    answer = response.json()
    code = answer.get("code") if isinstance(answer, dict) else None
    if isinstance(code, int) and code:
        final = (lost, "unclear") if code in OWN_FAILURES else (Outcome.REFUSED, "rejected")
        return PostFailed(*ERRORS.get(code, final), str(code))
    if response.status == 429:
        return PostFailed(*_THROTTLED, "429")
    if 400 <= response.status < 500:
        return PostFailed(Outcome.REFUSED, "token" if response.status == 401 else "rejected", str(response.status))
    return PostFailed(lost, "unclear", str(response.status))


def app_of(connection: Connection) -> tuple[str, str]:
    """The app's id and its newest secret. Raises PostFailed."""
    try:
        return str(option(connection, "app_id")), connection.secret("app_secret")[0]
    except SecretMissing:
        raise PostFailed(*_TOKEN) from None
