"""What stands below an answer without being one: "Sent from my iPhone", "-- " and what follows it.

A closing with a name ("Best regards, Anna") stays: the agent typed it, and leaving it out could lose words.
"""

from collections.abc import Callable, Sequence

from chalicelib.mailroom.lines import Line, is_rule
from chalicelib.mailroom.phrases import DEVICE_PHRASES, DEVICES, EXCUSES, PHONE_PHRASES

LONGEST_SIGNATURE = 12  # lines with text; what is longer was meant to be read
LONGEST_PHONE_LINE = 110
_BEGINNINGS = tuple({begin for begin, _ in PHONE_PHRASES})
_DELIMITERS = ("--", "—", "__", "– –")


def without_signature(lines: Sequence[Line]) -> tuple[list[Line], list[str], list[str]]:
    """The lines above the signature, the rules that cut, and the doubts."""
    for rule, find, is_certain in FINDERS:
        at = find(lines)
        if at is not None:
            return _trimmed(lines[:at]), [rule], [] if is_certain(lines[at:]) else ["text-after-signature"]
    return _trimmed(lines), [], []


def is_phone_line(text: str) -> bool:
    """ "Sent from my iPhone" in any known language, but not "Sent from my desk, it is easier to type here"."""
    bare = text.strip(" \t-*_<>[]()").casefold()
    if not bare or len(text) > LONGEST_PHONE_LINE:
        return False
    first, clause = _clauses(bare)
    excused = any(word in clause for word in EXCUSES)
    if not (_says_phone(first.rstrip(",.;:!") if excused else first) or _says_device(bare)):
        return False
    return not clause or excused or (len(clause.split()) <= 4 and _names_device(clause))


def _trimmed(lines: Sequence[Line]) -> list[Line]:
    start, end = 0, len(lines)
    while start < end and (lines[start].blank or is_rule(lines[start].text)):
        start += 1
    while end > start and (lines[end - 1].blank or is_rule(lines[end - 1].text)):
        end -= 1
    return list(lines[start:end])


def _phone(lines: Sequence[Line]) -> int | None:
    return next((i for i, line in enumerate(lines) if not line.quoted and is_phone_line(line.text)), None)


def _delimiter(lines: Sequence[Line]) -> int | None:
    """The first "-- " with no more below it than a signature has."""
    below = 0
    found = None
    for i in range(len(lines) - 1, -1, -1):
        if lines[i].text.strip() in _DELIMITERS and below <= LONGEST_SIGNATURE:
            found = i
        below += not lines[i].blank
    return found


def _is_signature(lines: Sequence[Line]) -> bool:
    """A "-- " as the standard has it, or names and numbers below it rather than sentences."""
    below = [line.text.strip() for line in lines[1:]]
    return lines[0].text == "-- " or not any(len(text) > 25 and text.endswith(tuple(".!?。！？")) for text in below)


def _only_phone(lines: Sequence[Line]) -> bool:
    """Nothing but such lines, a signature delimiter or a signature of a few short lines follows."""
    rest = [line for line in lines if not line.blank]
    cut = next((i for i, line in enumerate(rest) if line.text.strip() in _DELIMITERS), len(rest))
    return all(is_phone_line(line.text) or is_rule(line.text) for line in rest[:cut])


def _says_phone(bare: str) -> bool:
    """One of the whole phrases. "Sent from my Wiko", but not "Sent from my colleague in Berlin yesterday."."""
    if not bare.startswith(_BEGINNINGS):
        return False
    rests = [bare[len(begin) :] for begin, end in PHONE_PHRASES if bare.startswith(begin) and _ends(bare, end)]
    return any(_names_device(rest) or (len(rest.split()) <= 4 and not rest.endswith((".", "。"))) for rest in rests)


def _ends(bare: str, end: str) -> bool:
    return bare.split(" <")[0].rstrip(" .!。)>").endswith(end)


def _says_device(bare: str) -> bool:
    """A bare "sent with" and right behind it a program or a device."""
    rests = [bare[len(phrase) :] for phrase in DEVICE_PHRASES if bare.startswith(phrase)]
    return any(
        _names_device(" ".join(rest.split("http")[0].split()[:3])) or _names_device(_after_link(rest)) for rest in rests
    )


def _names_device(words: str) -> bool:
    return any(device in words for device in DEVICES)


def _after_link(rest: str) -> str:
    """ "[mail](https://…) for windows 10": what follows the link of a Markdown text."""
    return " ".join(rest.partition("](")[2].split()[1:4])


def _clauses(bare: str) -> tuple[str, str]:
    """What stands before and after the first comma or full stop, web addresses aside."""
    words = [word for word in bare.split() if "http" not in word and "mailto:" not in word]
    for i, word in enumerate(words, 1):
        if word.endswith((",", ".", ";", ":", "!")) and i < len(words):
            return " ".join(words[:i]), " ".join(words[i:])
    return bare, ""


FINDERS: tuple[tuple[str, Callable[[Sequence[Line]], int | None], Callable[[Sequence[Line]], bool]], ...] = (
    ("phone-signature", _phone, _only_phone),
    ("signature", _delimiter, _is_signature),
)
