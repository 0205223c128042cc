"""The words by which a message is sorted, as data: a file a language in `words/`, read when first needed.

Each file has `thanks` and `praise`; `filler`, which beside them changes nothing; `asks_first`, which at the beginning
of a sentence make it a question, and `asks`, which do so anywhere; `vent` and `demand`, plain words of anger; `stop`,
small words by which the language is known where its script does not tell.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SPACED = ("de", "en", "es", "fr", "it", "nl", "pt", "vi")
SPACELESS = ("ja", "ko", "zh")  # Korean has spaces, but people set them as they like
LANGUAGES = (*SPACED, *SPACELESS)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language, spelt as `folded` spells; `kinds` has what a text of thanks and praise consists of."""

    kinds: Mapping[str, str]  # phrase -> thanks, praise, filler
    longest: int  # phrase, in units
    stop: frozenset[str]
    asks_first: frozenset[str]
    asks: tuple[str, ...]
    vent: tuple[str, ...]
    demand: tuple[str, ...]


@cache
def vocabulary(language: str) -> Vocabulary:
    """Of one of LANGUAGES."""
    found: dict[str, list[str]] = json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text("utf-8"))
    kinds = {_phrase(each, language): kind for kind in ("filler", "praise", "thanks") for each in found[kind]}
    return Vocabulary(
        kinds=kinds,
        longest=max(len(units(phrase, language)) for phrase in kinds),
        stop=frozenset(found["stop"]),
        asks_first=frozenset(found["asks_first"]),
        **{key: tuple(_phrase(each, language) for each in found[key]) for key in ("asks", "vent", "demand")},
    )


def folded(text: str) -> str:
    """One spelling for what is written differently: case, width, composed or not, kinds of apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")


def words(text: str) -> list[str]:
    """The words of a folded text, without digits, signs and emoji."""
    return _WORD.findall(text)


def units(text: str, language: str) -> list[str]:
    """What phrases are counted in: words, or letters where words have no reliable spaces."""
    found = words(text)
    return list("".join(found)) if language in SPACELESS else found


def has(text: str, phrases: Iterable[str], language: str) -> bool:
    """Whether a folded text has one of the phrases, as whole words where the language has words."""
    sign = glue(language)
    shown = f"{sign}{sign.join(units(text, language))}{sign}"
    return any(f"{sign}{phrase}{sign}" in shown for phrase in phrases)


def glue(language: str) -> str:
    """Between the units of a phrase."""
    return "" if language in SPACELESS else " "


def _phrase(written: str, language: str) -> str:
    return glue(language).join(units(folded(written), language))
