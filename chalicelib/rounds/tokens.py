"""Tokens that run out, renewed by one refresher at a time and written to Parameter Store, where the desk reads them.

Between the platform's answer and that write a crash may cost a token that can be used only once. So nothing stands
between the two, the write is tried for as long as the function lives, and the old token is asked with again afterwards:
where a platform takes it once more nothing was lost, and where it does not the owner hears of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from chalicelib.aws import parameters
from chalicelib.aws.conversations import epoch
from chalicelib.channels import spec_of
from chalicelib.channels.base import Outcome, PostFailed, Spec
from chalicelib.channels.powers import Refreshed, Refreshes
from chalicelib.model import TroubleKind
from chalicelib.rounds.duty import Done, Duty, Round
from chalicelib.rounds.errands import Errand

SOONEST = timedelta(minutes=10)  # a platform that gives out tokens which are over must not be asked without end
NOTHING_TO_RENEW = timedelta(days=1)  # until the owner may have given a token that runs out
PATIENCE = timedelta(days=2)  # with a token whose end nobody knows; some must be a day old first
FIRST_TRIES = timedelta(days=3)  # of which nobody need hear
SHORT = timedelta(days=7)  # before the end of a token that could not be renewed the owner hears of it


def renew(errand: Errand, around: Round) -> Done:
    """Asks for new values and writes them down; a channel may also only tell when its token ends. Raises PostFailed."""
    parameters.forget()  # the newest there is: an old one may be used up
    channel = around.open(errand.connection)
    found = cast(Refreshes, channel).refresh(errand.account)
    if found is None:
        return Done(due_at=around.now() + NOTHING_TO_RENEW)
    spec = spec_of(channel.connection.channel)
    try:
        if found.values:
            parameters.change(f"send/{errand.connection}", lambda kept: _with(kept, found, spec, errand.account))
    except parameters.Unavailable:
        raise PostFailed(Outcome.PASSING, "not-stored") from None
    around.logger.info("renewed", extra={"connection": errand.connection, "until": found.expires_at.isoformat()})
    return Done({"token_until": epoch(found.expires_at)}, due_at=_due(found, spec, around.now()))


def _with(kept: Mapping[str, Any], found: Refreshed, spec: Spec, account: str) -> dict[str, Any]:
    new: dict[str, Any] = {}
    for name, value in found.values.items():
        new[name] = {**kept.get(name, {}), account: value} if name in spec.per_account_secrets else value
    return {**kept, **new}


def _due(found: Refreshed, spec: Spec, now: datetime) -> datetime:
    # a token that lives for less than that is renewed half-way
    before = min(spec.refresh_before or timedelta(), (found.expires_at - now) / 2)
    return max(found.expires_at - before, now + SOONEST)


def _is_grave(errand: Errand, failed: PostFailed, failing: timedelta, around: Round) -> bool:
    """No other try will help, or too little time is left for many more."""
    if failed.outcome is Outcome.REFUSED:
        return True
    if "token_until" not in errand.noted:
        return failing >= PATIENCE
    before = spec_of(around.settings.connections[errand.connection].channel).refresh_before or SHORT
    ends_at = datetime.fromtimestamp(errand.noted["token_until"], UTC)
    return ends_at - around.now() < min(SHORT, max(before - FIRST_TRIES, before / 2))


TOKENS = Duty(
    name="token",
    power=Refreshes,
    every=lambda connection: spec_of(connection.channel).refresh_before,
    do=renew,
    trouble=TroubleKind.EXPIRING,
    is_grave=_is_grave,
    grave="TokenExpiring",
)
