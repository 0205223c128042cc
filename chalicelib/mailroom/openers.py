"""Where a quoted mail begins: "On …, Jane wrote:", "From: … Sent: …", "-----Original Message-----".

Each test sees a bounded number of lines of bounded length, so the whole is linear in the mail (reliability.md, E23).
A sentence of the agent's must not be taken for an opener; therefore a verb and a colon alone are never enough.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.mailroom.lines import Line, next_written, tokens
from chalicelib.mailroom.phrases import (
    FORWARD_WORDS,
    LABELS,
    MESSAGE_WORDS,
    OPENING_WORDS,
    ORIGINAL_WORDS,
    QUOTING_WORDS,
    UNSPACED_MESSAGES,
    UNSPACED_VERBS,
    VERBS,
)

LONGEST_LINE, LONGEST_ATTRIBUTION, MOST_LINES, MOST_LABELS = 400, 600, 5, 16
_TIME = re.compile(r"\d{1,2}\s?[:.時时点點h]\s?\d{2}|\d{1,2}\s?[ap]\.?m\b|\d시")
_OPENINGS = tuple(f"{word} " for word in OPENING_WORDS)
_SENTENCE_END = re.compile(r"[^\W\d]{3}[.!?]$|[。！？]$")
_DATE = re.compile(r"\d{4}|\d[./-]\d|\d月")
_SENTENCE_INSIDE = re.compile(r"(?:[!?]|[^\W\d_]{5}\.)\s+(\S)|[。！？](\S)")
_STARTS_WITH_YEAR = re.compile(r"\d{4}[-/.年]")


@dataclass(frozen=True, slots=True)
class Opener:
    """Lines `start` to `end` (exclusive) that introduce a quote."""

    start: int
    end: int
    rule: str
    strong: bool = True  # a weak one needs the quote behind it to be marked


def opener_ending_at(lines: Sequence[Line], at: int) -> Opener | None:
    """The opener that has its last line (an attribution) or its first line (everything else) at this index."""
    line = lines[at]
    if line.opener:
        return Opener(at, at + 1, line.opener)
    if len(line.text) > LONGEST_LINE or not line.text.strip(" \t-_=*#.~"):
        return None
    return _separator(line.text, at) or _header_block(lines, at) or _attribution(lines, at)


def is_left_over(text: str) -> bool:
    """An attribution inside an answer, as when it shares its line with words: worth a look, not a cut."""
    if len(text) > LONGEST_LINE:
        return False
    told = "@" in text or bool(_TIME.search(text.casefold()))
    bracketed = "@" in text.partition("<")[2].partition(">")[0]
    return (told and _could_end(text) and _verb_near_end(text, True)) or (bracketed and len(text.split()) <= 14)


def is_dated(text: str) -> bool:
    """A time, a year or a date with marks; a bare number may count lamps."""
    return bool(_TIME.search(text.casefold()) or _DATE.search(text))


def says_written(text: str) -> bool:
    """The verb of an attribution where it belongs: before a name, or at the end."""
    return _verb_near_end(text, "@" in text)


def is_forward(lines: Sequence[Line], opener: Opener) -> bool:
    """ "---------- Forwarded message ----------" and its like."""
    text = " ".join(line.text for line in lines[opener.start : opener.end]).casefold()
    return opener.rule == "forwarded" or any(words in text for words in FORWARD_WORDS)


def label_of(text: str) -> str:
    """The kind of header ("from", "sent", "to", …) a line such as "*Von:* Jane" shows; "" if it shows none."""
    start = text.strip(" \t*_>")[:40].replace("：", ":")
    label, colon, _ = start.partition(":")
    return LABELS.get(label.strip(" \t*_").casefold(), "") if colon else ""


def _separator(text: str, at: int) -> Opener | None:
    bare = text.strip()
    words = bare.strip("-_=* ").casefold()
    dashed = bare.startswith("--")
    if not words or len(words) > 80 or not (dashed or words.startswith(FORWARD_WORDS)):
        return None
    if len(words) < 60 and any(phrase in words for phrase in FORWARD_WORDS):
        return Opener(at, at + 1, "forwarded")
    return Opener(at, at + 1, "original-message") if dashed and _is_original(words) else None


def _is_original(words: str) -> bool:
    parts = set(words.replace("'", "' ").split()) | set(words.split())
    return any(phrase in words for phrase in UNSPACED_MESSAGES) or bool(
        (parts & ORIGINAL_WORDS and parts & MESSAGE_WORDS) or parts <= ORIGINAL_WORDS
    )


def _header_block(lines: Sequence[Line], at: int) -> Opener | None:
    if label_of(lines[at].text) in ("", "other", "cc"):
        return None
    kinds, end = _labels_from(lines, at)
    text = " ".join(line.text[:LONGEST_LINE] for line in lines[at:end])
    told = bool(kinds & {"from", "to"}) and len(kinds) > 1 and ("subject" in kinds or "@" in text)
    return Opener(at, end, "header-block") if told else None


def _labels_from(lines: Sequence[Line], at: int) -> tuple[set[str], int]:
    kinds: set[str] = set()
    end, other = at, 0
    for i in range(at, min(at + MOST_LABELS, len(lines))):
        kind = label_of(lines[i].text)
        if kind:
            kinds, end, other = kinds | {kind}, i + 1, 0
        elif (other := other + 1) > 2 or lines[i].opener:
            break
    return kinds, end


def _attribution(lines: Sequence[Line], at: int) -> Opener | None:
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
        return Opener(_reach_up(lines, at), at + 1, "attribution")
    return None


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
    text = lines[at].text.rstrip()
    if _holds_a_sentence(text):
        return False
    after = next_written(lines, at + 1)
    told = "@" in text or _TIME.search(text.casefold()) or any(words in text.casefold() for words in QUOTING_WORDS)
    return (
        bool(told)
        and text.endswith((":", "："))
        and after < len(lines)
        and lines[after].quoted
        and not lines[at].quoted
    )


def _holds_a_sentence(text: str) -> bool:
    """ "It left today. On Monday, Tom wrote:": words of the agent's share the line. Abbreviations are short."""
    return any(found[2] or found[1].isupper() for found in _SENTENCE_INSIDE.finditer(text))


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
    return bool(_SENTENCE_END.search(text.rstrip()[-4:]))


def _could_end(text: str) -> bool:
    bare = text.rstrip(" \t*_")
    return bare.endswith((":", "：", ">", "---")) or _last_word(bare) in VERBS


def _hints(text: str) -> bool:
    """What every attribution has somewhere; a cheap look before the thorough one."""
    return "@" in text or not VERBS.isdisjoint(tokens(text)) or any(verb in text for verb in UNSPACED_VERBS)


def _last_word(text: str) -> str:
    return (tokens(text[-40:]) or ("",))[-1]


def _judge(text: str) -> str:
    """ "strong", "weak", "named" (starts with a name, so maybe too late) or "" for a candidate attribution."""
    bare = text.strip(" \t*_-")
    if _holds_a_sentence(bare):
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
        return "strong" if addressed or timed else "weak"
    return "named" if (addressed and len(bare.partition("@")[0].split()) <= 6) or _named_in_cjk(bare) else ""


def _verb_near_end(text: str, addressed: bool) -> bool:
    """Nothing but a name, an address or a date follows the verb: a sentence would go on for longer."""
    words = text.casefold().split()
    for after, word in enumerate(reversed(words[-14:])):
        if set(tokens(word)) & VERBS or any(verb in word for verb in UNSPACED_VERBS):
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
