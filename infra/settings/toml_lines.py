"""TOML with line numbers: what `tomllib` reads, and where each key stands, so that a complaint can name its line.

A statement of TOML is a document of its own. So the file is cut where a piece parses, and each piece tells its key;
no second grammar is needed. https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]  # ("agents", 0, "address")

LARGEST_FILE = 200_000  # characters; the store takes 8 KB of settings


class Unparsable(ValueError):
    """The text is no TOML: `line` (1-based) and a reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True)
class Lines:
    """Where keys stand. A key inside a longer value stands where that value begins."""

    by_path: Mapping[Path, int]

    def of(self, path: Path) -> int:
        """The line of a key, else that of the table it is, or should be, in."""
        known = (self.by_path.get(path[:length]) for length in range(len(path), 0, -1))
        return next((line for line in known if line), 1)


def parse(text: str) -> tuple[dict[str, Any], Lines]:
    """The document and where its keys stand. Raises Unparsable; a key that is there twice is named with both lines."""
    if len(text) > LARGEST_FILE:
        raise Unparsable(1, f"the file is longer than {LARGEST_FILE:,} characters")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")  # editors on Windows
    try:
        return tomllib.loads(text), Lines(dict(_positions(text)))
    except (ValueError, RecursionError) as error:
        raise _unparsable(text, error) from None


def _positions(text: str) -> Iterator[tuple[Path, int]]:
    """Each path and its line; a parent that is only implied stands where its first child does."""
    seen: set[Path] = set()
    for path, line in _statements(text.split("\n")):
        for length in range(1, len(path) + 1):
            if path[:length] not in seen:
                seen.add(path[:length])
                yield path[:length], line


def _statements(lines: list[str]) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    start = 0
    while start < len(lines):
        end, found = _piece(lines, start)
        if lines[start].lstrip().startswith("["):
            table = _table_path(found, counts)
            yield table, start + 1
        elif found:
            yield (*table, *_key_path(found)), start + 1
        start = end


def _piece(lines: list[str], start: int) -> tuple[int, dict[str, Any]]:
    """The shortest run of lines that is TOML by itself: an array or a long string may need several."""
    for end in range(start + 1, len(lines) + 1):
        if end == start + 1 or any(mark in lines[end - 1] for mark in _ENDS):
            with suppress(tomllib.TOMLDecodeError):
                return end, tomllib.loads("\n".join(lines[start:end]))
    return len(lines), {}


def _table_path(found: dict[str, Any], counts: dict[Path, int]) -> Path:
    path: Path = ()
    inner: Any = found
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        path = (*path, name)
        if isinstance(inner, list):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _key_path(found: dict[str, Any]) -> Path:
    path: Path = ()
    inner: Any = found
    while isinstance(inner, dict) and len(inner) == 1:
        name, inner = next(iter(inner.items()))
        path = (*path, name)
    return path


def _unparsable(text: str, error: Exception) -> Unparsable:
    place = _PLACE.search(str(error))
    line = int(place["line"]) if place else text.count("\n") + 1
    reason = _PLACE.sub("", str(error)).replace(" (at end of document)", "")
    if isinstance(error, RecursionError):
        return Unparsable(1, "nested too deeply")
    if reason.startswith("Cannot"):
        return _twice(text, line)
    written = f"{text}\n".split("\n")[line - 1]
    advice = next((f"; {advice}" for looks, advice in ADVICE.items() if looks.search(written)), "")
    return Unparsable(line, f"{reason[:1].lower()}{reason[1:]}{advice}")


def _twice(text: str, line: int) -> Unparsable:
    """tomllib reads up to the second of two keys, so all before it is well-formed and the last one is the culprit."""
    found = list(_statements(text.split("\n")[:line]))
    path, again = found[-1]
    first = next((at for known, at in found if known[: len(path)] == path), again)
    name = ".".join(str(part) for part in path if isinstance(part, str))
    return Unparsable(again, f"{name} is there twice, first in line {first}")


ADVICE = {
    re.compile("[“”„‟«»＂]"): 'use straight quotes: "',
    re.compile(r'^[^"#]*"[^"]*$'): 'a closing " is missing',
    re.compile(r"^\s*[\w-]+\s*[:：]"): "write = between a name and its value",
    re.compile(r"=\s*$"): "a value is missing behind =",
    re.compile(r"=\s*\[|^\s*$"): "a comma or ] is missing",
    re.compile(r"=\s*(?:[^\W\d]|[@/]|[0-9]+:)"): 'text needs quotes: "…"',
}
_ENDS = ("]", '"""', "'''")  # what a value of several lines can end with
_PLACE = re.compile(r" \(at line (?P<line>[0-9]+), column [0-9]+\)")
