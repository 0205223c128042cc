"""X's OAuth 2.0 tokens: an access token for two hours, and a refresh token that can be used once.

Both stand together in one secret, so that they are written together. Nobody but the one refresher calls this: a second
call with the same refresh token is refused for good, and the owner has to sign in again. An app that can keep a secret
proves itself with it (login "oauth2"), one that cannot only says its name ("oauth2_public").
https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.x.calls import api_url, mapping, wait
from chalicelib.channels.x.oauth import FORM, KEYS, basic, login
from chalicelib.http import Http, Response


def refresh(connection: Connection, http: Http, account: str, now: float) -> Refreshed | None:
    """The next pair; None for OAuth 1.0a keys, which do not run out. Raises PostFailed."""
    if login(connection) == KEYS:
        return None
    try:
        renewing = connection.account_secret("access_tokens", account).partition(":")[2]
        headers, who = _client(connection)
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token", "secret missing") from None
    if not renewing:
        raise PostFailed(Outcome.REFUSED, "token", "no refresh token")
    given = {"grant_type": "refresh_token", "refresh_token": renewing, **who}
    with reaching(Outcome.PASSING):
        body = urlencode(given).encode()
        answer = http("POST", f"{api_url(connection)}/2/oauth2/token", headers={**FORM, **headers}, body=body)
    return _pair(answer, renewing, now)


def _client(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """What says which app asks, as headers and as fields of the form. Raises SecretMissing."""
    id = str(connection.options.get("client_id", ""))
    if login(connection) == "oauth2":
        return {"authorization": basic(id, connection.secret("client_secret")[0])}, {}
    return {}, {"client_id": id}


def _pair(answer: Response, renewing: str, now: float) -> Refreshed:
    page = mapping(answer.json())
    try:
        until = datetime.fromtimestamp(now, UTC) + timedelta(seconds=int(page["expires_in"]))
        pair = f"{page['access_token']}:{page.get('refresh_token') or renewing}"
        return Refreshed({"access_tokens": pair}, until)
    except (LookupError, TypeError, ValueError):
        pass
    if 400 <= answer.status < 500 and answer.status != 429:
        raise PostFailed(Outcome.REFUSED, "token", str(page.get("error", ""))[:40])
    raise PostFailed(Outcome.PASSING, "temporary", str(answer.status), wait(answer, now))
