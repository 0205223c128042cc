"""Google's access tokens: minted from the owner's refresh token, kept in the process until shortly before they run out.

A refresh token may be used any number of times, so every process mints its own and nothing has to be kept in step.
https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.http import Http, Lost, NotSent, Response

SIGN_IN_URL = "https://oauth2.googleapis.com/token"
SPARE = timedelta(minutes=2)  # a token that is handed out lives at least so long
FORM = {"content-type": "application/x-www-form-urlencoded"}

_minted: dict[tuple[str, str], tuple[datetime, str]] = {}


def access_token(connection: Connection, http: Http, now: Callable[[], datetime]) -> str:
    """One that is valid now. Raises PostFailed: REFUSED when the owner has to sign in again, else PASSING."""
    client, refresh = str(connection.options.get("client_id", "")), connection.secret("refresh_token")[0]
    until, token = _minted.get((client, refresh), (now(), ""))
    if until <= now():
        token, lives = _mint(connection, http, client, refresh)
        _minted[client, refresh] = (now() + lives - SPARE, token)
    return token


def forget(connection: Connection) -> None:
    """The platform no longer takes the token: the next one is minted anew."""
    _minted.pop((str(connection.options.get("client_id", "")), connection.secret("refresh_token")[0]), None)


def _mint(connection: Connection, http: Http, client: str, refresh: str) -> tuple[str, timedelta]:
    form = {
        "grant_type": "refresh_token",
        "client_id": client,
        "client_secret": connection.secret("client_secret")[0],
        "refresh_token": refresh,
    }
    url = str(connection.options.get("sign_in_url", SIGN_IN_URL))
    try:
        response = http("POST", url, headers=FORM, body=urlencode(form).encode())
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    answer = response.json()
    if response.status == 200 and isinstance(answer, Mapping) and isinstance(answer.get("access_token"), str):
        return answer["access_token"], timedelta(seconds=int(answer.get("expires_in", 0)))
    raise _refused(response, answer)


def _refused(response: Response, answer: object) -> PostFailed:
    code = str(answer.get("error", "")) if isinstance(answer, Mapping) else ""
    signed_out = code in ("invalid_grant", "invalid_client", "unauthorized_client")
    return PostFailed(Outcome.REFUSED, "token", code) if signed_out else PostFailed(Outcome.PASSING, "temporary")
