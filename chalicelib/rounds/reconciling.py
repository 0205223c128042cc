"""Once a day: what the platform has of the last days, beside what it pushed. What was never pushed is taken in now.

The first time only notes when that was: nothing older than the connection is ever brought in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from chalicelib import metrics
from chalicelib.aws.conversations import epoch
from chalicelib.channels.base import Connection, PostFailed
from chalicelib.channels.powers import Lists
from chalicelib.model import Event, Trouble, TroubleKind
from chalicelib.rounds.duty import Done, Duty, Round
from chalicelib.rounds.errands import Errand

LOOK_BACK = timedelta(days=3)
PATIENCE = timedelta(days=2)
ALMOST_A_DAY = timedelta(hours=20)  # the rule comes once a day, give or take
AT_ONCE = 25  # events kept together: what came before a failure is kept


def reconcile(errand: Errand, around: Round) -> Done:
    """Takes in what is missing and tells the owner how much that was. Raises PostFailed; what came before it is kept."""
    now, channel = around.now(), around.open(errand.connection)
    if "begun_at" not in errand.noted:
        return Done({"begun_at": epoch(now)})
    since = max(now - LOOK_BACK, datetime.fromtimestamp(errand.noted["begun_at"], UTC))
    events = cast(Lists, channel).recent(errand.account, since)
    new = 0
    try:
        for batch in _batches(events, around.until):
            new += around.keep(batch, channel.connection, now).new
    finally:
        if new:
            _tell(errand, new, channel.connection, around)
    return Done()


def _batches(events: Iterator[Event], until: float) -> Iterator[Sequence[Event]]:
    """Also what came before the platform failed; nothing more when the round is over."""
    batch: list[Event] = []
    try:
        for event in events:
            batch.append(event)
            if len(batch) >= AT_ONCE:
                yield batch
                batch = []
            if time.monotonic() > until:
                break
    except PostFailed:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _tell(errand: Errand, new: int, connection: Connection, around: Round) -> None:
    now = around.now()
    metrics.count("Reconciled", new)
    around.logger.warning("reconciled", extra={"connection": errand.connection, "new": new})
    name = f"{errand.sk} {now:%Y-%m-%dT%H:%M:%S}"
    trouble = Trouble(connection.channel, errand.account, name, TroubleKind.UNPUSHED, now, str(new))
    around.keep([trouble], connection, now)


def _is_grave(errand: Errand, failed: PostFailed, failing: timedelta, around: Round) -> bool:
    return failing >= PATIENCE


RECONCILING = Duty(
    name="listed",
    power=Lists,
    every=lambda connection: ALMOST_A_DAY,
    do=reconcile,
    trouble=TroubleKind.UNREACHABLE,
    is_grave=_is_grave,
)
