"""Bluesky's sessions: begun with an app password, which may be used only a few hundred times a day, and renewed since.

A session is one value among the secrets to send: who we are, on which server, the token for two hours and the one that
renews it. Nobody but the one refresher calls this.
https://docs.bsky.app/docs/api/com-atproto-server-refresh-session
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.told import words
from chalicelib.http import Http, Lost, NotSent, Response

SESSIONS = "sessions"  # their name among the secrets to send, by account
USUALLY, AT_LEAST = timedelta(hours=1), timedelta(minutes=20)  # how long a token is taken to live, whatever it says


@dataclass(frozen=True)
class Session:
    """One account, signed in."""

    did: str
    server: str
    access: str
    renewing: str


def session_of(connection: Connection, account: str) -> Session:
    """The one under way. Raises PostFailed."""
    try:
        return Session(**json.loads(connection.account_secret(SESSIONS, account)))
    except (SecretMissing, ValueError, TypeError):
        raise PostFailed(Outcome.REFUSED, "token") from None


def refresh(connection: Connection, http: Http, account: str, now: datetime) -> Refreshed:
    """The session goes on; a new one where there is none or it is over. Raises PostFailed."""
    try:
        held = session_of(connection, account)
        return _renewed(_ask(http, held.server, "refreshSession", held.renewing), account, held.server, now)
    except PostFailed as failed:
        if failed.outcome is not Outcome.REFUSED:
            raise
    return _begun(connection, http, account, now)


def _begun(connection: Connection, http: Http, account: str, now: datetime) -> Refreshed:
    url = str(option(connection, "api_url"))
    try:
        given = {"identifier": account, "password": connection.account_secret("app_passwords", account)}
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    return _renewed(_ask(http, url, "createSession", "", json=given), account, url, now)


def _ask(http: Http, server: str, name: str, token: str, **content: Any) -> Mapping[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        response = http("POST", f"{server}/xrpc/com.atproto.server.{name}", headers=headers, **content)
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict):
        return answer
    raise _failure(response)


def _failure(response: Response) -> PostFailed:
    if response.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429")
    refused = 400 <= response.status < 500
    outcome, code = (Outcome.REFUSED, "token") if refused else (Outcome.PASSING, "temporary")
    return PostFailed(outcome, code, str(response.status))


def _renewed(answer: Mapping[str, Any], account: str, server: str, now: datetime) -> Refreshed:
    try:
        session = Session(
            answer["did"], _server_in(answer.get("didDoc")) or server, answer["accessJwt"], answer["refreshJwt"]
        )
    except LookupError:
        raise PostFailed(Outcome.PASSING, "temporary") from None
    return Refreshed({SESSIONS: json.dumps(asdict(session))}, _ends_at(session.access, now))


def _server_in(document: Any) -> str:
    """The account's own server: the one it signed in at may only pass calls on to it."""
    try:
        found = next(each for each in document["service"] if each["id"].endswith("#atproto_pds"))
    except (LookupError, TypeError, AttributeError, StopIteration):
        return ""
    server = words(found.get("serviceEndpoint"))
    return server.rstrip("/") if server.startswith("https://") else ""


def _ends_at(token: str, now: datetime) -> datetime:
    """As the token itself says; by a clock that may differ from ours, and nobody is to sign in again and again."""
    try:
        part = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return max(datetime.fromtimestamp(int(claims["exp"]), UTC), now + AT_LEAST)
    except (LookupError, TypeError, ValueError, OverflowError, binascii.Error):
        return now + USUALLY
