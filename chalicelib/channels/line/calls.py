"""How LINE's API is called and what its errors mean.

https://developers.line.biz/en/reference/messaging-api/#status-codes
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing
from chalicelib.http import Http, Lost, NotSent, Response

MONTHLY = "monthly limit"  # in the message of a 429 that no waiting before next month helps against
NOBODY = "failed to send messages"  # in that of a 400: no such person, or one that another provider's channel knows
MINUTE = timedelta(minutes=1)


def call(
    connection: Connection, http: Http, account: str, method: str, path: str, headers: Any = None, json: Any = None
) -> Response:
    """Any answer LINE gives. Raises PostFailed when it gives none: what we send can always be sent again."""
    url = f"{option(connection, 'api_url')}/v2/bot/{path}"
    fields = {"authorization": f"Bearer {token(connection, account)}", **(headers or {})}
    try:
        return http(method, url, headers=fields, **({} if json is None else {"json": json}))
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None


def failure(response: Response) -> PostFailed:
    """What an answer that is none means; its words are left out, for they may quote the customer's."""
    status, answer = response.status, response.json()
    said = str(answer.get("message", "")) if isinstance(answer, dict) else ""
    if status == 429 and MONTHLY in said.lower():
        return PostFailed(Outcome.REFUSED, "usage-capped", "429 monthly limit")
    if status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429", MINUTE)
    if status == 400 and NOBODY in said.lower():
        return PostFailed(Outcome.REFUSED, "blocked", "400 no such user")
    if status >= 500:
        return PostFailed(Outcome.PASSING, "unreachable", str(status))
    return PostFailed(Outcome.REFUSED, REFUSALS.get(status, "rejected"), str(status))


def token(connection: Connection, account: str) -> str:
    """Raises PostFailed."""
    try:
        return connection.account_secret("access_tokens", account)
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


REFUSALS = {401: "token", 403: "permission", 410: "gone"}
