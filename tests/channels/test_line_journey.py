"""LINE's whole way: a question in, its ticket, the agent's mail, one push out, whatever happens on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from chalicelib import desk, intake
from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection
from chalicelib.desk import delivery
from chalicelib.http import Lost, Response
from chalicelib.model import Trouble, TroubleKind
from tests import aws, signing
from tests.channels.line_at_hand import BOT, GROUP, MIA, SECRET, TOKEN, YUI, Platform
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

CAT = b"\x89PNG\r\n\x1a\n a cat"


@pytest.fixture
def site() -> Platform:
    return Platform()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, site: Platform) -> Iterator[Shop]:
    def get(url: str, **more: Any) -> Response:
        return Response(200, CAT)

    def asked(method: str, url: str, **more: Any) -> Response:
        if method == "GET":
            return Response(200, json.dumps({"displayName": "佐藤 美咲 🌸"}).encode())
        return site(method, url, **more)

    with opened(monkeypatch) as made:
        served = {"channel": "line", "accounts": [BOT], "options": {}}
        secrets = {"receive/cafe": {"channel_secret": SECRET}, "send/cafe": {"access_tokens": {BOT: TOKEN}}}
        made.configure(settings={**aws.SETTINGS, "connections": {"cafe": served}}, **secrets)
        monkeypatch.setattr(desk, "open_channel", partial(open_channel, http=asked, get=get))
        monkeypatch.setattr(delivery, "SETTLE", timedelta(0))
        monkeypatch.setattr("chalicelib.public_web.check", lambda url, loopback=False: "203.0.113.7")
        yield made


def happens(shop: Shop, kind: str, source: dict[str, str] | None = None, ago: float = 0, **more: Any) -> None:
    """What LINE sends, proven and brought to rest."""
    shop.sent += 1
    told = {"type": kind, "mode": "active", "timestamp": round((time.time() - ago) * 1000), **more}
    event = {**told, "source": source or {"type": "user", "userId": MIA}, "webhookEventId": f"E{shop.sent}"}
    raw = json.dumps({"destination": BOT, "events": [event]}, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **signing.line(raw, SECRET)}
    assert shop.client.http.post("/webhooks/line/cafe", headers=headers, body=raw).status_code == 200
    shop.settle()


def write(shop: Shop, text: str, source: dict[str, str] | None = None, id: str = "5710") -> None:
    happens(shop, "message", source, message={"type": "text", "id": id, "text": text})


def tickets(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def test_a_question_becomes_a_ticket_and_the_answer_goes_back(shop: Shop, site: Platform) -> None:
    for _ in range(2):
        write(shop, "Habt ihr am Sonntag offen? ☕ 日曜日は？ هل أنتم مفتوحون؟")
    (ticket,) = tickets(shop)
    assert str(ticket["Subject"]).startswith("[LINE] 佐藤 美咲 🌸: Habt ihr am Sonntag offen? ☕ 日曜日は？")
    assert "22.000 Zeichen (ein Emoji zählt als 2 oder mehr)" in " ".join(body(ticket).split())
    assert shop.answer(ticket, "Ja, bis 18 Uhr! はい 🙂") == "reply"
    assert site.bodies == [{"to": MIA, "messages": [{"type": "text", "text": "Ja, bis 18 Uhr! はい 🙂"}]}]
    assert (state(shop), shop.notices, shop.waiting) == ("done", [], False)


def test_an_answer_that_was_lost_is_sent_again_under_the_same_key_and_told_to_nobody(
    shop: Shop, site: Platform
) -> None:
    write(shop, "Habt ihr offen?")
    known = {"message": "The retry key is already accepted", "sentMessages": [{"id": "4612"}]}
    site.answers = [Lost("ReadTimeoutError"), (409, known)]
    shop.answer(tickets(shop)[0], "Ja, bis 18 Uhr.")
    assert state(shop) == "pending"
    (conversation,) = {item["pk"] for item in shop.entries("reply")}
    for item in shop.aws.rows.values():
        item.pop("not_before", None)
    desk.work(conversation, desk._room())
    keys = {more["headers"]["x-line-retry-key"] for _, _, more in site.asked}
    assert (state(shop), len(site.asked), len(keys), shop.notices) == ("done", 2, 1, [])


def test_a_used_up_quota_comes_back_into_the_ticket_with_what_to_do(shop: Shop, site: Platform) -> None:
    write(shop, "Habt ihr offen?")
    site.answers = [(429, "You have reached your monthly limit.")]
    shop.answer(tickets(shop)[0], "Ja, bis 18 Uhr.")
    assert (state(shop), len(site.asked)) == ("refused", 1)
    assert "Kontingent" in body(shop.notices[-1])


def test_a_picture_is_fetched_by_its_message_and_stands_in_the_ticket(shop: Shop) -> None:
    happens(shop, "message", message={"type": "image", "id": "5711", "contentProvider": {"type": "line"}})
    (ticket,) = tickets(shop)
    assert [part.get_payload(decode=True) for part in ticket.walk() if part.get_content_type() == "image/png"] == [CAT]


def test_in_a_group_everybody_has_a_ticket_and_all_read_the_answer(shop: Shop, site: Platform) -> None:
    write(shop, "予約できますか？", {"type": "group", "groupId": GROUP, "userId": YUI})
    write(shop, "Und ich?", {"type": "group", "groupId": GROUP, "userId": MIA}, "5712")
    assert len(tickets(shop)) == 2
    assert "Ihre Antwort wird öffentlich" in " ".join(body(tickets(shop)[0]).split())
    assert shop.answer(tickets(shop)[0], "#privat Nur für dich") == "held: private-only"
    assert shop.answer(tickets(shop)[0], "はい、できます！") == "reply"
    assert [sent["to"] for sent in site.bodies] == [GROUP]


def test_who_blocks_the_account_is_told_of_in_the_ticket_and_of_strangers_nobody_hears(shop: Shop) -> None:
    happens(shop, "unfollow", {"type": "user", "userId": YUI})
    assert shop.mails() == []
    write(shop, "Habt ihr offen?")
    happens(shop, "unfollow")
    assert "möchte auf LINE keine Nachrichten von" in " ".join(body(tickets(shop)[-1]).split())
    assert len(tickets(shop)) == 2


def test_what_is_taken_back_is_gone(shop: Shop) -> None:
    write(shop, "Meine Nummer ist 0660 1234567")
    happens(shop, "unsend", unsend={"messageId": "5710"})
    assert [item for item in shop.entries("message") if "0660 1234567" in str(item)] == []


@pytest.mark.parametrize(("step", "said"), [("80", "80 %"), ("100", "100 %")])
def test_the_owner_is_told_that_the_months_messages_end(shop: Shop, step: str, said: str) -> None:
    now = datetime.now(UTC)
    told = Trouble("line", BOT, f"quota:{step}", TroubleKind.QUOTA, now, step)
    intake.keep_events([told], Connection("cafe", "line", (BOT,)), now)
    shop.settle()
    (mail,) = shop.mails()
    assert f"hat {said} der Nachrichten verbraucht, die LINE in diesem Monat erlaubt" in " ".join(body(mail).split())
