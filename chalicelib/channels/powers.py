"""What a platform may be asked besides: each a protocol of its own, looked for with isinstance.

A platform that cannot do a thing has no method for it; nobody stands in with an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from chalicelib.channels.base import Answer, WebhookRequest
from chalicelib.http import Response
from chalicelib.model import Attachment, Event, Message, Reply


@runtime_checkable
class Finds(Protocol):
    """An optional power: look whether an answer whose outcome is unknown was posted after all."""

    def find(self, reply: Reply) -> str | None:
        """The platform's id of the posted answer, or None when it is certainly not there. Raises PostFailed when nobody can tell."""


@runtime_checkable
class Responds(Protocol):
    """An optional power: what a kept delivery is answered with, where the platform does as the answer says."""

    def respond(self, request: WebhookRequest) -> Answer:
        """Of a delivery that is proven and kept. Pure."""


@runtime_checkable
class Profiles(Protocol):
    """An optional power: the name of an author whom the webhook only gave an id."""

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        """Any of name, handle, followers, url; {} when the platform will not tell. Never raises."""


@runtime_checkable
class Members(Protocol):
    """An optional power: the name of an author whom the platform knows as a member of a group, in its thread."""

    def member(self, account: str, thread: str, author_id: str) -> Mapping[str, Any]:
        """As `Profiles.profile`, which it takes the place of. Never raises."""


@runtime_checkable
class Completes(Protocol):
    """An optional power: the rest of a message of which the webhook only told where it is (`Message.partial`)."""

    def complete(self, message: Message) -> Message | None:
        """The whole message, or None when there is nothing to answer (gone, or our own). Raises PostFailed.

        Its id may be another one, that of its content: when that is known already the message is a redelivery.
        """


@runtime_checkable
class Downloads(Protocol):
    """An optional power: an attachment that has no public address, by its `ref`."""

    def download(self, account: str, attachment: Attachment, most: int, seconds: float) -> Response:
        """At most `most` bytes within `seconds`; status 200, or the platform's own. Raises http.NotSent, Lost or TooLarge."""


@dataclass(frozen=True)
class Polled:
    """What a look at the platform brought; `cursor` is where the next one goes on, the channel's own words."""

    events: Sequence[Event]
    cursor: str
    more: bool = False  # there is more at once


@runtime_checkable
class Polls(Protocol):
    """An optional power: asks for what is new, where the platform pushes nothing, or not reliably (`Spec.poll_every`)."""

    def poll(self, account: str, cursor: str) -> Polled:
        """Everything since `cursor`; "" is the first time: it begins now and brings nothing old. Raises PostFailed."""


@runtime_checkable
class Rings(Protocol):
    """An optional power of one that polls: its delivery is a `model.Ring`, and it is asked with the word that came along."""

    def rung(self, account: str, cursor: str, word: str) -> Polled:
        """As `Polls.poll`, which may be asked less often. Raises PostFailed."""


@runtime_checkable
class Lists(Protocol):
    """An optional power: what the platform has of the last days, so that what was never pushed is found once a day."""

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        """Messages since then, same ids as the webhook's; in any order. Raises PostFailed, also in the midst of it."""


@runtime_checkable
class Subscribes(Protocol):
    """An optional power: looks whether the platform still pushes to us, and sets up what it dropped."""

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """What was missing and is there again, as the platform names it; () when all was well. Raises PostFailed."""


@dataclass(frozen=True)
class Refreshed:
    """A token renewed: the values of send secrets that change, each for this account or for the whole connection."""

    values: Mapping[str, str]
    expires_at: datetime


@runtime_checkable
class Refreshes(Protocol):
    """An optional power: tokens that run out and are renewed by one refresher at a time (`Spec.refresh_before`)."""

    def refresh(self, account: str) -> Refreshed | None:
        """New values; None when there is nothing to renew with (a token that does not run out). Raises PostFailed."""
