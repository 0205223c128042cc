"""Where a quoted mail begins: "On …, Jane wrote:", "From: … Sent: …", "-----Original Message-----".

Each test sees a bounded number of lines of bounded length, so the whole is linear in the mail (reliability.md, E23).
A sentence of the agent's must not be taken for an opener; therefore a verb and a colon alone are never enough.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.mailroom.lines import Line, tokens
from chalicelib.mailroom.phrases import (
    FORWARD_WORDS,
    LABELS,
    MESSAGE_WORDS,
    OPENING_WORDS,
    ORIGINAL_WORDS,
    UNSPACED_MESSAGES,
    UNSPACED_VERBS,
    VERBS,
)

LONGEST_LINE, LONGEST_ATTRIBUTION, MOST_LINES, MOST_LABELS = 400, 600, 5, 16
_TIME = re.compile(r"\d{1,2}\s?[:.時时点點h]\s?\d{2}|\d{1,2}\s?[ap]\.?m\b|\d시")
_SENTENCE_END = re.compile(r"[^\W\d]{3}[.!?]$|[。！？]$")
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
    """An attribution line inside an answer, as when it shares its line with words: worth a look, not a cut."""
    return (
        len(text) <= LONGEST_LINE
        and _could_end(text)
        and _verb_near_end(text, True)
        and bool("@" in text or _TIME.search(text.casefold()))
    )


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
    parts = set(words.split())
    return any(phrase in words for phrase in UNSPACED_MESSAGES) or bool(
        (parts & ORIGINAL_WORDS and parts & MESSAGE_WORDS) or parts & {"originalnachricht", "originalmeddelelse"}
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
    named: Opener | None = None
    starts = _starts(lines, at)
    if not any(_hints(lines[start].text) for start in starts):
        return None
    for start in starts:
        text = " ".join(line.text.strip() for line in lines[start : at + 1])
        found = _judge(text)
        if found in ("strong", "weak"):
            return Opener(start, at + 1, "attribution", strong=found == "strong")
        named = named or (Opener(start, at + 1, "attribution") if found == "named" else None)
    return named


def _starts(lines: Sequence[Line], at: int) -> list[int]:
    """The lines an attribution that ends at `at` may begin on, nearest first: it stays within its paragraph."""
    starts = [at]
    size = len(lines[at].text)
    for i in range(at - 1, max(at - MOST_LINES, -1), -1):
        if lines[i].blank and lines[i + 1].text.lstrip().startswith("<"):
            continue
        size += len(lines[i].text)
        ends_it = lines[i].blank or lines[i].opener or size > LONGEST_ATTRIBUTION
        if ends_it or lines[i].quoted != lines[at].quoted or _SENTENCE_END.search(lines[i].text.rstrip()[-4:]):
            break
        starts.append(i)
    return starts


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
    closed = bare.endswith((":", "：")) or text.rstrip().endswith("---")
    dated, timed, addressed = any(c.isdigit() for c in bare[:40]), bool(_TIME.search(bare.casefold())), "@" in bare
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
            return after <= (10 if addressed or any(c.isdigit() for w in words[-after:] for c in w) else 5)
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
