"""Texts and calls, their whole way: a webhook or a topic in, the ticket, the agent's mail, the text to the customer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import desk
from chalicelib.aws import texts
from chalicelib.channels import open_channel
from chalicelib.http import Response
from tests import aws, signing
from tests.channels.twilio_at_hand import MIA, SHOP, SID, TOKEN, Api, refused
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

CALL, RECORDING = f"CA{1:032x}", f"RE{1:032x}"
CALLER = "+819012345678"
CONNECTIONS = {
    "texts": {"channel": "sms", "accounts": [SHOP], "options": {"account_sid": SID}},
    "aws": {"channel": "sms", "accounts": ["+4366000001"], "options": {"provider": "aws", "configuration_set": "cs"}},
    "calls": {"channel": "phone", "accounts": [SHOP], "options": {"account_sid": SID, "transcribe": "twilio"}},
}


@pytest.fixture
def twilio() -> Api:
    line = {"line_type_intelligence": {"type": "mobile"}}
    return Api(
        **{
            "Messages": [Response(201, f'{{"sid": "SM9{n}"}}'.encode()) for n in range(5)],
            CALL: {"status": "completed"},
            "Recordings": {"recordings": [{"sid": RECORDING, "status": "completed", "duration": "9"}]},
            "Transcriptions": {"transcriptions": [{"status": "completed", "transcription_text": "荷物が届きません。"}]},
            RECORDING: Response(200, b"ID3 a voice"),
            "%2B819012345678": line,
        }
    )


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, twilio: Api) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        secrets = {f"{way}/{name}": {"auth_token": TOKEN} for way in ("receive", "send") for name in ("texts", "calls")}
        secrets |= {"receive/aws": {}, "send/aws": {}}
        made.configure(settings={**aws.SETTINGS, "connections": CONNECTIONS}, **secrets)
        monkeypatch.setattr(desk, "open_channel", partial(open_channel, http=twilio))
        monkeypatch.setattr("chalicelib.channels.sms.files.public_web.check", lambda url, loopback: "203.0.113.7")
        for channel in ("sms.Sms", "phone.Phone"):
            module, _, name = channel.partition(".")
            factory = f"chalicelib.channels.{module}.{name}"
            monkeypatch.setattr(f"{factory}.__init__", with_get(factory, twilio))
        yield made


def with_get(factory: str, twilio: Api) -> Any:
    """The channel's own start, but for files, which come from our Twilio, too."""
    module, _, name = factory.rpartition(".")
    plain = getattr(__import__(module, fromlist=[name]), name).__init__
    return lambda self, *given, **more: plain(self, *given, **{"get": twilio.fetch, **more})


def told(shop: Shop, channel: str, connection: str, **fields: str) -> str:
    """A delivery of Twilio's, proven and brought to rest; the answer to it."""
    url = f"{aws.SETTINGS['public_url']}/webhooks/{channel}/{connection}"
    raw = urlencode(fields).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", **signing.twilio(raw, TOKEN, url)}
    answer = shop.client.http.post(f"/webhooks/{channel}/{connection}", headers=headers, body=raw)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
    shop.settle()
    return answer.body.decode()


def text(shop: Shop, words: str, **more: str) -> EmailMessage:
    """Somebody texts the shop; the newest mail."""
    shop.sent += 1
    fields = {"MessageSid": f"SM{shop.sent:032x}", "From": MIA, "To": SHOP, "Body": words, "NumMedia": "0", **more}
    assert told(shop, "sms", "texts", **fields) == "<Response/>"
    return shop.mails()[-1]


def ring(shop: Shop, caller: str = CALLER) -> tuple[str, str]:
    """Somebody calls: what they hear, and the ticket."""
    heard = told(shop, "phone", "calls", CallSid=CALL, CallStatus="ringing", Direction="inbound", From=caller, To=SHOP)
    return heard, said(shop.mails()[-1])


def said(mail: EmailMessage) -> str:
    return " ".join(body(mail).split())


def test_a_text_becomes_a_ticket_and_the_answer_a_text(shop: Shop, twilio: Api) -> None:
    ticket = text(shop, "Habt ihr am Sonntag offen? ☕ 日曜日は？ هل أنتم مفتوحون؟")
    assert str(ticket["Subject"]).startswith(f"[SMS] {MIA}: Habt ihr am Sonntag offen? ☕ 日曜日は？")
    assert shop.answer(ticket, "Ja, bis 18 Uhr! はい 🙂") == "reply"
    callback = f"{aws.SETTINGS['public_url']}/webhooks/sms/texts#rc=2&rp=all"
    assert twilio.forms == [{"From": SHOP, "To": MIA, "Body": "Ja, bis 18 Uhr! はい 🙂", "StatusCallback": callback}]
    assert shop.entries("reply")[-1]["state"] == "done"


def test_a_text_that_was_not_delivered_is_told_to_the_agent(shop: Shop) -> None:
    shop.answer(text(shop, "Habt ihr offen?"), "Ja, bis 18 Uhr.")
    failed = {"MessageSid": "SM90", "MessageStatus": "undelivered", "ErrorCode": "30006", "From": SHOP, "To": MIA}
    told(shop, "sms", "texts", **failed)
    assert "SMS erreichen die Nummer von" in said(shop.notices[-1])
    assert shop.waiting


def test_after_stop_an_answer_is_refused_with_the_reason_until_start(shop: Shop, twilio: Api) -> None:
    ticket = text(shop, "Habt ihr offen?")
    told_of_it = said(text(shop, "Stopp"))
    assert "möchte per SMS keine Nachrichten von" in told_of_it
    assert "Stopp" not in told_of_it
    shop.answer(ticket, "Ja, bis 18 Uhr.")
    assert "hat STOP geschrieben" in said(shop.notices[-1])
    text(shop, "START", OptOutType="START")
    shop.answer(ticket, "Ja, bis 18 Uhr, und am Montag auch.")
    assert [form["Body"] for form in twilio.forms] == ["Ja, bis 18 Uhr, und am Montag auch."]


def test_a_stop_from_nowhere_opens_no_ticket_and_a_word_that_may_be_meant_for_us_does(shop: Shop) -> None:
    assert told(shop, "sms", "texts", MessageSid="SM1", From=MIA, To=SHOP, Body="STOP") == "<Response/>"
    assert shop.mails() == []
    assert "möchte keine SMS mehr" in said(text(shop, "取消"))


def test_a_picture_lies_behind_a_link(shop: Shop, twilio: Api) -> None:
    twilio.answers["ME1"] = Response(200, b"%PDF-1.7")
    address = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/SM1/Media/ME1"
    mail = text(shop, "", NumMedia="1", MediaUrl0=address, MediaContentType0="application/pdf")
    assert f"{aws.SETTINGS['public_url']}/files/" in body(mail)
    assert b"%PDF-1.7" in shop.aws.objects.values()


def topic(shop: Shop, **message: Any) -> None:
    """What AWS tells by its topic."""
    envelope = {"Type": "Notification", "Message": json.dumps(message), "Timestamp": datetime.now(UTC).isoformat()}
    record = {"messageId": "1", "body": json.dumps(envelope), "eventSource": "aws:sqs"}
    answer = shop.client.lambda_.invoke("topics", {"Records": [record]}).payload
    assert answer == {"batchItemFailures": []}
    shop.settle()


def test_by_aws_texts_come_by_the_topic_and_go_through_aws(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(texts, "send", lambda *given: sent.append(given) or "aws-1")  # type: ignore[func-returns-value]
    ours = "+4366000001"
    for _ in range(2):
        topic(shop, inboundMessageId="i-1", originationNumber=MIA, destinationNumber=ours, messageBody="我的订单呢？")
    (ticket,) = shop.mails()
    assert shop.answer(ticket, "明天到。") == "reply"
    assert sent == [(ours, MIA, "明天到。", 259_200, "cs")]
    topic(shop, eventType="TEXT_CARRIER_UNREACHABLE", isFinal=True, messageId="aws-1", originationPhoneNumber=ours)
    assert "SMS erreichen die Nummer von" in said(shop.notices[-1])
    topic(shop, eventType="TEXT_DELIVERED", messageId="aws-2", originationPhoneNumber=MIA)
    assert shop.aside == ["unknown account"]


def test_a_call_becomes_a_ticket_with_its_recording_and_words_and_the_answer_a_text(shop: Shop, twilio: Api) -> None:
    heard, ticket = ring(shop)
    assert 'language="ja-JP"' in heard
    assert "<Record" in heard
    assert str(shop.mails()[-1]["Subject"]).startswith(f"[Telefon] {CALLER}: 荷物が届きません。")
    assert "hat eine Maschine aus der Aufnahme mitgeschrieben" in ticket
    assert "bekommt Ihre Antwort als SMS" in ticket
    assert f"tel:{CALLER}" in ticket
    assert b"ID3 a voice" in shop.aws.objects.values()
    # whatever else is told of the same call changes nothing
    done = {"CallSid": CALL, "From": CALLER, "To": SHOP, "Direction": "inbound"}
    assert "<Hangup/>" in told(shop, "phone", "calls", **done, CallStatus="in-progress", RecordingSid=RECORDING)
    assert told(shop, "phone", "calls", **done, CallStatus="completed") == "<Response/>"
    assert len(shop.mails()) == 1
    assert shop.answer(shop.mails()[0], "明日お届けします。") == "reply"
    assert [(form["From"], form["To"], form["Body"]) for form in twilio.forms] == [(SHOP, CALLER, "明日お届けします。")]


def test_who_can_only_be_called_back_is_and_who_hides_the_number_cannot_be(shop: Shop, twilio: Api) -> None:
    twilio.answers["Recordings"] = {"recordings": []}
    twilio.answers["%2B819012345678"] = {"line_type_intelligence": {"type": "landline"}}
    _, ticket = ring(shop)
    assert "hat angerufen und keine Nachricht hinterlassen." in ticket
    assert "Bitte rufen Sie zurück" in ticket
    assert f"tel:{CALLER}" in ticket
    assert shop.answer(shop.mails()[-1], "Wir rufen an.") == "reply"
    assert "SMS erreichen die Nummer von" in said(shop.notices[-1])
    # who has called back says so, or the clock would run on
    assert "mit #erledigt in der ersten Zeile" in ticket
    assert shop.waiting
    assert shop.answer(shop.mails()[0], "#erledigt") == "closed"
    assert not shop.waiting
    twilio.answers["CA2"] = {"status": "completed"}
    told(shop, "phone", "calls", CallSid="CA2", CallStatus="ringing", Direction="inbound", From="anonymous", To=SHOP)
    anonymous = said(shop.mails()[-1])
    assert "Die Nummer war unterdrückt" in anonymous
    assert "tel:" not in anonymous


def test_while_twilio_does_not_answer_the_ticket_waits(shop: Shop, twilio: Api) -> None:
    twilio.answers[CALL] = [refused(20429, 429), {"status": "completed"}]
    told(shop, "phone", "calls", CallSid=CALL, CallStatus="ringing", Direction="inbound", From=CALLER, To=SHOP)
    assert shop.mails() == []
    assert [name.partition("-")[0] for name in shop.aws.timers] == ["wake"]
