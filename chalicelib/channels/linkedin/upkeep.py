"""What keeps a LinkedIn connection alive: the subscription, the token, and what was notified of but never pushed.

https://learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-social-action-notifications
https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens
https://learn.microsoft.com/linkedin/shared/authentication/token-introspection
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalicelib.channels import LINKEDIN, option
from chalicelib.channels.base import Connection, Outcome, PostFailed, each
from chalicelib.channels.linkedin.calls import Json, call, listed, segment, sent
from chalicelib.channels.linkedin.notifications import ORGANIZATION, TYPE, to_event
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.token_pairs import tokens
from chalicelib.http import Http
from chalicelib.model import Event

MISSED = "List(COMMENT,SHARE_MENTION,SHARE)"
RENEW_BEFORE = timedelta(days=7)  # a subscription that ends so soon is set up again
FORM = {"content-type": "application/x-www-form-urlencoded"}


def recent(connection: Connection, http: Http, account: str, since: datetime, now: datetime) -> Iterator[Event]:
    """Comments and mentions since then, as the webhook would have brought them. Raises PostFailed."""
    entity, start = segment(f"{ORGANIZATION}{account}"), round(since.timestamp() * 1000)
    criteria = f"q=criteria&actions={MISSED}&organizationalEntity={entity}&timeRange=(start:{start})"
    found = listed(connection, http, account, f"organizationalEntityNotifications?{criteria}", now)
    read = partial(to_event, accounts=connection.accounts, received_at=now.timestamp())
    for item in found:
        yield from each(item, read)


def resubscribe(connection: Connection, http: Http, account: str, callback: str, now: datetime) -> Sequence[str]:
    """The event type when it had to be subscribed to again. Raises PostFailed.

    Nothing can be asked without the app's and the administrator's ids.
    """
    app, person = option(connection, "application_id"), option(connection, "subscriber")
    if not (app and person):
        return ()
    path = f"eventSubscriptions/{_key(app, person, account)}"
    if _is_alive(_subscription(connection, http, account, path, now), callback, now):
        return ()
    call(connection, http, account, "PUT", path, now, {"webhook": callback})
    return (TYPE,)


def refresh(connection: Connection, http: Http, account: str, now: datetime) -> Refreshed | None:
    """With a refresh token a new access token; without one at least the day it ends. Raises PostFailed.

    The refresh token stays the same and ends a year after the owner signed in, whatever is done.
    """
    access, renewing = tokens(connection, account)
    if not option(connection, "client_id"):
        return None
    if not renewing:
        return _watched(connection, http, access, now)
    given = {"grant_type": "refresh_token", "refresh_token": renewing}
    answer = _signed_in(connection, http, "accessToken", given)
    try:
        pair = f"{answer['access_token']}:{answer.get('refresh_token') or renewing}"
        return Refreshed({"access_tokens": pair}, now + timedelta(seconds=answer["expires_in"]))
    except (LookupError, TypeError):
        raise PostFailed(Outcome.REFUSED, "token", str(answer.get("error", ""))[:40]) from None


def _key(app: str, person: str, account: str) -> str:
    # the brackets, colons and commas of a key stay as they are, those inside its URNs do not
    parts = {
        "developerApplication": f"urn:li:developerApplication:{app}",
        "user": f"urn:li:person:{person}",
        "entity": f"{ORGANIZATION}{account}",
    }
    return f"({','.join(f'{name}:{segment(urn)}' for name, urn in parts.items())},eventType:{TYPE})"


def _subscription(connection: Connection, http: Http, account: str, path: str, now: datetime) -> Json:
    try:
        found = call(connection, http, account, "GET", path, now).json()
    except PostFailed as failed:
        if failed.code == "gone":
            return {}
        raise
    return found if isinstance(found, dict) else {}


def _is_alive(subscription: Json, callback: str, now: datetime) -> bool:
    ends = subscription.get("expiresAt")
    alive = not isinstance(ends, int) or datetime.fromtimestamp(ends / 1000, UTC) > now + RENEW_BEFORE
    return alive and subscription.get("webhook") == callback


def _watched(connection: Connection, http: Http, access: str, now: datetime) -> Refreshed:
    """Nothing renews this token: as long as it lives that is no failure, and its end is told before it comes."""
    found = _signed_in(connection, http, "introspectToken", {"token": access})
    ends = found.get("expires_at")
    spare = LINKEDIN.refresh_before or timedelta(0)
    until = datetime.fromtimestamp(ends if isinstance(ends, int) and found.get("active") is True else 0, UTC)
    if until - now <= spare:
        raise PostFailed(Outcome.REFUSED, "token")
    return Refreshed({}, until)


def _signed_in(connection: Connection, http: Http, what: str, given: Json) -> dict[str, Any]:
    secret = connection.secret("client_secret")[0].split()[0].rpartition(":")[2]
    form = {**given, "client_id": option(connection, "client_id"), "client_secret": secret}
    url = f"{option(connection, 'sign_in_url')}/{what}"
    response = sent(http, "POST", url, headers=FORM, body=urlencode(form).encode())
    answer = response.json()
    if response.status >= 500 or response.status == 429 or not isinstance(answer, dict):
        raise PostFailed(Outcome.PASSING, "temporary", str(response.status))
    return answer
