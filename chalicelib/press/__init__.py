"""The press: an answer on paper as a PDF, set by Typst in any script. A Lambda of its own that may do nothing else.

Its package (requirements-press.txt) is four times as large as everything else together, for Chinese and Japanese alone
have tens of thousands of characters; no other Lambda loads it. What is to be set is data to Typst, never markup.
https://typst.app/docs
"""

from __future__ import annotations

import json
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")
# the same Chinese character is drawn differently in each of these; all else has one shape
HAN: Mapping[str, str] = {"ja": "JP", "ko": "KR", "zh": "SC"}
LETTERHEAD = "letterhead.pdf"


class Unusable(Exception):
    """The letterhead is no PDF that can be set under a letter."""


@dataclass(frozen=True)
class Sheet:
    """What stands on a letter; every line and word as it is to be read."""

    words: str  # paragraphs, with empty lines between
    address: Sequence[str]  # the lines in the envelope's window
    sender: Sequence[str]  # the lines of the letterhead
    language: str  # a code such as "de", in lower case
    date: str
    reference: str
    paper: str  # "a4" or "us-letter"
    letterhead_pages: int = 0  # of the business's own letter paper: the first page, and another for all that follow


def handle(event: Mapping[str, Any], context: Any) -> dict[str, str]:
    """The Lambda: a sheet and the letterhead's bytes in, the PDF or "unusable" out."""
    try:
        return {"pdf": b64encode(typeset(Sheet(**event["sheet"]), b64decode(event["letterhead"]))).decode()}
    except Unusable:
        return {"unusable": "letterhead"}


def typeset(sheet: Sheet, letterhead: bytes) -> bytes:
    """The PDF, with its fonts in it. Raises Unusable."""
    import typst

    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / LETTERHEAD).write_bytes(letterhead)
        (root / "sheet.json").write_text(json.dumps(_laid_out(sheet)), "utf-8")
        (root / "letter.typ").write_bytes((HERE / "letter.typ").read_bytes())
        try:
            made = typst.compile(
                root / "letter.typ", root=root, format="pdf", font_paths=_fonts(), ignore_system_fonts=True
            )
        except typst.TypstError as error:
            if not sheet.letterhead_pages:
                raise
            raise Unusable from error
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> Any:
    """Read once a process; none but those that came along, so that a letter is the same everywhere."""
    import typst

    folders = [str(Path(spec.origin).parent) for name in FONTS if (spec := find_spec(name)) and spec.origin]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _laid_out(sheet: Sheet) -> dict[str, Any]:
    """As letter.typ reads it: every paragraph as lines, with the side they begin on."""
    blocks = [block.strip("\n").split("\n") for block in sheet.words.split("\n\n") if block.strip()]
    return {
        **asdict(sheet),
        "fonts": ["Noto Sans", f"Noto Sans CJK {HAN.get(sheet.language, 'JP')}", "Noto Emoji"],
        "blocks": [_paragraph(block) for block in blocks],
        "window": _paragraph(sheet.address),
    }


def _paragraph(lines: Sequence[str]) -> dict[str, Any]:
    return {"lines": list(lines), "from_right": _is_from_right("".join(lines))}


def _is_from_right(words: str) -> bool:
    """By the first letter that has a direction, as a reader's program would."""
    found = (unicodedata.bidirectional(each) for each in words)
    return next((each for each in found if each in ("L", "R", "AL")), "L") != "L"
