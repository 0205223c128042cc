"""Five languages say the same things with the same blanks."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.base import Limits
from chalicelib.locales import duration, moment, number, say, texts
from chalicelib.model import AttachmentKind, Kind, NoteKind, TroubleKind
from chalicelib.settings import LANGUAGES

ROOT = Path(__file__).parents[1]
REFUSALS = (
    *(
        "window",
        "blocked",
        "gone",
        "token",
        "permission",
        "too-long",
        "throttled",
        "policy",
        "rejected",
        "not-summoned",
    ),
    *("duplicate", "usage-capped", "switched-off", "no-answers", "unsure", "unknown", "sender", "repeat", "encrypted"),
    *("forwarded", "empty", "attachment", "rate", "private-only"),
)
AT = datetime(2025, 3, 30, 13, 5, tzinfo=UTC)


def forms(text: Any) -> Iterator[str]:
    if isinstance(text, str):
        yield text
    elif isinstance(text, Mapping):
        yield from text.values()
    else:
        yield from text


def blanks(text: Any) -> set[str]:
    return {name for form in forms(text) for _, name, _, _ in string.Formatter().parse(form) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_blanks(language: str) -> None:
    theirs, ours = texts(language), texts("en")
    assert list(theirs) == list(ours)
    assert {key: blanks(text) for key, text in theirs.items()} == {key: blanks(text) for key, text in ours.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_untranslated_or_untidy(language: str) -> None:
    free = {"thousands", "sentence_between", "duration_between", "person", "moment", "moment_in_zone", "text_frame"}
    words = {key: text for key, text in texts(language).items() if key not in free}
    for key, text in words.items():
        for form in forms(text):
            assert form == form.strip() != "", key
            assert "  " not in form, key
    same = {"attachment_video", "attachment_link", "attachment_sticker", "followers"}
    same |= {"channel_sms", "channel_wechat", "channel_wecom", "channel_canary"}
    if language != "en":
        untranslated = {key for key, text in words.items() if text == texts("en")[key]}
        assert untranslated <= same


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_names_no_key_twice(language: str) -> None:
    pairs: list[str] = []
    raw = (ROOT / "chalicelib/locales" / f"{language}.json").read_text("utf-8")
    json.loads(raw, object_pairs_hook=lambda found: pairs.extend(key for key, _ in found if "_" in key))
    assert len(pairs) == len(set(pairs))


def test_plural_forms_are_those_of_the_language() -> None:
    for language in LANGUAGES:
        expected = {"one", "other"} if language in ("en", "de") else {"other"}
        plurals = {key: set(text) for key, text in texts(language).items() if isinstance(text, Mapping)}
        assert set(map(frozenset, plurals.values())) == {frozenset(expected)}
    assert say("en", "followers", count=1, number="1") == "1 follower"
    assert say("vi", "followers", count=1, number="1") == "1 người theo dõi"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_text_for_every_word_of_the_model(language: str) -> None:
    needed = [f"about_{kind}" for kind in Kind]
    needed += [f"attachment_{kind}" for kind in AttachmentKind]
    needed += [f"note_{kind}" for kind in NoteKind]
    needed += [f"trouble_{kind}{end}" for kind in TroubleKind for end in ("", "_do")]
    needed += [f"refused_{code}{end}" for code in REFUSALS for end in ("", "_do")]
    needed += [f"unit_{unit}" for unit in (Limits(True, 1).unit, "bytes", "weighted")]
    assert set(needed) <= set(texts(language))


def test_every_text_is_used() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    built = tuple(re.findall(r"f\"([a-z]+_)\{", source))
    assert [key for key in texts("en") if f'"{key}"' not in source and not key.startswith(built)] == []


def test_times_read_as_people_write_them_and_name_the_zone() -> None:
    assert moment("en", AT, "Europe/London") == "Sun, 30 March 2025, 14:05 (Europe/London)"
    assert moment("de", AT, "Europe/Berlin") == "So., 30. März 2025, 15:05 Uhr (Europe/Berlin)"
    assert moment("ja", AT, "Asia/Tokyo") == "2025年3月30日（日）22:05（Asia/Tokyo）"
    assert moment("vi", AT, "Asia/Ho_Chi_Minh") == "20:05, Chủ nhật, 30/3/2025 (Asia/Ho Chi Minh)"
    assert moment("zh", AT, "Asia/Shanghai") == "2025年3月30日（周日）21:05（Asia/Shanghai）"


def test_the_hour_the_clocks_skip_is_not_said() -> None:
    said = [moment("de", AT.replace(hour=hour, minute=30), "Europe/Berlin") for hour in (0, 1)]
    assert [text.partition(" Uhr")[0][-5:] for text in said] == ["01:30", "03:30"]


def test_numbers_and_spans_are_said_in_the_language() -> None:
    assert [number(language, 12345) for language in LANGUAGES] == ["12,345", "12.345", "12,345", "12.345", "12,345"]
    span = timedelta(hours=3, minutes=20)
    assert duration("en", span) == "3 hours 20 minutes"
    assert duration("de", timedelta(days=1, hours=2, minutes=5)) == "1 Tag und 2 Stunden"
    assert duration("ja", span) == "3時間20分"
    assert duration("vi", -span) == "3 giờ 20 phút"
    assert duration("zh", timedelta(seconds=5)) == "1 分钟"


def test_an_unknown_language_is_answered_in_english() -> None:
    assert say("fr", "open_original", on="on X") == "Open on X"
    assert texts("../en") == texts("en")


def test_braces_in_a_name_are_not_read_again() -> None:
    assert say("en", "open_original", on="{account.__class__}") == "Open {account.__class__}"
