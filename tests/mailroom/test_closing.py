"""Words with which a ticket is closed: some helpdesks mail them only as the end of a notice, and may repeat them in the next."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from chalicelib.helpdesks import HELPDESKS
from chalicelib.locales import say
from chalicelib.mailroom.frames import closing_words
from tests import aws
from tests.mailroom.shop import Shop, address, stored_held
from tests.test_journey import body

SAMPLE = (Path(__file__).parents[1] / "mails" / "closed_by_django_helpdesk.eml").read_text("utf-8")
TEXT = SAMPLE.partition("\n\n")[2]
WORDS = "Herzliche Grüße, „bis Sonntag“! 🍰\n\n日曜日もお待ちしております。"


def asked(shop: Shop) -> EmailMessage:
    helpdesk = {**aws.SETTINGS["helpdesk"], "kind": "django-helpdesk"}
    shop.configure(settings={**aws.SETTINGS, "helpdesk": helpdesk})
    return shop.ask()


def closes(shop: Shop, ticket: EmailMessage, words: str = WORDS, **headers: str) -> str:
    """What becomes of the notice that the ticket is closed."""
    shop.sent += 1
    raw = re.sub(r"c-[a-z2-7]{16}-[a-z2-7]{27}@[\w.]+", address(ticket), SAMPLE.replace(WORDS, words))
    raw = raw.replace("<closed_by", f"<{shop.sent}_closed_by")
    raw = "".join(f"{name}: {value}\n" for name, value in headers.items()) + raw
    (outcome,) = shop.arrives(raw.encode(), address(ticket), return_path="support@lindner.example")
    return outcome


def answers(shop: Shop, ticket: EmailMessage, words: str, what: str = "comment") -> str:
    """What becomes of an agent's answer in the helpdesk's own form."""
    ends = {
        "comment": "If you need to provide us with further information, please",
        "resolution": "Can you please confirm that this resolution addresses",
    }
    text = f"Hello,\n\nAn update.\n\nThe following {what} was added to ticket [hilfe-7]:\n\n{words}\n\n{ends[what]} …"  # fmt: skip
    return shop.answer(ticket, text, sender="support@lindner.example", quoting=False)


def test_new_words_are_held_shown_and_posted_after_a_yes(shop: Shop) -> None:
    ticket = asked(shop)
    assert ticket["X-Auto-Response-Suppress"] == "OOF", "or the notice would not open the ticket again"
    assert closes(shop, ticket) == "held: closing"
    assert shop.posted == []
    (notice,) = shop.notices
    said = " ".join(body(notice).split())
    assert say("de", "refused_closing", name="Mia Muster") in said
    assert say("de", "held_yes") in said
    assert all(line in body(notice) for line in WORDS.split("\n"))
    assert notice["X-Auto-Response-Suppress"] == "OOF"
    assert answers(shop, notice, "ja") == "released"
    assert shop.posted == [WORDS]


def test_a_ticket_closed_without_a_word_is_nobodys_concern(shop: Shop) -> None:
    ticket = asked(shop)
    assert [closes(shop, ticket, words) for words in ("", "None", "\n\n")] == ["notice"] * 3
    assert (shop.posted, shop.notices, shop.aside) == ([], [], [])


@pytest.mark.parametrize("what", ["comment", "resolution"])
def test_words_the_customer_has_already_are_not_shown_again(shop: Shop, what: str) -> None:
    ticket = asked(shop)
    assert answers(shop, ticket, WORDS, what) == "reply"
    assert answers(shop, ticket, "Und Montag ist zu.") == "reply"
    assert [closes(shop, ticket), closes(shop, ticket)] == ["notice"] * 2
    assert (shop.posted, shop.notices) == ([WORDS, "Und Montag ist zu."], [])


def test_an_order_or_a_signature_in_an_old_resolution_makes_it_no_news(shop: Shop) -> None:
    ticket = asked(shop)
    typed = "#public\nBis dann!\n\nSent from my iPhone"
    assert answers(shop, ticket, typed, "resolution") == "reply"
    assert (shop.posted, closes(shop, ticket, typed)) == (["Bis dann!"], "notice")


def test_the_customers_own_words_are_no_news(shop: Shop) -> None:
    assert closes(shop, asked(shop), "Habt ihr am Sonntag offen?") == "notice"


def test_a_second_closing_asks_the_agent_no_second_time(shop: Shop) -> None:
    ticket = asked(shop)
    assert [closes(shop, ticket), closes(shop, ticket)] == ["held: closing", "notice"]
    assert answers(shop, shop.notices[-1], "Doch anders: Sonntag ist zu.") == "reply"
    assert closes(shop, ticket) == "notice"
    assert [stored_held(item).answer.text for item in shop.entries("held")] == [WORDS]
    assert shop.posted == ["Doch anders: Sonntag ist zu."]


def test_an_answer_that_speaks_of_a_resolution_is_an_answer(shop: Shop) -> None:
    words = "The resolution provided was:\n\nEin Gutschein.\n\nRegards,\n\nAnna\n\nThis e-mail was sent to you as a user of our service."
    ticket = asked(shop)
    assert answers(shop, ticket, words) == "reply"
    assert shop.posted == [words]


def test_a_machines_closing_is_never_answered(shop: Shop) -> None:
    ticket = asked(shop)
    assert closes(shop, ticket, **{"Auto-Submitted": "auto-replied"}) == "automatic"
    assert shop.notices == []


@pytest.mark.parametrize("signed", ["Regards,\n\nAnna", "Regards,\n\nAnna\nanna@lindner.example"])
def test_an_agents_own_regards_do_not_end_the_words(signed: str) -> None:
    words = f"{WORDS}\n\n{signed}"
    assert closing_words(TEXT.replace(WORDS, words), HELPDESKS["django-helpdesk"]) == words


@pytest.mark.parametrize("kind", sorted(set(HELPDESKS) - {"django-helpdesk"}))
def test_other_helpdesks_have_no_such_notice(kind: str) -> None:
    assert closing_words(TEXT, HELPDESKS[kind]) == ""
