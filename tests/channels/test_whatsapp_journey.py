"""WhatsApp's whole way: a question in, its ticket, the agent's mail, the answer out, and what WhatsApp tells of it later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.http import Lost, Response
from tests import aws, signing
from tests.channels.whatsapp_at_hand import MIA, MIAS_NUMBER, NUMBER, TEMPLATES
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

SECRET = "a-secret-of-decent-length"
NEW_ID = "AT.9900112233445"
DAY = 86_400


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        served = {"channel": "whatsapp", "accounts": [NUMBER], "options": {"templates": TEMPLATES}}
        secrets = {
            "receive/cafe": {"app_secret": SECRET, "verify_token": "a-verify-token-1"},
            "send/cafe": {"access_tokens": {NUMBER: "token-of-the-cafes-number"}},
        }
        made.configure(settings={**aws.SETTINGS, "connections": {"cafe": served}}, **secrets)
        yield made


def deliver(shop: Shop, **lists: Any) -> None:
    """What Meta sends, proven and brought to rest."""
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}, **lists}
    changes = [{"field": "messages", "value": value}]
    raw = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "59", "changes": changes}]}).encode()
    headers = {"content-type": "application/json", **signing.whatsapp(raw, SECRET)}
    assert shop.client.http.post("/webhooks/whatsapp/cafe", headers=headers, body=raw).status_code == 200
    shop.settle()


def write(shop: Shop, text: str, user_id: str = MIA, number: str = MIAS_NUMBER, ago: float = 0) -> None:
    """Somebody writes; either id may be missing."""
    shop.sent += 1
    ids = {"from_user_id": user_id} if user_id else {}
    contact = {"profile": {"name": "Mia Müßig"}, **({"wa_id": number} if number else {})}
    content = {"id": f"wamid.IN{shop.sent}", "timestamp": str(int(time.time() - ago)), "type": "text"}
    message = {**ids, **({"from": number} if number else {}), **content, "text": {"body": text}}
    deliver(shop, contacts=[{**contact, **({"user_id": user_id} if user_id else {})}], messages=[message])


def status(shop: Shop, kind: str, kept: str, id: str = "wamid.OURS", **more: Any) -> None:
    told = {"id": id, "status": kind, "timestamp": str(int(time.time())), "recipient_user_id": MIA}
    deliver(shop, statuses=[{**told, "biz_opaque_callback_data": kept, **more}])


def answer(shop: Shop, text: str, *answers: Any) -> str:
    """The outcome of an agent's mail; Meta answers as told, or takes it as `wamid.OURS`."""
    shop.platform.answers += list(answers) or [taken("wamid.OURS")]
    return shop.answer(tickets(shop)[-1], text)


def taken(id: str) -> Response:
    return Response(200, json.dumps({"messages": [{"id": id}]}).encode())


def tickets(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]


def said(mail: EmailMessage) -> str:
    """What a mail says, whatever its lines."""
    return " ".join(body(mail).split())


def conversations(shop: Shop) -> list[str]:
    return [item["pk"] for item in shop.items("head") if item["pk"].isalnum()]


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def kept_by(shop: Shop) -> str:
    """What Meta was given to bring back."""
    return str(shop.platform.posts[-1]["biz_opaque_callback_data"])


def test_a_question_becomes_a_ticket_and_the_answer_goes_back(shop: Shop) -> None:
    write(shop, "Habt ihr am Sonntag offen? ☕ 日曜日は？ هل أنتم مفتوحون؟")
    (ticket,) = tickets(shop)
    assert str(ticket["Subject"]).startswith("[WhatsApp] Mia Müßig: Habt ihr am Sonntag offen? ☕ 日曜日は？")
    assert "https://wa.me/436601234567" in body(ticket)
    assert answer(shop, "Ja, bis 18 Uhr! はい 🙂") == "reply"
    (sent,) = shop.platform.posts
    assert (sent["recipient"], sent["text"]["body"]) == (MIA, "Ja, bis 18 Uhr! はい 🙂")
    assert (state(shop), shop.notices) == ("done", [])


def test_what_whatsapp_tells_of_an_answer_it_has_changes_nothing(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.")
    for kind in ("delivered", "sent", "read"):
        status(shop, kind, kept_by(shop))
    assert (state(shop), len(shop.mails()), len(shop.platform.posts)) == ("done", 1, 1)


def test_a_lost_answer_is_proven_by_its_status_and_never_sent_twice(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.", Lost("ReadTimeoutError"))
    assert state(shop) == "unknown"
    status(shop, "sent", kept_by(shop))
    assert (state(shop), len(shop.platform.posts), shop.notices) == ("done", 1, [])


FAILED = [{"code": 131047, "title": "Re-engagement message"}]


def test_an_answer_that_whatsapp_could_not_deliver_comes_back_into_the_ticket(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.")
    status(shop, "failed", kept_by(shop), errors=FAILED)
    assert state(shop) == "undelivered"
    assert "Ja, bis 18 Uhr." in body(shop.notices[-1])
    assert "order_update, we_are_open" in said(shop.notices[-1])


def test_an_answer_is_known_by_whatsapps_own_id_too_where_aws_gave_another(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.", taken("aws-message-1"))
    for kind in ("sent", "delivered"):
        status(shop, kind, kept_by(shop), id="wamid.REAL")
    assert (state(shop), len(shop.mails())) == ("done", 1)
    status(shop, "failed", kept_by(shop), id="wamid.REAL", errors=FAILED)
    assert (state(shop), len(shop.notices)) == ("undelivered", 1)


def test_a_failure_that_is_the_first_to_tell_of_an_answer_is_told_at_once(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    answer(shop, "Ja, bis 18 Uhr.", taken("aws-message-1"))
    status(shop, "failed", kept_by(shop), id="wamid.REAL", errors=FAILED)
    assert (state(shop), len(shop.notices)) == ("undelivered", 1)


def test_an_answer_given_in_the_app_stops_the_clock(shop: Shop) -> None:
    write(shop, "Habt ihr offen?", ago=60)
    assert shop.waiting
    told = {"to": MIAS_NUMBER, "to_user_id": MIA, "id": "wamid.SMB1", "timestamp": str(int(time.time()))}
    deliver(shop, message_echoes=[{**told, "type": "text", "text": {"body": "Ja, bis 18 Uhr!"}}])
    assert "Ja, bis 18 Uhr!" in body(shop.mails()[-1])
    assert not [item for item in shop.items("head") if '"waiting_since":"' in str(item.get("data"))]


def test_a_chat_has_no_public_side(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    assert answer(shop, "#öffentlich Ja, bis 18 Uhr.") == "held: no-public"


def test_a_question_in_a_group_is_public_and_answered_in_the_group(shop: Shop) -> None:
    ids = {"from": MIAS_NUMBER, "from_user_id": MIA, "group_id": "1203@g.us"}
    told = {**ids, "id": "wamid.G1", "timestamp": str(int(time.time())), "type": "text", "text": {"body": "Wer kommt?"}}
    deliver(shop, contacts=[{"profile": {"name": "Mia"}, "user_id": MIA}], messages=[told])
    assert "Ihre Antwort wird öffentlich" in said(tickets(shop)[0])
    assert answer(shop, "#privat Nur für dich") == "held: private-only"
    assert answer(shop, "Wir alle!") == "reply"
    (sent,) = shop.platform.posts
    assert (sent["recipient_type"], sent["to"]) == ("group", "1203@g.us")


# --- one person, several ids -----------------------------------------------------------------------------------------


def test_whoever_comes_with_both_ids_and_then_with_one_stays_in_one_conversation(shop: Shop) -> None:
    write(shop, "Mit beiden")
    write(shop, "Nur mit der Kennung", number="")
    assert len(conversations(shop)) == 1


def test_whoever_was_known_by_a_number_alone_stays_in_one_conversation(shop: Shop) -> None:
    write(shop, "Nur mit der Nummer", user_id="")
    write(shop, "Mit beiden")
    write(shop, "Nur mit der Kennung", number="")
    (conversation,) = conversations(shop)
    assert [item["pk"] for item in shop.entries("message") if "todo" not in item].count(conversation) == 3
    assert sum("Mit beiden" in item["data"] for item in shop.entries("message")) == 1
    assert len({str(ticket["Reply-To"]) for ticket in tickets(shop)}) == 1
    # an answer goes where the conversation began: the number is hers all the same
    answer(shop, "Ja, bis 18 Uhr.")
    assert shop.platform.posts[-1]["to"] == MIAS_NUMBER


def test_two_people_with_one_number_in_turn_are_two_conversations(shop: Shop) -> None:
    write(shop, "Ich gebe die Nummer ab", user_id="")
    deliver(shop, messages=[system("user_changed_number", old=MIAS_NUMBER, wa_id="436609999999")])
    write(shop, "Ich habe die Nummer jetzt", user_id="AT.5")
    assert len(conversations(shop)) == 2


def system(kind: str, old: str, **new: str) -> dict[str, Any]:
    told = {"id": "wamid.SYS1", "timestamp": str(int(time.time())), "type": "system"}
    side = "from_user_id" if "." in old else "from"
    return {side: old, **told, "system": {"type": kind, "body": "changed", **new}}


def test_whoever_gets_another_id_goes_on_in_the_same_ticket_and_is_answered_there(shop: Shop) -> None:
    write(shop, "Habt ihr offen?")
    deliver(shop, messages=[system("user_changed_user_id", old=MIA, user_id=NEW_ID)])
    assert len(shop.mails()) == 1
    answer(shop, "Ja, bis 18 Uhr.")
    assert shop.platform.posts[-1]["recipient"] == NEW_ID
    write(shop, "Und am Montag?", user_id=NEW_ID, number="436609999999")
    assert len(conversations(shop)) == 1
    assert tickets(shop)[-1]["Reply-To"] == tickets(shop)[0]["Reply-To"]
    status(shop, "sent", kept_by(shop), id="wamid.OTHER")
    assert state(shop) == "done"


def test_a_change_of_id_of_somebody_who_never_wrote_opens_nothing(shop: Shop) -> None:
    deliver(shop, messages=[system("user_changed_number", old="436601111111", wa_id="436602222222")])
    assert (shop.mails(), conversations(shop)) == ([], [])


# --- approved texts --------------------------------------------------------------------------------------------------


def test_when_the_day_is_over_the_agent_learns_which_texts_still_go_and_sends_one(shop: Shop) -> None:
    write(shop, "Wann kommt mein Kuchen?", ago=2 * DAY)
    assert "order_update, we_are_open" in said(tickets(shop)[0])
    assert answer(shop, "Morgen!") == "reply"
    assert shop.platform.posts == []
    assert "order_update, we_are_open" in said(shop.notices[-1])
    assert answer(shop, "#vorlage Order_Update\nMia\nmorgen um 9") == "reply"
    (sent,) = shop.platform.posts
    assert sent["template"]["name"] == "order_update"
    assert [each["text"] for each in sent["template"]["components"][0]["parameters"]] == ["Mia", "morgen um 9"]
    assert state(shop) == "done"


@pytest.mark.parametrize("first", ["#template", "#Vorlage", "#定型文", "#mẫu", "#模板", "＃模板："])
def test_a_template_is_asked_for_in_any_language_and_needs_no_words(shop: Shop, first: str) -> None:
    write(shop, "Habt ihr offen?", ago=2 * DAY)
    assert answer(shop, f"{first} we_are_open") == "reply"
    assert shop.platform.posts[0]["template"] == {
        "name": "we_are_open",
        "language": {"code": "en_US"},
        "components": [],
    }


@pytest.mark.parametrize("words", ["#template unheard_of", "#template\nMia", "#template"])
def test_a_template_that_is_not_there_is_held_with_the_names_that_are(shop: Shop, words: str) -> None:
    write(shop, "Habt ihr offen?")
    assert answer(shop, words) == "held: template"
    assert shop.platform.posts == []
    assert "order_update, we_are_open" in said(shop.notices[-1])


def test_a_channel_without_templates_knows_none(shop: Shop) -> None:
    facebook = {name: aws.SECRETS[name] for name in ("receive/facebook", "send/facebook")}
    shop.configure(settings=aws.SETTINGS, **facebook)
    assert shop.answer(shop.ask(), "#template order_update") == "held: template"
    assert "#vorlage" not in body(shop.mails()[0])
