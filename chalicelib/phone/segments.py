"""How many texts a text becomes: networks count septets of the GSM alphabet, or UTF-16 units as soon as one sign is not in it.

One text has 160 septets or 70 units; of a longer one each part has 153 or 67, and each part is charged.
https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/ (GSM 03.38)
"""

from __future__ import annotations

from chalicelib.text import cut

MOST = 2  # texts that one message of ours may become
ELLIPSIS = "..."  # "…" is not in the GSM alphabet

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each
# what phones type by themselves, as the alphabet has it
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "})


def count(text: str) -> int:
    """The texts that a text becomes."""
    weights, whole, part = _measure(text)
    if sum(weights) <= whole:
        return 1
    parts, used = 1, 0
    for weight in weights:
        # a sign of two septets or units is never split between two texts
        parts, used = (parts, used + weight) if used + weight <= part else (parts + 1, weight)
    return parts


def plain(text: str) -> str:
    """With the typographic signs that would more than double the price replaced by their simple forms."""
    return text.translate(_PLAIN)


def fitted(before: str, words: str, after: str) -> str:
    """The whole message with as much of `words` as fits into two texts, cut between graphemes; a cut is shown."""
    if count(before + words + after) <= MOST:
        return before + words + after
    # what fits still fits when it is shorter: every shorter beginning needs no more texts
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count(before + _shortened(words, middle) + after) <= MOST
        low, high = (middle, high) if fits else (low, middle - 1)
    return before + _shortened(words, low) + after


def _shortened(words: str, length: int) -> str:
    return cut(words, length).rstrip() + ELLIPSIS if length else ELLIPSIS


def _measure(text: str) -> tuple[list[int], int, int]:
    """What each sign weighs, what one text alone holds, and what each part of several does."""
    if all(c in _ALPHABET or c in _EXTENDED for c in text):
        return [2 if c in _EXTENDED else 1 for c in text], 160, 153
    return [2 if c > "\uffff" else 1 for c in text], 70, 67
