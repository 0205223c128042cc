"""WeCom's customer service: a callback that says there is something, the list that is asked for then, messages.

https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.failures import under
from infra.simulator.platform import Echo, Place, Platform, Words
from infra.simulator.tencent import OURS, Numbers, blueprint, caller, minted, said, seal, secrets, sign, xml
from infra.simulator.world import Post, Told, World

CHANNEL = "wecom"
NUMBERS = Numbers(
    late=95002,
    used_up=95001,
    failures={"throttle": 45033, "refuse": 95018, "5xx": -1, "window": 95002, "token": 42001},
)


def wecom_api(world: World, echo: Echo) -> Blueprint:
    """The routes."""
    api = blueprint(world, CHANNEL, NUMBERS, "kf/send_msg", answered)

    @api.get("/gettoken")
    def token() -> Response:
        return jsonify({"errcode": 0, **minted(world, CHANNEL, request.args.get("corpsecret", ""))})

    @api.post("/kf/sync_msg")
    def messages() -> ResponseReturnValue:
        caller(world, CHANNEL)
        answers = {kind: (lambda code=code: said(code)) for kind, code in NUMBERS.failures.items()}
        return under(world, CHANNEL, answers, lambda: jsonify(page(world)), on="look_up")

    @api.post("/kf/customer/batchget")
    def people() -> Response:
        caller(world, CHANNEL)
        asked = (request.get_json(silent=True) or {}).get("external_userid_list") or []
        found = [{"external_userid": each, "nickname": world.person(each)["name"]} for each in asked]
        return jsonify({"errcode": 0, "customer_list": found})

    return api


def answered(post: Post) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "msgid": post.id}


def page(world: World) -> dict[str, Any]:
    """From the cursor, which is a place in the list."""
    asked = request.get_json(silent=True) or {}
    told = [each for each in world.told if (each.channel, each.account) == (CHANNEL, asked.get("open_kfid"))]
    start, most = int(asked.get("cursor") or 0), int(asked.get("limit") or 1000)
    items = [item(each, start + place) for place, each in enumerate(told[start : start + most])]
    end = start + len(items)
    return {"errcode": 0, "next_cursor": str(end), "has_more": int(end < len(told)), "msg_list": items}


def item(told: Told, place: int) -> dict[str, Any]:
    about = {"open_kfid": told.account, "external_userid": told.author, "origin": 3}
    sent = {"msgid": f"kf-{told.account}-{place}", "send_time": int(told.at.timestamp())}
    return {**about, **sent, "msgtype": "text", "text": {"content": told.text}}


def callback(words: Words) -> dict[str, Any]:
    happened = {"MsgType": "event", "Event": "kf_msg_or_event", "Token": f"ENC{words.id}"}
    return {"ToUserName": OURS, "CreateTime": words.seconds, **happened, "OpenKfId": words.account}


PLATFORM = Platform(
    channel=CHANNEL,
    title="WeCom",
    places=(Place("wecom", "messages", lambda world: str(world.number()), callback, public=False, by_thread=False),),
    api=wecom_api,
    sign=sign,
    signed_with="token",
    secrets=secrets,
    encode=xml,
    seal=seal,
)
