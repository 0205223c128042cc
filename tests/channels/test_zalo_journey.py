"""Zalo's whole way: a question in, its ticket, the agent's mail, the answer out, and what Zalo tells of it later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import desk, rounds
from chalicelib.channels import open_channel
from chalicelib.http import Lost, Response
from tests import aws, signing, story
from tests.channels.zalo_at_hand import APP_SECRET, GROUP, LINH, OA, RENEWING, SECRET, TOKEN, VISITOR, Platform
from tests.mailroom.shop import Shop, opened
from tests.quick_aws import quick
from tests.test_journey import body
from tests.world import Clock, Site, World, clocked

SERVED = {"channel": "zalo", "accounts": [OA], "options": {"app_id": signing.ZALO_APP}}
SECRETS = {
    "receive/oa": {"oa_secret_key": SECRET},
    "send/oa": {"app_secret": APP_SECRET, "access_tokens": {OA: f"{TOKEN}:{RENEWING}"}},
}


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
        made.configure(settings={**aws.SETTINGS, "connections": {"oa": SERVED}}, **SECRETS)
        monkeypatch.setattr(desk, "open_channel", partial(open_channel, http=asked))
        yield made


def happens(shop: Shop, name: str, sender: str, recipient: str, ago: float = 0, **message: Any) -> None:
    """What Zalo sends, proven and brought to rest."""
    deliver(shop.client, name, sender, recipient, time.time() - ago, message)
    shop.settle()


def deliver(client: Any, name: str, sender: str, recipient: str, at: float, message: dict[str, Any]) -> None:
    sides = {"sender": {"id": sender}, "recipient": {"id": recipient}, "oa_id": OA}
    event = {"app_id": signing.ZALO_APP, "event_name": name, **sides, "timestamp": str(round(at * 1000))}
    raw = json.dumps({**event, "message": message}, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **signing.zalo(raw, SECRET)}
    assert client.http.post("/webhooks/zalo/oa", headers=headers, body=raw).status_code == 200


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


def test_a_visitor_of_the_website_is_answered_in_their_visit(shop: Shop, site: Platform) -> None:
    visit: dict[str, Any] = {"conversation_id": "anon-42"}
    happens(shop, "anonymous_send_text", VISITOR, OA, 60, text="Còn bánh không ạ? パンは？", msg_id="v1", **visit)
    assert shop.answer(tickets(shop)[0], "Dạ còn ạ 🙂") == "reply"
    ((_, url, more),) = site.asked
    to = {"anonymous_id": VISITOR, "conversation_id": "anon-42"}
    assert (url.partition(".me")[2], more["json"]) == (
        "/v2.0/oa/message",
        {"recipient": to, "message": {"text": "Dạ còn ạ 🙂"}},
    )
    happens(shop, "oa_send_anonymous_text", OA, VISITOR, text="Dạ còn ạ 🙂", msg_id="c0ffee0001", **visit)
    assert (state(shop), len(shop.mails()), shop.waiting) == ("done", 1, False)


def test_a_reaction_opens_no_ticket_and_is_a_line_in_the_next_mail(shop: Shop) -> None:
    happens(shop, "user_reacted_message", LINH, OA, msg_id="m0", react_icon="/-heart")
    assert shop.mails() == []
    write(shop, "Có mở cửa không ạ?")
    happens(shop, "user_reacted_message", LINH, OA, msg_id="m1", react_icon="/-heart")
    write(shop, "Alo?", "m2")
    assert "❤️" in body(shop.mails()[-1])


# --- answers that were lost ------------------------------------------------------------------------------------------


@dataclass
class Chat(Site):
    """An account's chat with one person; of the first answers nobody hears, and the first `swallowed` never arrive."""

    swallowed: int = 0
    lost: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        if method == "GET":
            return good(list(reversed(self.lines)) if "/conversation?" in url else {"display_name": "Linh"})
        if self.swallowed:
            self.swallowed -= 1
            raise Lost("ReadTimeoutError")
        id = self.say(more["json"]["message"]["text"], 0, OA)
        if self.lost:
            self.lost -= 1
            raise Lost("ReadTimeoutError")
        return good({"message_id": id})

    def say(self, text: str, src: int, who: str) -> str:
        id, at = f"line-{len(self.lines)}", round(self.clock.now.timestamp() * 1000)
        line = {"src": src, "from_id": who, "time": at, "type": "text", "message": text, "message_id": id}
        self.lines.append(line)
        return id

    @property
    def answers(self) -> list[str]:
        return [line["message"] for line in self.lines if line["src"] == 0]


def good(data: Any) -> Response:
    return Response(200, json.dumps({"error": 0, "message": "Success", "data": data}).encode())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    import app

    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "SETTINGS", {**aws.SETTINGS, "connections": {"oa": SERVED}})
    monkeypatch.setattr(aws, "SECRETS", {**aws.SECRETS, **SECRETS})
    clock = Clock()
    site = Chat(clock)
    opening = partial(open_channel, http=site, now=lambda: clock.now)
    with quick(monkeypatch) as rig, Client(app.app) as client, clocked(monkeypatch, clock):
        for room in (desk, rounds):
            monkeypatch.setattr(room, "open_channel", opening)
        yield World(rig, client, clock, site)


def chat(world: World, text: str) -> tuple[Chat, str]:
    """A question, its ticket and the agent's answer to it, half an hour later; and the ledger's word on that."""
    assert isinstance(world.site, Chat)
    id = world.site.say("Có mở cửa không ạ?", 1, LINH)
    question = {"text": "Có mở cửa không ạ?", "msg_id": id}
    deliver(world.client, "user_send_text", LINH, OA, world.clock.epoch(), question)
    world.collect()
    world.pass_time(timedelta(minutes=10))
    ticket = world.mails()[0]
    world.agent(story.answer(ticket, text), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(timedelta(minutes=20))
    (reply,) = [item for item in world.items("i#") if item["kind"] == "reply"]
    return world.site, str(reply["state"])


def test_a_lost_answer_is_found_in_its_chat_and_never_sent_twice(world: World) -> None:
    assert isinstance(world.site, Chat)
    world.site.lost = 1
    found, state = chat(world, "Dạ có ạ, đến 18 giờ 🙂")
    assert (found.answers, state) == (["Dạ có ạ, đến 18 giờ 🙂"], "done")


def test_an_answer_that_is_not_in_its_chat_is_sent_again(world: World) -> None:
    assert isinstance(world.site, Chat)
    world.site.swallowed = 1
    found, state = chat(world, "Dạ có ạ, đến 18 giờ 🙂")
    assert (found.answers, state) == (["Dạ có ạ, đến 18 giờ 🙂"], "done")
