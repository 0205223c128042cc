"""What a duty is, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from chalicelib.channels.base import Channel, Connection, PostFailed
from chalicelib.model import Event, TroubleKind
from chalicelib.rounds.errands import Errand
from chalicelib.settings import Settings


class Kept(Protocol):
    """How many events were new."""

    @property
    def new(self) -> int:
        """Not known before."""


Keep = Callable[[Sequence[Event], Connection, datetime], Kept]


@dataclass(frozen=True)
class Round:
    """What a round works with; tests bring their own."""

    settings: Settings
    open: Callable[[str], Channel]  # by connection, with the secrets to send
    keep: Keep
    logger: Any
    until: float  # by the monotonic clock: what has not begun by then waits for the next round
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class Done:
    """An errand that went well."""

    noted: Mapping[str, Any] = field(default_factory=dict)  # for the next one
    due_at: datetime | None = None  # None: as often as the duty says
    more: bool = False  # there is more to be had at once


@dataclass(frozen=True)
class Duty:
    """One power of the channels, asked for account by account."""

    name: str  # begins the sort key of its errands
    power: type
    every: Callable[[Connection], timedelta | None]  # None: this connection has not got it
    do: Callable[[Errand, Round], Done]  # raises PostFailed
    trouble: TroubleKind  # what the owner hears when it is grave
    is_grave: Callable[[Errand, PostFailed, timedelta, Round], bool]  # given how long it has been failing
    failed: str = ""  # the metric that counts failures
    grave: str = ""  # the metric that counts grave ones
