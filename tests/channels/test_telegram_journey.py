"""Telegram's and Viber's whole way: a question in, its ticket, the agent's mail, the answer out, and what comes between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from chalicelib import desk
from chalicelib.channels import open_channel
from chalicelib.http import Lost, Response
from infra.simulator.media import CAT, png
from tests import aws, signing
from tests.channels import viber_at_hand
from tests.channels.telegram_at_hand import BOT, GROUP, MIA, TOKEN, error, sent
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

SECRET, CAT_PNG = "a-secret-of-decent-length", png(CAT.splitlines())
PERSON = {"id": int(MIA), "is_bot": False, "first_name": "Mia", "last_name": "Müßig"}
CHAT = {"id": int(MIA), "first_name": "Mia", "type": "private"}
B = {"business_connection_id": "bC-1_x"}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        url = "http://127.0.0.1:9"
        connections = {
            "cafe": {"channel": "telegram", "accounts": [BOT], "options": {"api_url": url}},
            "bar": {"channel": "viber", "accounts": [viber_at_hand.BOT], "options": {}},
        }
        secrets = {
            "receive/cafe": {"secret_token": SECRET},
            "send/cafe": {"secret_token": SECRET, "bot_token": TOKEN},
            "receive/bar": {"auth_token": SECRET},
            "send/bar": {"auth_token": SECRET},
        }
        made.configure(settings={**aws.SETTINGS, "connections": connections}, **secrets)

        def open_(connection: Any, **seams: Any) -> Any:
            files = {"get": lambda url, **more: Response(200, CAT_PNG)} if connection.channel == "telegram" else {}
            return open_channel(connection, http=made.platform, **files, **seams)

        monkeypatch.setattr(desk, "open_channel", partial(open_))
        yield made


def deliver(shop: Shop, kind: str, told: Mapping[str, Any]) -> str:
    """What Telegram pushes, proven and brought to rest; what it is answered with."""
    shop.sent += 1
    raw = json.dumps({"update_id": 88_200_000 + shop.sent, kind: told}).encode()
    return posted(shop, "telegram/cafe", raw, signing.telegram(raw, SECRET))


def posted(shop: Shop, to: str, raw: bytes, headers: dict[str, str]) -> str:
    answer = shop.client.http.post(f"/webhooks/{to}", headers={"content-type": "application/json", **headers}, body=raw)
    assert answer.status_code == 200
    shop.settle()
    return str(answer.body.decode())


def message(number: int, **more: Any) -> dict[str, Any]:
    return {"message_id": number, "from": PERSON, "chat": CHAT, "date": int(time.time()), **more}


def write(shop: Shop, text: str, **more: Any) -> None:
    deliver(shop, "message", message(100 + shop.sent, text=text, **more))


def answer(shop: Shop, text: str, *answers: Any) -> str:
    """The outcome of an agent's mail; Telegram answers as told, or takes it as message 140."""
    taken = answers or (sent(140),)
    shop.platform.answers += [
        each if isinstance(each, Exception | Response) else Response(200, json.dumps(each).encode()) for each in taken
    ]
    return shop.answer(tickets(shop)[-1], text)


def tickets(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]


def conversations(shop: Shop) -> list[str]:
    return [item["pk"] for item in shop.items("head") if item["pk"].isalnum()]


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def test_a_question_becomes_a_ticket_and_the_answer_goes_back(shop: Shop) -> None:
    write(shop, "Habt ihr am Sonntag offen? ☕ 日曜日は？ هل أنتم مفتوحون؟")
    (ticket,) = tickets(shop)
    assert str(ticket["Subject"]).startswith("[Telegram] Mia Müßig: Habt ihr am Sonntag offen? ☕ 日曜日は？")
    assert answer(shop, "Ja, bis 18 Uhr! <b>はい</b> 🙂") == "reply"
    (post,) = shop.platform.posts
    assert (post["chat_id"], post["text"]) == (MIA, "Ja, bis 18 Uhr! <b>はい</b> 🙂")
    assert (state(shop), shop.notices) == ("done", [])


def test_an_album_is_one_ticket_with_all_its_pictures_and_no_mail_names_the_token(shop: Shop) -> None:
    shop.platform.answers += [
        Response(200, json.dumps({"ok": True, "result": {"file_path": f"photos/{n}.png"}}).encode()) for n in range(3)
    ]
    for number in range(3):
        caption = {} if number else {"caption": "Drei Bilder vom Schaden"}
        photo = [{"file_id": f"AgAC{number}", "width": 9, "height": 9}]
        deliver(shop, "message", message(106 + number, media_group_id="1392", photo=photo, **caption))
    assert len(conversations(shop)) == 1
    asked = [more["json"]["file_id"] for _, url, more in shop.platform.requests if url.endswith("/getFile")]
    assert asked == ["AgAC0", "AgAC1", "AgAC2"]
    pictures = [part for mail in shop.mails() for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in pictures] == [CAT_PNG] * 3
    assert TOKEN not in "".join(mail.as_string() for mail in shop.mails())


def test_a_lost_answer_is_not_sent_again(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.", Lost("ReadTimeoutError"))
    assert (state(shop), len(shop.platform.posts)) == ("unknown", 1)


def test_who_blocked_the_bot_is_told_to_the_agent(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.", error(403, "Forbidden: bot was blocked by the user"))
    assert state(shop) == "refused"
    assert "Ja, bis 18 Uhr." in body(shop.notices[-1])


def test_a_question_in_a_group_is_public_and_a_private_answer_stays_away(shop: Shop) -> None:
    write(shop, "@cafe_lindner_bot Wer kommt?", chat={"id": int(GROUP), "title": "Freunde", "type": "supergroup"})
    assert answer(shop, "#privat Nur für dich") == "held: private-only"
    shop.platform.answers.clear()
    assert answer(shop, "Wir alle!", sent(9, GROUP)) == "reply"
    assert [post["chat_id"] for post in shop.platform.posts] == [GROUP]


def test_a_group_that_gets_another_number_goes_on_in_the_same_tickets(shop: Shop) -> None:
    old, new = {"id": -412300, "type": "group"}, {"id": int(GROUP), "type": "supergroup"}
    linh = {"id": 7305, "first_name": "Nguyễn Linh"}
    write(shop, "@cafe_lindner_bot Habt ihr Brot? 🥖", chat=old)
    write(shop, "@cafe_lindner_bot Còn bánh không?", chat=old, **{"from": linh})
    for told in ({"chat": old, "migrate_to_chat_id": int(GROUP)}, {"chat": new, "migrate_from_chat_id": -412300}):
        deliver(shop, "message", message(1, **told))
        write(shop, "@cafe_lindner_bot パンはありますか", chat=new)
        write(shop, "@cafe_lindner_bot Und Kuchen?", chat=new)
    assert len(conversations(shop)) == 2
    mias = [each for each in tickets(shop) if "Mia Müßig" in str(each["From"])]
    assert len({str(each["Reply-To"]) for each in mias}) == 1
    assert answer(shop, "Ja, beides!", sent(9, GROUP)) == "reply"
    assert [post["chat_id"] for post in shop.platform.posts] == [GROUP]
    write(shop, "@cafe_lindner_bot هل الخبز طازج؟", chat=new, **{"from": {"id": 7306, "first_name": "ليلى"}})
    assert len(conversations(shop)) == 3, "who is new gets a ticket"
    assert answer(shop, "نعم", sent(12, GROUP)) == "reply"
    assert [post["chat_id"] for post in shop.platform.posts] == [GROUP, GROUP]


def test_a_business_is_answered_for_and_what_it_says_itself_stops_the_clock(shop: Shop) -> None:
    deliver(shop, "business_message", message(66, text="Ist mein Kuchen fertig?", **B))
    answer(shop, "Ja, seit heute früh!", sent(67, **B))
    assert shop.platform.posts[0]["business_connection_id"] == "bC-1_x"
    deliver(shop, "business_message", {**message(67, text="Ja, seit heute früh!", **B), "from": {"id": 33}})
    assert (state(shop), len(tickets(shop))) == ("done", 1)
    deliver(shop, "business_message", message(68, text="Und die Torte?", **B))
    assert shop.waiting
    deliver(shop, "business_message", {**message(69, text="Auch!", **B), "from": {"id": 33}})
    assert "Auch!" in body(shop.mails()[-1])


def test_a_direct_message_to_a_channel_is_answered_in_its_topic_by_us_or_by_hand(shop: Shop) -> None:
    chat = {"id": int(GROUP), "title": "Café Lindner", "type": "supergroup", "is_direct_messages": True}
    place = {"chat": chat, "direct_messages_topic": {"topic_id": int(MIA), "user": PERSON}}
    write(shop, "Còn bàn cho 4 người không? 🪑", **place)
    assert answer(shop, "Dạ còn ạ!", sent(67, GROUP)) == "reply"
    (post,) = shop.platform.posts
    assert (post["chat_id"], post["direct_messages_topic_id"], post["text"]) == (GROUP, int(MIA), "Dạ còn ạ!")
    write(shop, "Und um acht?", **place)
    assert shop.waiting
    by_hand = {"from": {"id": 1087968824, "is_bot": True}, "sender_chat": {"id": -100, "type": "channel"}}
    deliver(shop, "message", {**message(90, text="Auch!", **place), **by_hand})
    assert "Auch!" in body(shop.mails()[-1])
    assert len(conversations(shop)) == 1


def test_who_blocks_the_bot_is_a_line_in_their_ticket_and_no_ticket_of_its_own(shop: Shop) -> None:
    now = int(time.time())
    kicked = {"chat": CHAT, "from": PERSON, "date": now, "new_chat_member": {"status": "kicked"}}
    deliver(shop, "my_chat_member", {**kicked, "date": now - 60})
    assert conversations(shop) == []
    write(shop, "Habt ihr offen?")
    deliver(shop, "my_chat_member", kicked)
    assert len(shop.mails()) == 2
    assert "keine Nachrichten von" in body(shop.mails()[-1])


def test_a_pressed_button_is_answered_at_once_and_other_updates_with_nothing(shop: Shop) -> None:
    assert deliver(shop, "message", message(100, text="Hallo?")) == ""
    pressed = {"id": "4382", "from": PERSON, "message": message(102), "data": "csat:1"}
    assert json.loads(deliver(shop, "callback_query", pressed))["callback_query_id"] == "4382"
    assert len(conversations(shop)) == 1


def test_viber_goes_the_whole_way_and_tells_of_what_it_could_not_deliver(shop: Shop) -> None:
    told = {"event": "message", "timestamp": int(time.time() * 1000), "message_token": 5741311803571721088}
    sender = {"id": viber_at_hand.MIA, "name": "王小明"}
    asked = json.dumps({**told, "sender": sender, "message": {"type": "text", "text": "你们星期天开门吗？"}}).encode()
    posted(shop, "viber/bar", asked, signing.viber(asked, SECRET))
    assert str(tickets(shop)[0]["Subject"]).startswith("[Viber] 王小明: 你们星期天开门吗？")
    answer(shop, "开到六点！🙂", {"status": 0, "message_token": 5741311803571721999})
    assert (shop.platform.posts[0]["receiver"], shop.platform.posts[0]["text"]) == (viber_at_hand.MIA, "开到六点！🙂")
    failed = json.dumps({**told, "event": "failed", "message_token": 5741311803571721999, "desc": "x"}).encode()
    posted(shop, "viber/bar", failed, signing.viber(failed, SECRET))
    assert (state(shop), len(shop.notices)) == ("undelivered", 1)
