"""A review's whole way: told by a push, fetched, its ticket, the agent's mail, the reply, another in its place."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

import app
from chalicelib import desk
from chalicelib.channels import google_oauth, open_channel
from chalicelib.channels.google_business import push_proof
from chalicelib.http import Response
from tests import aws, signing
from tests.channels.google_at_hand import (
    LOCATION,
    REVIEW,
    SECRETS,
    Google,
    certs,
    connection,
    ok,
    payload,
    review,
    token,
)
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for cache in (push_proof._keys, push_proof._asked, google_oauth._minted):
        cache.clear()
    with opened(monkeypatch) as made:
        served = {"channel": "google_business", "accounts": [LOCATION], "options": dict(connection().options)}
        made.configure(settings={**aws.SETTINGS, "connections": {"google": served}}, **{"send/google": SECRETS})
        yield made


@pytest.fixture
def site(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Google:
    words = "(Translated by Google) Too late.\n\n(Original)\nZu spät. 遅い 😡"
    found = Google({REVIEW: review(words)})

    def asked(method: str, url: str, **more: Any) -> Response:
        return ok(certs("first")) if url.endswith("/certs") else found(method, url, **more)

    for room in (app, desk):
        monkeypatch.setattr(room, "open_channel", partial(open_channel, http=asked))
    return found


def push(shop: Shop, name: str = "new_review") -> None:
    raw = payload(name)
    headers = {"content-type": "application/json", **signing.google_business(raw, "first")}
    assert shop.client.http.post("/webhooks/google_business/google", headers=headers, body=raw).status_code == 200
    shop.settle()


def tickets(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]


def said(mail: EmailMessage) -> str:
    return " ".join(body(mail).split())


def test_a_review_becomes_a_ticket_and_the_answer_its_reply(shop: Shop, site: Google) -> None:
    push(shop)
    (ticket,) = tickets(shop)
    assert str(ticket["Subject"]) == "[Google] Jürgen Müller: Zu spät. 遅い 😡"
    for shown in (
        "★★☆☆☆ 2/5",
        "Zu spät. 遅い 😡",
        "Übersetzung: Too late.",
        "Eine weitere Antwort ersetzt die vorige.",
    ):
        assert shown in said(ticket)
    assert shop.answer(ticket, "Das tut uns leid. 申し訳ございません 🙏") == "reply"
    assert site.reviews[REVIEW]["reviewReply"]["comment"] == "Das tut uns leid. 申し訳ございません 🙏"
    assert shop.notices == []


def test_a_second_answer_takes_the_place_of_the_first_and_the_agent_hears_of_it(shop: Shop, site: Google) -> None:
    push(shop)
    shop.answer(tickets(shop)[0], "Das tut uns leid.")
    shop.answer(tickets(shop)[0], "Wir haben Ihnen geschrieben.")
    assert site.reviews[REVIEW]["reviewReply"]["comment"] == "Wir haben Ihnen geschrieben."
    assert "anstelle Ihrer früheren Antwort" in said(shop.notices[-1])
    assert "Wir haben Ihnen geschrieben." in said(shop.notices[-1])


def test_our_own_reply_coming_back_and_the_same_review_pushed_twice_make_no_ticket(shop: Shop, site: Google) -> None:
    push(shop)
    push(shop, "new_review_camel_case")
    assert len(tickets(shop)) == 1
    shop.answer(tickets(shop)[0], "Das tut uns leid.")
    push(shop, "updated_review")
    assert len(tickets(shop)) == 1


def test_a_review_changed_after_our_reply_joins_its_ticket(shop: Shop, site: Google) -> None:
    push(shop)
    shop.answer(tickets(shop)[0], "Das tut uns leid.")
    site.reviews[REVIEW].update(comment="Jetzt ist alles gut", starRating="FIVE", updateTime="2026-10-04T08:11:59Z")
    push(shop, "updated_review")
    first, second = tickets(shop)
    assert second["Reply-To"] == first["Reply-To"]
    assert "★★★★★ 5/5" in said(second)
    assert "Jetzt ist alles gut" in said(second)


def test_while_google_does_not_answer_the_ticket_waits(shop: Shop, site: Google) -> None:
    site.failing = [Response(503, b"")]
    push(shop)
    assert shop.mails() == []


def test_a_forged_push_keeps_nothing(shop: Shop, site: Google) -> None:
    raw = payload("new_review")
    for headers in ({}, {"authorization": f"Bearer {token(email='other@evil.example')}"}):
        answer = shop.client.http.post("/webhooks/google_business/google", headers=headers, body=raw)
        assert (answer.status_code, shop.items("i#")) == (401, [])
