"""WeCom customer service: what is asked for and answered, and what its refusals mean.

https://developer.work.weixin.qq.com/document/path/94677
https://developer.work.weixin.qq.com/document/path/90313
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from chalicelib.channels.base import Outcome, PostFailed, SecretMissing
from chalicelib.channels.powers import Polled
from chalicelib.channels.wechat.answers import COMMON_ERRORS
from chalicelib.channels.wechat.calls import Api, Errors, Json, Minted, harmless, minted
from chalicelib.channels.wecom.messages import events_of
from chalicelib.model import File, Reply

A_PAGE = 1000  # the most there is
JUST_NOW = timedelta(minutes=5)  # what was written so shortly before the first look was written to try us
WORN_OUT = "95007"  # a callback's token that is older than ten minutes, or that WeCom does not know
_PERMISSION = (Outcome.REFUSED, "permission")
_RESTRICTED = (Outcome.REFUSED, "restricted")

ERRORS: Errors = {
    **COMMON_ERRORS,
    40091: (Outcome.REFUSED, "token"),
    **dict.fromkeys((40096, 84061), (Outcome.REFUSED, "blocked")),  # nobody, or somebody who is no customer any more
    95001: (Outcome.REFUSED, "used-up"),
    95002: (Outcome.REFUSED, "window"),
    **dict.fromkeys((48002, 48004, 50003, 60011, 60020, 95000, 95004, 95011, 95012, 95017), _PERMISSION),
    **dict.fromkeys((95013, 95018), _PERMISSION),  # the session is over, or a member has taken it
    40201: _RESTRICTED,
}
KINDS = {"image/jpeg": "image", "image/png": "image", "video/mp4": "video"}  # everything else is a file


def post(reply: Reply, api: Api) -> str:
    """The id of the message, which is ours. Raises PostFailed."""
    what = _file(reply.files[0], api) if reply.files else {"msgtype": "text", "text": {"content": reply.text}}
    # the platform's later word of what it could not deliver carries it, and a repeat would have the same one
    id = sha256(reply.id.encode()).hexdigest()[:32]
    message = {"touser": reply.thread, "open_kfid": reply.account, "msgid": id, **what}
    return str(api.call("POST", "cgi-bin/kf/send_msg", json=message).get("msgid") or id)


def rung(api: Api, account: str, cursor: str, word: str, now: Callable[[], datetime]) -> Polled:
    """As `poll`, with a callback's token: without one WeCom stops answering after ten looks in a minute. Raises PostFailed."""
    try:
        return poll(api, account, cursor, now, token=word)
    except PostFailed as failed:
        if failed.detail != WORN_OUT:
            raise
        return poll(api, account, cursor, now)


def poll(api: Api, account: str, cursor: str, now: Callable[[], datetime], **proof: str) -> Polled:
    """A page of what is new. The list begins three days ago: `cursor` also says from when on it is ours. Raises PostFailed."""
    since, _, place = cursor.partition(" ")
    since = since or str(int((now() - JUST_NOW).timestamp()))
    asked = {"open_kfid": account, "limit": A_PAGE, "cursor": place, **proof}
    answer = harmless(lambda: api.call("POST", "cgi-bin/kf/sync_msg", json=asked))
    items = [each for each in answer.get("msg_list") or () if _sent(each) >= int(since)]
    going_on = str(answer.get("next_cursor") or place)
    return Polled(list(events_of(items, account, now())), f"{since} {going_on}", bool(answer.get("has_more")))


def profile(api: Api, author_id: str) -> Mapping[str, Any]:
    """The nickname. Never raises."""
    try:
        found: Json = api.call("POST", "cgi-bin/kf/customer/batchget", json={"external_userid_list": [author_id]})
        name = found["customer_list"][0]["nickname"]
    except (PostFailed, LookupError, TypeError):
        return {}
    return {"name": name} if isinstance(name, str) and name else {}


def token(api: Api) -> Minted:
    """Asking again brings the same token until it ends. Raises PostFailed."""
    try:
        secret = api.connection.secret("app_secret")[0]
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    corp = quote(str(api.connection.options.get("corp_id", "")), safe="")
    return minted(api, "GET", f"cgi-bin/gettoken?corpid={corp}&corpsecret={quote(secret, safe='')}")


def _file(file: File, api: Api) -> dict[str, Any]:
    kind = KINDS.get(file.media_type, "file")
    # what is only uploaded nobody sees: it can be done again, unlike the message
    return {"msgtype": kind, kind: {"media_id": api.upload(file, kind)}}


def _sent(item: Any) -> float:
    # what tells no time cannot be older than the list
    told = item.get("send_time") if isinstance(item, dict) else None
    return told if isinstance(told, int) else float("inf")
