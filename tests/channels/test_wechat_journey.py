"""The whole way of both: a message from WeChat in, its ticket, the agent's mail, the message back; and the token's."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import intake, rounds
from chalicelib.aws import parameters
from chalicelib.channels import open_channel
from chalicelib.http import Response
from chalicelib.rounds import errands
from tests import aws, signing
from tests.channels.wechat_at_hand import (
    ACCOUNT,
    AES,
    ANSWER,
    APP,
    CORP,
    DESK,
    FRESH,
    HELD,
    LI_WEI,
    MINTED,
    RECEIVE,
    SECRET,
    TOKEN,
    payload,
    respond,
)
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

QUESTION = "请问周日营业吗？想订两个人的位子 ☕ & <靠窗>"
OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        monkeypatch.setattr(rounds, "open_channel", partial(open_channel, http=made.platform))
        monkeypatch.setattr(errands, "epoch", lambda at: round(at.timestamp()) + made.sent * 600)
        served = {
            "chat": {"channel": "wechat", "accounts": [ACCOUNT], "options": {"app_id": APP}},
            "kf": {"channel": "wecom", "accounts": [DESK], "options": {"corp_id": CORP}},
        }
        send = {"app_secret": SECRET, "access_token": HELD}
        held = {f"{side}/{name}": values for name in served for side, values in (("receive", RECEIVE), ("send", send))}
        made.configure(settings={**aws.SETTINGS, "connections": served}, **held)
        yield made


def deliver(shop: Shop, name: str, token: str = TOKEN) -> tuple[int, str]:
    """What WeChat sends, as if it were written now."""
    now = int(time.time())
    said = payload(name).replace(b"17910216", str(now)[:8].encode())
    query, outer = signing.sealed(said, token, AES, APP, now)
    path = f"/webhooks/wechat/chat?{urlencode(query)}"
    answer = shop.client.http.post(path, headers={"content-type": "text/xml"}, body=outer)
    shop.settle()
    return answer.status_code, answer.body.decode()


def tickets(shop: Shop) -> list[Any]:
    return [mail for mail in shop.mails() if mail["X-Bridgehead-Kind"] == "ticket"]


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def test_a_message_becomes_a_ticket_and_the_answer_a_message(shop: Shop) -> None:
    shop.platform.answers += [respond({"remark": "李伟"})]
    assert [deliver(shop, "text") for _ in range(3)] == [(200, "")] * 3
    (ticket,) = tickets(shop)
    assert QUESTION in body(ticket)
    assert "李伟" in str(ticket["From"]) + str(ticket["Subject"]) + body(ticket)
    shop.platform.answers += [respond(OK)]
    assert shop.answer(ticket, ANSWER) == "reply"
    sent = {"touser": LI_WEI, "msgtype": "text", "text": {"content": ANSWER}}
    assert (shop.platform.posts, state(shop), shop.notices) == ([sent], "done", [])


def test_a_sixth_answer_is_refused_with_what_to_do(shop: Shop) -> None:
    shop.platform.answers += [respond({"remark": ""})]
    deliver(shop, "text")
    shop.platform.answers += [respond(45047)]
    shop.answer(tickets(shop)[0], ANSWER)
    (notice,) = shop.notices
    assert state(shop) == "refused"
    assert ANSWER in body(notice)
    assert "WeChat" in body(notice)


def test_every_mail_says_how_many_answers_are_left(shop: Shop) -> None:
    shop.platform.answers += [respond({"remark": "李伟"})]
    deliver(shop, "text")
    assert "WeChat nimmt noch 5 Nachrichten an, bis 李伟 wieder schreibt." in unbroken(tickets(shop)[0])
    shop.platform.answers += [respond(OK), respond(OK), respond(45047)]
    for words in ("星期天开门 🙂", "有两个靠窗的位子", "几点来？"):
        shop.answer(tickets(shop)[0], words)
    assert "WeChat nimmt noch 3 Nachrichten an" in unbroken(shop.notices[-1])
    shop.platform.answers += [respond(OK)] * 3 + [respond(45047)]
    for words in ("四点可以吗？", "还是五点？", "请告诉我们", "谢谢您的耐心"):
        shop.answer(tickets(shop)[0], words)
    assert "WeChat nimmt keine Nachricht mehr an, bis 李伟 wieder schreibt." in unbroken(shop.notices[-1])


def unbroken(mail: Any) -> str:
    return " ".join(body(mail).split())


def test_a_forgery_leaves_nothing(shop: Shop) -> None:
    assert deliver(shop, "text", "somebody-elses-token-1")[0] == 401
    assert shop.items() == []


def test_wechat_is_answered_when_it_asks_whether_we_are_there(shop: Shop) -> None:
    query = urlencode({**signing.wechat(TOKEN, int(time.time())), "echostr": "4375120948345356249"})
    answer = shop.client.http.get(f"/webhooks/wechat/chat?{query}")
    assert (answer.status_code, answer.body) == (200, b"4375120948345356249")
    inner = signing.encrypted(b"5927782489442352469", AES, CORP)
    asked = signing.wechat(TOKEN, int(time.time()), inner, name="msg_signature")
    answer = shop.client.http.get(f"/webhooks/wecom/kf?{urlencode({**asked, 'echostr': inner})}")
    assert (answer.status_code, answer.body) == (200, b"5927782489442352469")


# --- WeCom -----------------------------------------------------------------------------------------------------------


def look(shop: Shop, *answers: Any) -> None:
    """One round of the clock; tokens first."""
    shop.sent += 1
    shop.platform.answers += [respond(each) for each in answers]
    rounds.go("poll", intake.keep_events, logging.getLogger("tests"))
    shop.settle()


def listed(cursor: str, *items: dict[str, Any]) -> dict[str, Any]:
    common = {"open_kfid": DESK, "external_userid": "wmMai002", "send_time": int(time.time()), "origin": 3}
    return {**OK, "next_cursor": cursor, "has_more": 0, "msg_list": [{**common, **each} for each in items]}


def text(id: str, words: str, **more: Any) -> dict[str, Any]:
    return {"msgid": id, "msgtype": "text", "text": {"content": words}, **more}


@pytest.fixture
def desk_(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The service account was connected a moment ago; tokens are kept as they are renewed."""

    def change(name: str, new: Any) -> None:
        shop.configure(**{name: new(shop.parameters[name])})

    monkeypatch.setattr(parameters, "change", change)
    look(shop, MINTED, {**MINTED, **OK}, listed("c1"))
    return shop


def test_what_is_in_the_list_becomes_a_ticket_and_the_answer_a_message(desk_: Shop) -> None:
    shop = desk_
    shop.platform.answers += [respond(listed("c2", text("kf-1", "Còn bàn cho 2 người không ạ? 🌸")))]
    look(shop, {**OK, "customer_list": [{"nickname": "Mai 🌸"}]})
    (ticket,) = tickets(shop)
    assert "Còn bàn cho 2 người không ạ? 🌸" in body(ticket)
    shop.platform.answers += [respond(OK)]
    assert shop.answer(ticket, ANSWER) == "reply"
    sent = shop.platform.posts[-1]
    assert (sent["touser"], sent["open_kfid"], sent["text"]) == ("wmMai002", DESK, {"content": ANSWER})
    failed = {
        "event_type": "msg_send_fail",
        "external_userid": "wmMai002",
        "fail_msgid": sent["msgid"],
        "fail_type": 10,
    }
    look(shop, listed("c3", {"msgid": "kf-2", "origin": 4, "msgtype": "event", "event": failed}))
    assert state(shop) == "undelivered"
    assert len(shop.notices) == 1


def test_an_answer_in_wecom_stops_the_clock_and_what_was_taken_back_is_gone(desk_: Shop) -> None:
    shop = desk_
    shop.platform.answers += [respond(listed("c2", text("kf-1", "Noch offen?")))]
    look(shop, {**OK, "customer_list": []})
    assert shop.waiting
    recalled = {"event_type": "user_recall_msg", "external_userid": "wmMai002", "recall_msgid": "kf-1"}
    taken_back = {"msgid": "kf-3", "origin": 4, "msgtype": "event", "event": recalled}
    look(shop, listed("c3", text("kf-2", "Bis sechs!", origin=5), taken_back))
    assert not shop.waiting
    assert not [item for item in shop.items("i#") if "Noch offen?" in str(item.get("data"))]


def test_tokens_are_renewed_and_used(desk_: Shop) -> None:
    shop = desk_
    assert [shop.parameters[f"send/{name}"]["access_token"] for name in ("chat", "kf")] == [FRESH, FRESH]
    asked = [url for _, url, _ in shop.platform.requests]
    assert [url.partition("/cgi-bin/")[2].partition("?")[0] for url in asked] == [
        "stable_token",
        "gettoken",
        "kf/sync_msg",
    ]
    assert asked[-1].endswith(f"access_token={FRESH}")


def test_a_token_that_cannot_be_renewed_is_told_to_the_owner(shop: Shop) -> None:
    refused = Response(200, b'{"errcode": 40164, "errmsg": "invalid ip 203.0.113.9, not in whitelist"}')
    shop.platform.answers += [refused, respond({**MINTED, **OK}), respond(listed("c1"))]
    look(shop)
    assert json.dumps([item["data"] for item in shop.entries("trouble")]).count("expiring") == 1
