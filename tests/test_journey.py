"""A question's whole way: in by webhook, out as a ticket mail, the agent's mail in, the answer posted, the clock stopped.

Where AWS's own conditions, queues and schedules matter it is made on moto.
"""

from __future__ import annotations

import json
import time
from email.message import EmailMessage
from typing import Any

from chalicelib.http import Lost, Response
from tests import aws, signing
from tests.aws import SECRET, Stack

NOW = int(time.time())


def comment(
    text: str = "Habt ihr am Sonntag offen? ☕",
    id: str = "77_88",
    author: str = "9001",
    parent: str = "1002003004005_77",
) -> bytes:
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": id,
        "post_id": "1002003004005_77",
        "parent_id": parent,
        "from": {"id": author, "name": "Mia Muster"},
        "created_time": NOW,
        "message": text,
    }
    entry = {"id": "1002003004005", "time": NOW, "changes": [{"field": "feed", "value": value}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def post(stack: Stack, body: bytes, path: str = "/webhooks/facebook/facebook") -> Any:
    headers = {"content-type": "application/json", **signing.facebook(body, SECRET)}
    return stack.client.http.post(path, headers=headers, body=body)


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


def answer(ticket: EmailMessage, text: str, sender: str = "Anna <anna@lindner.example>", id: str = "a1") -> bytes:
    """As a mail program writes it: the answer on top, the ticket quoted below, a signature."""
    address = ticket["Reply-To"].addresses[0].addr_spec
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ticket["Reply-To"], f"Re: {ticket['Subject']}"
    mail["Message-ID"], mail["In-Reply-To"] = f"<{id}@lindner.example>", ticket["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in body(ticket).splitlines())
    mail.set_content(
        f"{text}\n\nAm 21.11.2026 um 10:12 schrieb Mia Muster (Facebook) <{address}>:\n{quoted}\n\n-- \nAnna\n"
    )
    return mail.as_bytes()


def reply_to(stack: Stack, text: str, **more: str) -> dict[str, Any]:
    ticket = stack.mails()[0]
    verdicts = {name: more.pop(name) for name in ("dmarc", "dkim") if name in more}
    return stack.mail_in(answer(ticket, text, **more), ticket["Reply-To"].addresses[0].addr_spec, **verdicts)


def test_a_customers_comment_becomes_a_ticket_mail(moto_stack: Stack) -> None:
    assert post(moto_stack, comment()).status_code == 200
    moto_stack.settle()
    (mail,) = moto_stack.mails()
    assert mail["Subject"] == "[Facebook] Mia Muster: Habt ihr am Sonntag offen? ☕"
    assert mail["From"].addresses[0].display_name == "Mia Muster (Facebook)"
    assert mail["From"].addresses[0].addr_spec == mail["Reply-To"].addresses[0].addr_spec
    assert mail["To"] == "support@lindner.example"


def test_a_redelivered_webhook_is_kept_once(moto_stack: Stack) -> None:
    for _ in range(3):
        assert post(moto_stack, comment()).status_code == 200
        moto_stack.settle()
    assert len(moto_stack.items("i#")) == 1
    assert len(moto_stack.mails()) == 1


def test_a_forgery_is_refused_and_leaves_nothing(stack: Stack) -> None:
    body = comment()
    answer = stack.client.http.post(
        "/webhooks/facebook/facebook", headers=signing.facebook(body, "another-secret-of-length"), body=body
    )
    assert answer.status_code == 401
    assert stack.items() == []


def test_ten_quick_messages_become_one_mail(stack: Stack) -> None:
    for number in range(10):
        post(stack, comment(f"Frage {number}", id=f"77_{number}", parent="77_88"))
    stack.settle()
    assert len(stack.mails()) == 1
    assert all(f"Frage {number}" in body(stack.mails()[0]) for number in range(10))


def test_a_reminder_is_scheduled_for_half_the_target(moto_stack: Stack) -> None:
    post(moto_stack, comment())
    moto_stack.settle()
    (name,) = moto_stack.schedules()
    schedule = aws.client("scheduler").get_schedule(Name=name, GroupName="bridgehead")
    assert schedule["Target"]["Arn"] == aws.ENVIRONMENT["QUEUE_ARN"]
    assert schedule["ActionAfterCompletion"] == "DELETE"


def test_the_agents_answer_is_posted_once_and_stops_the_clock(moto_stack: Stack) -> None:
    post(moto_stack, comment())
    moto_stack.settle()
    for _ in range(2):
        reply_to(moto_stack, "Ja, von 9 bis 18 Uhr. Bis Sonntag! 🙂")
        moto_stack.settle()
    assert [sent["message"] for sent in moto_stack.platform.posts] == ["Ja, von 9 bis 18 Uhr. Bis Sonntag! 🙂"]
    assert moto_stack.schedules() == []
    assert len(moto_stack.mails()) == 1


def test_a_strangers_mail_is_put_aside_in_silence(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    reply_to(stack, "Kauft Uhren!", sender="Anna <anna@elsewhere.example>")
    reply_to(stack, "Kauft Uhren!", dmarc="FAIL")
    stack.settle()
    assert stack.platform.posts == []
    assert sorted(item["reason"] for item in stack.items() if item["kind"] == "quarantine") == ["spoofed", "stranger"]
    assert len(stack.mails()) == 1


def test_a_refusal_by_the_platform_comes_back_into_the_ticket(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    gone = {"error": {"message": "Unsupported post request", "code": 100, "error_subcode": 33, "type": "x"}}
    stack.platform.answers.append(Response(400, json.dumps(gone).encode()))
    reply_to(stack, "Ja, gern!")
    stack.settle()
    ticket, notice = stack.mails()
    assert notice["X-Bridgehead-Kind"] == "notice"
    assert notice["From"] == ticket["From"]
    assert "Ja, gern!" in body(notice)


def test_an_answer_whose_outcome_is_unknown_is_looked_for_before_it_is_sent_again(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    stack.platform.answers.append(Lost("ReadTimeoutError"))
    reply_to(stack, "Ja, gern!")
    stack.settle()
    (reply,) = [item for item in stack.items("i#") if item["kind"] == "reply"]
    assert reply["state"] == "unknown"
    assert len(stack.platform.posts) == 1
    assert any(name.startswith("wake-") for name in stack.schedules())
