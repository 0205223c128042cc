"""When a person is not to be disturbed: spans "22:00-07:00" by the clock of the business's zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(spans: Sequence[str], zone: str, now: datetime) -> datetime | None:
    """When the quiet time that it is now ends, in `now`'s zone; None when it is none."""
    local = now.astimezone(ZoneInfo(zone))
    ends = [end for span in spans if (end := _end_of(span, local))]
    return max(ends).astimezone(now.tzinfo) if ends else None


def _end_of(span: str, local: datetime) -> datetime | None:
    opens, closes = (_clock(each) for each in span.split("-"))
    at = local.time().replace(tzinfo=None)
    crosses = closes <= opens
    if not (opens <= at or at < closes if crosses else opens <= at < closes):
        return None
    tomorrow = closes == time.min or (crosses and at >= opens)
    return datetime.combine(local.date() + timedelta(days=tomorrow), closes, local.tzinfo)


def _clock(written: str) -> time:
    return time.min if written == "24:00" else time.fromisoformat(written)
