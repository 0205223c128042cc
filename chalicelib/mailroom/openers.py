"""Where a quoted mail begins: "-----Original Message-----", "From: … Sent: …", and (in `attributions`) "On …, Jane wrote:".

Each test sees a bounded number of lines of bounded length, so the whole is linear in the mail.
"""

from collections.abc import Sequence

from chalicelib.mailroom.attributions import attribution
from chalicelib.mailroom.lines import LONGEST_LINE, Line, Opener
from chalicelib.mailroom.phrases import FORWARD_WORDS, LABELS, MESSAGE_WORDS, ORIGINAL_WORDS, UNSPACED_MESSAGES

MOST_LABELS = 16  # lines a header block may have


def opener_ending_at(lines: Sequence[Line], at: int) -> Opener | None:
    """The opener that has its last line (an attribution) or its first line (everything else) at this index."""
    line = lines[at]
    if line.opener:
        return Opener(at, at + 1, line.opener)
    if len(line.text) > LONGEST_LINE or not line.text.strip(" \t-_=*#.~"):
        return None
    return _separator(line.text, at) or _header_block(lines, at) or attribution(lines, at)


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
    announced = words.endswith((":", "：")) and words.startswith(FORWARD_WORDS)
    if not words or len(words) > 80 or not (dashed or announced):
        return None
    if len(words) < 60 and any(phrase in words for phrase in FORWARD_WORDS):
        return Opener(at, at + 1, "forwarded")
    framed = bare.startswith("---") or bare.endswith("--")
    return Opener(at, at + 1, "original-message") if dashed and framed and _is_original(words) else None


def _is_original(words: str) -> bool:
    parts = set(words.replace("'", "' ").split()) | set(words.split())
    return any(phrase in words for phrase in UNSPACED_MESSAGES) or bool(
        parts & ORIGINAL_WORDS and (parts & MESSAGE_WORDS or parts <= ORIGINAL_WORDS)
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
