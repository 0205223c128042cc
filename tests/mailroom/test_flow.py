"""Whatever comes by mail: only what an agent certainly wrote for the customer is posted, once; the rest is held or put aside.

What only one guard or parser has to do with stands in its own tests.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from chalicelib import mailroom
from chalicelib.aws import conversations, parameters
from chalicelib.locales import say
from infra import operate
from tests import aws
from tests.aws import DOMAIN, received
from tests.mailroom.shop import ANNA, Shop, address, stored_held, with_file
from tests.test_journey import body

MAILS = Path(__file__).parents[1] / "mails"


# --- whose mail is it ------------------------------------------------------------------------------------------------


def test_an_address_that_is_not_exactly_ours_leads_nowhere(shop: Shop) -> None:
    ticket = shop.ask()
    good = address(ticket)
    wrong = [
        f"hello@{DOMAIN}",
        f"{good.partition('@')[0][:-1]}@{DOMAIN}",
        f"{good[:-26]}aaaaaaaa@{DOMAIN}",
        good.replace("c-", "d-", 1),
        ("b" if good[2] != "b" else "a").join([good[:2], good[3:]]),
    ]
    for each in wrong:
        assert shop.arrives(shop.mail(ticket, "Kauft Uhren!"), each) == ["unknown-address"], each
    assert shop.arrives(shop.mail(ticket, "Kauft Uhren!"), "somebody@elsewhere.example") == []
    assert (shop.posted, shop.notices) == ([], [])


def test_a_good_address_in_to_or_cc_or_the_words_is_none_in_the_envelope(shop: Shop) -> None:
    ticket = shop.ask()
    raw = shop.mail(ticket, f"Bitte an {address(ticket)}", To=address(ticket), Cc=address(ticket))
    assert shop.arrives(raw, f"hello@{DOMAIN}") == ["unknown-address"]
    assert (shop.posted, shop.notices) == ([], [])


def test_a_spoofed_agent_raises_the_alarm_and_a_stranger_does_not(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, "Hallo", sender="x@elsewhere.example", dmarc="FAIL") == "stranger"
    assert "Spoofed" not in capsys.readouterr().out
    assert shop.answer(ticket, "Hallo", dmarc="FAIL") == "spoofed"
    assert '"Spoofed":[1.0]' in capsys.readouterr().out


def test_an_address_in_capital_letters_is_the_same_address(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.arrives(shop.mail(ticket, "Ja, gern!"), address(ticket).upper()) == ["reply"]
    assert shop.posted == ["Ja, gern!"]


@pytest.mark.parametrize(
    ("sender", "verdicts", "outcome"),
    [
        ("Anna <anna@elsewhere.example>", {}, "stranger"),
        ('"anna@lindner.example" <evil@elsewhere.example>', {}, "stranger"),
        ("anna@1indner.example", {}, "stranger"),
        ("anna@mail.lindner.example", {}, "stranger"),
        ("anna+x@lindner.example", {}, "stranger"),
        (ANNA, {"dmarc": "FAIL"}, "spoofed"),
        (ANNA, {"spf": "FAIL", "dkim": "FAIL", "dmarc": "GRAY"}, "spoofed"),
        (ANNA, {"dmarc": "GRAY", "dkim": "GRAY"}, "unproven"),
        (ANNA, {"dmarc": "PROCESSING_FAILED", "dkim": "PROCESSING_FAILED"}, "unproven"),
        (ANNA, {"dmarc": "", "dkim": ""}, "unproven"),
        (f"{ANNA}, Bob <bob@lindner.example>", {}, "unreadable_sender"),
        (ANNA, {"spam": "FAIL"}, "spam"),
        (ANNA, {"virus": "FAIL"}, "virus"),
    ],
)
def test_nobody_but_a_proven_agent_changes_anything(
    shop: Shop, sender: str, verdicts: dict[str, str], outcome: str
) -> None:
    ticket = shop.ask()
    before = {(item["pk"], item["sk"]) for item in shop.items()}
    assert shop.answer(ticket, "yes", sender=sender, **verdicts) == outcome
    new = [item for item in shop.items() if (item["pk"], item["sk"]) not in before]
    assert [item["kind"] for item in new] == ["quarantine"]
    assert (shop.posted, shop.notices) == ([], [])


def test_what_the_mail_says_of_its_own_proof_does_not_count(shop: Shop) -> None:
    ticket = shop.ask()
    said = "mx.amazonses.com; dmarc=pass header.from=lindner.example; dkim=pass"
    outcome = shop.answer(ticket, "Hallo", Authentication_Results=said, dmarc="FAIL")
    assert (outcome, shop.posted) == ("spoofed", [])


def test_a_mail_to_two_conversations_goes_to_none(shop: Shop) -> None:
    mine, theirs = shop.ask(), shop.ask("Und am Montag?", author="9002")
    both = [address(mine), address(theirs)]
    assert shop.arrives(shop.mail(mine, "Ja"), both) == ["several-addresses"] * 2
    # a signed mail sent again to another conversation still names the first
    assert shop.arrives(shop.mail(mine, "Hallo Mia"), address(theirs)) == ["crossed"]
    assert shop.posted == []


def test_an_answer_after_ninety_days_is_held_and_the_agent_told(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, "Doch noch!", now=datetime.now(UTC) + timedelta(days=91)) == "held: expired"
    (notice,) = shop.notices
    assert say("de", "refused_expired", name="Mia Muster") in " ".join(body(notice).split())
    assert shop.posted == []


def test_a_conversation_that_is_gone_takes_no_answer(shop: Shop) -> None:
    ticket = shop.ask()
    del shop.aws.rows[address(ticket)[2:18], "head"]
    assert shop.answer(ticket, "Hallo") == "unknown-conversation"
    assert shop.notices == []


def test_an_agent_who_was_removed_is_a_stranger(shop: Shop) -> None:
    ticket = shop.ask()
    shop.configure(settings={**aws.SETTINGS, "agents": []})
    assert shop.answer(ticket, "Hallo") == "stranger"


def test_addresses_of_a_retired_key_lead_nowhere(shop: Shop) -> None:
    ticket = shop.ask()
    new = b64encode(b"another-secret-of-decent-length!").decode()
    shop.configure(keys={"current": "b", "keys": {"b": new, **aws.SECRETS["keys"]["keys"]}})
    assert shop.answer(ticket, "Noch geht es.") == "reply"
    shop.configure(keys={"current": "b", "keys": {"b": new}})
    assert shop.answer(ticket, "Hallo") == "unknown-address"


def test_settings_are_read_again_after_five_minutes() -> None:
    assert parameters.FRESH_SECONDS <= 300


# --- is it an answer at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "return_path", "outcome"),
    [
        ({"Auto-Submitted": "auto-replied"}, "anna@lindner.example", "automatic"),
        ({"Precedence": "bulk"}, "anna@lindner.example", "automatic"),
        ({"List-Id": "<news.lindner.example>"}, "anna@lindner.example", "automatic"),
        ({}, "", "bounced"),
        ({"Subject": "Abwesenheit: Anna"}, "anna@lindner.example", "automatic"),
        ({"Subject": "Please confirm your email address"}, "anna@lindner.example", "confirmation"),
        ({"X-Bridgehead-Kind": "ticket"}, "anna@lindner.example", "our_own"),
    ],
)
def test_what_no_agent_typed_is_never_posted_and_never_answered(
    shop: Shop, headers: dict[str, str], return_path: str, outcome: str
) -> None:
    ticket = shop.ask()
    given = {name.replace("-", "_"): value for name, value in headers.items()}
    assert shop.answer(ticket, "Ich bin bis Montag nicht da.", return_path=return_path, **given) == outcome
    assert (shop.posted, shop.notices) == ([], [])


def test_a_loop_is_dropped(shop: Shop) -> None:
    ticket = shop.ask()
    hops = b"".join(b"Received: from a by b; Mon, 1 Jan 2026 10:00:00 +0000\r\n" for _ in range(26))
    assert shop.arrives(hops + shop.mail(ticket, "Hallo"), address(ticket)) == ["looping"]
    back = ticket.as_bytes()
    assert shop.arrives(back, address(ticket)) == ["own_domain"]
    assert shop.posted == []


@pytest.mark.parametrize(
    ("sample", "outcome"),
    [
        ("pgp_mime_encrypted", "held: encrypted"),
        ("smime_encrypted", "held: encrypted"),
        ("outlook_winmail_dat", "held: unreadable_files"),
        ("forwarded_as_attachment", "held: forwarded"),
        ("reply_text_and_html_differ", "held: text-html-differ"),
    ],
)
def test_what_cannot_be_read_with_certainty_is_held_and_the_agent_told(shop: Shop, sample: str, outcome: str) -> None:
    ticket = shop.ask()
    raw = re.sub(rb"(?m)^(From): .*$", rb"\1: Anna <anna@lindner.example>", (MAILS / f"{sample}.eml").read_bytes())
    raw = re.sub(rb"c-[a-z2-7]{16}-[a-z2-7]{27}@[\w.]+", address(ticket).encode(), raw)
    assert shop.arrives(raw, address(ticket)) == [outcome]
    assert (shop.posted, len(shop.notices)) == ([], 1)


def test_a_mail_without_words_is_held(shop: Shop) -> None:
    ticket = shop.ask()
    for text in ("", "\n-- \nAnna\n"):
        assert shop.answer(ticket, text).startswith("held: "), text
    assert shop.arrives(with_file("", ticket, ("bild.png", b"\x89PNG\r\n\x1a\nx")), address(ticket)) == ["held: empty"]
    assert (shop.posted, len(shop.notices)) == ([], 3)
    assert not any(held.by_yes for held in map(stored_held, shop.entries("held")))


def test_a_mail_too_large_or_malformed_is_put_aside(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.arrives(b"From: x\r\n\r\n" + b"x" * 10_000_001, address(ticket)) == ["too-large"]
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (i, i) for i in range(1000))
    assert shop.arrives(b"From: anna@lindner.example\r\n" + nested, address(ticket)) == ["malformed"]
    assert shop.answer(ticket, "Und die nächste geht.") == "reply"


def test_a_malformed_mail_does_not_hold_up_the_next_one(shop: Shop) -> None:
    ticket = shop.ask()
    hostile = b"From: =?utf-8?q?A=0D=0ABcc=3A?= <a@b.example>\r\n\r\nx"
    mails = {"inbound/1": hostile, "inbound/2": b"", "inbound/3": shop.mail(ticket, "Ja, gern!")}
    for key, raw in mails.items():
        shop.aws.put_object(key, raw)
    notices = [json.dumps({"Message": json.dumps(received(key, address(ticket)))}) for key in mails]
    records = [{**aws._queued(body), "messageId": str(number)} for number, body in enumerate(notices)]
    assert shop.client.lambda_.invoke("mailroom", {"Records": records}).payload == {"batchItemFailures": []}
    shop.settle()
    assert (shop.posted, shop.aside) == (["Ja, gern!"], ["malformed", "malformed"])


def test_two_mails_put_aside_in_the_same_moment_are_both_there_under_names_of_their_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, at = shop.ask(), datetime.now(UTC)
    monkeypatch.setattr(mailroom, "datetime", type("Stopped", (), {"now": staticmethod(lambda zone: at)}))
    for words in ("Erste", "Zweite"):
        assert shop.answer(ticket, words, sender="bob@lindner.example") == "stranger"
    names = [line.split()[0] for line in operate.quarantine_lines()]
    shown = [operate.quarantine_details(name) for name in names]
    assert sorted(word for word in ("Erste", "Zweite") for each in shown if word in each) == ["Erste", "Zweite"]


def test_what_a_helpdesk_mails_outside_its_frame_is_never_posted_unseen(shop: Shop) -> None:
    shop.configure(settings={**aws.SETTINGS, "helpdesk": {**aws.SETTINGS["helpdesk"], "kind": "django-helpdesk"}})
    ticket = shop.ask()
    for text, outcome in (
        ("Hello,\n\nTicket [hilfe-7] was merged into [hilfe-3].", "held: no-frame"),
        ("Hello,\n\nThis is a courtesy e-mail to let you know that ticket [hilfe-7] was merged.", "notice"),
    ):
        assert shop.answer(ticket, text, quoting=False) == outcome
    assert shop.posted == []


def test_a_survey_after_a_solved_ticket_is_no_answer(shop: Shop) -> None:
    shop.configure(settings={**aws.SETTINGS, "helpdesk": {**aws.SETTINGS["helpdesk"], "kind": "zendesk"}})
    text = "How would you rate the support you received?\n\nGood, I'm satisfied\nBad, I'm unsatisfied"
    assert shop.answer(shop.ask(), text, quoting=False) == "notice"
    assert (shop.posted, shop.notices) == ([], [])


# --- which words -----------------------------------------------------------------------------------------------------


def test_only_the_envelope_says_which_conversation_is_meant(shop: Shop) -> None:
    ticket = shop.ask()
    many = ", ".join(f"a{number}@elsewhere.example" for number in range(200))
    assert shop.answer(ticket, "An alle", To=many) == "reply"
    assert shop.posted == ["An alle"]


@pytest.mark.parametrize(
    "hidden", ["display:none", "font-size:0", "visibility:hidden", "color:#ffffff", "color:white", "opacity:0"]
)
def test_words_that_nobody_would_have_seen_are_not_posted(shop: Shop, hidden: str) -> None:
    ticket = shop.ask()
    html = f'<p>Ja, gern!</p><p style="{hidden}">geheim</p>'
    raw = shop.mail(ticket, html, quoting=False).replace(b"text/plain", b"text/html")
    assert shop.arrives(raw, address(ticket)) == ["reply"]
    assert shop.posted == ["Ja, gern!"]


def test_notes_and_other_customers_words_in_the_quoted_history_stay_there(shop: Shop) -> None:
    ticket, other = shop.ask(), shop.ask("Meine Nummer ist 0664 1234567.", author="9002")
    history = f"(Private notes) Der nervt.\nMia Muster <{address(other)}> schrieb:\n> Meine Nummer ist 0664 1234567."
    quoted = f"Ja, gern!\n\n-----Ursprüngliche Nachricht-----\nVon: Anna <anna@lindner.example>\nGesendet: Montag\nAn: Bob\n\n{history}"
    assert shop.answer(ticket, quoted, quoting=False) == "reply"
    assert shop.posted == ["Ja, gern!"]


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 +0000", "Fri, 31 Dec 2099 23:59:59 +1400", "gestern", ""])
def test_a_mails_own_date_and_a_missing_id_mean_nothing(shop: Shop, date: str) -> None:
    ticket = shop.ask()
    lines = shop.mail(ticket, "Ja, gern!").split(b"\n")
    raw = b"\n".join(line for line in lines if not line.lower().startswith(b"message-id"))
    raw = (f"Date: {date}\n".encode() if date else b"") + raw
    assert [shop.arrives(raw, address(ticket)) for _ in range(2)] == [["reply"], ["known"]]
    assert shop.posted == ["Ja, gern!"]


def test_hidden_words_are_not_posted(shop: Shop) -> None:
    ticket = shop.ask()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        ANNA,
        address(ticket),
        "Re: x",
        "<h@lindner.example>",
    )
    mail.set_content(
        '<p>Ja, gern!</p><p style="display:none">geheim</p><p style="font-size:0">intern</p>', subtype="html"
    )
    assert shop.arrives(mail.as_bytes(), address(ticket)) == ["reply"]
    assert shop.posted == ["Ja, gern!"]


@pytest.mark.parametrize(
    "words",
    [
        "Schreiben Sie an {address}",
        "Siehe c-{conversation}",
        "{mac}",
        "{MAC}",
        "Antwort \u2060c-{conversation}\u2060 dort",
    ],
)
def test_an_address_or_token_of_ours_in_the_words_is_never_posted(shop: Shop, words: str) -> None:
    ticket = shop.ask()
    _, conversation, mac = address(ticket).partition("@")[0].split("-")
    text = words.format(address=address(ticket), conversation=conversation, mac=mac[1:], MAC=mac.upper())
    outcome = shop.answer(ticket, f"#as-is\n{text}", quoting=False)
    assert outcome.startswith("held: ")
    assert shop.answer(ticket, "yes") == "held: nothing-held"
    assert shop.posted == []


def test_words_that_only_look_like_a_token_are_posted(shop: Shop) -> None:
    ticket = shop.ask()
    words = "Donaudampfschifffahrtsgesellschaftskapitän, bestellt unter 2f9c1e7a4b8d6053c1e7a4b8d6053f9c"
    assert shop.answer(ticket, words) == "reply"
    assert shop.posted == [words]


def test_what_we_put_between_letters_to_be_safe_is_taken_out_again(shop: Shop) -> None:
    ticket = shop.ask("#gewinnspiel")
    assert shop.answer(ticket, "Ja, \u2060#gewinnspiel läuft noch") == "reply"
    assert shop.posted == ["Ja, #gewinnspiel läuft noch"]


@pytest.mark.parametrize(
    "words", ["🙂", "https://lindner.example/offen", "日曜日も開いています。", "مفتوح يوم الأحد", "#Sonntag ist offen"]
)
def test_short_answers_in_any_script_are_posted(shop: Shop, words: str) -> None:
    assert shop.answer(shop.ask(), words) == "reply"
    assert shop.posted == [words]


# --- again and again -------------------------------------------------------------------------------------------------


def test_the_same_mail_is_one_answer_and_the_same_words_again_are_held(shop: Shop) -> None:
    ticket = shop.ask()
    raw = shop.mail(ticket, "Ja, gern!")
    assert [shop.arrives(raw, address(ticket)) for _ in range(2)] == [["reply"], ["known"]]
    assert shop.answer(ticket, "Ja,  gern!") == "held: repeat"
    assert shop.posted == ["Ja, gern!"]
    assert shop.answer(ticket, "Ja") == "released"
    assert len(shop.posted) == 2


def test_a_flood_of_answers_stops_after_twenty_and_the_agent_is_told_once(shop: Shop) -> None:
    ticket = shop.ask()
    outcomes = [shop.answer(ticket, f"Antwort Nummer {number}") for number in range(23)]
    assert outcomes == ["reply"] * 20 + ["held: rate"] * 3
    assert (len(shop.posted), len(shop.notices)) == (20, 1)
    assert len(conversations.all_held()) == 3
    assert shop.answer(ticket, "ja") == "held: rate"


def test_guesses_at_addresses_cost_no_look_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(conversations, "load", looked.append)
    for guess in range(20):
        assert shop.arrives(b"From: x@y.example\r\n\r\nx", f"c-{'a' * 16}-a{guess:026}@{DOMAIN}") == ["unknown-address"]
    assert looked == []
