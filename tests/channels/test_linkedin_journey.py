"""LinkedIn's whole way: a comment in, its ticket, the agent's mail, the comment of the page's, and its notification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.http import Lost, Response
from tests import aws, signing
from tests.channels.linkedin_at_hand import ANSWER, COMMENT, MAI, OURS, PAGE, POST, SECRET, TOKEN, payload, posted
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

NUMBER = "7291300000000000001"
CREATED = Response(201, b"", {"x-restli-id": NUMBER})
QUESTION = "Giao hàng đến Đà Nẵng mất mấy ngày ạ? 📦"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        served = {"channel": "linkedin", "accounts": [PAGE], "options": {}}
        secrets = {
            "receive/page": {"client_secret": SECRET},
            "send/page": {"client_secret": SECRET, "access_tokens": {PAGE: TOKEN}},
        }
        made.configure(settings={**aws.SETTINGS, "connections": {"page": served}}, **secrets)
        yield made


def deliver(shop: Shop, name: str, secret: str = SECRET) -> int:
    """What LinkedIn sends, as if it were written now."""
    told = json.loads(payload(name))
    for each in told["notifications"]:
        each["lastModifiedAt"] = round((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1000)
    raw = json.dumps(told).encode()
    headers = {"content-type": "application/json", **signing.linkedin(raw, secret)}
    status = shop.client.http.post("/webhooks/linkedin/page", headers=headers, body=raw).status_code
    shop.settle()
    return int(status)


def state(shop: Shop) -> str:
    return str(shop.entries("reply")[-1]["state"])


def waiting(shop: Shop) -> bool:
    return bool([item for item in shop.items("head") if '"waiting_since":"' in str(item.get("data"))])


def test_a_comment_becomes_a_ticket_and_the_answer_a_comment_under_it(shop: Shop) -> None:
    assert [deliver(shop, "comment") for _ in range(2)] == [200, 200]
    (ticket,) = shop.mails()
    assert QUESTION in body(ticket)
    assert "https://www.linkedin.com/feed/update/urn:li:activity:7291004455667788990/?commentUrn=" in body(ticket)
    assert "1.250" in body(ticket)
    shop.platform.answers += [CREATED]
    assert shop.answer(ticket, ANSWER) == "reply"
    assert shop.platform.posts == [
        {"actor": OURS, "object": POST, "message": {"text": ANSWER}, "parentComment": COMMENT},
    ]
    assert (state(shop), waiting(shop), shop.notices) == ("done", False, [])


def test_a_forgery_leaves_nothing(shop: Shop) -> None:
    assert deliver(shop, "comment", "WPL_AP1.of-somebody-else") == 401
    assert shop.items() == []


def test_linkedin_is_answered_when_it_asks_whether_we_are_there(shop: Shop) -> None:
    answer = shop.client.http.get("/webhooks/linkedin/page?challengeCode=0b6cf2a4-6f0b-4e0e-9c36-7d6f0f6f7a11")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert len(answer.json_body["challengeResponse"]) == 64


def test_our_answer_coming_back_is_no_ticket(shop: Shop) -> None:
    deliver(shop, "comment")
    shop.platform.answers += [Response(201, b"", {"x-restli-id": "7291100000000000015"})]
    shop.answer(shop.mails()[0], "Zwei Tage, ab Wien.")
    deliver(shop, "admin_comment")
    assert (len(shop.mails()), state(shop)) == (1, "done")


def test_an_answer_on_linkedin_itself_stops_the_clock(shop: Shop) -> None:
    deliver(shop, "comment")
    assert waiting(shop)
    deliver(shop, "admin_comment")
    assert not waiting(shop)


def test_an_answer_whose_outcome_nobody_knows_is_looked_for(shop: Shop) -> None:
    deliver(shop, "comment")
    shop.platform.answers += [Lost("ReadTimeoutError")]
    shop.answer(shop.mails()[0], ANSWER)
    assert (state(shop), len(shop.platform.posts)) == ("unknown", 1)


def test_a_comment_without_words_is_completed_before_its_ticket(shop: Shop) -> None:
    told: dict[str, Any] = posted("7291100000000000007", "Wann öffnet ihr? 何時に開きますか", MAI)
    shop.platform.answers += [Response(200, json.dumps(told).encode())]
    deliver(shop, "comment_without_decoration")
    (ticket,) = [mail for mail in shop.mails() if mail["X-Bridgehead-Kind"] == "ticket"]
    assert "Wann öffnet ihr? 何時に開きますか" in body(ticket)
    shop.platform.answers += [CREATED]
    assert shop.answer(ticket, ANSWER) == "reply"
    assert shop.platform.posts[-1]["parentComment"] == f"urn:li:comment:({POST},7291100000000000007)"


def test_a_person_without_decoration_joins_their_own_conversation(shop: Shop) -> None:
    deliver(shop, "comment")
    shop.platform.answers += [Response(200, json.dumps(posted("7291100000000000007", "Noch etwas!", MAI)).encode())]
    deliver(shop, "comment_without_decoration")
    shop.settle()
    assert len({str(mail["Reply-To"]) for mail in shop.mails()}) == 1


def test_what_was_removed_there_is_removed_here(shop: Shop) -> None:
    deliver(shop, "comment")
    deliver(shop, "comment_deleted")
    assert not [item for item in shop.items("i#") if QUESTION in str(item.get("data"))]
