"""What was measured, as a person reads it: a line a figure, its bar beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 36


@dataclass(frozen=True)
class Figure:
    """One number; with a bar it is ok up to it. `about` says what was measured, or against what."""

    name: str
    value: float
    bar: float | None = None
    unit: str = ""
    about: str = ""

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        if self.value <= self.bar:
            return "ok"
        return f"MISSED by {self.value - self.bar:.2f}"


@dataclass(frozen=True)
class Section:
    """Figures that belong together: how they are told and what stands in build/bench.json."""

    title: str
    figures: tuple[Figure, ...]
    result: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def shown(section: Section) -> str:
    """For a terminal."""
    return "\n".join([section.title, *_lines(section.figures), *(f"  {note}" for note in section.notes), ""])


def progress(text: str) -> None:
    """A word while it takes its time; not part of the table."""
    print(f"  ... {text}", file=sys.stderr, flush=True)


def _lines(figures: Iterable[Figure]) -> Iterable[str]:
    for figure in figures:
        bar = f"bar {figure.bar:g}" if figure.bar is not None else ""
        number = f"{figure.value:.2f} {figure.unit}".strip()
        yield f"  {figure.name:<{WIDTH}}{number:>12}  {bar:<9} {figure.verdict:<15} {figure.about}".rstrip()
