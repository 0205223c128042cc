"""Zalo's whole way: a question in, its ticket, the agent's mail, the answer out, and what Zalo tells of it later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from chalicelib import desk
from chalicelib.channels import open_channel
from chalicelib.http import Lost, Response
from tests import aws, signing
from tests.channels.zalo_at_hand import APP_SECRET, GROUP, LINH, OA, RENEWING, SECRET, TOKEN, Platform
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body


@pytest.fixture
def site() -> Platform:
    return Platform()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, site: Platform) -> Iterator[Shop]:
    def asked(method: str, url: str, **more: Any) -> Response:
        if method == "GET":
            return Response(200, json.dumps({"error": 0, "data": {"display_name": "Nguyễn Thị Linh"}}).encode())
        return site(method, url, **more)

    with opened(monkeypatch) as made:
        served = {"channel": "zalo", "accounts": [OA], "options": {"app_id": signing.ZALO_APP}}
        send = {"app_secret": APP_SECRET, "access_tokens": {OA: f"{TOKEN}:{RENEWING}"}}
        secrets = {"receive/oa": {"oa_secret_key": SECRET}, "send/oa": send}
        made.configure(settings={**aws.SETTINGS, "connections": {"oa": served}}, **secrets)
        monkeypatch.setattr(desk, "open_channel", partial(open_channel, http=asked))
        yield made


def happens(shop: Shop, name: str, sender: str, recipient: str, ago: float = 0, **message: Any) -> None:
    """What Zalo sends, proven and brought to rest."""
    at = str(round((time.time() - ago) * 1000))
    sides = {"sender": {"id": sender}, "recipient": {"id": recipient}, "oa_id": OA}
    told = {"app_id": signing.ZALO_APP, "event_name": name, **sides, "message": message, "timestamp": at}
    raw = json.dumps(told, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **signing.zalo(raw, SECRET)}
    assert shop.client.http.post("/webhooks/zalo/oa", headers=headers, body=raw).status_code == 200
    shop.settle()


def write(shop: Shop, text: str, id: str = "m1", ago: float = 0) -> None:
    happens(shop, "user_send_text", LINH, OA, ago, text=text, msg_id=id)


def tickets(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def test_the_consoles_probe_is_answered_and_nothing_is_kept(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    assert shop.client.http.post("/webhooks/zalo/oa", headers=headers, body=b"{}").status_code == 200
    assert shop.items() == []


def test_a_question_becomes_a_ticket_and_the_answer_goes_back(shop: Shop, site: Platform) -> None:
    write(shop, "Chủ nhật có mở cửa không ạ? ☕ 日曜日は？ هل أنتم مفتوحون؟")
    (ticket,) = tickets(shop)
    assert str(ticket["Subject"]).startswith("[Zalo] Nguyễn Thị Linh: Chủ nhật có mở cửa không ạ? ☕")
    assert shop.answer(ticket, "Dạ có ạ, đến 18 giờ 🙂") == "reply"
    message = {"text": "Dạ có ạ, đến 18 giờ 🙂", "quote_message_id": "m1"}
    assert site.bodies == [{"recipient": {"user_id": LINH}, "message": message}]
    happens(shop, "oa_send_text", OA, LINH, text="Dạ có ạ, đến 18 giờ 🙂", msg_id="c0ffee0001")
    assert (state(shop), len(shop.mails()), shop.waiting) == ("done", 1, False)


def test_a_lost_answer_is_proven_by_what_zalo_tells_of_it_and_never_sent_twice(shop: Shop, site: Platform) -> None:
    write(shop, "Có mở cửa không ạ?")
    site.answers = [Lost("ReadTimeoutError")]
    shop.answer(tickets(shop)[0], "Dạ có ạ.")
    assert state(shop) == "unknown"
    happens(shop, "oa_send_text", OA, LINH, text="Dạ có ạ.", msg_id="c0ffee0002")
    assert (state(shop), len(site.asked), shop.notices) == ("done", 1, [])


def test_an_answer_given_in_zalos_own_app_stops_the_clock(shop: Shop) -> None:
    write(shop, "Có mở cửa không ạ?", ago=60)
    assert shop.waiting
    happens(shop, "oa_send_text", OA, LINH, text="Dạ có ạ!", msg_id="c0ffee0003")
    assert "Dạ có ạ!" in body(shop.mails()[-1])
    assert not [item for item in shop.items("head") if '"waiting_since":"' in str(item.get("data"))]


def test_a_refused_token_is_tried_once_more_as_it_may_have_been_renewed(shop: Shop, site: Platform) -> None:
    write(shop, "Có mở cửa không ạ?")
    site.answers = [-216]
    shop.answer(tickets(shop)[0], "Dạ có ạ.")
    assert (state(shop), len(site.asked), shop.notices) == ("pending", 1, [])


def test_a_week_later_zalo_is_not_even_asked(shop: Shop, site: Platform) -> None:
    write(shop, "Có mở cửa không ạ?", ago=8 * 86_400)
    shop.answer(tickets(shop)[0], "Dạ có ạ.")
    assert (state(shop), site.asked) == ("refused", [])


def test_an_answer_given_in_a_group_stops_the_clock_of_whom_it_quotes(shop: Shop) -> None:
    happens(shop, "user_send_group_text", LINH, GROUP, 60, text="Mấy giờ ạ?", msg_id="g1")
    assert shop.waiting
    happens(shop, "oa_send_group_text", OA, GROUP, text="18 giờ ạ", msg_id="g2", quote_msg_id="g1")
    assert not [item for item in shop.items("head") if '"waiting_since":"' in str(item.get("data"))]
