"""WeChat's official accounts: customer-service messages; a message pushed is encrypted. Who sends a picture sends no words.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from infra.simulator.platform import Echo, Place, Platform, Words
from infra.simulator.tencent import PICTURE, Numbers, blueprint, caller, minted, seal, secrets, sign, xml
from infra.simulator.world import Post, World

CHANNEL = "wechat"
NUMBERS = Numbers(
    late=45015,
    used_up=45047,
    failures={"throttle": 45011, "refuse": 48001, "5xx": -1, "window": 45015, "token": 40001},
)


def wechat_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    api = blueprint(world, CHANNEL, NUMBERS, "message/custom/send", answered)

    @api.post("/stable_token")
    def token() -> Response:
        return jsonify(minted(world, CHANNEL, str((request.get_json(silent=True) or {}).get("secret"))))

    @api.get("/user/info")
    def person() -> Response:
        caller(world, CHANNEL)
        found = world.person(request.args.get("openid", ""))
        return jsonify({"subscribe": 1, "openid": request.args.get("openid"), "nickname": "", "remark": found["name"]})

    return api


def answered(post: Post) -> dict[str, Any]:
    """Without an id."""
    return {"errcode": 0, "errmsg": "ok"}


def message(words: Words) -> dict[str, Any]:
    what = {"MsgType": "image", "MediaId": PICTURE} if words.picture else {"MsgType": "text", "Content": words.text}
    who = {"ToUserName": words.account, "FromUserName": words.author, "CreateTime": words.seconds}
    return {**who, **what, "MsgId": words.id}


PLATFORM = Platform(
    channel=CHANNEL,
    title="WeChat",
    places=(Place("wechat", "messages", lambda world: str(world.number()), message, public=False, by_thread=False),),
    api=wechat_api,
    sign=sign,
    signed_with="token",
    secrets=secrets,
    encode=xml,
    seal=seal,
)
