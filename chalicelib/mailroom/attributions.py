"""The line that introduces a quoted mail, "On …, Jane wrote:", in the languages of `phrases` and a few shapes that need none.

A sentence of the agent's must not be taken for one; therefore a verb and a colon alone are never enough.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from chalicelib.mailroom.lines import LONGEST_LINE, Line, Opener, next_written, tokens
from chalicelib.mailroom.phrases import OPENING_WORDS, QUOTING_WORDS, UNSPACED_VERBS, VERBS

LONGEST_ATTRIBUTION, MOST_LINES = 600, 5
_TIME = re.compile(r"\d{1,2}\s?[:.時时点點h]\s?\d{2}|\d{1,2}\s?[ap]\.?m\b|\d시")
_DATE = re.compile(r"\d{4}|\d[./-]\d|\d月")
_OPENINGS = tuple(f"{word} " for word in OPENING_WORDS)
_SENTENCE_END = re.compile(r"[^\W\d]{3}[.!?]$|[。！？]$")
_SENTENCE_INSIDE = re.compile(r"(?:[!?]|[^\W\d_]{5}\.)\s+(\S)|[。！？](\S)")
_SENTENCE_SIGNS = tuple(".!?。！？")
_STARTS_WITH_YEAR = re.compile(r"\d{4}[-/.年]")


def attribution(lines: Sequence[Line], at: int) -> Opener | None:
    """The attribution that ends with this line. Without an address it is weak: any sentence may name a time and "wrote:"."""
    if not _could_end(lines[at].text):
        return None
    starts = _starts(lines, at)
    best = ""
    for start in starts if any(_hints(lines[i].text) for i in starts) else ():
        found = _judge(" ".join(line.text.strip() for line in lines[start : at + 1]))
        if found in ("strong", "weak"):
            return Opener(_reach_up(lines, start), at + 1, "attribution", strong=found == "strong")
        best = best or (found and "named")
    if best or _stands_above_quote(lines, at):
        return Opener(_reach_up(lines, at), at + 1, "attribution", strong="@" in lines[at].text)
    return None


def is_left_over(text: str) -> bool:
    """An attribution inside an answer, as when it shares its line with words: worth a look, not a cut."""
    if len(text) > LONGEST_LINE:
        return False
    told = "@" in text or bool(_TIME.search(text.casefold()))
    bracketed = "@" in text.partition("<")[2].partition(">")[0]
    return (told and _could_end(text) and _verb_near_end(text, True)) or (bracketed and len(text.split()) <= 14)


def says_written(text: str) -> bool:
    """The verb of an attribution where it belongs: before a name, or at the end."""
    return _verb_near_end(text, "@" in text)


def is_dated(text: str) -> bool:
    """A time, a year or a date with marks; a bare number may count lamps."""
    return bool(_TIME.search(text.casefold()) or _DATE.search(text))


def holds_a_sentence(text: str) -> bool:
    """ "It left today. On Monday, Tom wrote:": words of the agent's share the line. Abbreviations are short."""
    return any(found[2] or found[1].isupper() for found in _SENTENCE_INSIDE.finditer(text))


def _reach_up(lines: Sequence[Line], start: int) -> int:
    """Higher where a program wrapped early: "On Mon,", a date, a name above "<jane@example.com> wrote:"."""
    for _ in range(2):
        if start == 0 or not _belongs_above(lines, start):
            break
        start -= 1
    return start


def _belongs_above(lines: Sequence[Line], start: int) -> bool:
    above, line = lines[start - 1], lines[start].text.strip()
    if above.blank or above.opener or above.quoted != lines[start].quoted:
        return False
    words, dated = above.text.casefold().split(), any(c.isdigit() for c in above.text)
    if words[0].strip("-") in OPENING_WORDS or not words[0].strip("-"):
        return len(words) <= 3 or (dated and not _ends_sentence(above.text))
    whole = line.casefold().strip("- ").startswith(_OPENINGS) and _dated_first(line)
    first = start < 2 or lines[start - 2].blank or lines[start - 2].quoted != above.quoted
    if whole or not first or _ends_sentence(above.text):
        return False
    begins_late = line.startswith("<") or "@" not in line or not VERBS.isdisjoint(tokens(line)[:1])
    return "@" in above.text or (dated and len(words) <= 6) or (begins_late and len(words) <= 5)


def _dated_first(text: str) -> bool:
    """The first number is of a date, not of a time."""
    number = next((i for i, c in enumerate(text) if c.isdigit()), None)
    return number is not None and not _TIME.match(text.casefold(), number)


def _stands_above_quote(lines: Sequence[Line], at: int) -> bool:
    """In any language: a line with an address or a time and a colon, right above a marked quote, is its attribution."""
    text, after = lines[at].text.rstrip(), next_written(lines, at + 1)
    above = after < len(lines) and lines[after].quoted and not lines[at].quoted
    if not above or not text.endswith((":", "：")) or holds_a_sentence(text):
        return False
    folded = text.casefold()
    return "@" in text or bool(_TIME.search(folded)) or any(words in folded for words in QUOTING_WORDS)


def _starts(lines: Sequence[Line], at: int) -> list[int]:
    """The lines an attribution that ends at `at` may begin on, nearest first: it stays within its paragraph."""
    starts = [at]
    size = len(lines[at].text)
    for i in range(at - 1, max(at - MOST_LINES, -1), -1):
        if lines[i].blank and lines[i + 1].text.lstrip().startswith("<"):
            continue
        size += len(lines[i].text)
        ends_it = lines[i].blank or lines[i].opener or size > LONGEST_ATTRIBUTION
        if ends_it or lines[i].quoted != lines[at].quoted or _ends_sentence(lines[i].text):
            break
        starts.append(i)
    return starts


def _ends_sentence(text: str) -> bool:
    end = text.rstrip()[-4:]
    return end.endswith(_SENTENCE_SIGNS) and bool(_SENTENCE_END.search(end))


def _could_end(text: str) -> bool:
    bare = text.rstrip(" \t*_")
    return bare.endswith((":", "：", ">", "---")) or _last_word(bare) in VERBS


@lru_cache(maxsize=2 * MOST_LINES)
def _hints(text: str) -> bool:
    """What every attribution has somewhere; a cheap look before the thorough one. The lines below ask for it again."""
    return "@" in text or _holds_a_verb(text)


def _holds_a_verb(text: str) -> bool:
    unspaced = not text.isascii() and any(verb in text for verb in UNSPACED_VERBS)
    return unspaced or not VERBS.isdisjoint(tokens(text))


def _last_word(text: str) -> str:
    return (tokens(text[-40:]) or ("",))[-1]


def _judge(text: str) -> str:
    """ "strong", "weak", "named" (starts with a name, so maybe too late) or "" for a candidate attribution."""
    bare = text.strip(" \t*_-")
    if holds_a_sentence(bare):
        return ""
    closed = bare.endswith((":", "：")) or text.rstrip().endswith("---")
    dated, timed, addressed = any(c.isdigit() for c in bare[:40]), bool(_TIME.search(bare.casefold())), "@" in bare
    if closed and addressed and bare.casefold().startswith(QUOTING_WORDS):
        return "strong"
    if not _verb_near_end(bare, addressed):
        whole = dated and addressed and ((closed and timed) or _is_bare_date_and_name(bare))
        return "strong" if whole and _starts_like_one(bare) else ""
    if not closed and _last_word(bare) not in VERBS:
        return ""
    if dated and _starts_like_one(bare):
        return "strong" if addressed else "weak"
    return "named" if (addressed and len(bare.partition("@")[0].split()) <= 6) or _named_in_cjk(bare) else ""


def _verb_near_end(text: str, addressed: bool) -> bool:
    """Nothing but a name, an address or a date follows the verb: a sentence would go on for longer."""
    words = text.casefold().split()[-14:]
    for after, word in enumerate(reversed(words) if _holds_a_verb(" ".join(words)) else ()):
        if _holds_a_verb(word):
            return after <= (10 if addressed or any(c.isdigit() for w in words[-after:] for c in w) else 4)
    return False


def _starts_like_one(text: str) -> bool:
    first = text.split(maxsplit=1)[0].casefold().strip(",.") if text.split() else ""
    before_address = text.partition("<")[0].partition("@")[0]
    early = before_address if "@" not in text or " " in before_address else ""
    return any(c.isdigit() for c in early[:25]) or first in OPENING_WORDS or text.startswith(("在", "于", "於"))


def _is_bare_date_and_name(text: str) -> bool:
    """ "2013/7/20 Sam via Forum <sam@…>": old Gmail, no verb and no colon."""
    return bool(_STARTS_WITH_YEAR.match(text)) and text.endswith(">") and len(text.split()) <= 10


def _named_in_cjk(text: str) -> bool:
    return any(verb in text for verb in UNSPACED_VERBS) and any(c.isdigit() for c in text)
