"""Every hour: does the platform still push to us? What it dropped is set up again; the owner hears only when that failed."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from chalicelib import metrics
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.powers import Subscribes
from chalicelib.model import TroubleKind
from chalicelib.rounds.duty import Done, Duty, Round
from chalicelib.rounds.errands import Errand

ALMOST_AN_HOUR = timedelta(minutes=50)  # the rule comes once an hour, give or take
PATIENCE = timedelta(hours=3)  # with a platform that does not answer


def look(errand: Errand, around: Round) -> Done:
    """Sets up again what is missing. Raises PostFailed."""
    channel = around.open(errand.connection)
    address = around.settings.public_url.rstrip("/")
    callback = f"{address}/webhooks/{channel.connection.channel}/{errand.connection}"
    missing = cast(Subscribes, channel).resubscribe(errand.account, callback)
    if missing:
        metrics.count("Resubscribed", len(missing))
        around.logger.warning("resubscribed", extra={"connection": errand.connection, "missing": list(missing)})
    return Done()


def _is_grave(errand: Errand, failed: PostFailed, failing: timedelta, around: Round) -> bool:
    return failed.outcome is Outcome.REFUSED or failing >= PATIENCE


HEALTH = Duty(
    name="health",
    power=Subscribes,
    every=lambda connection: ALMOST_AN_HOUR,
    do=look,
    trouble=TroubleKind.UNSUBSCRIBED,
    is_grave=_is_grave,
)
