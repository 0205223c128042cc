"""A mail as lines that know whether they are quoted: what `html_text` makes of HTML and this makes of plain text.

Everything here is one pass over the characters; nothing looks back further than it has to.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

MOST_LINES = 4000  # of a body that are looked at
LONGEST_LINE = 400  # characters; what is longer introduces nothing
TOKENS = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]+")
_CLEANED: dict[int, str | None] = {
    **dict.fromkeys(range(32)),  # control characters go, but for these
    **{ord(c): c for c in "\n\t"},
    **{ord(c): "\n" for c in "\r\u2028"},
    **{
        ord(c): None for c in "\u200b\u2060\ufeff\xad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    },
    ord("\xa0"): " ",
}
_MOST_EMPTY = 2  # in a row; Redmine means something by two instead of one


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mail without its quote marks."""

    text: str
    quoted: bool = False
    indented: bool = False  # a plain blockquote: a quote, or what the agent wanted to stand out
    certain: bool = False  # the HTML says that it is a quote, not only a `>`
    opener: str = ""  # HTML structure that starts a quote here ("outlook-header", …); such a line has no text
    raw: str = ""  # as it stood, with its `>`

    @property
    def blank(self) -> bool:
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class Opener:
    """Lines `start` to `end` (exclusive) that introduce a quote."""

    start: int
    end: int
    rule: str
    strong: bool = True  # a weak one needs the quote behind it to be marked


def lines_of(text: str) -> list[Line]:
    """The lines of a plain text body, any line ending, zero-width characters removed, empty runs cut to two lines.

    A `>` that closes a wrapped `<jane@example.com` is no quote mark.
    """
    lines: list[Line] = []
    open_brackets = 0
    for raw in islice(_without_empty_runs(clean(text).split("\n")), MOST_LINES + 1):
        line = Line(raw, raw=raw) if open_brackets > 0 else _line(raw)
        lines.append(line)
        open_brackets = 0 if line.blank or line.quoted else max(open_brackets + _opened(raw), 0)
    return lines


def clean(text: str) -> str:
    """One kind of line ending and of space, nothing invisible."""
    return text.replace("\r\n", "\n").translate(_CLEANED)


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, case-folded; in Chinese, Japanese and Korean the characters."""
    return tuple(TOKENS.findall(text.casefold()))


def joined(lines: Iterable[Line]) -> str:
    """The lines as the text that is posted: no blank line at either end, never two in a row."""
    kept: list[str] = []
    for line in lines:
        text = (line.raw or line.text).rstrip()
        if text or (kept and kept[-1]):
            kept.append(text)
    return "\n".join(kept).strip("\n")


def next_written(lines: Sequence[Line], start: int) -> int:
    """The index of the first line from `start` on that is not blank; the number of lines if there is none."""
    while start < len(lines) and lines[start].blank and not lines[start].quoted and not lines[start].opener:
        start += 1
    return start


def is_rule(text: str) -> bool:
    """A line of dashes, underscores or the like, at least two."""
    bare = text.strip()
    return len(bare) > 1 and not bare.strip("-_=*~—–─━ ")


def _without_empty_runs(raws: Iterable[str]) -> Iterator[str]:
    """At most two empty lines, or lines of nothing but quote marks, one after the other."""
    run = 0
    for raw in raws:
        run = 0 if raw.strip(" \t>") else run + 1
        if run <= _MOST_EMPTY:
            yield raw


def _opened(raw: str) -> int:
    """How many brackets of addresses this line leaves open; only what looks like a wrapped address counts."""
    return raw.count("<") - raw.count(">") if raw.rstrip().endswith("<") or "@" in raw or "mailto:" in raw else 0


def _line(raw: str) -> Line:
    rest = raw.lstrip(" ")
    if not rest.startswith((">", "＞")):
        return Line(raw, raw=raw)
    return Line(rest.lstrip(">＞ ").rstrip(), quoted=True, raw=raw)
