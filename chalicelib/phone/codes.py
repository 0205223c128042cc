"""A conversation's name in texts: a letter and a digit or two, without those that look like another: "A7", "K42".

Which conversation has which code is kept in the table, one item a code, so nothing is counted and nothing scanned. A
conversation tries the same few codes each time, most of them short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from unicodedata import normalize

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
SHORT_TRIES, LONG_TRIES = 6, 18


def candidates(conversation: str) -> Iterator[str]:
    """The codes a conversation may have, in the order in which it asks for them."""
    draws = (sha256(f"{conversation}:{number}".encode()).digest() for number in range(SHORT_TRIES + LONG_TRIES))
    for number, draw in enumerate(draws):
        letter, digit, second = LETTERS[draw[0] % 24], DIGITS[draw[1] % 8], DIGITS[draw[2] % 8]
        yield f"{letter}{digit}" if number < SHORT_TRIES else f"{letter}{digit}{second}"


def leading(text: str) -> tuple[str, str]:
    """The code a text begins with and the rest of it; ("", text) when there is none."""
    found = _CODE.match(text)
    if found is None:
        return "", text
    return normalize("NFKC", found["code"]).upper(), text[found.end() :].lstrip(_BETWEEN)


# keyboards for Japanese and Chinese write wide letters; what comes before may be marks of writing direction
_WIDE = "Ａ-ＨＪ-ＮＰ-Ｚａ-ｈｊ-ｎｐ-ｚ"
_MARKS = "\u200e\u200f\u061c\u2066-\u2069"
_CODE = re.compile(
    rf"[\s{_MARKS}]*(?P<code>[A-HJ-NP-Za-hj-np-z{_WIDE}][2-9２-９]{{1,2}})(?![0-9A-Za-z０-９Ａ-Ｚａ-ｚ])"
)
_BETWEEN = " \t\r\n　:：,，、.。;；)）\u200e\u200f\u061c\u2066\u2067\u2068\u2069"
