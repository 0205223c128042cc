"""What a text says: who, where, how far they reach, how long they have waited, the first words, and the code to answer with.

A customer's words stand between quotes that they cannot close, on one line, and with nothing a phone would make a link
of. Everything fits into two texts, whatever the script.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.locales import duration, knows, number, say, texts
from chalicelib.phone.segments import MOST, count, fitted, plain
from chalicelib.text import isolate, one_line

LONGEST_NAME, LONGEST_CHANNEL, LONGEST_WAY = 30, 20, 30  # characters
LONGEST_WORDS, FEWEST_WORDS = 400, 20  # characters of the words: what is read of them, and what has to be shown
LONGEST_IN_HOURS = 48 * 60  # minutes
MOST_OTHERS = 4  # codes of further customers in one text
_GAP = "\0"  # where the words come in


@dataclass(frozen=True)
class Reader:
    """Who reads the text: in which language, and in which zone times are meant."""

    language: str
    zone: str
    now: datetime


@dataclass(frozen=True)
class Subject:
    """The customer a text is about."""

    code: str
    channel: str  # its title
    name: str
    words: str = ""  # the customer's, or those of the answer
    followers: int | None = None
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    out: str = ""  # how an answer goes to them: "on Facebook", "by letter"


def alarm(kind: str, subject: Subject, others: Sequence[str], reader: Reader) -> str:
    """That a customer waits; `others` are the codes of further ones. What matters least goes first when it gets tight."""
    since, due = subject.waiting_since or reader.now, subject.due_at or reader.now
    key = f"text_{kind}" if knows(reader.language, f"text_{kind}") else "text_reminder"
    waited = _span(reader.now - since, reader)
    status = _say(reader, subject, key, waited=waited, due=moment(due, reader))
    how = _say(reader, subject, "text_how")
    more = (
        [say(reader.language, "text_others", count=len(others), codes=" ".join(others), example=others[0])]
        if others
        else []
    )
    reach = _reach(subject, reader)
    short = replace(subject, name=one_line(subject.name, 10), channel=one_line(subject.channel, 10))
    variants = (
        (subject, reach, (status, how, *more)),
        (subject, "", (status, how, *more)),
        (subject, "", (status, *more)),
        (short, "", (status, *more)),
    )
    begun = _disarmed(subject.words, LONGEST_WORDS)[:FEWEST_WORDS]
    written = [_alarm(about_whom, reader, shown, after) for about_whom, shown, after in variants]
    return next((text for text in written if begun in text and count(text) <= MOST), written[-1])


def about(key: str, subject: Subject, reader: Reader, **values: object) -> str:
    """One sentence about a customer or an answer to one: `text_<key>`; its {words} are cut to what fits."""
    before, gap, after = _say(reader, subject, f"text_{key}", words=_GAP, **values).partition(_GAP)
    return _around(before, subject.words, after) if gap else fitted("", before, "")


def which(subjects: Sequence[Subject], reader: Reader) -> str:
    """The question for which of several customers some words are meant."""
    listed = [f"{each.code} {_name(each, reader)}" for each in subjects[:MOST_OTHERS]]
    before, _, after = say(reader.language, "text_which", list=_GAP).partition(_GAP)
    return fitted(before, plain(", ".join(listed)), after)


def told(key: str, reader: Reader, **values: object) -> str:
    """A sentence about no customer: `text_<key>`."""
    return fitted("", say(reader.language, f"text_{key}", **values), "")


def safe(words: str, limit: int) -> str:
    """Somebody's words inside a text of ours: one line, no quote that ends early, nothing a phone takes for a link."""
    return isolate(_disarmed(words, limit))


def moment(at: datetime, reader: Reader) -> str:
    """The time of day; with the day when it is not today."""
    local, now = (each.astimezone(ZoneInfo(reader.zone)) for each in (at, reader.now))
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{texts(reader.language)['weekdays'][local.weekday()]} {local:%H:%M}"


def _alarm(subject: Subject, reader: Reader, reach: str, after: Sequence[str]) -> str:
    frame = _say(reader, subject, "text_frame", reach=reach, words=_GAP)
    before, _, end = frame.partition(_GAP)
    between = str(texts(reader.language)["sentence_between"])
    return _around(before, subject.words, between.join([end, *after]))


def _around(before: str, words: str, after: str) -> str:
    """What fits; words from right to left keep to themselves, also when they are cut."""
    shown = _disarmed(words, LONGEST_WORDS)
    kept = isolate(shown)
    opens, closes = (kept[0], kept[-1]) if kept != shown else ("", "")
    return fitted(before + opens, shown, closes + after)


def _disarmed(words: str, limit: int) -> str:
    line = plain(one_line(words, limit)).translate(_QUOTES)
    return _DOMAINS.sub(r"\1. ", _LINKS.sub("[link]", line))


def _span(span: timedelta, reader: Reader) -> str:
    """Short: "45 min", "1 h 20 min"; days in words."""
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes >= LONGEST_IN_HOURS:
        return duration(reader.language, timedelta(days=minutes // (24 * 60)))
    key = "text_hours" if minutes >= 60 else "text_minutes"
    return say(reader.language, key, hours=minutes // 60, minutes=minutes % 60 if minutes >= 60 else minutes)


def _say(reader: Reader, subject: Subject, key: str, **values: object) -> str:
    channel, out = safe(subject.channel, LONGEST_CHANNEL), safe(subject.out, LONGEST_WAY)
    known = {"code": subject.code, "channel": channel, "out": out, "name": _name(subject, reader)}
    return say(reader.language, key, **{**known, **values})


def _name(subject: Subject, reader: Reader) -> str:
    if not subject.name:
        return say(reader.language, "author_unknown")
    return safe(subject.name.translate(_NAME_SIGNS), LONGEST_NAME)


def _reach(subject: Subject, reader: Reader) -> str:
    if subject.followers is None:
        return ""
    counted = number(reader.language, subject.followers)
    return f" ({say(reader.language, 'followers', count=subject.followers, number=counted)})"


_LINKS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}/\S*")
_DOMAINS = re.compile(r"(?i)([\w-])\.(?=[^\W\d_]{2,})")
_QUOTES = str.maketrans({'"': "'", "「": "(", "」": ")", "『": "(", "』": ")"})
_NAME_SIGNS = str.maketrans({"<": "", ">": "", ":": " ", "：": " ", "[": "(", "]": ")"})
