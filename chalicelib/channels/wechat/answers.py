"""WeChat: an answer as a customer-service message, and what its refusals mean.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels.base import Outcome, PostFailed, SecretMissing
from chalicelib.channels.wechat.calls import EXPIRED, GONE, Api, Errors, Json, Minted, minted
from chalicelib.model import File, Reply

_TOKEN = (Outcome.REFUSED, "token")
_BLOCKED = (Outcome.REFUSED, "blocked")
_PERMISSION = (Outcome.REFUSED, "permission")
_RESTRICTED = (Outcome.REFUSED, "restricted")
_ATTACHMENT = (Outcome.REFUSED, "attachment")

# what both ways into WeChat mean alike
COMMON_ERRORS: Errors = {
    -1: (Outcome.PASSING, "temporary"),  # "busy, try again"
    **dict.fromkeys((*EXPIRED, 40013, 40125, 41002, 41004), _TOKEN),
    **dict.fromkeys((40004, 40005, 40006, GONE, 40009, 40010, 40011, 40137, 44001, 45001, 45007), _ATTACHMENT),
    45009: (Outcome.PASSING, "usage-capped"),  # the day's allowance of calls
    45011: (Outcome.PASSING, "throttled"),
    45033: (Outcome.PASSING, "throttled"),
    45002: (Outcome.REFUSED, "too-long"),
}
ERRORS: Errors = {
    **COMMON_ERRORS,
    40243: _TOKEN,  # the AppSecret is frozen
    # nobody, no follower, on the blacklist, or somebody who wants no messages
    **dict.fromkeys((40003, 43004, 43019, 46004, 48002, 50005), _BLOCKED),
    # the time was looked at before: who may still be answered and is not has stopped following
    45015: _BLOCKED,
    45047: (Outcome.REFUSED, "used-up"),
    **dict.fromkeys((48001, 48008, 50001, 50004), _PERMISSION),
    # calls come from an address that is not on the owner's list, or that the account's administrator has yet to allow
    **dict.fromkeys((40164, 89501, 89503, 89506, 89507), _PERMISSION),
    **dict.fromkeys((48004, 50002, 50007), _RESTRICTED),
    87014: (Outcome.REFUSED, "policy"),
}
KINDS = {**dict.fromkeys(("image/jpeg", "image/png", "image/gif"), "image"), "video/mp4": "video"}


def post(reply: Reply, api: Api) -> str:
    """WeChat's id of the message, or ours where it gives none. Raises PostFailed."""
    what = _file(reply.files[0], api) if reply.files else _text(reply.text)
    answer = api.call("POST", "cgi-bin/message/custom/send", json={"touser": reply.thread, **what})
    return str(answer.get("msgid") or reply.id)


def token(api: Api) -> Minted:
    """Asking again brings the same token until it is about to end, so that nobody else's is made invalid. Raises PostFailed."""
    try:
        secret = api.connection.secret("app_secret")[0]
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    app = api.connection.options.get("app_id", "")
    asked = {"grant_type": "client_credential", "appid": app, "secret": secret}
    return minted(api, "POST", "cgi-bin/stable_token", json=asked)


def profile(api: Api, author_id: str) -> Mapping[str, Any]:
    """The remark that the business itself gave a follower: WeChat tells no names. Never raises."""
    try:
        found: Json = api.call("GET", f"cgi-bin/user/info?openid={author_id}")
    except PostFailed:
        return {}
    remark = found.get("remark")
    return {"name": remark} if isinstance(remark, str) and remark else {}


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _file(file: File, api: Api) -> dict[str, Any]:
    """What accounts cannot send goes as a link to it."""
    kind = KINDS.get(file.media_type)
    if kind is None:
        return _text(f"📎 {file.name}\n{file.link}")
    # what is only uploaded nobody sees: it can be done again, unlike the message
    return {"msgtype": kind, kind: {"media_id": api.upload(file, kind)}}
