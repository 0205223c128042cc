"""A long answer cut into posts that read well: between paragraphs, else lines, sentences, words, and only then letters.

What a reader sees as one sign (an emoji family, a letter with its marks, a Hangul syllable) and a link stay whole. Lengths
are the platform's own: `measure` may count characters, bytes, UTF-16 units or X's weights. Pure, linear in time.
Near enough to https://www.unicode.org/reports/tr29/: where the two differ, signs stay together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

Measure = Callable[[str], int]
FULL_ENOUGH = 0.5  # of the limit: a part that ends at a better border may be that short
TIGHT = 0.9


class Unsplittable(Exception):
    """One link or one sign alone is longer than the limit."""


class Border(IntEnum):
    """What ends after an atom, the best last."""

    SIGN = 0
    WORD = 1
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4


class Atom(NamedTuple):
    """What is never cut: a sign, a link, or the white space between two words."""

    text: str
    length: int
    border: Border


def split(text: str, limit: int, measure: Measure = len, fullness: float = FULL_ENOUGH) -> tuple[str, ...]:
    """The text in parts of at most `limit`, none of them empty. Raises Unsplittable.

    The parts hold the same words in the same order; only white space between them is gone.
    """
    whole = text.strip()
    if measure(whole) <= limit:
        return (whole,) if whole else ()
    return tuple(_parts(list(_atoms(whole, measure)), limit, measure, fullness))


def _parts(atoms: Sequence[Atom], limit: int, measure: Measure, fullness: float) -> Iterator[str]:
    start, room = 0, limit
    while start < len(atoms):
        end = _end(atoms, start, room, fullness)
        part = "".join(atom.text for atom in atoms[start:end]).strip()
        over = measure(part) - limit
        if over > 0:
            # signs can count more together than one by one, such as words that X takes for a link
            room -= over
            continue
        if part:
            yield part
        start, room = end, limit


def _end(atoms: Sequence[Atom], start: int, room: int, fullness: float) -> int:
    """Where the part that begins at `start` ends: at the best border of a part that is full enough, else at the last."""
    best, at, length = Border.SIGN, 0, 0
    for position in range(start, len(atoms)):
        atom = atoms[position]
        if length + atom.length > room and not atom.text.isspace():
            return at or position if position > start else _nowhere(atom)
        length += atom.length
        if length >= room * fullness and atom.border >= best and atom.border > Border.SIGN:
            best, at = atom.border, position + 1
    return len(atoms)


def _nowhere(atom: Atom) -> int:
    raise Unsplittable(f"{atom.length}")


def _atoms(text: str, measure: Measure) -> Iterator[Atom]:
    lengths: dict[str, int] = {}
    pieces = list(_pieces(text))
    for position, piece in enumerate(pieces):
        if piece not in lengths:
            lengths[piece] = measure(piece)
        yield Atom(piece, lengths[piece], _border(pieces, position))


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for whole in _WHOLE.finditer(text):
        yield from signs(text[done : whole.start()])
        yield whole[0]
        done = whole.end()
    yield from signs(text[done:])


def signs(text: str) -> Iterator[str]:
    """What a reader sees as one, and nothing smaller."""
    start, flags = 0, 0
    for position in range(1, len(text)):
        before, after = text[position - 1], text[position]
        flags = flags + 1 if _is_flag_letter(before) else 0
        if not _belongs(before, after, flags):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def _belongs(before: str, after: str, flags: int) -> bool:
    if before < "\u0300" and after < "\u0300":
        return before == "\r" and after == "\n"
    if before in _JOINS_NEXT or after in _JOINS_PREVIOUS or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if _is_flag_letter(after):
        return flags % 2 == 1
    return unicodedata.combining(before) == _VIRAMA or bool(_SYLLABLE.fullmatch(before + after))


def _is_flag_letter(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _border(pieces: Sequence[str], position: int) -> Border:
    """White space ends what stands before it; Chinese and Japanese sentences end without any."""
    piece = pieces[position]
    following = pieces[position + 1] if position + 1 < len(pieces) else ""
    if piece.isspace():
        return _after_space(pieces, position, piece.count("\n"))
    # brackets and quotation marks that close stay with the sentence
    if following.isspace() or (following and following[0] in _CLOSING):
        return Border.SIGN
    if _ends(pieces, position, _WIDE_ENDS):
        return Border.SENTENCE
    return Border.WORD if piece[0] in _PAUSES else Border.SIGN


def _after_space(pieces: Sequence[str], position: int, newlines: int) -> Border:
    if newlines:
        return Border.PARAGRAPH if newlines > 1 else Border.LINE
    return Border.SENTENCE if _ends(pieces, position - 1, _ENDS) else Border.WORD


def _ends(pieces: Sequence[str], position: int, ends: str) -> bool:
    least = max(position - _MOST_CLOSING, -1)
    while position > least and pieces[position][0] in _CLOSING and pieces[position][0] not in ends:
        position -= 1
    return position >= 0 and pieces[position][-1] in ends


_MOST_CLOSING = 3
_WIDE_ENDS = "。！？｡．︒‼⁇⁈⁉।॥"
_ENDS = f".!?…{_WIDE_ENDS}؟۔።၊။។៕։"
_PAUSES = "、，；：､"
_CLOSING = f"\"'’”»›)]}}）］｝」』】〉》〕〗〙〛｣{_WIDE_ENDS}{_PAUSES}"
_VIRAMA = 9
# the zero-width joiner; numbers' and verses' signs that stand in front in Arabic, Syriac and Kaithi
_JOINS_NEXT = frozenset(
    "\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd"
)
_JOINS_PREVIOUS = frozenset(
    "\u200c\u200d\u0e33\u0eb3"
    + "".join(map(chr, range(0x1F3FB, 0x1F400)))  # skins
    + "".join(map(chr, range(0xE0020, 0xE0080)))  # the letters of some flags
)
# Hangul written letter by letter: initials, vowels, finals
_SYLLABLE = re.compile(
    "[\u1100-\u115f\ua960-\ua97c][\u1100-\u11a7\ua960-\ua97c\ud7b0-\ud7c6\uac00-\ud7a3]"
    "|[\u1160-\u11a7\ud7b0-\ud7c6\uac00-\ud7a3][\u1160-\u11ff\ud7b0-\ud7fb]|[\u11a8-\u11ff\ud7cb-\ud7fb][\u11a8-\u11ff\ud7cb-\ud7fb]"
)
_LINK_END = f'\\s<>"（）「」『』【】《》〈〉“”{_WIDE_ENDS}{_PAUSES}'
# white space, or a link: with a scheme, or a name like shop.example/path; never one half of a name or a mail address
_WHOLE = re.compile(
    rf"""
    \s+
    | (?: (?i:https?://|www\.) [^{_LINK_END}]+ )
    | (?<! [A-Za-z0-9@._-] ) (?: [A-Za-z0-9-]+ \. )+ [A-Za-z]{{2,24}} (?: [/?\#:] [^{_LINK_END}]* )? (?! [A-Za-z0-9@_-] )
    """,
    re.VERBOSE,
)
