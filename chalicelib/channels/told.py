"""What platforms tell, in the forms that many of them share."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def words(value: Any) -> str:
    """A text that may be absent or null."""
    return value if isinstance(value, str) else ""


def address(value: Any) -> str:
    """A web address as it stands, or "" for what is none, such as a file's name."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def moment(text: str) -> datetime:
    """From ISO 8601 with a zone, so RFC 3339 too. Raises ValueError, without the text."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError("time") from None
    if found.tzinfo is None:
        raise ValueError("time")
    return found
