"""Mail that nobody reads is noticed: what SES could not deliver, and a helpdesk that says nothing. And what needs no answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib import desk
from chalicelib.http import Response
from tests import aws, signing
from tests.aws import SETTINGS, Stack

NOW_MS = int(datetime.now(UTC).timestamp() * 1000) - 1000
# as SES publishes them: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
DETAILS: dict[str, dict[str, Any]] = {
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "support@lindner.example", "action": "failed", "status": "5.1.1"}],
        "timestamp": "2026-11-21T10:00:00.000Z",
        "feedbackId": "0107-f",
        "reportingMTA": "dsn; mta.example",
    },
    "complaint": {
        "complainedRecipients": [{"emailAddress": "support@lindner.example"}],
        "timestamp": "2026-11-21T10:00:00.000Z",
        "complaintFeedbackType": "abuse",
        "feedbackId": "0107-f",
        "userAgent": "Example/1.0",
    },
    "reject": {"reason": "Bad content"},
}


def customer(stack: Stack, person: str = "9001", **item: Any) -> None:
    piece = {"sender": {"id": person}, "recipient": {"id": "1002003004005"}, "timestamp": NOW_MS, **item}
    body = json.dumps(
        {"object": "page", "entry": [{"id": "1002003004005", "time": NOW_MS, "messaging": [piece]}]}
    ).encode()
    headers = {"content-type": "application/json", **signing.facebook(body, aws.SECRET)}
    assert stack.client.http.post("/webhooks/facebook/facebook", headers=headers, body=body).status_code == 200
    stack.settle()


def asks(stack: Stack, person: str = "9001", mid: str = "m_1") -> None:
    customer(stack, person, message={"mid": mid, "text": "Wo ist meine Bestellung?"})


def report(stack: Stack, item: dict[str, Any], event: str) -> None:
    """SES tells about a mail of ours, by way of SNS and the queue."""
    created = datetime.fromisoformat(item["sk"].split("#")[1])
    tags = {"place": item["pk"].replace("#", "_"), "mail": item["sk"].rpartition("#")[2]}
    told = {
        "eventType": event.capitalize(),
        "mail": {
            "timestamp": "2026-11-21T09:59:00.000Z",
            "messageId": "0107018f",
            "source": f"c-x@{aws.DOMAIN}",
            "destination": ["support@lindner.example"],
            "tags": {
                "ses:configuration-set": ["bridgehead"],
                **{name: [value] for name, value in tags.items()},
                "created": [str(round(created.timestamp() * 1000))],
            },
        },
        event: DETAILS[event],
    }
    record = aws._queued(json.dumps({"Type": "Notification", "Message": json.dumps(told)}))
    assert stack.client.lambda_.invoke("mailroom", {"Records": [record]}).payload == {"batchItemFailures": []}
    stack.settle()


def of_kind(stack: Stack, kind: str) -> list[EmailMessage]:
    return [mail for mail in stack.mails() if mail["X-Bridgehead-Kind"] == kind]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


@pytest.mark.parametrize(
    ("event", "reason"), [("bounce", "Permanent"), ("complaint", "abuse"), ("reject", "Bad content")]
)
def test_the_owner_hears_at_once_of_a_ticket_that_did_not_arrive(stack: Stack, event: str, reason: str) -> None:
    asks(stack)
    (item,) = stack.items("o#")
    report(stack, item, event)
    report(stack, item, event)
    (mail,) = of_kind(stack, "owner")
    assert mail["To"] == "chefin@lindner.example"
    assert reason in text_of(mail)
    assert "Wo ist meine Bestellung?" in text_of(mail)


def test_a_mail_to_the_owner_that_comes_back_causes_no_other(stack: Stack) -> None:
    asks(stack)
    report(stack, stack.items("o#")[0], "bounce")
    owners = [item for item in stack.items("o#") if json.loads(item["data"])["kind"] == "owner"]
    report(stack, owners[0], "bounce")
    assert len(of_kind(stack, "owner")) == 1


def later(stack: Stack, **more: float) -> None:
    room = desk._room()
    for head in stack.items("head"):
        desk.work(head["pk"], replace(room, now=lambda: datetime.now(UTC) + timedelta(**more)))


def mails_back(stack: Stack, ticket: EmailMessage, text: str, **headers: str) -> None:
    """A mail of the helpdesk's."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "support@lindner.example", ticket["Reply-To"], "Anfrage erhalten"
    mail["Message-ID"] = f"<{len(stack.items())}@lindner.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    stack.mail_in(mail.as_bytes(), ticket["Reply-To"].addresses[0].addr_spec)
    stack.settle()


def confirms(stack: Stack, ticket: EmailMessage) -> None:
    mails_back(stack, ticket, "Wir haben Ihre Anfrage erhalten.", Auto_Submitted="auto-replied")


def answers(stack: Stack, ticket: EmailMessage) -> None:
    mails_back(stack, ticket, "Ja, bis 18 Uhr. Bis bald! 🙂")


def test_of_a_silent_helpdesk_the_owner_hears_once_a_day_not_once_a_ticket(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    asks(stack, "9000", "m_9000")
    confirms(stack, stack.mails()[0])
    for person in ("9001", "9002", "9003"):
        asks(stack, person, f"m_{person}")
    later(stack, minutes=31)
    (mail,) = of_kind(stack, "owner")
    assert "support@lindner.example" in text_of(mail)
    assert "Spam" in text_of(mail)
    assert capsys.readouterr().out.count('"HelpdeskSilent":[1.0]') == 3, "not of the one that was confirmed"
    assert len(of_kind(stack, "reminder")) == 4


@pytest.mark.parametrize("kind", ["zendesk", "freshdesk", "rt", "django-helpdesk", "plain"])
def test_a_helpdesk_that_confirms_nothing_is_not_called_silent_for_that(stack: Stack, kind: str) -> None:
    stack.configure({**SETTINGS, "helpdesk": {**SETTINGS["helpdesk"], "kind": kind}})
    asks(stack)
    later(stack, minutes=50)
    assert of_kind(stack, "owner") == []


def test_a_helpdesk_whose_confirmations_are_switched_off_is_known_for_it_after_its_next_answer(stack: Stack) -> None:
    for person, comes_back in (("9001", confirms), ("9002", answers)):
        asks(stack, person, f"m_{person}")
        comes_back(stack, stack.mails()[-1])
    asks(stack, "9003", "m_9003")
    later(stack, minutes=50)
    assert of_kind(stack, "owner") == []


def test_a_helpdesk_of_which_nothing_comes_for_a_day_is_silent_whatever_it_is(stack: Stack) -> None:
    days = {"name": "default", "first_response": 180_000, "next_response": 180_000, "always_open": True}
    stack.configure({**SETTINGS, "policies": [days]})
    asks(stack)
    later(stack, hours=26)
    assert len(of_kind(stack, "owner")) == 1


def test_a_helpdesk_that_answers_others_is_not_silent_for_days(stack: Stack) -> None:
    days = {"name": "default", "first_response": 180_000, "next_response": 180_000, "always_open": True}
    stack.configure({**SETTINGS, "policies": [days]})
    asks(stack)
    asks(stack, "9002", "m_9002")
    answers(stack, stack.mails()[-1])
    later(stack, hours=26)
    assert of_kind(stack, "owner") == []


def test_why_a_mail_was_no_answer_is_kept_with_what_it_taught(stack: Stack) -> None:
    asks(stack)
    confirms(stack, stack.mails()[0])
    (learnt,) = [json.loads(item["data"]) for item in stack.items("i#") if item["kind"] == "learnt"]
    assert (learnt.get("subject"), learnt["reason"]) == (None, "automatic"), "a subject quotes the customer"


def test_a_helpdesk_gets_what_it_can_sort_tickets_by_and_no_word_of_a_customers(stack: Stack) -> None:
    stack.configure({**SETTINGS, "helpdesk": {**SETTINGS["helpdesk"], "kind": "zammad"}})
    asks(stack)
    (ticket,) = stack.mails()
    found = {name: value for name, value in ticket.items() if name.startswith("X-Zammad")}
    assert found == {"X-Zammad-Ticket-Tags": "facebook,direct"}


def reacts(stack: Stack, mid: str, **more: str) -> None:
    customer(stack, reaction={"mid": mid, "action": "react", "reaction": "love", "emoji": "❤️", **more})


def test_a_reaction_opens_no_ticket_starts_no_clock_and_shows_in_the_next_mail(stack: Stack) -> None:
    asks(stack)
    ticket = stack.mails()[0]
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "anna@lindner.example", ticket["Reply-To"], "Re: x"
    answer["Message-ID"] = "<a@lindner.example>"
    answer.set_content("Sie kommt morgen.")
    posted = {"recipient_id": "9001", "message_id": "m_ours"}
    stack.platform.answers.append(Response(200, json.dumps(posted).encode()))
    stack.mail_in(answer.as_bytes(), ticket["Reply-To"].addresses[0].addr_spec)
    stack.settle()
    reacts(stack, "m_ours")
    reacts(stack, "m_ours")
    assert len(stack.mails()) == 1
    assert stack.schedules() == []
    kinds = [item["kind"] for item in stack.items("i#") if not item["pk"].startswith("id#")]
    assert kinds.count("reaction") == 1
    asks(stack, mid="m_2")
    assert "hat reagiert mit:\r\n  ❤️" in text_of(stack.mails()[-1])


def test_a_reaction_to_what_we_do_not_know_is_forgotten_in_silence(stack: Stack) -> None:
    reacts(stack, "m_of_long_ago")
    (waiting,) = stack.items("i#")
    desk.work(waiting["pk"], replace(desk._room(), now=lambda: datetime.now(UTC) + timedelta(days=2)))
    assert "todo" not in stack.items("i#")[0]
    assert [item for item in stack.items() if item["kind"] == "quarantine"] == []
    assert stack.mails() == []
