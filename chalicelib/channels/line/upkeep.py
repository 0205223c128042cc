"""What keeps a LINE connection alive: the webhook's address, and a quota that its owner should not find used up.

https://developers.line.biz/en/reference/messaging-api/#get-webhook-endpoint-information
https://developers.line.biz/en/docs/messaging-api/pricing/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.line.calls import call, failure
from chalicelib.channels.powers import Polled
from chalicelib.http import Http
from chalicelib.model import Trouble, TroubleKind

STEPS = (100, 80)  # percent of the quota of which the owner hears, the worst first


def resubscribe(connection: Connection, http: Http, account: str, callback: str) -> Sequence[str]:
    """What was set anew. Raises PostFailed: REFUSED when "Use webhook" is off, which only a person can switch on."""
    path = "channel/webhook/endpoint"
    try:
        found = _asked(connection, http, account, path)
    except PostFailed as failed:
        if failed.detail != "404":
            raise
        found = {}  # none was ever set
    changed = found.get("endpoint") != callback
    if changed:
        response = call(connection, http, account, "PUT", path, json={"endpoint": callback})
        if response.status != 200:
            raise failure(response)
    if found.get("active") is False:
        raise PostFailed(Outcome.REFUSED, "switched-off")
    return ("endpoint",) if changed else ()


def look_at_quota(connection: Connection, http: Http, account: str, cursor: str, now: datetime) -> Polled:
    """A trouble when most of the month's messages are used up, and once more when all are; `cursor` has what was told."""
    try:
        used = _used(connection, http, account)
    except PostFailed:
        return Polled((), cursor)  # a token that is no good shows where messages are at stake
    step = next((each for each in STEPS if used >= each), 0)
    told = f"{now:%Y-%m}:{step}"
    if not step or told == cursor or cursor == f"{now:%Y-%m}:100":
        return Polled((), cursor)
    return Polled([Trouble("line", account, f"quota:{told}", TroubleKind.QUOTA, now, str(step))], told)


def _used(connection: Connection, http: Http, account: str) -> int:
    """Percent of the month's quota; 0 where the plan has none. Raises PostFailed."""
    quota = _asked(connection, http, account, "message/quota")
    if quota.get("type") != "limited" or not isinstance(quota.get("value"), int):
        return 0
    usage = _asked(connection, http, account, "message/quota/consumption").get("totalUsage", 0)
    return int(100 * usage / max(quota["value"], 1))


def _asked(connection: Connection, http: Http, account: str, path: str) -> Mapping[str, Any]:
    response = call(connection, http, account, "GET", path)
    answer = response.json()
    if response.status != 200 or not isinstance(answer, dict):
        raise failure(response)
    return answer
