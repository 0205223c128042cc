"""How a mail looks: the same blocks as plain text for 80 columns and as HTML for the helpdesk's screen.

Helpdesks keep inline styles and tables of no depth, drop style sheets, scripts and often `white-space`; so there are none.
Nothing is loaded from outside: pictures come with the mail. Every word that is not ours is escaped here, all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any

from chalicelib.text import COLUMNS, width, wrap


class Tone(StrEnum):
    """What a block feels like; a colour in HTML, nothing in plain text."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    PUBLIC = "public"
    PRIVATE = "private"
    WARNING = "warning"
    CALM = "calm"


@dataclass(frozen=True)
class Fact:
    """A short line of ours, with an address to open where there is one."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture that comes with the mail, by its Content-ID without the angle brackets."""

    cid: str
    name: str


@dataclass(frozen=True)
class Title:
    """Who it is about and our mark, in one line: it is the first, where a quoted copy of the mail begins."""

    name: str
    mark: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Hello:
    """How a mail to a person begins."""

    text: str


@dataclass(frozen=True)
class Heading:
    """What stands above the lines that were said before."""

    text: str


@dataclass(frozen=True)
class Speech:
    """One thing said. `words` are foreign, already tidied and defused; `small` is for what was said before."""

    by: str
    when: str
    words: str
    tone: Tone = Tone.CUSTOMER
    remark: str = ""
    facts: tuple[Fact, ...] = ()
    pictures: tuple[Picture, ...] = ()
    small: bool = False


@dataclass(frozen=True)
class Box:
    """What we have to say ourselves."""

    tone: Tone
    title: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Foot:
    """The last line, with our mark again: a quoted copy ends here."""

    text: str


Block = Title | Hello | Heading | Speech | Box | Foot


def as_text(blocks: Sequence[Block]) -> str:
    """Our own words wrapped at 78 columns, foreign ones and addresses as they are."""
    return "\n\n".join(_TEXT[type(block)](block) for block in blocks) + "\n"


def as_html(blocks: Sequence[Block], language: str) -> str:
    """One element with inline styles; `lang` lets the reader's system choose Japanese or Chinese glyphs."""
    inner = "\n".join(_HTML[type(block)](block) for block in blocks)
    page = f'<div lang="{escape(language)}" dir="ltr" style="{PAGE}">\n{inner}\n</div>'
    return f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8"></head><body>\n{page}\n</body></html>\n'


def _title_text(block: Title) -> str:
    return "\n".join([f"{block.name} · {block.mark}", *map(_fact_text, block.facts)])


def _speech_text(block: Speech) -> str:
    head = f"{block.by} · {block.when}" if block.when else block.by
    below = [*(picture.name for picture in block.pictures), *map(_fact_text, block.facts)]
    said = "\n".join(part for part in (head, wrap(block.remark), block.words) if part)
    text = "\n\n".join(part for part in (said, "\n".join(below)) if part)
    return text.replace("\n", "\n  ") if block.small else text


def _box_text(block: Box) -> str:
    parts = [wrap(f"{SIGN} {block.title}"), *map(wrap, block.lines), *map(_fact_text, block.facts)]
    return "\n".join(part for part in parts if part)


def _fact_text(fact: Fact) -> str:
    if not fact.link:
        return wrap(fact.text)
    # an address that does not fit has a line to itself: nothing in front of it pushes it to where a program would cut it
    line = f"{fact.text}: {fact.link}"
    return line if width(line) <= COLUMNS else f"{wrap(fact.text)}:\n{fact.link}"


def _title_html(block: Title) -> str:
    mark = f'<span style="{FAINT};font-size:12px">· {escape(block.mark)}</span>'
    name = f'<p style="margin:0"><b style="font-size:17px">{escape(block.name)}</b> {mark}</p>'
    return f'<div style="margin:0 0 16px">{name}{_facts_html(block.facts)}</div>'


def _hello_html(block: Hello) -> str:
    return f'<p style="margin:0">{escape(block.text)}</p>'


def _heading_html(block: Heading) -> str:
    return f'<p style="{FAINT};margin:24px 0 8px;font-size:13px"><b>{escape(block.text)}</b></p>'


def _speech_html(block: Speech) -> str:
    head = f"<b>{escape(block.by)}</b>" + (f" · {escape(block.when)}" if block.when else "")
    remark = (
        f'<p style="{FAINT};margin:4px 0;font-size:13px"><i>{_broken(block.remark)}</i></p>' if block.remark else ""
    )
    size = "14px" if block.small else "16px"
    words = (
        f'<div dir="auto" style="margin:4px 0;font-size:{size};{FOREIGN}">{_broken(block.words)}</div>'
        if block.words
        else ""
    )
    pictures = "".join(map(_picture_html, block.pictures))
    inner = f'<p style="{FAINT};margin:0;font-size:13px">{head}</p>{remark}{words}{pictures}{_facts_html(block.facts)}'
    return f'<div style="border-left:3px solid {LINES[block.tone]};padding:2px 0 2px 14px;margin:14px 0">{inner}</div>'


def _box_html(block: Box) -> str:
    background, ink, edge = BOXES[block.tone]
    title = f'<p style="margin:0 0 4px;color:{ink}"><b>{escape(block.title)}</b></p>'
    lines = "".join(f'<p style="margin:0 0 4px">{_broken(line)}</p>' for line in block.lines if line)
    style = f"background:{background};color:{INK};border:1px solid {edge};border-radius:6px;padding:12px 14px 9px;margin:20px 0 0"
    return f'<div style="{style};font-size:14px">{title}{lines}{_facts_html(block.facts)}</div>'


def _foot_html(block: Foot) -> str:
    return f'<p style="{FAINT};margin:14px 0 0;font-size:12px">{escape(block.text)}</p>'


def _facts_html(facts: Sequence[Fact]) -> str:
    return "".join(f'<p style="{FAINT};margin:2px 0 0;font-size:13px">{_fact_html(fact)}</p>' for fact in facts)


def _fact_html(fact: Fact) -> str:
    if not fact.link:
        return escape(fact.text)
    return f'<a href="{escape(fact.link)}" style="color:{LINK}" rel="noopener noreferrer">{escape(fact.text)}</a>'


def _picture_html(picture: Picture) -> str:
    style = "max-width:100%;max-height:420px;border-radius:6px;margin:6px 0"
    return f'<div><img src="cid:{escape(picture.cid)}" alt="{escape(picture.name)}" style="{style}"></div>'


def _broken(words: str) -> str:
    # <br> and not `white-space: pre-wrap`, which many helpdesks drop; runs of spaces are kept by hard ones
    return escape(words).replace("  ", "\N{NO-BREAK SPACE} ").replace("\n", "<br>\n")


SIGN = "▪"  # before a title in plain text; a line of dashes would read as a separator
INK, GREY, LINK = "#22303c", "#66727f", "#1f5fa8"
FAINT = f"color:{GREY}"
FOREIGN = "overflow-wrap:anywhere;unicode-bidi:plaintext;text-align:start"
FONTS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Hiragino Sans','Yu Gothic UI','PingFang SC','Noto Sans CJK SC',sans-serif"
PAGE = f"max-width:640px;font-family:{FONTS};font-size:15px;line-height:1.55;color:{INK}"
LINES = {Tone.CUSTOMER: "#3f7fbf", Tone.BUSINESS: "#c3ccd4", Tone.CALM: "#e0b54a"}
BOXES = {
    Tone.PUBLIC: ("#fff6e6", "#8a4b00", "#f0d9b0"),
    Tone.PRIVATE: ("#edf5f0", "#1f6a43", "#cbe2d5"),
    Tone.WARNING: ("#fdeeec", "#a12d1e", "#f2cbc5"),
    Tone.CALM: ("#f3f5f7", INK, "#dde3e8"),
}
_TEXT: dict[type, Callable[[Any], str]] = {
    Title: _title_text,
    Hello: lambda block: wrap(block.text),
    Heading: lambda block: f"{SIGN} {block.text}",
    Speech: _speech_text,
    Box: _box_text,
    Foot: lambda block: wrap(block.text),
}
_HTML: dict[type, Callable[[Any], str]] = {
    Title: _title_html,
    Hello: _hello_html,
    Heading: _heading_html,
    Speech: _speech_html,
    Box: _box_html,
    Foot: _foot_html,
}
