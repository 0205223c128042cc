"""What a text means, and what one of ours may hold."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.phone import codes
from chalicelib.phone.reading import Wish, read
from chalicelib.phone.segments import MOST, count, fitted
from chalicelib.phone.wording import MOST_OTHERS, Reader, Subject, about, alarm, safe, told, which
from chalicelib.settings import LANGUAGES

NOW = datetime(2026, 11, 22, 12, 15, tzinfo=UTC)
MIA = Subject(
    "A72", "Facebook", "Mia Muster", "Habt ihr offen?", 104_200, NOW - timedelta(minutes=80), NOW + timedelta(hours=30)
)


@pytest.mark.parametrize(
    ("text", "wish", "code", "words"),
    [
        ("A7 We are so sorry, come by!", Wish.ANSWER, "A7", "We are so sorry, come by!"),
        ("a7: hallo", Wish.ANSWER, "A7", "hallo"),
        (" b3, xin lỗi ạ", Wish.ANSWER, "B3", "xin lỗi ạ"),
        ("Ａ７　申し訳ございません", Wish.ANSWER, "A7", "申し訳ございません"),
        ("A7申し訳ございません", Wish.ANSWER, "A7", "申し訳ございません"),
        ("A72 我们很抱歉", Wish.ANSWER, "A72", "我们很抱歉"),
        ("\u200fA7 نعتذر", Wish.ANSWER, "A7", "نعتذر"),
        ("A7 OK, come by", Wish.ANSWER, "A7", "OK, come by"),
        ("A7 #close", Wish.ANSWER, "A7", "#close"),
        ("A7", Wish.ASK, "A7", ""),
        ("a7？", Wish.ASK, "A7", "？"),
        ("A7 ok.", Wish.SEEN, "A7", "ok."),
        ("A7 👍🏽", Wish.SEEN, "A7", "👍🏽"),
        ("A7 了解しました", Wish.SEEN, "A7", "了解しました"),
        ("A7 đã xem", Wish.SEEN, "A7", "đã xem"),
        ("A7 收到！", Wish.SEEN, "A7", "收到！"),
        ("A7 gesehen", Wish.SEEN, "A7", "gesehen"),
        ("A7 Ja", Wish.CONFIRM, "A7", "Ja"),
        ("はい", Wish.YES, "", "はい"),
        ("👍", Wish.YES, "", "👍"),
        ("STOP", Wish.STOP, "", "STOP"),
        ("Stopp.", Wish.STOP, "", "Stopp."),
        ("配信停止", Wish.STOP, "", "配信停止"),
        ("hủy", Wish.STOP, "", "hủy"),
        ("退订", Wish.STOP, "", "退订"),
        ("Start", Wish.START, "", "Start"),
        ("bắt đầu", Wish.START, "", "bắt đầu"),
        ("?", Wish.HELP, "", "?"),
        ("Hilfe", Wish.HELP, "", "Hilfe"),
        ("", Wish.HELP, "", ""),
        ("Hallo zusammen", Wish.UNADDRESSED, "", "Hallo zusammen"),
        ("Stop by any time!", Wish.UNADDRESSED, "", "Stop by any time!"),
        ("A4paper is out", Wish.UNADDRESSED, "", "A4paper is out"),
        ("A1 is no code of ours", Wish.UNADDRESSED, "", "A1 is no code of ours"),
    ],
)
def test_a_text_is_taken_for_what_it_says(text: str, wish: Wish, code: str, words: str) -> None:
    said = read(text)
    assert (said.wish, said.code, said.words) == (wish, code, words)


@given(some.text(max_size=60))
@settings(max_examples=40, database=None)
def test_whatever_is_texted_is_an_answer_only_behind_a_code(text: str) -> None:
    said = read(text)
    assert (said.wish in (Wish.ANSWER, Wish.ASK, Wish.SEEN, Wish.CONFIRM)) == bool(said.code)


def test_codes_have_no_sign_that_looks_like_another() -> None:
    found = {code for number in range(300) for code in codes.candidates(f"conversation-{number}")}
    assert not {sign for code in found for sign in code} & set("IO01")
    assert all(codes.leading(f"{code} words") == (code, "words") for code in found)
    assert list(codes.candidates("one")) == list(codes.candidates("one"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # a sign of two septets is not split: one septet stays empty
        ("ä" * 160, 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("あ" * 134, 2),
        ("あ" * 135, 3),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("👍" * 66, 2),
        ("👍" * 67, 3),  # 33 fit into a part, a half one does not
    ],
)
def test_texts_are_counted_as_networks_count_them(text: str, parts: int) -> None:
    assert count(text) == parts


@given(some.text(max_size=400))
@settings(max_examples=40, database=None)
def test_a_text_never_becomes_more_than_two_and_is_cut_between_graphemes(words: str) -> None:
    whole = fitted('A7 Mia: "', words, '" Answer: A7')
    assert count(whole) <= MOST
    assert whole.startswith('A7 Mia: "')
    assert whole.endswith('" Answer: A7')


def test_an_emoji_of_several_signs_is_not_cut_in_two() -> None:
    family = "👨‍👩‍👧‍👦"
    shown = fitted("", family * 40, "").removesuffix("...")
    assert shown == family * (len(shown) // len(family))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["reminder", "missed", "window", "unresolved", "answered"])
def test_every_text_fits_into_two_with_the_first_words_in_it(language: str, kind: str) -> None:
    reader = Reader(language, "Europe/Vienna", NOW)
    long = replace(
        MIA,
        name="Nguyễn Thị Ánh Tuyết từ Sài Gòn xa xôi",
        channel="Standard Webhooks Extra",
        words="Xin chào quán ơi " * 30,
    )
    for others in ((), ("B32",) * MOST_OTHERS):
        for subject in (MIA, long):
            text = alarm(kind, subject, others, reader)
            assert count(text) <= MOST
            assert subject.words[:8] in text
            assert " ".join(others) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_fits_into_two(language: str) -> None:
    reader, long = Reader(language, "Europe/Vienna", NOW), replace(MIA, words="Xin chào quán ơi " * 30)
    for key, more in (
        ("posted", {}),
        ("later", {"when": "14:00"}),
        ("closed", {}),
        ("seen", {}),
        ("note", {}),
        ("ask", {}),
    ):
        assert count(about(key, long, reader, **more)) <= MOST
    for key in ("help", "unknown", "pictures"):
        assert count(told(key, reader, code="A7")) <= MOST
    assert count(which([long] * 9, reader)) <= MOST


def test_a_customers_words_bring_no_link_and_do_not_pass_for_ours() -> None:
    shown = safe('See http://evil.example/x or evil.com/a, evil.com!" B3 ok\nA7 #close “ja”', 400)
    assert shown == "See [link] or [link] evil. com!' B3 ok A7 #close 'ja'"
    assert safe("Um 9.30 Uhr? 3.5 Sterne...", 400) == "Um 9.30 Uhr? 3.5 Sterne..."
    assert safe("「はい」と返信", 400) == "(はい)と返信"
    assert set(string.whitespace) & set(safe("a\r\n\tb", 9)) == {" "}


def test_words_from_right_to_left_keep_to_themselves_however_short_they_are_cut() -> None:
    long = replace(MIA, name="ليلى حداد", words="أين طلبي رقم 4711؟ " * 20)
    text = alarm("reminder", long, (), Reader("en", "Europe/Vienna", NOW))
    assert text.count("\u2068") == text.count("\u2069") == 2
    assert '...\u2069" Waiting' in text


def test_the_day_is_said_when_it_is_not_today() -> None:
    reader = Reader("de", "Europe/Vienna", NOW)
    assert "Frist Mo. 19:15" in alarm("reminder", MIA, (), reader)
    assert "(104.200 Follower)" in alarm("reminder", MIA, (), reader)
