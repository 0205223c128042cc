"""Files that Twilio keeps: pictures that came with a text, recordings of calls. Our sign-in asks for them, and then a redirect leads on.

https://www.twilio.com/docs/messaging/api/media-resource
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from chalicelib import public_web
from chalicelib.channels.base import Connection, PostFailed
from chalicelib.channels.twilio import account_of
from chalicelib.http import Http, NotSent, Response

LOOPBACK = "127.0.0.1"
REDIRECTS = (301, 302, 303, 307, 308)


def download(
    connection: Connection, http: Http, get: Callable[..., Response], ref: str, most: int, seconds: float
) -> Response:
    """What lies at `ref`, a path below the account. Raises http.NotSent or TooLarge."""
    try:
        account = account_of(connection, http)
    except PostFailed as failed:
        raise NotSent(failed.code) from None
    url = account.address(quote(ref, safe="/."))
    # the local stack's platforms are on this machine, and only its settings may name it
    loopback = urlsplit(account.url).hostname == LOOPBACK
    found = get(url, address=_address(url, loopback), most=most, seconds=seconds, headers=account.headers)
    if found.status not in REDIRECTS:
        return found
    where = found.headers.get("location", "")
    # elsewhere our sign-in has no business
    return get(where, address=_address(where, loopback), most=most, seconds=seconds)


def _address(url: str, loopback: bool) -> str:
    address = public_web.check(url, loopback=loopback)
    if address is None:
        raise NotSent("address")
    return address
