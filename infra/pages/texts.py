"""The words of both pages: a file a language beside this module, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "ja", "vi", "zh")
NAMES = {"en": "English", "de": "Deutsch", "ja": "日本語", "vi": "Tiếng Việt", "zh": "中文"}


def text(key: str, language: str) -> str:
    """Raises KeyError on a text that is not there."""
    return texts(language)[key]


@cache
def texts(language: str) -> dict[str, str]:
    """All texts of one language, by key."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text("utf-8"))
    return found
