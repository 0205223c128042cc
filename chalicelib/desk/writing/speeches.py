"""What was said in a conversation, line by line: words, pictures, files, stars, and what happened to a line since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.desk.writing.envelopes import PICTURE_TYPES, Inline
from chalicelib.desk.writing.pages import Fact, Picture, Speech, Tone
from chalicelib.desk.writing.voice import Voice, label, link, words
from chalicelib.locales import knows
from chalicelib.mail_headers import plain_name
from chalicelib.model import AttachmentKind
from chalicelib.text import isolate, one_line, tidy

LONGEST_WORDS = 20_000  # characters of one message; what is longer goes on behind a link
LONGEST_EARLIER = 600  # of one that was said before
LONGEST_TRANSLATION = 1000  # characters
MOST_STARS = 10


@dataclass(frozen=True)
class Shown:
    """An attachment as the ticket shows it: a small picture, a link that ends, or only words.

    `note` is a key of locales, `media_<note>`: failed, refused, too-large, expired. A location's place is its `name`.
    """

    kind: AttachmentKind
    name: str = ""
    link: str = ""
    link_until: datetime | None = None
    image: bytes | None = field(default=None, repr=False)
    media_type: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One thing said in the conversation; `note` is a key of locales, `note_<note>`: unsupported, encrypted, late."""

    at: datetime
    who: Literal["customer", "business", "note"]
    name: str
    text: str
    attachments: tuple[Shown, ...] = ()
    permalink: str = ""
    change: Literal["", "edited", "unsent", "reacted", "unreacted"] = ""
    rating: str = ""  # "3/5", "POSITIVE", "NEGATIVE"
    translation: str = ""  # by the platform
    note: str = ""


def said(voice: Voice, line: Line, number: int, original_link: str) -> Speech:
    """A line of the news in full; `number` is its place among them, by which its pictures are named."""
    text = "" if line.change == "unsent" else tidy(line.text)
    # a text too large for the table arrives cut at the very same length
    too_long = len(text) > LONGEST_WORDS or (bool(original_link) and len(line.text) >= LONGEST_WORDS)
    shown = () if line.change == "unsent" else line.attachments
    facts = [*_rating(voice, line), *(_attachment(voice, each) for each in shown if not _is_picture(each))]
    return Speech(
        by=_by(voice, line),
        when=voice.when(line.at),
        words=words(text, LONGEST_WORDS) + (" …" if too_long else ""),
        tone=_TONES[line.who],
        remark=_remark(voice, line, bool(text)),
        facts=(
            *([Fact(voice.say("whole_text"), link(original_link))] if too_long else []),
            *_translation(voice, line),
            *facts,
            *_permalink(voice, line),
        ),
        pictures=tuple(Picture(cid, _label(voice, each)) for cid, each in _pictures(number, line)),
    )


def earlier(voice: Voice, line: Line) -> Speech:
    """A line of what was said before: its beginning, and only that there was a picture."""
    kinds = [voice.say(f"attachment_{each.kind}") for each in line.attachments]
    text = "" if line.change == "unsent" else words(one_line(line.text, LONGEST_EARLIER), LONGEST_EARLIER)
    return Speech(
        by=_by(voice, line),
        when=voice.short_when(line.at),
        words=" ".join([text, *(f"({kind})" for kind in kinds)]).strip(),
        tone=_TONES[line.who],
        remark=_remark(voice, line, bool(text)),
        small=True,
    )


def pictures(lines: Sequence[Line]) -> list[Inline]:
    """The pictures that go into the mail with these lines."""
    found = (pair for number, line in enumerate(lines) for pair in _pictures(number, line))
    return [Inline(cid, shown.media_type, shown.image or b"") for cid, shown in found]


def _by(voice: Voice, line: Line) -> str:
    other = voice.business if line.who == "business" else voice.shown_name
    return isolate(plain_name(line.name) or other)


def _remark(voice: Voice, line: Line, has_words: bool) -> str:
    keys = [f"change_{line.change}", f"note_{line.note}"]
    remarks = [voice.say(key) for key in keys if knows(voice.language, key)]
    if not (remarks or has_words or line.attachments or line.rating):
        remarks.append(voice.say("no_words"))
    return voice.joined(*remarks)


def _rating(voice: Voice, line: Line) -> Iterator[Fact]:
    given = one_line(line.rating, 20)
    stars, _, most = given.partition("/")
    if stars.isdecimal() and most.isdecimal() and int(stars) <= int(most) <= MOST_STARS:
        yield Fact(voice.say("rating", rating=f"{'★' * int(stars)}{'☆' * (int(most) - int(stars))} {given}"))
    elif knows(voice.language, f"rating_{given.casefold()}"):
        yield Fact(voice.say(f"rating_{given.casefold()}"))
    elif given:
        yield Fact(voice.say("rating", rating=label(given)))


def _translation(voice: Voice, line: Line) -> Iterator[Fact]:
    told = one_line(line.translation, LONGEST_TRANSLATION)
    if told and line.change != "unsent":
        yield Fact(voice.say("translation", text=words(told, LONGEST_TRANSLATION)))


def _attachment(voice: Voice, shown: Shown) -> Fact:
    details = [voice.say(f"media_{shown.note}")] if knows(voice.language, f"media_{shown.note}") else []
    if details and shown.note != "expired":
        details.append(voice.say("media_look"))
    if shown.link and shown.link_until:
        details.append(voice.say("link_until", when=voice.when(shown.link_until)))
    return Fact(" · ".join([_label(voice, shown), *details]), link(shown.link))


def _label(voice: Voice, shown: Shown) -> str:
    name = label(shown.name)
    return voice.say(f"attachment_{shown.kind}") + (f" · {name}" if name else "")


def _permalink(voice: Voice, line: Line) -> Iterator[Fact]:
    if link(line.permalink):
        yield Fact(voice.say("open_original"), link(line.permalink))


def _pictures(number: int, line: Line) -> list[tuple[str, Shown]]:
    shown = enumerate(line.attachments if line.change != "unsent" else ())
    return [(f"picture-{number + 1}-{place + 1}@bridgehead", each) for place, each in shown if _is_picture(each)]


def _is_picture(shown: Shown) -> bool:
    # never SVG or anything else that can carry a script or load something
    return bool(shown.image) and shown.media_type in PICTURE_TYPES


_TONES = {"customer": Tone.CUSTOMER, "business": Tone.BUSINESS, "note": Tone.CALM}
