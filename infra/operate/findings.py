"""What a check looks at, and what it found, in words: ok, warning or MISSING, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from chalicelib.settings import Settings
from infra.stack.target import Target


@dataclass(frozen=True)
class Patient:
    """What is looked at."""

    target: Target
    session: boto3.Session
    settings: Settings | None  # None: nothing is configured yet


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    word: str  # ok, warning, MISSING
    what: str
    told: str
    do: str = ""

    @property
    def lines(self) -> str:
        """As printed; what to do has a line of its own."""
        first = f"{self.word:<8} {self.what:<18} {self.told}"
        return f"{first}\n{'':<27} -> {self.do}" if self.do else first


def ok(what: str, told: str) -> Finding:
    """Nothing to do."""
    return Finding("ok", what, told)


def warning(what: str, told: str, do: str) -> Finding:
    """It works, but it could bite."""
    return Finding("warning", what, told, do)


def missing(what: str, told: str, do: str) -> Finding:
    """It does not work."""
    return Finding("MISSING", what, told, do)
