"""How often a phone buzzes, when it stays quiet, and what takes a text's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.http import Lost, NotSent, Response
from chalicelib.phone.quiet import quiet_until
from tests import story
from tests.phone.pocket import LEAD, NUMBER, OWNER, Pocket, pocket, settings
from tests.world import Crash

URGENT = [{"percent": 50, "to": ["owner"], "by": ["sms"], "urgent": True}]


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pocket]:
    with pocket(monkeypatch) as made:
        yield made


def alarms(phone: Pocket, number: str = OWNER) -> list[str]:
    return [text for text in phone.texts(number) if "To answer" in text]


def customers(phone: Pocket, count: int, apart: float = 0) -> None:
    for number in range(count):
        phone.question(author=f"80{number:02}", name=f"Kunde {number}")
        phone.wait(apart)


def owners_mails(phone: Pocket) -> list[str]:
    return [mail["Subject"] for mail in phone.world.mails() if mail["To"] == "chefin@lindner.example"]


def test_several_customers_become_one_text_every_ten_minutes_and_each_is_named_once(phone: Pocket) -> None:
    customers(phone, 11, 0.5)
    phone.wait(52)
    texts = phone.texts()
    assert ["+4 more" in text for text in texts] == [False, True, True]
    named = [word.rstrip(".") for text in texts for word in _codes(text)]
    assert len(named) == len(set(named)) == 11


def _codes(text: str) -> list[str]:
    others = text.partition(" more: ")[2].partition(" (")[0].split()
    return [text.split()[0], *others]


def test_a_code_of_a_list_shows_its_question_and_takes_the_answer(phone: Pocket) -> None:
    customers(phone, 3, 0.1)
    phone.wait(42)
    first, second = _codes(phone.texts()[-1])
    phone.text(f"{second}?")
    assert phone.texts()[-1].startswith(f"{second} Facebook, Kunde 2: ")
    phone.text(f"{second} Hallo Kunde 2!")
    assert phone.posts() == ["Hallo Kunde 2!"]
    assert phone.world.site.comments[0]["under"] == "77_8002"
    assert first != second


def test_at_night_the_phone_stays_quiet_and_tells_in_the_morning_who_still_waits(phone: Pocket) -> None:
    phone.world.clock.now = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)  # 22:00 in Vienna
    customers(phone, 3)
    phone.wait(60 * 8 + 50)
    assert phone.texts() == []
    phone.wait(15)
    (text,) = phone.texts()
    assert "+2 more" in text


def test_who_was_answered_in_the_night_is_not_told_of_in_the_morning(phone: Pocket) -> None:
    phone.world.clock.now = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    phone.question()
    phone.wait(120)
    (ticket, *_) = [mail for mail in phone.world.mails() if mail["X-Bridgehead-Kind"] == "ticket"]
    phone.world.agent(story.answer(ticket), ticket["Reply-To"].addresses[0].addr_spec)
    phone.wait(60 * 9)
    assert phone.texts() == []


def test_what_is_urgent_wakes_and_does_not_wait_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"name": "default", "first_response": 3600, "next_response": 7200, "ladder": URGENT}
    with pocket(monkeypatch, policies=[policy]) as phone:
        phone.world.clock.now = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
        customers(phone, 2, 1)
        phone.wait(35)
        assert len(alarms(phone)) == 2


def test_over_the_days_cap_customers_are_told_of_by_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {**settings()["phone"], "daily_cap": 2}
    policy = {
        "name": "default",
        "first_response": 3600,
        "next_response": 7200,
        "ladder": [{"percent": 50, "to": ["owner"], "by": ["sms"]}],
    }
    with pocket(monkeypatch, phone=few, policies=[policy]) as phone:
        customers(phone, 3, 20)
        phone.wait(60)
        assert len(alarms(phone)) == 2
        assert len(owners_mails(phone)) == 1
        assert "Kunde 2" in owners_mails(phone)[0]


def test_answers_to_texts_are_bounded_too_for_the_other_side_may_be_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {**settings()["phone"], "daily_cap": 3}
    with pocket(monkeypatch, phone=few) as phone:
        for _ in range(10):
            phone.text("I am driving and will call you back.")
        assert len(phone.texts()) == 3


@pytest.mark.parametrize("fault", [Lost("timeout"), Response(503, b""), Response(200, b"{}")])
def test_a_text_of_unknown_outcome_is_not_sent_again_and_a_mail_takes_its_place(phone: Pocket, fault: object) -> None:
    phone.answers = [fault]
    phone.question()
    phone.wait(55)
    phone.again()
    assert phone.texts() == []
    assert len(owners_mails(phone)) == 1


def test_a_crash_in_the_midst_of_sending_sends_no_second_text(phone: Pocket) -> None:
    phone.answers = [Crash()]
    phone.question()
    phone.wait(55)
    assert phone.texts() == []
    assert len(owners_mails(phone)) == 1


@pytest.mark.parametrize("fault", [NotSent("name"), Response(429, b'{"code": 20429}')])
def test_what_was_certainly_not_sent_is_sent_later(phone: Pocket, fault: object) -> None:
    phone.answers = [fault, fault]
    phone.question()
    phone.wait(45)
    assert len(phone.texts()) == 1


def test_a_number_that_cannot_be_texted_is_told_to_the_owner_once_a_day(phone: Pocket) -> None:
    phone.answers = [Response(400, b'{"code": 21211}')] * 9
    customers(phone, 2, 15)
    phone.wait(45)
    assert phone.texts() == []
    assert owners_mails(phone).count("Texts to a phone do not go out") == 1
    assert len(owners_mails(phone)) >= 3


def test_a_stop_that_only_the_provider_knows_is_believed(phone: Pocket) -> None:
    phone.answers = [Response(400, b'{"code": 21610}')]
    phone.question()
    phone.wait(120)
    assert phone.texts() == []
    assert "Texts to a phone have been stopped" in owners_mails(phone)


def test_the_lead_has_a_phone_too_and_either_may_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lead = {"address": "lead@lindner.example", "name": "Kim", "language": "ja", "phone": LEAD, "quiet": []}
    both = [{"percent": 50, "to": ["owner", "lead"], "by": ["sms"]}]
    policy = {"name": "default", "first_response": 3600, "next_response": 7200, "ladder": both}
    with pocket(monkeypatch, lead=lead, policies=[policy]) as phone:
        phone.question()
        phone.wait(31)
        (mine,), (theirs,) = phone.texts(), phone.texts(LEAD)
        assert mine.split()[0] == theirs.split()[0]
        assert "お待ちです" in theirs
        phone.text(f"{theirs.split()[0]} はい、日曜も営業しています。", sender=LEAD)
        assert phone.posts() == ["はい、日曜も営業しています。"]
        assert phone.texts(LEAD)[-1].startswith("Facebookで送りました。")
        assert len(phone.texts()) == 1


def test_without_a_phone_nothing_is_texted_and_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pocket(monkeypatch, phone=None) as phone:
        phone.question()
        phone.wait(120)
        assert phone.inbox == []
        assert phone.deliver("A7 hallo").status_code == 401


def test_a_number_taken_off_the_list_may_answer_no_more(phone: Pocket, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.question()
    phone.wait(31)
    code = phone.code()
    with pocket(monkeypatch, owner={**settings()["owner"], "phone": NUMBER}) as changed:
        changed.world.rig = phone.rig
        assert changed.text(f"{code} Ja, gern!").status_code == 200
        assert changed.posts() == []


VIENNA = "Europe/Vienna"


@pytest.mark.parametrize(
    ("spans", "at", "ends"),
    [
        (("22:00-07:00",), "2026-11-21T20:59", None),
        (("22:00-07:00",), "2026-11-21T21:00", "2026-11-22T06:00"),
        (("22:00-07:00",), "2026-11-22T05:59", "2026-11-22T06:00"),
        (("22:00-07:00",), "2026-11-22T06:00", None),
        (("12:00-14:00",), "2026-11-22T11:30", "2026-11-22T13:00"),
        (("22:00-24:00",), "2026-11-21T22:30", "2026-11-21T23:00"),
        (("20:00-23:00", "22:00-07:00"), "2026-11-21T21:30", "2026-11-22T06:00"),
        (("22:00-07:00",), "2026-03-28T21:30", "2026-03-29T05:00"),  # summer time begins in this night
        (("22:00-07:00",), "2026-10-24T20:30", "2026-10-25T06:00"),  # and ends in this one
        ((), "2026-11-21T23:00", None),
    ],
)
def test_quiet_hours_end_by_the_clock_of_the_business(spans: tuple[str, ...], at: str, ends: str | None) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(ends).replace(tzinfo=UTC) if ends else None
    assert quiet_until(spans, VIENNA, now) == expected
    assert expected is None or expected - now < timedelta(hours=12)
