"""Whether X still pushes to us. A webhook that X calls invalid is validated again; an account without any subscription
gets those for public posts. Private ones need an OAuth 2.0 token of the account; where there are OAuth 1.0a keys
instead, its owner has to subscribe to them again.

https://docs.x.com/x-api/webhooks/quickstart, https://docs.x.com/x-api/activity/quickstart
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chalicelib.channels.base import Connection, Outcome, PostFailed, reaching
from chalicelib.channels.x.calls import api_url, failure, listed, mapping, segment
from chalicelib.channels.x.common import Json
from chalicelib.channels.x.oauth import FORM, KEYS, basic, login
from chalicelib.channels.x.recent import asked
from chalicelib.http import Http

PUBLIC = ("post.mention.create", "post.reply.create", "post.quote.create", "post.create", "post.delete")
PRIVATE = ("dm.received", "dm.sent", "chat.received", "chat.sent")
Ask = Callable[..., Json]


def resubscribe(connection: Connection, http: Http, account: str, callback: str, now: float) -> Sequence[str]:
    """What was missing and is there again; () also where there is nothing to ask with. Raises PostFailed, SecretMissing."""
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
        _subscribe(ask, PUBLIC, account, name)
        if login(connection) == KEYS:
            raise PostFailed(Outcome.REFUSED, "permission", "direct messages")
        _subscribe(ask_as_account, PRIVATE, account, name)
        restored.append("subscriptions")
    return restored


def _subscribe(ask: Ask, kinds: Sequence[str], account: str, webhook: str) -> None:
    for kind in kinds:
        content = {"event_type": kind, "filter": {"user_id": account}, "webhook_id": webhook}
        ask("/2/activity/subscriptions", {}, method="POST", content=content)


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
    """The one that is kept, or for the API key and its secret, which the account's four keys begin with; "" without either."""
    if login(connection) != KEYS:
        return connection.secret("bearer_token")[0]
    keys = connection.account_secret("access_tokens", account).split(":")
    if len(keys) != 4:
        return ""
    headers = {**FORM, "authorization": basic(keys[0], keys[1])}
    with reaching(Outcome.PASSING):
        answer = http(
            "POST", f"{api_url(connection)}/oauth2/token", headers=headers, body=b"grant_type=client_credentials"
        )
    token = mapping(answer.json()).get("access_token")
    if answer.status != 200 or not isinstance(token, str):
        raise failure(answer, mapping(answer.json()), now)
    return token
