"""What keeps a TikTok connection alive: a token for a day, renewed by one for a year, and the webhook's address.

Both tokens stand together in one secret, so that they are written together.
https://business-api.tiktok.com/portal/docs?id=1832184175482945
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.tiktok.calls import app_of, ask
from chalicelib.channels.token_pairs import tokens
from chalicelib.http import Http

NEEDED, WHERE_ALLOWED = ("COMMENT",), ("BRAND_MENTION", "DIRECT_MESSAGE")  # kinds of events


def refresh(connection: Connection, http: Http, account: str, now: datetime) -> Refreshed | None:
    """The next pair; None without a refresh token. Raises PostFailed."""
    _, renewing = tokens(connection, account)
    if not renewing:
        return None
    id, secret = app_of(connection)
    body = {"client_id": id, "client_secret": secret, "grant_type": "refresh_token", "refresh_token": renewing}
    try:
        answer = ask(connection, http, "POST", "tt_user/oauth2/refresh_token", Outcome.PASSING, json=body)
    except PostFailed as failed:
        code = "token" if failed.outcome is Outcome.REFUSED else failed.code
        raise PostFailed(failed.outcome, code, failed.detail) from None
    try:
        until = now + timedelta(seconds=int(answer["expires_in"]))
        return Refreshed({"access_tokens": f"{answer['access_token']}:{answer['refresh_token']}"}, until)
    except (LookupError, TypeError, ValueError):
        raise PostFailed(Outcome.PASSING, "temporary") from None


def resubscribe(connection: Connection, http: Http, account: str, callback: str) -> Sequence[str]:
    """What was set anew. Raises PostFailed; mentions and messages only where TikTok granted them to the app."""
    missing = [kind for kind in NEEDED if _set(connection, http, kind, callback)]
    for kind in WHERE_ALLOWED:
        try:
            missing += [kind] if _set(connection, http, kind, callback) else []
        except PostFailed as failed:
            if failed.outcome is not Outcome.REFUSED:
                raise
    return tuple(missing)


def _set(connection: Connection, http: Http, kind: str, callback: str) -> bool:
    """Whether it was another address."""
    id, secret = app_of(connection)
    app = {"app_id": id, "secret": secret, "event_type": kind}
    found = ask(connection, http, "GET", "business/webhook/list", Outcome.PASSING, query=app)
    if found.get("callback_url") == callback:
        return False
    given = {**app, "callback_url": callback}
    ask(connection, http, "POST", "business/webhook/update", Outcome.PASSING, json=given)
    return True
