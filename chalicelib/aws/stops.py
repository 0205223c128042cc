"""Which numbers want no texts from which of ours: who texted STOP gets none, however long ago, until START.

pk = stopped#<hash of our number and theirs>: stopped     never expires
"""

from __future__ import annotations

from chalicelib.aws import conversations, table
from chalicelib.aws.table import Put
from chalicelib.model import identity


def keep(ours: str, theirs: str, stopped: bool) -> None:
    """From now on; saying the same again changes nothing."""
    item = {"pk": _place(ours, theirs), "sk": "stopped", "kind": "stopped", "stopped": stopped}
    conversations.write([Put(item)])


def is_stopped(ours: str, theirs: str) -> bool:
    """Whether a text from our number to theirs is not wanted."""
    found = table.get(_place(ours, theirs), "stopped")
    return bool(found and found["stopped"])


def _place(ours: str, theirs: str) -> str:
    return f"stopped#{identity('texts', ours, theirs)}"
