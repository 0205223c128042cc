"""The picture of a week: what the settings mean, in the owner's language, with nights, holidays and clocks that change."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chalicelib.settings import LANGUAGES
from infra.__main__ import main
from infra.sla.picture import draw
from infra.sla.simulate import Week, lines, simulate

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "bridgehead.example.toml"
DAY = timedelta(hours=24)


def week(day: str, language: str = "en", window: timedelta | None = None) -> Week:
    return simulate(EXAMPLE, date.fromisoformat(day), window, language)


@cache
def words(day: str, language: str = "en") -> list[str]:
    """All that is written in the picture."""
    picture = ElementTree.fromstring(draw(week(day, language)))  # noqa: S314 - our own
    return [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_a_question_of_the_night_is_due_when_the_business_is_back() -> None:
    table = list(lines(week("2026-03-25")))
    else_ = table[table.index("everything else") :]
    assert any(line.startswith("  Mon 21:00 → answer by Tue 11:00   Tue 10:00 ticket") for line in else_)
    assert any(line.startswith("  Sat 21:00 → answer by Sat 23:00") for line in else_)


def test_a_holiday_is_named_and_nothing_is_due_on_it() -> None:
    assert "Easter Monday" in words("2026-04-06")
    assert any("Mon 09:00 → answer by Tue 11:00" in line for line in lines(week("2026-04-06")))


def test_a_window_is_shown_with_its_warnings() -> None:
    table = list(lines(week("2026-03-25", window=DAY)))
    assert "on a platform that takes answers for 1 day" in table[0]
    assert any("Mon 15:00 → answer by Mon 17:00" in line and "Tue 13:00 ticket+owner" in line for line in table)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-03-29", "02:00 → 03:00 clocks go forward"),
        ("2026-10-19", "03:00 → 02:00 clocks go back"),
        ("2026-06-01", ""),
    ],
)
def test_a_change_of_the_clocks_is_marked(day: str, told: str) -> None:
    assert {text for text in words(day) if "clocks" in text} == ({told} if told else set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_owners_read_it_in_their_language(language: str) -> None:
    table = list(lines(week("2026-03-29", language, DAY)))
    assert not any("{" in text for text in (*table, *words("2026-03-29", language)))
    assert len({words("2026-03-29", each)[0] for each in LANGUAGES}) == len(LANGUAGES)


def test_the_command_prints_the_table_and_writes_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "woche.svg"
    assert main(["sla", "simulate", str(EXAMPLE), "--week", "2026-03-25", "-o", str(out)]) == 0
    assert out.read_text("utf-8").startswith("<svg ")
    printed = capsys.readouterr().out
    assert "Was Ihre Regeln bedeuten: die Woche vom Mo., 23. März 2026" in printed
    assert str(out) in printed


def test_the_picture_in_the_documentation_is_of_the_example() -> None:
    assert (ROOT / "docs" / "clock.svg").read_text("utf-8") == draw(week("2026-04-06", window=DAY))
