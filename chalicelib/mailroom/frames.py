"""A helpdesk's template around an answer, and its mails that are no answer at all. What differs stands in `helpdesks`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from chalicelib.helpdesks import Frame, Helpdesk

_LONGEST_TEXT = 20_000  # characters in which a notice shows itself
_LONGEST_LINE = 400


def framed(lines: Sequence[str], profile: Helpdesk) -> range | None:
    """The lines inside the product's frame; None if the mail does not have it."""
    for frame in profile.frames:
        start = _start(lines, frame)
        if start is not None and (end := _end(lines, frame, start + 1)) is not None:
            return range(_after_changes(lines, frame, start + 1), end)
    return None


def closing_words(text: str, profile: Helpdesk) -> str:
    """What stands in a notice that a ticket was closed; "" where no words were given, and in every other mail."""
    closing = replace(profile, frames=tuple(frame for frame in profile.frames if frame.closes))
    lines = text[:_LONGEST_TEXT].splitlines()
    inside = framed(lines, closing)
    said = "\n".join(lines[inside.start : inside.stop]).strip() if inside else ""
    return "" if any(said == frame.nothing for frame in closing.frames) else said


def not_an_answer(
    profile: Helpdesk, headers: Mapping[str, str], subject: str, text: str, addresses: Sequence[str] = ()
) -> str | None:
    """Why this mail is no answer of an agent, as a short code; None if it may be one.

    `headers` by any case of name; `addresses` are ours, "@reply.example.com" stands for the whole domain.
    """
    values = {name.casefold(): value.strip() for name, value in headers.items()}
    checks = (
        _automatic(profile, values),
        _noise(profile, values, subject, text[:_LONGEST_TEXT]),
        _own_words(profile, values, text, [address.casefold() for address in addresses]),
    )
    return next((reason for reason in checks if reason), None)


def _start(lines: Sequence[str], frame: Frame) -> int | None:
    pattern = re.compile(frame.start)
    written = (i for i, line in enumerate(lines) if line.strip())
    return next((i for i in islice(written, frame.within) if pattern.search(lines[i].strip()[:_LONGEST_LINE])), None)


def _end(lines: Sequence[str], frame: Frame, start: int) -> int | None:
    """The first line from which the lines with text fit one of the frame's ends."""
    written = [i for i in range(start, len(lines)) if lines[i].strip()]
    ends = [[re.compile(pattern) for pattern in end] for end in frame.ends]
    for at, index in enumerate(written):
        for end in ends:
            following = written[at : at + len(end)]
            if len(following) == len(end) and all(
                pattern.search(lines[i].strip()[:_LONGEST_LINE]) for pattern, i in zip(end, following, strict=True)
            ):
                return index
    return None


def _after_changes(lines: Sequence[str], frame: Frame, start: int) -> int:
    if not frame.changes_first or lines[start].strip() or not lines[start + 1].strip():
        return start
    at = start + 1
    while at < len(lines) and lines[at].strip():
        at += 1
    return at


def _automatic(profile: Helpdesk, headers: Mapping[str, str]) -> str | None:
    """Machine headers that tell the truth: `Precedence: bulk` is not among them, agents' answers carry it."""
    submitted = headers.get("auto-submitted", "no").casefold()
    if submitted.startswith("auto-replied") or headers.get("return-path") == "<>":
        return "automatic"
    if submitted.startswith("auto-") and not profile.automatic_headers_are_normal:
        return "automatic"
    if headers.get("precedence", "").casefold() == "auto_reply" or "x-autoreply" in headers:
        return "automatic"
    return "report" if headers.get("content-type", "").casefold().startswith("multipart/report") else None


def _noise(profile: Helpdesk, headers: Mapping[str, str], subject: str, text: str) -> str | None:
    noise, refused = profile.noise, (profile.refusal.subject,) if profile.refusal else ()
    found = (
        any(re.search(pattern, subject, re.IGNORECASE) for pattern in (*noise.subject, *refused))
        or any(re.search(pattern, text.strip(), re.IGNORECASE) for pattern in noise.text)
        or any(re.search(pattern, headers.get(name, ""), re.IGNORECASE) for name, pattern in noise.headers.items())
    )
    return "notice" if found else None


def _own_words(profile: Helpdesk, headers: Mapping[str, str], text: str, addresses: Sequence[str]) -> str | None:
    """A customer's words, mailed to the other customers of the ticket or back to their own writer."""
    senders = [headers.get(name, "") for name in profile.noise.sender_headers]
    lines = text[:_LONGEST_TEXT].split("\n")
    senders += [lines[start] for frame in profile.frames if (start := _start(lines, frame)) is not None]
    ours = any(address in sender.casefold() for address in addresses for sender in senders)
    return "customer" if ours else None
