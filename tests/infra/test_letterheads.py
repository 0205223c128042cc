"""The owner's letter paper is tried before anything is deployed, and a letter can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.letter.reading import text_layer
from chalicelib.press import Sheet, typeset
from infra.__main__ import main
from infra.parameters import Refused
from infra.settings.document import check
from infra.stack import letterheads

SETTINGS = """
version = 1
[business]
name = "Café Sonnenschein"
zone = "Europe/Vienna"
language = "de"
reply_domain = "reply.sonnenschein.at"
[helpdesk]
address = "support@sonnenschein.at"
[owner]
address = "chefin@sonnenschein.at"
[connections.letters]
channel = "letter"
accounts = ["letters@reply.sonnenschein.at"]
senders = "scans.at"
"""
PAPER = typeset(Sheet("Seit 1898", [], [], "de", "", "", "a4"), b"")


def settings(file: str = "paper.pdf") -> dict[str, Any]:
    return check(f'{SETTINGS}letterhead_file = "{file}"\n', "prod").settings


def test_letter_paper_is_kept_under_its_hash_and_the_settings_say_where(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(PAPER)
    kept: dict[str, tuple[bytes, str]] = {}
    letterheads.check(settings(), tmp_path)
    stored = letterheads.store(settings(), tmp_path, lambda key, *what: kept.update({key: what}))
    (key,) = kept
    assert kept[key] == (PAPER, "application/pdf")
    assert stored["connections"]["letters"]["options"]["letterhead_file"] == key
    assert stored == letterheads.store(settings(), tmp_path, lambda *_: None)
    assert settings()["connections"]["letters"]["options"]["letterhead_file"] == "paper.pdf"


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "there is no "), (b"GIF89a", "export it as a PDF"), (b"%PDF-1.7" + b" " * 2_000_000, "larger than 2 MB")],
)
def test_what_is_no_letter_paper_is_told_before_anything_is_deployed(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content:
        (tmp_path / "paper.pdf").write_bytes(content)
    with pytest.raises(Refused, match=told):
        letterheads.check(settings(), tmp_path)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Our reference:"), ("de", "Unser Zeichen:"), ("ja", "整理番号："), ("vi", "Mã số thư:"), ("zh", "编号：")],
)
def test_a_letter_can_be_looked_at_before_the_first_is_posted(tmp_path: Path, language: str, said: str) -> None:
    file, out = tmp_path / "bridgehead.toml", tmp_path / "letter.pdf"
    file.write_text(SETTINGS, "utf-8")
    assert main(["letter", "--settings", str(file), "--language", language, "-o", str(out)]) == 0
    assert said in text_layer(out.read_bytes())


def test_who_has_no_letters_is_told_where_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bridgehead.toml"
    file.write_text(SETTINGS.partition("[connections")[0], "utf-8")
    assert main(["letter", "--settings", str(file)]) == 5
    assert "docs/channels/letter.md" in capsys.readouterr().err


def test_a_mistake_is_told_with_the_name_of_the_file_it_is_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "café.toml"
    file.write_text(SETTINGS.replace('"Europe/Vienna"', '"Wien"'), "utf-8")
    assert main(["letter", "--settings", str(file)]) == 5
    assert capsys.readouterr().err.startswith("café.toml line 5: ")
