"""How Zalo's API is called and what its errors mean: they come inside an answer of status 200.

https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.channels import ZALO
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.channels.meta import words
from chalicelib.http import Http, Response

_TOKEN = (Outcome.REFUSED, "token")
_PERMISSION = (Outcome.REFUSED, "permission")
_BLOCKED = (Outcome.REFUSED, "blocked")
_USED_UP = (Outcome.REFUSED, "usage-capped")
_WINDOW = (Outcome.REFUSED, "window")
ERRORS: Mapping[int, tuple[Outcome, str]] = {
    **dict.fromkeys((-216, -220), _TOKEN),
    **dict.fromkeys((-204, -205, -209, -212, -215, -221, -224, -235), _PERMISSION),  # of the app, or not in the package
    **dict.fromkeys((-213, -217, -227, -244), _BLOCKED),  # follows no more, wants nothing, a dead account
    **dict.fromkeys((-211, -218, -223), _USED_UP),
    **dict.fromkeys((-230, -232, -237), _WINDOW),
    -210: (Outcome.REFUSED, "too-long"),
    -248: (Outcome.REFUSED, "policy"),
    **dict.fromkeys((-32, -234), (Outcome.PASSING, "throttled")),  # too many at once; not at night
    -200: (Outcome.PASSING, "temporary"),  # "sending failed", in Zalo's own words
}  # any other is final as well


def call(
    connection: Connection, http: Http, account: str, method: str, path: str, lost: Outcome, **content: Any
) -> Mapping[str, Any]:
    """What it answered under `data`. Raises PostFailed; `lost` is what an answer that never came means."""
    url = f"{option(connection, 'api_url')}/{path}"
    with reaching(lost):
        response = http(method, url, headers={"access_token": tokens(connection, account)[0]}, **content)
    answer = response.json()
    if isinstance(answer, dict) and answer.get("error") == 0 and response.status == 200:
        data = answer.get("data")
        return data if isinstance(data, dict) else {}
    raise _failure(response, answer, lost)


def profile(connection: Connection, http: Http, account: str, author_id: str) -> Mapping[str, Any]:
    """The name, of whoever follows the account or wrote to it. Never raises."""
    asked = quote(json.dumps({"user_id": author_id}, separators=(",", ":")), safe="")
    try:
        found = call(connection, http, account, "GET", f"v3.0/oa/user/detail?data={asked}", Outcome.PASSING)
    except PostFailed:
        return {}
    name = words(found.get("display_name")) or words(found.get("user_alias"))
    return {"name": name} if name else {}


def tokens(connection: Connection, account: str) -> tuple[str, str]:
    """The access token, and the refresh token behind its colon or "". Raises PostFailed."""
    try:
        access, _, refresh = connection.account_secret("access_tokens", account).partition(":")
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    return access, refresh


def option(connection: Connection, name: str) -> Any:
    """A setting of the connection, or its default."""
    return connection.options.get(name, ZALO.settings[name])


def _failure(response: Response, answer: Any, lost: Outcome) -> PostFailed:
    """Its words are left out: they may quote the customer's."""
    code = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(code, int) and code:
        outcome, word = ERRORS.get(code, (Outcome.REFUSED, "rejected"))
        return PostFailed(outcome, word, str(code))
    if response.status == 401:
        return PostFailed(*_TOKEN, "401")
    if response.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429")
    if 400 <= response.status < 500:
        return PostFailed(Outcome.REFUSED, "rejected", str(response.status))
    return PostFailed(lost, "unclear", str(response.status))
