"""Telegram: files that customers sent, and whether the webhook still stands.

https://core.telegram.org/bots/api#getfile
https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from chalicelib import public_web
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing
from chalicelib.channels.telegram.calls import address, call
from chalicelib.channels.telegram.updates import READERS
from chalicelib.http import Http, NotSent, Response, TooLarge


def download(
    connection: Connection, http: Http, get: Callable[..., Response], file_id: str, most: int, seconds: float
) -> Response:
    """Telegram says where the file is, for an hour; the bot's token is in that address, so it stays here."""
    try:
        found = call(connection, http, "getFile", json={"file_id": file_id})
        where = f"{address(connection, '/file')}/{quote(str(found['file_path']))}"
    except PostFailed as failed:
        raise _not_fetched(failed) from None
    except (LookupError, TypeError):
        return Response(404)
    # this machine's own addresses pass: the settings hold one only on the local stage
    checked = public_web.check(where, loopback=True)
    if checked is None:
        raise NotSent("address")
    return get(where, address=checked, most=most, seconds=seconds)


def resubscribe(connection: Connection, http: Http, callback: str) -> Sequence[str]:
    """The address and what is to be pushed, where Telegram has others. Raises PostFailed.

    All is set anew each time: which token Telegram sends along it does not tell, and it may be the one before.
    """
    found = call(connection, http, "getWebhookInfo") or {}
    wrong = {
        "url": found.get("url") != callback,
        "allowed_updates": bool(READERS.keys() - (found.get("allowed_updates") or ())),
    }
    try:
        token = connection.secret("secret_token")[0]
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    wanted = {"url": callback, "secret_token": token, "allowed_updates": list(READERS)}
    call(connection, http, "setWebhook", json=wanted)
    return [name for name, is_wrong in wrong.items() if is_wrong]


def _not_fetched(failed: PostFailed) -> NotSent | TooLarge:
    return TooLarge("bytes") if failed.code == "attachment" else NotSent(failed.code)
