"""Whether X still pushes to us. A webhook that X calls invalid is validated again; an account without any subscription
gets those for public posts. Private ones need the account's own OAuth 2.0 token, which no business keeps: its owner has
to subscribe to them again.

https://docs.x.com/x-api/webhooks/quickstart, https://docs.x.com/x-api/activity/quickstart
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.x.calls import API, failure, listed, mapping, segment
from chalicelib.channels.x.common import Json
from chalicelib.channels.x.recent import asked
from chalicelib.http import Http, Lost, NotSent

PUBLIC = ("post.mention.create", "post.reply.create", "post.quote.create", "post.create", "post.delete")
Ask = Callable[..., Json]
FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


def resubscribe(connection: Connection, http: Http, account: str, callback: str, now: float) -> Sequence[str]:
    """What was missing and is there again; () also for a token that is not an app's keys. Raises PostFailed."""
    bearer = _app_token(connection, http, account, now)
    if not bearer:
        return ()
    ask_as_account = partial(asked, connection, http, account, now=now)
    ask = partial(ask_as_account, bearer=bearer)
    webhook = next((each for each in listed(ask("/2/webhooks", {}), "data") if each.get("url") == callback), None)
    if webhook is None:
        raise PostFailed(Outcome.REFUSED, "gone", "webhook")
    name, restored = segment(str(webhook["id"])), []
    if webhook.get("valid") is False:
        ask(f"/2/webhooks/{name}", {}, method="PUT")
        restored = ["webhook"]
    if not _is_subscribed(ask, ask_as_account, account, name):
        _subscribe(ask, account, str(webhook["id"]))
    return restored


def _subscribe(ask: Ask, account: str, webhook: str) -> None:
    for kind in PUBLIC:
        content = {"event_type": kind, "filter": {"user_id": account}, "webhook_id": webhook}
        ask("/2/activity/subscriptions", {}, method="POST", content=content)
    raise PostFailed(Outcome.REFUSED, "permission", "direct messages")


def _is_subscribed(ask: Ask, ask_as_account: Ask, account: str, webhook: str) -> bool:
    """By the Activity API, by the older one, or by a filtered stream, which subscribes to nobody in particular."""
    told = listed(ask("/2/activity/subscriptions", {}), "data")
    if any(str(mapping(each.get("filter")).get("user_id")) == account for each in told):
        return True
    older = _told(ask_as_account, f"/2/account_activity/webhooks/{webhook}/subscriptions/all")
    return bool(older.get("subscribed") or listed(_told(ask, "/2/tweets/search/webhooks"), "links"))


def _told(ask: Ask, path: str) -> Json:
    """{} where the app may not ask: then it has no such thing."""
    try:
        return mapping(ask(path, {}).get("data"))
    except PostFailed as failed:
        if failed.outcome is not Outcome.REFUSED:
            raise
        return {}


def _app_token(connection: Connection, http: Http, account: str, now: float) -> str:
    """From the API key and its secret, which the account's four keys begin with; "" where there is only a user token."""
    keys = connection.account_secret("access_tokens", account).split(":")
    if len(keys) != 4:
        return ""
    proof = b64encode(f"{quote(keys[0], safe='')}:{quote(keys[1], safe='')}".encode()).decode()
    url = str(connection.options.get("api_url", API)).rstrip("/") + "/oauth2/token"
    headers = {**FORM, "authorization": f"Basic {proof}"}
    try:
        answer = http("POST", url, headers=headers, body=b"grant_type=client_credentials")
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    token = mapping(answer.json()).get("access_token")
    if answer.status != 200 or not isinstance(token, str):
        raise failure(answer, mapping(answer.json()), now)
    return token
