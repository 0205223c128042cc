"""By whom texts come and go: what proves them, what a refusal means, what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib.aws import clients, texts
from chalicelib.channels.base import Forged, WebhookRequest
from chalicelib.phone import twilio
from chalicelib.phone.people import people, person_at, place
from chalicelib.phone.sending import TextFailed
from chalicelib.settings import build
from tests.phone.pocket import LEAD, NUMBER, OWNER, STRANGER, Pocket, pocket, settings

URL = "https://api.lindner.example/texts/twilio"
FIELDS = [("Body", "A7 はい 🙂 & ja"), ("From", OWNER), ("MessageSid", "SM1"), ("NumMedia", "0"), ("Empty", "")]


def delivery(body: str, signature: str, **more: Any) -> WebhookRequest:
    headers = {"x-twilio-signature": signature}
    return WebhookRequest("POST", headers, more.get("query", {}), body.encode(), 0.0)


def encoded(fields: list[tuple[str, str]]) -> str:
    return urlencode(fields)


def test_the_signature_is_over_our_address_and_every_field_by_name() -> None:
    fields = [("To", "+18005551212"), ("CallSid", "CA1234567890ABCDE"), ("Digits", "1234"), ("From", "+12349013030")]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature(url, [*fields, ("Caller", "+12349013030")], "12345") == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_delivery_is_believed_with_either_token_and_with_the_port_of_https() -> None:
    for url, token in ((URL, "new"), (URL, "old"), ("https://api.lindner.example:443/texts/twilio", "new")):
        proven = twilio.proven(delivery(encoded(FIELDS), twilio.signature(url, FIELDS, token)), URL, ["new", "old"])
        assert proven["Body"] == "A7 はい 🙂 & ja"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace("A7", "B3"),
        lambda body: body.replace("&Empty=", ""),
        lambda body: body + "&New=1",
        lambda body: body.replace("66077777", "66077778"),
    ],
)
def test_a_delivery_in_which_anything_was_changed_is_forged(change: Any) -> None:
    with pytest.raises(Forged):
        twilio.proven(delivery(change(encoded(FIELDS)), twilio.signature(URL, FIELDS, "new")), URL, ["new"])


def test_a_delivery_without_signature_to_another_address_or_with_a_query_is_forged() -> None:
    good = twilio.signature(URL, FIELDS, "new")
    for request in (delivery(encoded(FIELDS), ""), delivery(encoded(FIELDS), good, query={"a": "1"})):
        with pytest.raises(Forged):
            twilio.proven(request, URL, ["new"])
    with pytest.raises(Forged):
        twilio.proven(delivery(encoded(FIELDS), good), "https://other.example/texts/twilio", ["new"])


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pocket]:
    with pocket(monkeypatch, phone={"provider": "aws", "number": NUMBER, "daily_cap": 20}) as made:
        yield made


def told(**changes: str) -> str:
    message = {
        "originationNumber": OWNER,
        "destinationNumber": NUMBER,
        "messageKeyword": "KEYWORD_1",
        "messageBody": "Hilfe",
        "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84",
        **changes,
    }
    return envelope(json.dumps(message))


def envelope(message: str) -> str:
    return json.dumps({"Type": "Notification", "Message": message, "Timestamp": "2026-11-21T09:00:00.000Z"})


def topics_get(phone: Pocket, *bodies: str) -> Any:
    records = [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    answer = phone.world.client.lambda_.invoke("topics", {"Records": records}).payload
    phone.world.collect()
    phone.wait(0.1)
    return answer


def test_a_text_by_aws_comes_through_the_topic_and_is_kept_once(phone: Pocket, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr(texts, "send", lambda *given: f"aws-{sent.append(given)}")  # type: ignore[func-returns-value]
    assert topics_get(phone, told(), told()) == {"batchItemFailures": []}
    assert topics_get(phone, told()) == {"batchItemFailures": []}
    ((sender, to, words),) = sent
    assert (sender, to) == (NUMBER, OWNER)
    assert words.startswith("To answer a customer")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (told(originationNumber=STRANGER), "stranger"),
        (told(destinationNumber=LEAD), "other-number"),
        ("no json", "envelope: JSONDecodeError"),
        (envelope("[]"), "no object"),
        (envelope('{"some": "service"}'), "unknown kind"),
    ],
)
def test_what_cannot_be_used_is_put_aside_and_costs_the_others_nothing(phone: Pocket, body: str, reason: str) -> None:
    assert topics_get(phone, body, told()) == {"batchItemFailures": []}
    kinds = {item["kind"]: item for item in phone.world.items()}
    assert kinds["quarantine"]["reason"] == reason
    assert "text-in" in kinds


def test_a_phone_by_aws_takes_nothing_from_twilios_address(phone: Pocket) -> None:
    assert phone.deliver("A7 hallo").status_code == 401


def test_without_its_secret_the_phone_serves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with pocket(monkeypatch, secrets={}) as phone:
        assert phone.deliver("A7 hallo").status_code == 503


def test_the_number_itself_is_kept_nowhere_with_a_text(phone: Pocket) -> None:
    topics_get(phone, told())
    found = json.dumps(phone.world.items())
    assert OWNER not in found
    assert NUMBER not in found


def error(code: str, status: int = 400, **more: Any) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(told, "SendTextMessage")


@pytest.mark.parametrize(
    ("failure", "sure", "passing", "stopped"),
    [
        (error("ThrottlingException"), True, True, False),
        (error("AccessDeniedException"), True, True, False),
        (error("InternalServerException", 500), False, True, False),
        (error("ConflictException", Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT"), True, False, True),
        (error("ConflictException", Reason="DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), True, False, False),
        (error("ServiceQuotaExceededException", Reason="MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"), True, False, False),
        (EndpointConnectionError(endpoint_url="https://x"), True, True, False),
        (ReadTimeoutError(endpoint_url="https://x"), False, True, False),
    ],
)
def test_what_a_refusal_of_aws_means(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, sure: bool, passing: bool, stopped: bool
) -> None:
    class Service:
        def send_text_message(self, **asked: Any) -> Any:
            raise failure

    monkeypatch.setattr(clients, "client", lambda name: Service())
    with pytest.raises(TextFailed) as raised:
        texts.send(NUMBER, OWNER, "Hallo")
    assert (raised.value.sure, raised.value.passing, raised.value.stopped) == (sure, passing, stopped)


def test_aws_is_asked_for_one_text_from_our_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Service:
        def send_text_message(self, **given: Any) -> Any:
            asked.append(given)
            return {"MessageId": "aws-1"}

    monkeypatch.setattr(clients, "client", lambda name: Service())
    assert texts.send(NUMBER, OWNER, "Grüße 🎂") == "aws-1"
    (given,) = asked
    assert (given["OriginationIdentity"], given["DestinationPhoneNumber"]) == (NUMBER, OWNER)
    assert (given["MessageBody"], given["MessageType"]) == ("Grüße 🎂", "TRANSACTIONAL")


def test_texts_are_never_retried_by_the_sdk() -> None:
    assert clients.ATTEMPTS["pinpoint-sms-voice-v2"] == 1


def test_a_shared_phone_is_one_phone_and_a_strangers_is_nobodys() -> None:
    lead = {"address": "lead@lindner.example", "phone": OWNER}
    both = build(settings(lead=lead))
    assert [role for role, _ in people(both)] == ["owner"]
    assert person_at(place(STRANGER, both), both) is None
    assert place(OWNER, both) != place(OWNER, build(settings(reply_domain="reply.other.example")))
