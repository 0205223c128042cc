"""A helpdesk that refuses our mails says so from an address that no answers come from: the owner hears of it, nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from chalicelib.locales import say
from tests import aws
from tests.aws import DOMAIN
from tests.mailroom.shop import Shop, address
from tests.test_journey import body

MAILS = Path(__file__).parents[1] / "mails"
SAMPLES = {"roundup": "refused_mail_by_roundup", "rt": "refused_mail_by_request_tracker"}


def asked(shop: Shop, kind: str = "roundup", language: str = "de", **more: object) -> EmailMessage:
    settings = aws.SETTINGS
    desk = {**settings["helpdesk"], "kind": kind, **more}
    shop.configure(settings={**settings, "helpdesk": desk, "owner": {**settings["owner"], "language": language}})
    return shop.ask()


def refusal(ticket: EmailMessage, kind: str = "roundup", **headers: str) -> bytes:
    raw = (MAILS / f"{SAMPLES[kind]}.eml").read_text("utf-8").replace("\r\n", "\n")
    raw = re.sub(r"c-[a-z2-7]{16}-[a-z2-7]{27}@[\w.]+", address(ticket), raw).replace("shop.example", "lindner.example")
    for name, value in headers.items():
        raw = re.sub(rf"(?m)^{name}: .*$", f"{name}: {value}", raw, count=1)
    return raw.encode()


def owners(shop: Shop) -> list[EmailMessage]:
    return [mail for mail in shop.mails() if mail["X-Bridgehead-Kind"] == "owner"]


@pytest.mark.parametrize("language", ["en", "de", "ja", "vi", "zh"])
def test_the_owner_hears_that_roundup_refuses_our_mail(shop: Shop, language: str) -> None:
    ticket = asked(shop, language=language)
    assert shop.arrives(refusal(ticket), address(ticket), return_path="roundup-admin@lindner.example") == ["refused"]
    (mail,) = owners(shop)
    assert mail["To"] == "chefin@lindner.example"
    _, _, ending = say(language, "owner_refused", name="Mia Muster", channel="Facebook").rpartition("Mia Muster")
    assert re.sub(r"[\u2060-\u2069]", "", str(mail["Subject"])).endswith(ending)
    assert "Failed issue tracker submission" in body(mail)
    assert "Habt ihr am Sonntag offen?" in body(mail)
    assert "registered user" not in body(mail)
    assert (shop.posted, shop.notices, shop.aside) == ([], [], ["refused"])


def test_so_does_request_trackers_with_no_return_path(shop: Shop) -> None:
    ticket = asked(shop, "rt")
    raw = refusal(ticket, "rt", From="support@lindner.example")
    assert shop.arrives(raw, address(ticket), return_path="<>") == ["refused"]
    assert "Message not recorded" in body(owners(shop)[0])


def test_once_a_day_and_conversation_is_enough(shop: Shop) -> None:
    ticket, other = asked(shop), shop.ask("もしもし？", author="9002")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for mail, now in ((ticket, None), (ticket, None), (other, None), (ticket, tomorrow)):
        assert shop.arrives(refusal(mail), address(mail), now=now) == ["refused"]
    assert len(owners(shop)) == 3
    assert len(shop.aside) == 4


@pytest.mark.parametrize(
    ("headers", "verdicts", "outcome"),
    [
        ({}, {"dmarc": "FAIL"}, "stranger"),
        ({}, {"dmarc": "GRAY", "dkim": "GRAY"}, "stranger"),
        ({}, {"virus": "FAIL"}, "virus"),
        ({"From": "roundup-admin@elsewhere.example"}, {}, "stranger"),
        ({"From": "roundup-admin@mail.lindner.example"}, {}, "stranger"),
        ({"From": "x-roundup-admin@lindner.example"}, {}, "stranger"),
        ({"From": f"roundup-admin@{DOMAIN}"}, {}, "own_domain"),
        ({"Subject": "Re: Failed issue tracker submission"}, {}, "stranger"),
    ],
)
def test_what_is_not_proven_to_be_the_helpdesks_worries_nobody(
    shop: Shop, headers: dict[str, str], verdicts: dict[str, Any], outcome: str
) -> None:
    ticket = asked(shop)
    assert shop.arrives(refusal(ticket, **headers), address(ticket), **verdicts) == [outcome]
    assert (owners(shop), shop.posted, shop.notices) == ([], [], [])


def test_a_refusal_to_no_address_of_ours_worries_nobody(shop: Shop) -> None:
    ticket = asked(shop)
    assert shop.arrives(refusal(ticket), f"c-{'a' * 16}-a{'b' * 26}@{DOMAIN}") == ["unknown-address"]
    assert owners(shop) == []


def test_it_may_come_from_the_domain_that_answers_come_from(shop: Shop) -> None:
    ticket = asked(shop, sends_from=["desk@hilfe.example"])
    raw = refusal(ticket, From="Hilfe <roundup-admin@hilfe.example>")
    assert shop.arrives(raw, address(ticket)) == ["refused"]
    assert len(owners(shop)) == 1


def test_another_products_refusal_is_none(shop: Shop) -> None:
    ticket = asked(shop, "redmine")
    assert shop.arrives(refusal(ticket), address(ticket)) == ["stranger"]


def test_an_agents_answer_under_a_refusals_subject_is_not_posted(shop: Shop) -> None:
    ticket = asked(shop)
    assert shop.answer(ticket, "Hallo", Subject="Failed issue tracker submission") == "notice"
    assert (owners(shop), shop.posted) == ([], [])
