"""Zalo's tokens: an access token for about a day, and a refresh token that can be used once.

Both stand together in one secret, so that they are written together. Nobody but the one refresher calls this: a second
call with the same refresh token is refused for good, and the owner has to sign in again.
https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.token_pairs import tokens
from chalicelib.http import Http, Lost, NotSent, Response

THROTTLED = -32
FORM = "application/x-www-form-urlencoded"


def refresh(connection: Connection, http: Http, account: str, now: datetime) -> Refreshed | None:
    """The next pair; None without a refresh token. Raises PostFailed."""
    _, renewing = tokens(connection, account)
    if not renewing:
        return None
    given = {"app_id": option(connection, "app_id"), "grant_type": "refresh_token", "refresh_token": renewing}
    try:
        headers = {"secret_key": connection.secret("app_secret")[0], "content-type": FORM}
        response = http("POST", option(connection, "sign_in_url"), headers=headers, body=urlencode(given).encode())
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    return _pair(response, now)


def _pair(response: Response, now: datetime) -> Refreshed:
    answer: Any = response.json()
    try:
        # seconds, as a text
        until = now + timedelta(seconds=int(answer["expires_in"]))
        return Refreshed({"access_tokens": f"{answer['access_token']}:{answer['refresh_token']}"}, until)
    except (LookupError, TypeError, ValueError):
        code = answer.get("error") if isinstance(answer, dict) else None
    if response.status >= 500 or not isinstance(code, int):
        raise PostFailed(Outcome.PASSING, "temporary", str(response.status))
    if code == THROTTLED:
        raise PostFailed(Outcome.PASSING, "throttled", str(code))
    raise PostFailed(Outcome.REFUSED, "token", str(code))
