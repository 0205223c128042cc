"""An agent's answer on its way to the business's own system: one signed POST, to a public address only.

Nothing here is of unknown outcome. The webhook-id is the reply's own and the same in every try, so a receiver that
heeds it takes a repeat for what it is; a try that may have been carried out is therefore tried again like any other.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib import public_web
from chalicelib.channels.base import Outcome, PostFailed, text_id
from chalicelib.channels.standard_webhooks.data import answer
from chalicelib.channels.standard_webhooks.signing import Key, signed_headers
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import Reply

Check = Callable[[str], str | None]
LONGEST_WAIT = timedelta(days=1)
LONGEST_ID = 512  # characters


def post(http: Http, check: Check, url: str, keys: list[Key], reply: Reply, now: float) -> str:
    """The other side's id for it, else the reply's own. Raises PostFailed."""
    content = json.dumps(answer(reply, datetime.fromtimestamp(now, UTC)), ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **signed_headers(keys, reply.id, int(now), content)}
    try:
        response = http("POST", url, headers=headers, body=content, address=_address(check, url))
    except (NotSent, Lost) as error:
        raise PostFailed(Outcome.PASSING, "unreachable") from error
    if not 200 <= response.status < 300:
        raise _failure(response, now)
    return _given_id(response.json()) or reply.id


def check_address(url: str) -> str | None:
    """This machine's own addresses pass: the settings hold one only on the local stage."""
    return public_web.check(url, loopback=True)


def _address(check: Check, url: str) -> str:
    if not url:
        raise PostFailed(Outcome.REFUSED, "no-answers")
    address = check(url)
    if address is None:
        raise PostFailed(Outcome.REFUSED, "rejected", "address not public")
    return address


def _failure(response: Response, now: float) -> PostFailed:
    status = response.status
    if status == 429 or status >= 500:
        code = "throttled" if status == 429 else "unreachable"
        return PostFailed(Outcome.PASSING, code, str(status), _wait(response.headers, now))
    return PostFailed(Outcome.REFUSED, REFUSALS.get(status, "rejected"), str(status))


def _wait(headers: Mapping[str, str], now: float) -> timedelta | None:
    """Retry-After in seconds or as a date."""
    given = headers.get("retry-after", "")
    try:
        seconds = int(given) if given.isdecimal() else parsedate_to_datetime(given).timestamp() - now
    except ValueError:
        return None
    return timedelta(seconds=round(min(max(seconds, 0), LONGEST_WAIT.total_seconds())))


def _given_id(page: Any) -> str:
    try:
        return text_id(page["id"])[:LONGEST_ID]
    except (LookupError, TypeError, ValueError):
        return ""


REFUSALS = {410: "switched-off", 413: "too-long"}
