"""Telegram: how its API is called, and what its errors mean. The bot's token is part of every address.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, reaching
from chalicelib.http import Http, Response

LONGEST_WAIT = timedelta(days=1)


class Migrated(Exception):
    """The group has become a supergroup: nothing was sent, its chat is the one named here."""


def call(connection: Connection, http: Http, method: str, **content: Any) -> Any:
    """The result of one call, with `json` or `form`. Raises PostFailed or Migrated."""
    with reaching():
        response = http("POST", f"{address(connection)}/{method}", **content)
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict) and answer.get("ok") is True:
        return answer.get("result")
    raise failure(response)


def address(connection: Connection, before: str = "") -> str:
    """Where the bot's calls go; with "/file" `before` it, its files. Raises PostFailed without a token."""
    url = str(option(connection, "api_url"))
    try:
        return f"{url}{before}/bot{connection.secret('bot_token')[0]}"
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


def failure(response: Response) -> PostFailed | Migrated:
    """What an answer that is none means; its words are left out of it."""
    answer = response.json()
    found: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    more = found.get("parameters") or {}
    if "migrate_to_chat_id" in more:
        return Migrated(str(more["migrate_to_chat_id"]))
    status, said = response.status, str(found.get("description", "")).lower()
    reason, meant = next(((each, meant) for each, meant in REASONS.items() if each in said), ("", None))
    # a server that failed, or a success that tells nothing, may have posted
    default = (Outcome.UNKNOWN, "unclear") if status >= 500 or status < 300 else (Outcome.REFUSED, "rejected")
    outcome, code = STATUSES.get(status) or (meant if 400 <= status < 500 else None) or default
    return PostFailed(outcome, code, f"{status} {reason}".rstrip(), _wait(more.get("retry_after")))


def _wait(seconds: Any) -> timedelta | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return None
    return min(timedelta(seconds=seconds), LONGEST_WAIT)


_BLOCKED = (Outcome.REFUSED, "blocked")
_PERMISSION = (Outcome.REFUSED, "permission")
_ATTACHMENT = (Outcome.REFUSED, "attachment")
_GONE = (Outcome.REFUSED, "gone")

STATUSES = {
    401: (Outcome.REFUSED, "token"),
    404: (Outcome.REFUSED, "token"),  # no such bot
    413: _ATTACHMENT,
    429: (Outcome.PASSING, "throttled"),
}
# Telegram tells its reasons in words only; these are parts of them, the first that is found counts
REASONS = {
    "message is too long": (Outcome.REFUSED, "too-long"),
    "message_too_long": (Outcome.REFUSED, "too-long"),
    "blocked by the user": _BLOCKED,
    "user is deactivated": _BLOCKED,
    "can't initiate conversation": _BLOCKED,
    "chat not found": _BLOCKED,
    "peer_id_invalid": _BLOCKED,
    "business_peer_usage_missing": (Outcome.REFUSED, "window"),
    "business_peer_invalid": (Outcome.REFUSED, "window"),
    "business_connection": _PERMISSION,
    "business connection": _PERMISSION,
    "was kicked": _PERMISSION,
    "not a member": _PERMISSION,
    "not enough rights": _PERMISSION,
    "no rights": _PERMISSION,
    "write_forbidden": _PERMISSION,
    "chat_restricted": _PERMISSION,
    "administrator": _PERMISSION,
    "thread not found": _GONE,
    "topic_closed": _GONE,
    "topic_deleted": _GONE,
    "group chat was deactivated": _GONE,
    "file is too big": _ATTACHMENT,
    "wrong type of": _ATTACHMENT,
    "photo_invalid": _ATTACHMENT,
    "image_process_failed": _ATTACHMENT,
    "file must be non-empty": _ATTACHMENT,
    "forbidden": _BLOCKED,
}
