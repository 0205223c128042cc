"""Viber: how its API is called, what its statuses mean, and whether the webhook still stands.

https://developers.viber.com/docs/api/rest-bot-api/#error-codes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.http import Http, Response

WANTED = ("failed", "conversation_started", "subscribed", "unsubscribed")  # messages come in any case


def call(connection: Connection, http: Http, what: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to one call. Raises PostFailed: errors come with HTTP's 200 as well."""
    url, headers = option(connection, "api_url"), {"x-viber-auth-token": _token(connection)}
    with reaching():
        response = http("POST", f"{url}/{what}", headers=headers, json=content)
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict) and answer.get("status") == 0:
        return answer
    raise failure(response)


def failure(response: Response) -> PostFailed:
    """What an answer that is none means; its words are left out."""
    answer = response.json()
    status = answer.get("status") if isinstance(answer, dict) else None
    if response.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429")
    if response.status >= 500 or not isinstance(status, int):
        refused = 400 <= response.status < 500
        outcome, code = (Outcome.REFUSED, "rejected") if refused else (Outcome.UNKNOWN, "unclear")
        return PostFailed(outcome, code, str(response.status))
    outcome, code = STATUSES.get(status, (Outcome.REFUSED, "rejected"))
    return PostFailed(outcome, code, str(status))


def resubscribe(connection: Connection, http: Http, callback: str) -> Sequence[str]:
    """The address and the events, where Viber has others. Raises PostFailed."""
    found = call(connection, http, "get_account_info", {})
    wrong = {
        "webhook": found.get("webhook") != callback,
        "event_types": bool(set(WANTED) - set(found.get("event_types") or ())),
    }
    missing = [name for name, is_wrong in wrong.items() if is_wrong]
    if missing:
        # Viber posts a first event there before it answers
        wanted = {"url": callback, "event_types": list(WANTED), "send_name": True, "send_photo": False}
        call(connection, http, "set_webhook", wanted)
    return missing


def _token(connection: Connection) -> str:
    try:
        return connection.secret("auth_token")[0]
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


_TOKEN = (Outcome.REFUSED, "token")
_BLOCKED = (Outcome.REFUSED, "blocked")
_RESTRICTED = (Outcome.REFUSED, "restricted")
_PERMISSION = (Outcome.REFUSED, "permission")
_USED_UP = (Outcome.REFUSED, "usage-capped")

# 3, 4, 13, 14 and others: what was sent is not as Viber wants it
STATUSES = {
    2: _TOKEN,
    5: _BLOCKED,  # nobody by this id
    6: _BLOCKED,  # not subscribed, or no longer
    7: _RESTRICTED,
    8: _TOKEN,  # no such bot
    9: _RESTRICTED,
    10: _PERMISSION,  # no webhook is set
    11: _BLOCKED,  # a device that cannot show it
    12: (Outcome.PASSING, "throttled"),
    15: _PERMISSION,
    21: _BLOCKED,  # a country that Viber does not serve so
    23: _USED_UP,
    24: _USED_UP,
}
