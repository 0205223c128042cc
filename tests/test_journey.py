"""A question's whole way: in by webhook, out as a ticket mail, the agent's mail in, the answer posted, the clock stopped."""

from __future__ import annotations

import json
import time
from typing import Any

from tests import aws, signing
from tests.aws import SECRET, Stack

NOW = int(time.time())


def comment(text: str = "Habt ihr am Sonntag offen? ☕", id: str = "77_88", author: str = "9001") -> bytes:
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": id,
        "post_id": "1002003004005_77",
        "parent_id": "1002003004005_77",
        "from": {"id": author, "name": "Mia Muster"},
        "created_time": NOW,
        "message": text,
    }
    entry = {"id": "1002003004005", "time": NOW, "changes": [{"field": "feed", "value": value}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def post(stack: Stack, body: bytes, path: str = "/webhooks/facebook/facebook") -> Any:
    headers = {"content-type": "application/json", **signing.facebook(body, SECRET)}
    return stack.client.http.post(path, headers=headers, body=body)


def test_a_customers_comment_becomes_a_ticket_mail(stack: Stack) -> None:
    assert post(stack, comment()).status_code == 200
    stack.settle()
    (mail,) = stack.mails()
    assert mail["Subject"] == "[Facebook] Mia Muster: Habt ihr am Sonntag offen? ☕"
    assert mail["From"].addresses[0].display_name == "Mia Muster (Facebook)"
    assert mail["From"].addresses[0].addr_spec == mail["Reply-To"].addresses[0].addr_spec
    assert mail["To"] == "support@lindner.example"


def test_a_redelivered_webhook_is_kept_once(stack: Stack) -> None:
    for _ in range(3):
        assert post(stack, comment()).status_code == 200
        stack.settle()
    assert len(stack.items("i#")) == 1
    assert len(stack.mails()) == 1


def test_a_forgery_is_refused_and_leaves_nothing(stack: Stack) -> None:
    body = comment()
    answer = stack.client.http.post(
        "/webhooks/facebook/facebook", headers=signing.facebook(body, "another-secret-of-length"), body=body
    )
    assert answer.status_code == 401
    assert stack.items() == []


def test_ten_quick_messages_become_one_mail(stack: Stack) -> None:
    for number in range(10):
        post(stack, comment(f"Frage {number}", id=f"77_{number}"))
    stack.settle()
    assert len(stack.mails()) == 1
    assert all(f"Frage {number}" in stack.mails()[0].as_string() for number in range(10))


def test_a_reminder_is_scheduled_for_half_the_target(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    (schedule,) = stack.schedules()
    assert schedule["Target"]["Arn"] == aws.ENVIRONMENT["QUEUE_ARN"]
    assert schedule["ActionAfterCompletion"] == "DELETE"
