"""YouTube's whole way: asked for what is new, a ticket, the agent's mail, the reply, and what the next look makes of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from chalicelib import desk, intake, rounds
from chalicelib.channels import open_channel
from chalicelib.rounds import errands
from tests import aws
from tests.channels.youtube_at_hand import ANSWER, MAI, SECRETS, THREAD, US, YUI, Site, forget_tokens, payload, reason
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

LOGGER = logging.getLogger("tests")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """The channel was connected a while ago."""
    made = Site(now=datetime.now(UTC))
    forget_tokens()
    for room in (desk, rounds):
        monkeypatch.setattr(room, "open_channel", partial(open_channel, http=made))
    return made


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, site: Site) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        for room in (desk, rounds):
            monkeypatch.setattr(room, "open_channel", partial(open_channel, http=site))
        monkeypatch.setattr(errands, "epoch", lambda at: round(at.timestamp()) + made.sent * 600)
        served = {"channel": "youtube", "accounts": [US], "options": {"client_id": "1-a"}}
        made.configure(settings={**aws.SETTINGS, "connections": {"tube": served}}, **{"send/tube": SECRETS})
        look(made)
        yield made


def look(shop: Shop) -> None:
    """One round of the clock, when the account is due again."""
    shop.sent += 1
    rounds.go("poll", intake.keep_events, LOGGER)
    shop.settle()


def test_a_comment_becomes_a_ticket_and_the_answer_a_reply(shop: Shop, site: Site) -> None:
    site.write(THREAD, "Quán mở cửa đến mấy giờ ạ? ☕", at=datetime.now(UTC))
    for _ in range(3):
        look(shop)
    (ticket,) = shop.mails()
    assert "Quán mở cửa đến mấy giờ ạ? ☕" in body(ticket)
    assert f"https://www.youtube.com/watch?v=kaffee00001&lc={THREAD}" in body(ticket)
    assert shop.answer(ticket, ANSWER) == "reply"
    assert [each["snippet"]["textOriginal"] for each in site.comments[THREAD]] == [ANSWER]
    for _ in range(3):
        look(shop)
    assert (len(shop.mails()), shop.entries("reply")[-1]["state"]) == (1, "done")


def test_somebody_else_in_the_thread_is_another_ticket(shop: Shop, site: Site) -> None:
    site.write(THREAD, "Frage", at=datetime.now(UTC))
    look(shop)
    site.write(THREAD, "私も知りたいです", "r1", YUI, at=datetime.now(UTC))
    look(shop)
    assert len({str(mail["Reply-To"]) for mail in shop.mails()}) == 2


def test_words_are_kept_for_thirty_days_and_stand_in_no_subject(shop: Shop, site: Site) -> None:
    site.write(THREAD, "Quán mở cửa đến mấy giờ ạ? ☕", at=datetime.now(UTC))
    look(shop)
    (ticket,) = shop.mails()
    assert str(ticket["Subject"]).endswith("@somebody: Kommentar zu einem Beitrag von Kaffeehaus Lindner")
    holding = [item for item in shop.items() if r"Qu\u00e1n" in f"{item.get('data')}{item.get('raw')}"]
    assert {item["kind"] for item in holding} == {"message", "raw"}
    assert {round((item["expires_at"] - time.time()) / 86400) for item in holding} == {30}


def test_who_has_many_subscribers_is_asked_for_once_and_comes_first(shop: Shop, site: Site) -> None:
    site.people[MAI] = payload("channel")
    for thread in ("UgzFirst", "UgzSecond"):
        site.write(thread, "Máy hỏng rồi, làm sao bây giờ?", at=datetime.now(UTC))
        look(shop)
    site.write("UgzThird", "私のもです", author=YUI, at=datetime.now(UTC))
    look(shop)
    assert ["104.000" in body(mail) for mail in shop.mails()] == [True, True, False]
    assert [fields["id"] for path, fields in site.asked if path == "channels"] == [MAI, YUI]
    priorities = [json.loads(item["data"]).get("priority") for item in shop.items("head") if item["pk"].isalnum()]
    assert sorted(map(str, priorities)) == ["None", "high", "high"]


def test_whom_youtube_tells_nothing_of_is_asked_for_again_an_hour_later(shop: Shop, site: Site) -> None:
    site.write("UgzFirst", "Frage", at=datetime.now(UTC))
    look(shop)
    (kept,) = shop.items("profile")
    assert (kept["data"], round((kept["expires_at"] - time.time()) / 60)) == ("{}", 60)


def test_an_answer_on_youtube_itself_stops_the_clock(shop: Shop, site: Site) -> None:
    site.write(THREAD, "Frage", at=datetime.now(UTC))
    look(shop)
    assert waiting(shop)
    site.write(THREAD, "Antwort", "r1", US, at=datetime.now(UTC))
    look(shop)
    assert not waiting(shop)


def test_an_answer_waits_for_the_next_allowance_in_silence(shop: Shop, site: Site) -> None:
    site.write(THREAD, "Frage", at=datetime.now(UTC))
    look(shop)
    site.answers = [reason(403, "quotaExceeded")]
    shop.answer(shop.mails()[0], ANSWER)
    assert (shop.entries("reply")[-1]["state"], shop.notices) == ("pending", [])


def test_nothing_can_be_delivered_to_it(shop: Shop) -> None:
    shop.configure(**{"receive/tube": {}})
    http = shop.client.http
    assert http.post("/webhooks/youtube/tube", body=b"{}").status_code == 401
    assert http.get("/webhooks/youtube/tube?hub.challenge=1").status_code == 403


def waiting(shop: Shop) -> bool:
    return bool([item for item in shop.items("head") if '"waiting_since":"' in str(item.get("data"))])
