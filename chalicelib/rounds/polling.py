"""Asking a platform for what is new. What it tells is kept first, and then where the next look goes on: a crash between
the two brings the same again, and that is recognised by its identities.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from chalicelib.channels import poll_every
from chalicelib.channels.base import Channel, PostFailed
from chalicelib.channels.powers import Polled, Polls, Rings
from chalicelib.model import TroubleKind
from chalicelib.rounds.duty import Done, Duty, Round
from chalicelib.rounds.errands import Errand

PATIENCE = timedelta(hours=1)  # after so long without an answer the owner hears of it


def poll(errand: Errand, around: Round) -> Done:
    """One look. Raises PostFailed."""
    channel = around.open(errand.connection)
    told = _told(channel, errand)
    kept = around.keep(told.events, channel.connection, around.now())
    if kept.new:
        around.logger.info("polled", extra={"connection": errand.connection, "new": kept.new})
    return Done({"cursor": told.cursor}, more=told.more)


def _told(channel: Channel, errand: Errand) -> Polled:
    cursor = str(errand.noted.get("cursor", ""))
    if errand.word and isinstance(channel, Rings):
        return channel.rung(errand.account, cursor, errand.word)
    return cast(Polls, channel).poll(errand.account, cursor)


def _is_grave(errand: Errand, failed: PostFailed, failing: timedelta, around: Round) -> bool:
    return failing >= PATIENCE


POLLING = Duty(
    name="cursor",
    power=Polls,
    every=poll_every,
    do=poll,
    trouble=TroubleKind.UNREACHABLE,
    is_grave=_is_grave,
    failed="PollFailed",
)
