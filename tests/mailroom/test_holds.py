"""A doubtful answer is shown to its agent and posted after a yes, once; the operator can do so too, and everything is kept."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from chalicelib.aws import conversations
from chalicelib.locales import say
from infra import operate
from infra.commands.asking import NotSure, ask
from infra.operate import held as hold_command
from tests import aws
from tests.mailroom.shop import ANNA, Shop, address, stored_held
from tests.test_journey import body

# a quote in a language we have no rules for, its author's name left out: nobody can tell where the answer begins
DOUBTFUL = "> Mo za ku nalo?\n\nBis Sonntag!\n\n> Za mo teri ku?\n"


def hold(shop: Shop, text: str = "Bis Sonntag!", ticket: EmailMessage | None = None) -> EmailMessage:
    """A doubtful answer, and the mail about it."""
    ticket = ticket or shop.ask()
    assert shop.answer(ticket, f"Hallo Mia\n\n{DOUBTFUL}\n{text}", quoting=False) == "held: quote-unattributed"
    return shop.notices[-1]


def test_a_doubtful_answer_is_shown_as_it_would_be_posted(shop: Shop) -> None:
    notice = hold(shop)
    assert notice["From"].addresses[0].addr_spec == address(shop.mails()[0])
    (held,) = map(stored_held, shop.entries("held"))
    for line in held.answer.text.splitlines():
        assert line.lstrip("> ") in body(notice).replace("\u2060", "")
    assert "„ja“" in body(notice)
    assert held.code in body(notice).splitlines()[-1]
    assert shop.posted == []


YES = (
    "Yes",
    "ok",
    "JA!",
    "ja, bitte",
    "はい。",
    "はい、お願いします",
    "có",
    "Vâng",
    "Đồng\u00a0ý!",
    "是。",
    "好的",
    "ＯＫ",
)


@pytest.mark.parametrize("word", YES)
def test_yes_in_any_of_the_languages_posts_exactly_what_was_shown(shop: Shop, word: str) -> None:
    notice = hold(shop)
    (held,) = map(stored_held, shop.entries("held"))
    assert shop.answer(notice, word) == "released"
    assert shop.posted == [held.answer.text]
    (item,) = shop.entries("held")
    assert (item["state"], item["released_by"]) == ("released", "anna@lindner.example")
    assert item["released_at"]
    assert shop.entries("reply")[0]["released_by"] == "anna@lindner.example"
    assert conversations.all_held() == []


def test_a_second_yes_posts_nothing(shop: Shop) -> None:
    notice = hold(shop)
    outcomes = [shop.answer(notice, word) for word in ("ja", "Ja!", "ok")]
    assert outcomes == ["released", "held: nothing-held", "held: nothing-held"]
    assert len(shop.posted) == 1
    assert say("de", "refused_nothing-held") in " ".join(body(shop.notices[-1]).split())


def test_a_yes_that_nobody_asked_for_is_held_and_can_only_be_said_in_a_sentence(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, "Ja!") == "held: nothing-held"
    assert shop.answer(shop.notices[-1], "ja") == "held: nothing-held"
    assert shop.answer(ticket, "Ja, am Sonntag auch.") == "reply"
    assert shop.posted == ["Ja, am Sonntag auch."]


def test_a_customers_own_yes_does_not_make_the_agents_yes_an_echo(shop: Shop) -> None:
    notice = hold(shop, ticket=shop.ask("ja"))
    assert shop.answer(notice, "ja", quoting=False) == "released"


@pytest.mark.parametrize(
    ("sender", "verdicts"),
    [("Anna <anna@elsewhere.example>", {}), (ANNA, {"dmarc": "FAIL"}), (ANNA, {"spam": "FAIL"})],
)
def test_a_strangers_yes_releases_nothing(shop: Shop, sender: str, verdicts: dict[str, str]) -> None:
    shop.answer(hold(shop), "yes", sender=sender, **verdicts)
    assert shop.posted == []
    assert shop.entries("held")[0]["state"] == "open"


def test_an_automatic_yes_releases_nothing(shop: Shop) -> None:
    shop.answer(hold(shop), "yes", Auto_Submitted="auto-replied")
    assert shop.posted == []


def test_a_corrected_answer_takes_the_place_of_the_held_one(shop: Shop) -> None:
    notice = hold(shop)
    assert shop.answer(notice, "Am Sonntag von 9 bis 18 Uhr.") == "reply"
    assert shop.answer(notice, "yes") == "held: nothing-held"
    assert shop.posted == ["Am Sonntag von 9 bis 18 Uhr."]
    assert shop.entries("held")[0]["state"] == "replaced"


def test_a_yes_to_an_older_held_answer_does_not_release_a_newer_one(shop: Shop) -> None:
    first = hold(shop, "Erste Fassung")
    second = hold(shop, "Zweite Fassung", first)
    assert shop.answer(first, "yes") == "held: nothing-held"
    assert shop.answer(second, "yes") == "released"
    assert ["Zweite Fassung" in each for each in shop.posted] == [True]


def test_a_yes_after_thirty_days_comes_too_late(shop: Shop) -> None:
    notice = hold(shop)
    assert shop.answer(notice, "yes", now=datetime.now(UTC) + timedelta(days=31)) == "held: nothing-held"
    assert shop.posted == []


def test_a_yes_with_more_words_is_an_answer_of_its_own(shop: Shop) -> None:
    notice = hold(shop)
    assert shop.answer(notice, "Ja, bis 18 Uhr") == "reply"
    assert shop.posted == ["Ja, bis 18 Uhr"]


# --- the operator ----------------------------------------------------------------------------------------------------


def test_an_operator_can_list_show_and_release_a_held_answer_once(shop: Shop) -> None:
    hold(shop)
    (line,) = hold_command.lines()
    code = line.split()[0]
    shown = hold_command.details(code)
    assert "quote-unattributed" in shown
    assert "Bis Sonntag!" in shown
    hold_command.release(code)
    shop.settle()
    assert len(shop.posted) == 1
    assert shop.entries("held")[0]["released_by"] == "operator"
    with pytest.raises(Exception, match="not held"):
        hold_command.release(code)


def test_an_operator_cannot_post_what_has_no_words(shop: Shop) -> None:
    assert shop.answer(shop.ask(), "") == "held: empty"
    (line,) = hold_command.lines()
    with pytest.raises(Exception, match="empty"):
        hold_command.release(line.split()[0])
    hold_command.drop(line.split()[0])
    assert list(hold_command.lines()) == []


def test_a_quarantined_mail_is_used_once_its_sender_is_an_agent(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, "Bis Sonntag!", sender="bob@lindner.example") == "stranger"
    (line,) = operate.quarantine_lines()
    name = line.split()[0]
    with pytest.raises(operate.NotTrusted, match="stranger"):
        operate.release(name)
    assert len(list(operate.quarantine_lines())) == 1
    shop.configure(settings={**aws.SETTINGS, "agents": [{"address": "bob@lindner.example"}]})
    assert operate.release(name) == "reply"
    shop.settle()
    assert shop.posted == ["Bis Sonntag!"]
    assert list(operate.quarantine_lines()) == []


def test_a_shown_mail_cannot_steer_a_terminal(shop: Shop) -> None:
    ticket = shop.ask()
    hostile = "\x1b[2J\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\ \u202egnp.exe\u2066 \x9b31m" + "x" * 9000
    shop.answer(ticket, hostile, sender="bob@lindner.example")
    (line,) = operate.quarantine_lines()
    shown = operate.quarantine_details(line.split()[0])
    assert not set(shown) & {"\x1b", "\x9b", "\u202e", "\u2066"}
    assert len(shown) < 6000


def test_what_cannot_be_undone_is_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotSure, match="--yes"):
        ask(argparse.Namespace(yes=False), "Drop it?")
    ask(argparse.Namespace(yes=True), "Drop it?")
