"""Mails: how long one of ours takes to write, and how long the words in a very long answer take to find."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from chalicelib.channels.base import Limits
from chalicelib.desk.writing.tickets import Line, Ticket, ticket_mail
from chalicelib.mailroom.extraction import LONGEST, Context, extract
from chalicelib.model import Author, Kind
from infra.bench.figures import Figure, Section, progress

REPEATS = 15
AT = datetime(2026, 11, 21, 10, 12, tzinfo=UTC)
ID = "k3v7q2m5x4n6t7w2"
ADDRESS = f"c-{ID}-aabcdefghijklmnopqrstuvwxyz@reply.example.org"
WORDS = "Habt ihr am Sonntag offen? 抹茶ケーキは来週もありますか？ Xin chào! أين طلبي؟ ☕"
ANSWER = "Ja, von 9 bis 18 Uhr. Bis Sonntag! 🙂"


def measure() -> Section:
    """Milliseconds of CPU on this machine."""
    progress("mails: writing and reading")
    written = _milliseconds(_write)
    found = {name: _milliseconds(read) for name, read in _reads().items()}
    figures = (
        Figure("a ticket mail, written", written, None, "ms", "text, HTML and headers, five lines of history"),
        *(
            Figure(f"words found in 256 KiB of {name}", taken, None, "ms", "nearly all of it quoted")
            for name, taken in found.items()
        ),
    )
    return Section("mails (CPU on this machine)", figures, {"mail_ms": written, "extract_ms": found})


def _milliseconds(work: Callable[[], object]) -> float:
    return round(median(_cpu(work) for _ in range(REPEATS)) * 1000, 2)


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _write() -> bytes:
    return ticket_mail(_ticket()).as_bytes()


def _ticket() -> Ticket:
    line = Line(AT, "customer", "Mia Muster", WORDS)
    return Ticket(
        conversation_id=ID,
        delivery_id="d41d8cd98f",
        at=AT,
        channel_title="Facebook",
        account_name="Café Sonnenschein",
        kind=Kind.COMMENT,
        author=Author("100", "Mia Muster", "mia", 12345, "https://facebook.example/mia"),
        business="Café Sonnenschein",
        limits=Limits(public=True, text=8000),
        reply_address=ADDRESS,
        helpdesk_address="help@example.org",
        first_words=WORDS,
        news=(line,),
        history=(line,) * 5,
        language="de",
    )


def _reads() -> dict[str, Callable[[], Any]]:
    text, html, context = _text(), _html(), Context(addresses=(ADDRESS, "@reply.example.org"), names=("Mia Muster",))
    return {
        "text": lambda: _found(extract(text, None, context).text),
        "HTML": lambda: _found(extract(None, html, context).text),
    }


def _found(words: str) -> None:
    if words.strip() != ANSWER:
        raise RuntimeError("other words were found")


def _text() -> str:
    said = f"> {WORDS}\n"
    return f"{ANSWER}\n\n{_attribution()}\n{said * (LONGEST // len(said))}"[:LONGEST]


def _html() -> str:
    said = f"<p>{WORDS}</p>\n"
    quoted = said * ((LONGEST - 500) // len(said))
    return f'<div>{ANSWER}</div><br><div class="gmail_quote"><div>{_attribution()}</div><blockquote>{quoted}</blockquote></div>'


def _attribution() -> str:
    return f"Am Sa., 21. Nov. 2026 um 10:12 Uhr schrieb Mia Muster (Facebook) <{ADDRESS}>:"
