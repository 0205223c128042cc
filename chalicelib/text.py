"""Foreign words made safe to show: what a customer writes must neither steer a helpdesk nor break a line or a header.

Nothing here changes what a reader sees, except that what cannot be shown goes. Everything is one pass over the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

JOINER = "\u2060"
"""WORD JOINER: no width, no break, no glyph, no white space to any parser, and unlike the zero-width joiner it neither
shapes Arabic or Indic letters nor glues emoji. One of it inside `[#123]` and a helpdesk no longer reads its own tag."""

COLUMNS = 78  # of plain text: room for a quote sign on an 80-column screen
LONGEST_SHOWN = 10_000  # characters of an agent's answer that a mail of ours shows again
MOST_MARKS = 8  # combining marks on one letter; no script needs more than five
NEWLINE_LIMIT = 3  # so at most two blank lines in a row
RIGHT_TO_LEFT = ("R", "AL")


def mark(conversation_id: str) -> str:
    """Our mark in the first and the last line of every mail: where a quoted copy of it begins and ends.

    It is how the conversation's address begins, so one search finds quoted address and quoted text alike.
    """
    return f"c-{conversation_id}"


def tidy(text: str) -> str:
    """Without controls, lone surrogates, hidden tags and piled-up marks; with balanced directions and plain newlines."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    plain = _NEWLINES.sub("\n", whole).translate(_DROPPED)
    visible = _INVISIBLE_RUNS.sub("", _HIDDEN_TAGS.sub(r"\1", plain))
    lines = "\n".join(map(_balanced, _thinned(visible).split("\n")))
    return _BLANK_LINES.sub("\n" * NEWLINE_LIMIT, lines).strip("\n ")


def one_line(text: str, limit: int) -> str:
    """The text as one line of at most `limit` characters, cut between words if it can be, never inside a grapheme."""
    line = " ".join(tidy(text).split())
    if len(line) <= limit:
        return line
    kept = cut(line, limit - 1)
    words = kept.rpartition(" ")[0]
    return (words if len(words) > limit * 3 // 4 else kept).rstrip() + "…"


def cut(text: str, limit: int) -> str:
    """The first `limit` characters at most, ending between two graphemes (near enough to Unicode's UAX 29)."""
    if len(text) <= limit:
        return text
    ends = (end for end in range(limit, max(0, limit - 64), -1) if _is_boundary(text, end))
    return text[: next(ends, limit)]


def defuse(text: str) -> str:
    """Tidied words in which no helpdesk reads a tag, a command, a separator, a quote or a header as its own.

    Only word joiners are added: a reader sees no difference. `fuse` takes them out again.
    """
    for pattern, replacement in _HOOKS:
        text = pattern.sub(replacement, text)
    return text


def defuse_subject(line: str) -> str:
    """Words for a subject: what a helpdesk looks for there is also read inside a line, so brackets become round ones."""
    for pattern, replacement in _SUBJECT_HOOKS:
        line = pattern.sub(replacement, line)
    return defuse(line.translate(_ROUND))


def fuse(text: str) -> str:
    """What `defuse` added is gone: for words that an agent copied from a ticket."""
    return text.replace(JOINER, "")


def isolate(words: str) -> str:
    """Words for the middle of our own sentence: from right to left they keep to themselves."""
    if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in words):
        return f"\u2068{words}\u2069"
    return words


def width(text: str) -> int:
    """Columns on a fixed-width screen: two for East Asian wide characters and emoji, none for marks and joiners."""
    return sum(map(_columns, text))


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Our own sentences in lines of at most `columns`; a word or URL longer than that stays whole."""
    return "\n".join("\n".join(_lines(line, columns)) for line in text.split("\n"))


def _balanced(line: str) -> str:
    # overrides only ever deceive; embeddings and isolates may stay if every one of them ends within its line
    line = line.translate(_OVERRIDES)
    counts = Counter(_DIRECTIONS.findall(line))
    embeds, isolates = counts["\u202a"] + counts["\u202b"], counts["\u2066"] + counts["\u2067"] + counts["\u2068"]
    even = embeds == counts["\u202c"] and isolates == counts["\u2069"]
    return line if even else _DIRECTIONS.sub("", line)


def _thinned(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_at_most_marks(text))


def _at_most_marks(text: str) -> Iterator[str]:
    marks = 0
    for c in text:
        marks = marks + 1 if c > "\u02ff" and unicodedata.category(c) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            yield c


def _is_boundary(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == "\u200d" or _extends(after) or unicodedata.combining(before) == _VIRAMA:
        return False
    flags = len(_FLAG_LETTERS.search(text[:at])[0])  # type: ignore[index]
    return not ("\U0001f1e6" <= after <= "\U0001f1ff" and flags % 2)


def _extends(c: str) -> bool:
    # joiners, emoji skin tones and tags, the second and third letters of old-style Hangul syllables
    return bool(_EXTENDERS.match(c)) or unicodedata.category(c) in ("Mn", "Me", "Mc")


def _columns(c: str) -> int:
    if c < "\u0300":
        return 1
    if unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _lines(line: str, columns: int) -> Iterator[str]:
    current = ""
    for piece in _PIECES.findall(line):
        if current and width(current) + width(piece.rstrip()) > columns:
            yield current.rstrip()
            current = ""
        current += piece
    yield current.rstrip()


_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANK_LINES = re.compile(rf"\n(?:[ \t]*\n){{{NEWLINE_LIMIT},}}")
_CONTROLS = [*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF]
_DROPPED = dict.fromkeys(_CONTROLS)
# flags of England, Scotland and Wales are spelled in tag characters; anywhere else these are hidden writing
_HIDDEN_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]{1,32})|[\U000e0000-\U000e007f]+")
_INVISIBLE_RUNS = re.compile("[\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff]{3,}")
_OVERRIDES = dict.fromkeys(map(ord, "\u202d\u202e"))
_DIRECTIONS = re.compile("[\u202a-\u202c\u2066-\u2069]")
_VIRAMA = 9
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]*\\Z")
_EXTENDERS = re.compile("[\u200c\u200d\u1160-\u11ff\u0e33\u0eb3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")

_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
_NOT_FIRST = "、。，．！？：；）」』】〉》・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ％"  # never begins a line (kinsoku)
_NOT_LAST = "（「『【〈《"  # never ends one
_PIECES = re.compile(f"[{_NOT_LAST}]*(?:[{_WIDE}]|[^\\s{_WIDE}]+)[{_NOT_FIRST}]*\\s*|\\s+")

_HOOKS = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        # [#123], [Ticket#123], [issue1], [ABC123-XYZ9]: both ends, since some read from the left and some from the right
        (r"\[([^\[\]\n]{1,80})\]", rf"[{JOINER}\1{JOINER}]"),
        # Ticket#123 without brackets (Zammad, Znuny), ##- … -## (Zendesk)
        (r"#(?=[#\d])", rf"#{JOINER}"),
        # #command, @command, quote signs, spreadsheet formulas, mbox's From: no line of a customer's begins so
        (r"^(?=[ \t]*(?:[#@>＞|=]|From ))", JOINER),
        # --, ____, ===== : signature and reply separators
        (r"^([ \t]*)([-_=*~—–─━])(?=[ \t]?\2)", rf"\1\2{JOINER}"),
        # "Status: closed" (Redmine), "Ref-Mid: …" (osTicket), "On …, Mia wrote:": headers and attributions
        (r"^([ \t]*\w[\w .()/-]{0,40}?)(?=[:：](?:[ \t]|$))", rf"\1{JOINER}"),
        (rf"(?<![\s{JOINER}])(?=[:：][ \t]*$)", JOINER),
        (r"(?i:\b(ref-)(?=mid\b))", rf"\1{JOINER}"),
        # wiki macros and pictures of helpdesks that show text as Textile or Markdown
        (r"\{(?=\{)", rf"{{{JOINER}"),
        (r"!(?=\[|https?:)", rf"!{JOINER}"),
    )
)
_SUBJECT_HOOKS = (
    # ABC-123: an issue's key in Jira
    (re.compile(r"\b([A-Z][A-Z0-9]{1,9}-)(?=\d)"), rf"\1{JOINER}"),
    # words by which helpdesks tell automatic mail
    (re.compile(r"(?i)\b(?:auto(?=[ -]?(?:reply|respon|matic))|out(?= of office)|undeliver)"), rf"\g<0>{JOINER}"),
)
_ROUND = str.maketrans("[]", "()")
