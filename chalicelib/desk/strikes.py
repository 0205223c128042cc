"""An item that cannot be worked on is struck, and after five strikes set aside, so that it does not hold up the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib import metrics
from chalicelib.aws import clients, conversations
from chalicelib.aws.conversations import SETTLED, Entry
from chalicelib.aws.table import Change, Put
from chalicelib.desk import delivery, mails

MOST_STRIKES = 5


@contextmanager
def blaming(entry: Entry, defects: list[Exception]) -> Iterator[None]:
    """A defect that shows inside is a strike against the entry, and the others go on; what has to be tried again is not."""
    try:
        yield
    except Exception as error:
        if clients.is_passing(error):
            raise
        conversations.write(_strike(entry, type(error).__name__))
        defects.append(error)


def _strike(entry: Entry, reason: str) -> list[Put | Change]:
    struck = Change(entry.pk, entry.sk, add={"strikes": 1}, set={"reason": reason})
    if entry.strikes + 1 < MOST_STRIKES:
        return [struck]
    metrics.count("SetAside")
    end = {"reply": delivery.set_aside, "mail": mails.set_aside}.get(entry.kind, _set_aside)
    return end(entry, struck, datetime.now(UTC))


def _set_aside(entry: Entry, struck: Change, now: datetime) -> list[Put | Change]:
    return [replace(struck, set={**struck.set, "state": "failed"}, remove=SETTLED)]
