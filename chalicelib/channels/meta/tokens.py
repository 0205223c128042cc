"""Tokens of Instagram Login and Threads: valid for 60 days, renewed by themselves once they are a day old.

https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.meta import call
from chalicelib.channels.meta.finding import Get
from chalicelib.channels.powers import Refreshed
from chalicelib.channels.told import words
from chalicelib.http import Http

NAME = "access_tokens"
OLD_ENOUGH = timedelta(days=1)


def refreshed(http: Http, get: Get, host: str, grant: str, token: str, now: datetime) -> Refreshed:
    """The token that takes the place of this one; the old one stays valid. Raises PostFailed."""
    # the one call that has its token in the address: Meta describes no other way
    path = f"refresh_access_token?grant_type={grant}&access_token={quote(token, safe='')}"
    try:
        answer = call(http, "GET", f"{host}/{path}", token)
    except PostFailed as failed:
        raise _or_not_yet(failed, get) from None
    new, seconds = words(answer.get("access_token")), answer.get("expires_in")
    if not new or isinstance(seconds, bool) or not isinstance(seconds, int):
        raise PostFailed(Outcome.UNKNOWN, "unclear")
    return Refreshed({NAME: new}, now + timedelta(seconds=seconds))


def _or_not_yet(failed: PostFailed, get: Get) -> PostFailed:
    """Refused, though the token works: it is too young, whatever number Meta has for that."""
    if failed.outcome is not Outcome.REFUSED:
        return failed
    try:
        get("me?fields=id")
    except PostFailed as dead:
        return failed if dead.outcome is Outcome.REFUSED else dead
    return PostFailed(Outcome.PASSING, failed.code, failed.detail, OLD_ENOUGH)
