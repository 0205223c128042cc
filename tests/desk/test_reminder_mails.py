"""What mails about customers who wait say: until when, how much is left, and what the end of the platform's window means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.desk.writing.reminder_mails import Reminding, Summary, Waits, reminder_mail, summary_mail
from chalicelib.desk.writing.tickets import ticket_mail
from chalicelib.desk.writing.voice import Voice
from chalicelib.model import Author, MailKind
from chalicelib.settings import LANGUAGES
from chalicelib.text import COLUMNS, width
from tests.desk.test_tickets import AT, NAMES, text_of, ticket

SOON = AT + timedelta(minutes=45)
DEADLINES = {
    "en": ("Answer by", "first response", "45 minutes left"),
    "de": ("Antwort bis", "erste Antwort", "in 45 Minuten"),
    "ja": ("返信期限", "初回の返信", "あと45分"),
    "vi": ("Hạn trả lời", "lần đầu", "còn 45 phút"),
    "zh": ("之前回复", "首次回复", "还剩 45 分钟"),
}


def deadline(language: str, target: str, due_at: datetime = SOON) -> str:
    """The line of the ticket mail that says it, the last below the title; folded where it is a long one."""
    mail = ticket_mail(ticket(language=language, due_at=due_at, target=target, zone="Europe/Berlin"))
    below = text_of(mail).partition("\n\n")[0].splitlines()[3:]
    assert max(map(width, below)) <= COLUMNS
    return "".join(below) if language in ("ja", "zh") else " ".join(below)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_says_in_one_line_until_when_and_how_much_is_left(language: str) -> None:
    line = deadline(language, "first_response")
    assert all(words in line for words in DEADLINES[language])
    assert width(line) <= COLUMNS


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_names_the_platform_where_its_window_ends_first_and_says_what_is_late(language: str) -> None:
    window = deadline(language, "window")
    late = deadline(language, "next_response", AT - timedelta(minutes=20))
    assert "Facebook" in window
    assert "20" in late
    assert len({window, late, deadline(language, "first_response"), deadline(language, "next_response")}) == 4


def test_a_ticket_that_nobody_waits_in_says_nothing_of_it() -> None:
    assert "Answer by" not in text_of(ticket_mail(ticket()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reminder_fits_its_line_and_says_something_of_its_own(language: str) -> None:
    waits = ticket(language=language, zone="Asia/Tokyo", author=Author("1", NAMES[3]))
    plain = Reminding("50", AT - timedelta(hours=3), SOON, AT + timedelta(hours=2), AT - timedelta(hours=1))
    codes = ("50", "80", "100", "window", "unresolved")
    texts = {code: text_of(reminder_mail(waits, replace(plain, code=code))) for code in codes}
    assert {code: text for code, text in texts.items() if max(map(width, text.splitlines())) > 80 or "{" in text} == {}
    assert len({texts[code] for code in ("50", "80", "100", "window")}) == 4


def test_what_the_end_of_the_window_means_is_said_where_that_is_what_is_near() -> None:
    plain = Reminding("80", AT - timedelta(hours=3), SOON)
    near, over = replace(plain, window_at=SOON), replace(plain, code="100", window_at=AT - timedelta(minutes=1))
    says = [" ".join(text_of(reminder_mail(ticket(), each)).split()) for each in (plain, near, over)]
    assert ["After that Facebook takes no answer any more." in text for text in says] == [False, True, False]
    assert ["Facebook takes no answer any more. As soon as" in text for text in says] == [False, False, True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_summary_lists_everybody_with_channel_times_and_subject(language: str) -> None:
    people = [Voice(language, "Europe/Berlin", "X", "Rosewood", "Rosewood", Author("1", name)) for name in NAMES]
    waiting = [Waits(voice, f"[X] {voice.name}: #close <b>", AT - timedelta(hours=2), SOON) for voice in people]
    late = replace(waiting[0], due_at=AT - timedelta(hours=1))
    mail = summary_mail(
        Summary("lead", "d1", AT, people[0], "reply.example.org", "lead@example.org", "Linh", [late, *waiting[1:]])
    )
    text = text_of(mail)
    assert (mail["To"], mail["X-Bridgehead-Kind"], mail["Auto-Submitted"]) == (
        *("lead@example.org", MailKind.SUMMARY),
        "auto-generated",
    )
    assert str(len(NAMES)) in mail["Subject"]
    assert all(name in text for name in NAMES)
    assert "\n#close" not in text
    assert max(width(line) for line in text.splitlines()) <= 80
