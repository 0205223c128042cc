"""What the clock keeps besides a conversation's head: its turns, and the customers of whom the owner or the lead is to hear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib import stored
from chalicelib.aws import table
from chalicelib.aws.conversations import CONVERSATION_DAYS, entry, epoch, item_key, stamp
from chalicelib.aws.table import Put
from chalicelib.model import Alarm, Turn


def turned(pk: str, turn: Turn, place: int) -> Put:
    """The write that keeps a turn of the clock; `place` tells those of one moment apart."""
    key = f"c#{stamp(turn.at)}#{turn.cycle}-{place}-{turn.what}"
    expires_at = epoch(turn.at + timedelta(days=CONVERSATION_DAYS))
    return Put({"pk": pk, "sk": key, "kind": "turn", "data": stored.dump(turn), "expires_at": expires_at})


def turns(pk: str) -> list[Turn]:
    """The turns of a conversation's clock, oldest first."""
    return [stored.load(Turn, item["data"]) for item in table.query(pk, "c#")]


def alarm(raised: Alarm, not_before: datetime) -> Put:
    """The write that lets a person hear of a customer who waits; `not_before` is the end of their quiet hours."""
    cause = f"{raised.conversation}-{raised.cycle}-{raised.stage}-{raised.code}"
    key = item_key(raised.at, "alarm", cause)
    item = entry(person_key(raised.person), key, "alarm", raised, not_before, state="waiting")
    # after the mails: many that wait for the morning must not hide them
    return Put({**item, "todo": f"p#{key}", "not_before": epoch(not_before)}, unless_there=True)


def person_key(person: str) -> str:
    """The partition of what the owner or the lead is to hear."""
    return f"person#{person}"


def quiet_until(pk: str) -> datetime | None:
    """Until when the mails to a person are collected."""
    item = table.get(pk, "pace")
    return datetime.fromtimestamp(item["until"], UTC) if item else None


def quieten(pk: str, until: datetime) -> Put:
    """The write that lets mails to a person be collected until then."""
    return Put({"pk": pk, "sk": "pace", "kind": "pace", "until": epoch(until)})
