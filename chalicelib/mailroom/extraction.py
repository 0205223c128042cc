"""Which words of a mail are the agent's answer. After the guards (is it an answer at all?), before the reply is kept.

Pure functions. The rules in their order: markers the business put into its template, the helpdesk's frame,
what only we can have written (our address, the customer's name), texts of this conversation, quotes in general, signatures.
What is not certain says so: an unsure extraction is held and shown to the owner, never posted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom.attributions import is_left_over
from chalicelib.mailroom.frames import framed
from chalicelib.mailroom.html_text import lines_of_html
from chalicelib.mailroom.lines import MOST_LINES, Line, clean, joined, lines_of, tokens
from chalicelib.mailroom.quotes import Own, first_of_ours, without_quotes
from chalicelib.mailroom.signatures import without_signature

LONGEST = 256 * 1024  # characters of a body that are read; an answer stands at its beginning
KNOWN_TEXTS, KNOWN_LENGTH = 50, 20_000
SHORTEST_NAME, SHORTEST_KNOWN = 5, 15
_CONVERSATION_ADDRESS = re.compile(r"\bc-[a-z2-7]{8,40}-[a-z2-7]{8,40}@")
_ENCRYPTED = ("-----begin pgp message", "-----begin pgp signed message", "-----begin pkcs7")


@dataclass(frozen=True)
class Context:
    """What only we know about the conversation."""

    addresses: tuple[str, ...] = ()  # our own: the conversation's, or "@" and the reply domain
    names: tuple[str, ...] = ()  # the customer's, as our mail's From shows them
    # words of lines of ours in a quoted mail; as a tuple the (first, last) lines around the answer in a helpdesk's template
    marks: tuple[str | tuple[str, ...], ...] = ()
    known_texts: tuple[str, ...] = ()  # sent or received before in this conversation
    helpdesk: str = "plain"


@dataclass(frozen=True)
class Extraction:
    """The answer; `reason` says why it is not certain, `how` which rules cut, in their order."""

    text: str
    sure: bool
    reason: str
    how: tuple[str, ...]


NOTHING = Context()


def extract(text: str | None, html: str | None, context: Context = NOTHING) -> Extraction:
    """The agent's words in a mail's text and HTML bodies. Never raises, never returns the whole of a doubtful mail."""
    found = [_from_lines(lines, context, cut) for lines, cut in _bodies(text, html)]
    if not found:
        return Extraction("", False, "no-text", ())
    if len(found) == 1 or found[0].how[:1] in (("marker",), ("frame",)):
        return found[0]
    return _agreed(*found)


def as_it_is(text: str | None, html: str | None, context: Context = NOTHING) -> str:
    """The mail's own lines up to the first with something of ours: for an agent who wants nothing else left out."""
    bodies = _bodies(text, html)
    lines = _framed(bodies[0][0], context)[0] if bodies else []
    end = first_of_ours(lines, _own(context))
    while end < len(lines) and end and (lines[end - 1].blank or is_left_over(lines[end - 1].text)):
        end -= 1
    return joined(lines[:end])


def said(text: str | None, html: str | None, context: Context = NOTHING) -> tuple[str, bool]:
    """A customer's words in a mail, and whether these are all there is: only what is certainly a quote is left out."""
    bodies = _bodies(text, html)
    if not bodies:
        return "", True
    lines, cut = bodies[-1] if _is_a_stub(bodies) else bodies[0]
    walk, whole = without_quotes(lines, _own(context)), joined(_condensed(lines))
    kept = joined(_condensed(walk.kept))
    if walk.doubts or not _says_something(kept):
        return whole, not cut
    return kept, kept == whole and not cut


def _is_a_stub(bodies: Sequence[tuple[list[Line], bool]]) -> bool:
    """Whether the text only says that there is more to be seen in the HTML."""
    sizes = [len(_words(joined(lines))) for lines, _ in bodies]
    return sizes[-1] > 2 * sizes[0]


def _bodies(text: str | None, html: str | None) -> list[tuple[list[Line], bool]]:
    """The lines of each body that says something, and whether it was too long to be read to its end."""
    bodies = [(lines_of(text[:LONGEST]), len(text) > LONGEST)] if text and text.strip() else []
    if html and html.strip():
        lines, whole = lines_of_html(html[:LONGEST])
        bodies += [(lines, not whole or len(html) > LONGEST)] if any(not line.blank for line in lines) else []
    return [(lines[:MOST_LINES], cut or len(lines) > MOST_LINES) for lines, cut in bodies]


def _from_lines(lines: list[Line], context: Context, cut: bool) -> Extraction:
    lines, how, doubts = _framed(lines, context)
    if _is_encrypted(lines):
        return Extraction("", False, "encrypted", tuple(how))
    walk = without_quotes(lines, _own(context))
    kept, known = _without_known(_condensed(walk.kept), context.known_texts)
    kept, signed, signature_doubts = without_signature(kept)
    text = joined(kept)
    doubts += [
        *walk.doubts,
        *signature_doubts,
        *_leaks(text, context),
        *(["too-long"] if cut and not walk.ended else []),
    ]
    doubts = doubts if _says_something(text) else ["no-text", *doubts]
    return Extraction(
        text, not doubts, doubts[0] if doubts else "", tuple(dict.fromkeys([*how, *walk.how, *known, *signed]))
    )


def _framed(lines: list[Line], context: Context) -> tuple[list[Line], list[str], list[str]]:
    """Between the business's own markers, else inside the helpdesk's frame, else everything."""
    for around in (mark for mark in context.marks if mark and isinstance(mark, tuple)):
        inside = _between(lines, around[0], around[-1])
        if inside is not None:
            return inside, ["marker"], []
    profile = HELPDESKS.get(context.helpdesk, HELPDESKS["plain"])
    frame = framed([line.text for line in lines], profile)
    if frame is not None:
        return lines[frame.start : frame.stop], ["frame"], []
    return lines, [], ["no-frame"] if profile.always_framed else []


def _between(lines: list[Line], begin: str, end: str) -> list[Line] | None:
    first = next((i for i, line in enumerate(lines) if begin in line.text), None)
    if first is None:
        return None
    last = next((i for i in range(first + 1, len(lines)) if end in lines[i].text), None)
    return None if last is None else lines[first + 1 : last]


def _is_encrypted(lines: Sequence[Line]) -> bool:
    return any(line.text.casefold().startswith(_ENCRYPTED) for line in lines if line.text.startswith("-----"))


def _own(context: Context) -> Own:
    profile = HELPDESKS.get(context.helpdesk, HELPDESKS["plain"])
    marks = [mark for mark in context.marks if isinstance(mark, str)] + list(profile.separators)
    known = (tokens(line) for text in context.known_texts[-KNOWN_TEXTS:] for line in text[:KNOWN_LENGTH].split("\n"))
    return Own(
        addresses=tuple(address.casefold() for address in context.addresses if "@" in address),
        names=tuple(name.casefold() for name in context.names if len(name) >= SHORTEST_NAME or not name.isascii()),
        marks=tuple(mark.casefold() for mark in marks if mark.strip()),
        known=frozenset(words for words in known if words),
    )


def _condensed(lines: Sequence[Line]) -> list[Line]:
    """Never two empty lines in a row, so that nothing after this has to step over thousands."""
    return [line for i, line in enumerate(lines) if not line.blank or (i and not lines[i - 1].blank)]


def _without_known(lines: list[Line], texts: Sequence[str]) -> tuple[list[Line], list[str]]:
    """Without a whole earlier text at the end or the beginning: a quote that nothing marks."""
    said = [(i, words) for i, line in enumerate(lines) if (words := tokens(line.text))] if texts else []
    backwards = [(i, words[::-1]) for i, words in reversed(said)]
    for text in texts[-KNOWN_TEXTS:]:
        words = tokens(text[:KNOWN_LENGTH])
        if sum(map(len, words)) < SHORTEST_KNOWN:
            continue
        if (first := _where_said(backwards, words[::-1])) is not None:
            return lines[:first], ["known-text"]
        if (last := _where_said(said, words)) is not None:
            return lines[last + 1 :], ["known-text"]
    return lines, []


def _where_said(said: Iterable[tuple[int, tuple[str, ...]]], words: tuple[str, ...]) -> int | None:
    """The line on which the words end, if the lines say exactly them from the start."""
    done = 0
    for at, line in said:
        if line != words[done : done + len(line)]:
            return None
        done += len(line)
        if done == len(words):
            return at
    return None


def _leaks(text: str, context: Context) -> Iterable[str]:
    """An answer never names an address or a mark of ours: what does is a quote we did not see."""
    folded = text.casefold()
    marks = [part for mark in context.marks for part in ([mark] if isinstance(mark, str) else mark)]
    ours = any(word.casefold() in folded for word in [*context.addresses, *marks] if word.strip())
    if ours or _CONVERSATION_ADDRESS.search(folded):
        return ["token-in-text"]
    return ["attribution-in-text"] if any(is_left_over(line) for line in text.split("\n")) else []


def _says_something(text: str) -> bool:
    """A letter, a digit or a sign such as an emoji: dashes and dots alone are no answer."""
    return any(c.isalnum() or ord(c) > 0x203B for c in text)


def _agreed(text: Extraction, html: Extraction) -> Extraction:
    """Both bodies have to say the same; the one is taken that does not break lines in the middle of sentences."""
    if _words(text.text) == _words(html.text):
        better = html if _is_wrapped(text.text) and html.sure else text
        return Extraction(better.text, text.sure and html.sure, text.reason or html.reason, text.how or html.how)
    if (not text.text and html.sure) or (not html.text and text.sure):
        return Extraction(html.text or text.text, False, "text-html-differ", html.how or text.how)
    return Extraction(html.text, False, html.reason or "text-html-differ", html.how)


def _words(text: str) -> str:
    """Letters and digits only, without web addresses: programs differ in all the rest."""
    bare = " ".join(
        word for word in clean(text).split() if "://" not in word and not word.startswith(("mailto:", "[cid:"))
    )
    return "".join(c for c in bare.casefold() if c.isalnum())


def _is_wrapped(text: str) -> bool:
    lines = text.split("\n")
    return any(60 <= len(line) <= 80 and after for line, after in pairwise(lines))
