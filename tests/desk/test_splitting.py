"""Long answers in parts: the same words, no part too long, nothing cut that a reader sees as one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels.x.weighted import weighted_length
from chalicelib.splitting import TIGHT, Unsplittable, signs, split


def in_bytes(text: str) -> int:
    return len(text.encode())


def in_utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


MEASURES: dict[str, Callable[[str], int]] = {
    "characters": len,
    "bytes": in_bytes,
    "utf-16": in_utf16,
    "weighted": weighted_length,
}
SIGNS = (
    *(
        "a",
        "Z",
        "ß",
        "é",
        "e\u0301",
        "ệ",
        "い",
        "か\u3099",
        "漢",
        "한",
        "\u1112\u1161\u11ab",
        "ع",
        "م\u064e",
        "ש",
        "ก็",
        "น้ำ",
    ),
    *(
        "क्षि",
        "ு",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇩🇪",
        "🇯🇵",
        "1️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "❤️",
    ),
    *(" ", "\n", "\n\n", ". ", "! ", "。", "！", "」", "، ", "؟ ", "、"),
)
LINKS = (
    "https://shop.example/wege/" + "x" * 60,
    "http://a.example/?q=" + "%20" * 20,
    "www.example.org/a",
    "shop.example",
)
PHRASES = st.lists(st.sampled_from((*SIGNS, *(f" {link} " for link in LINKS))), max_size=400).map("".join)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@settings(max_examples=40, deadline=None)
@given(text=PHRASES | st.text(max_size=600), limit=st.integers(min_value=90, max_value=200))
def test_the_parts_have_all_words_and_none_is_too_long(text: str, limit: int, measure: Callable[[str], int]) -> None:
    parts = split(text, limit, measure)
    assert all(0 < measure(part) <= limit and part.strip() == part for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


@settings(max_examples=40, deadline=None)
@given(text=PHRASES, limit=st.integers(min_value=90, max_value=200))
def test_no_sign_and_no_link_is_cut(text: str, limit: int) -> None:
    parts = split(text, limit)
    for link in LINKS:
        assert sum(part.count(link) for part in parts) == text.count(link)
    # a mark that stands alone behind a space is no sign that anybody wrote
    assert seen(" ".join(parts)) == seen(text)


def seen(text: str) -> list[str]:
    return [sign.strip() for sign in signs(text) if sign.strip()]


def test_what_a_reader_sees_as_one_is_one() -> None:
    assert [sign for sign in SIGNS if len(sign) > 1 and not sign.isspace() and sign[0] not in ".!،؟"] == [
        found
        for sign in SIGNS
        if len(sign) > 1 and not sign.isspace() and sign[0] not in ".!،؟"
        for found in signs(sign)
    ]
    assert list(signs("🇩🇪🇯🇵🇻🇳")) == ["🇩🇪", "🇯🇵", "🇻🇳"]


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("Eins zwei.\n\nDrei vier. Fünf sechs.", 23, ("Eins zwei.", "Drei vier. Fünf sechs.")),
        ("Hello wonderful world. How are you? I am fine.", 25, ("Hello wonderful world.", "How are you? I am fine.")),
        ("“Is it?” “It is.” “Good to know, thanks.”", 20, ("“Is it?” “It is.”", "“Good to know,", "thanks.”")),
        (
            "お元気ですか？「はい、元気です。」よかったです！",
            17,
            ("お元気ですか？「はい、元気です。」", "よかったです！"),
        ),
        ("明日届きます、ご安心ください", 9, ("明日届きます、", "ご安心ください")),
        ("يصل غدا. شكرا جزيلا؟ نعم", 20, ("يصل غدا. شكرا جزيلا؟", "نعم")),
        ("Ngày mai hàng đến. Cảm ơn bạn nhiều.", 25, ("Ngày mai hàng đến.", "Cảm ơn bạn nhiều.")),
        ("aaaaaaaaaaaaaaa", 10, ("aaaaaaaaaa", "aaaaa")),
        ("Siehe https://shop.example/abc jetzt", 30, ("Siehe https://shop.example/abc", "jetzt")),
        ("Kurz.", 10, ("Kurz.",)),
        (" \n ", 10, ()),
    ],
)
def test_a_part_ends_where_a_reader_would_end_it(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split(text, limit) == parts


@pytest.mark.parametrize("alone", ["https://shop.example/" + "a" * 50, "a" + "\u0301" * 60, "👨" + "‍👩" * 40])
def test_what_cannot_be_cut_and_is_too_long_is_said_so(alone: str) -> None:
    with pytest.raises(Unsplittable):
        split(f"Hier {alone} dort", 40)


def test_tight_parts_are_fewer() -> None:
    text = "Ein Satz. Noch ein etwas längerer Satz steht hier. " * 40
    assert len(split(text, 100, len, TIGHT)) <= len(split(text, 100))


SHAPES: dict[str, Callable[[int], str]] = {
    "one word": lambda n: "a" * n,
    "no spaces": lambda n: "漢" * n,
    "words": lambda n: "word " * (n // 5),
    "half links": lambda n: "http://" * (n // 7),
    "names": lambda n: "a." * (n // 2),
    "families": lambda n: "👨‍👩‍👧" * (n // 5),
    "spaces": lambda n: "a" + " " * n + "b" * 3000,
    "closing": lambda n: "。" + "」" * n,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_time_grows_with_the_length_and_not_faster(shape: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        with suppress(Unsplittable):
            split(shape(size), 2000)
        return time.process_time() - began

    # four times the text; sixteen times the time would be quadratic, and a busy machine is not exact
    assert min(seconds(16_000) for _ in range(2)) < 10 * min(seconds(4_000) for _ in range(2)) + 0.02
