"""How YouTube's Data API is called and what its errors mean: the reason counts, a 403 may pass or not.

https://developers.google.com/youtube/v3/docs/errors
https://developers.google.com/youtube/v3/determine_quota_cost
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.channels.google_oauth import access_token, forget
from chalicelib.http import Http, Response

Json = Mapping[str, Any]
Now = Callable[[], datetime]

PACIFIC = ZoneInfo("America/Los_Angeles")  # where the day of the allowance begins
A_PAGE = 100
REASON = re.compile(r"[A-Za-z_]{1,60}")


def call(
    connection: Connection, http: Http, now: Now, method: str, path: str, fields: Json, content: Any = None
) -> Json:
    """One call in the channel owner's name. Raises PostFailed."""
    url = f"{option(connection, 'api_url')}/{path}?{urlencode(fields)}"
    headers = {"authorization": f"Bearer {_token(connection, http, now)}"}
    with reaching(Outcome.PASSING if method == "GET" else Outcome.UNKNOWN):
        response = http(method, url, headers=headers, **({} if content is None else {"json": content}))
    answer = response.json()
    if 200 <= response.status < 300 and isinstance(answer, dict) and answer:
        return answer
    if response.status == 401:
        forget(connection)
    raise failure(response, now())


def replies(connection: Connection, http: Http, now: Now, thread: str, most: int) -> Iterator[list[Json]]:
    """The replies of a thread, page by page, a unit each. Raises PostFailed, also when there are more than `most` pages."""
    fields = {"part": "snippet", "parentId": thread, "maxResults": A_PAGE, "textFormat": "plainText"}
    for _ in range(most):
        page = call(connection, http, now, "GET", "comments", fields)
        yield page.get("items") or []
        if not page.get("nextPageToken"):
            return
        fields = {**fields, "pageToken": page["nextPageToken"]}
    raise PostFailed(Outcome.UNKNOWN, "unclear")


def failure(response: Response, now: datetime) -> PostFailed:
    """What an answer that is none means; its words are left out, for they may quote the customer's."""
    reason = _reason(response.json())
    detail = f"{response.status} {reason}".rstrip()
    if reason in USED_UP:
        return PostFailed(Outcome.PASSING, "usage-capped", detail, until_midnight(now))
    if reason in REASONS:
        return PostFailed(*REASONS[reason], detail)
    if response.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", detail)
    refused = (Outcome.REFUSED, "rejected") if 300 <= response.status < 500 else (Outcome.UNKNOWN, "unclear")
    return PostFailed(*STATUSES.get(response.status, refused), detail)


def until_midnight(now: datetime) -> timedelta:
    """Until the day's allowance begins anew; as long as clocks are not changed, to the second."""
    there = now.astimezone(PACIFIC)
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return timedelta(seconds=midnight.timestamp() - now.timestamp())


def _token(connection: Connection, http: Http, now: Now) -> str:
    try:
        return access_token(connection, http, now)
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


def _reason(answer: Any) -> str:
    try:
        reason = answer["error"]["errors"][0]["reason"]
    except (LookupError, TypeError):
        return ""
    return reason if isinstance(reason, str) and REASON.fullmatch(reason) else ""


USED_UP = ("quotaExceeded", "dailyLimitExceeded")
_GONE = (Outcome.REFUSED, "gone")
_PERMISSION = (Outcome.REFUSED, "permission")
_THROTTLED = (Outcome.PASSING, "throttled")
REASONS: Mapping[str, tuple[Outcome, str]] = {
    "rateLimitExceeded": _THROTTLED,
    "userRateLimitExceeded": _THROTTLED,
    "processingFailure": (Outcome.UNKNOWN, "temporary"),  # may pass, may mean the text: look, and try again
    "backendError": (Outcome.UNKNOWN, "unclear"),
    "commentsDisabled": (Outcome.REFUSED, "switched-off"),
    "operationNotSupported": (Outcome.REFUSED, "switched-off"),  # nobody may reply to this thread
    "parentCommentNotFound": _GONE,
    "parentCommentIsPrivate": _GONE,  # held for review again
    "commentNotFound": _GONE,
    "commentThreadNotFound": _GONE,
    "videoNotFound": _GONE,
    "channelNotFound": _GONE,
    "commentTextTooLong": (Outcome.REFUSED, "rejected"),
    "commentTextRequired": (Outcome.REFUSED, "rejected"),
    "ineligibleAccount": _PERMISSION,  # the sign-in has no channel of its own
    "insufficientPermissions": _PERMISSION,
    "forbidden": _PERMISSION,
    "accessNotConfigured": _PERMISSION,
    "authError": (Outcome.REFUSED, "token"),
}
STATUSES = {401: (Outcome.REFUSED, "token"), 403: _PERMISSION, 404: _GONE}
