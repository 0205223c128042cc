"""What a channel is tried with: how it is connected, how what it delivers is proven, and what proves nothing.

A contract has two connections of its channel: ours, whose secret is being changed (two are good), and somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chalicelib.channels import open_channel, spec_of
from chalicelib.channels.base import Channel, Connection
from chalicelib.http import Http

PAYLOADS = Path(__file__).parents[1] / "payloads"

Values = Mapping[str, str | list[str]]  # a list: it comes more than once


@dataclass(frozen=True)
class Sent:
    """A request on its way."""

    body: bytes = b""
    headers: Values = field(default_factory=dict)
    query: Values = field(default_factory=dict)

    def with_(self, name: str, value: str | list[str] | None) -> Sent:
        """With another header or parameter of the address; None leaves it out."""
        if name in self.headers:
            return replace(self, headers=_changed(self.headers, name, value))
        return replace(self, query=_changed(self.query, name, value))


def _changed(values: Values, name: str, value: str | list[str] | None) -> Values:
    others = {each: values[each] for each in values if each != name}
    return others if value is None else {**others, name: value}


Sign = Callable[[bytes, float], Sent]  # a body as the platform sends it at this time


@dataclass(frozen=True)
class Proof:
    """How a delivery is proven, and what proves nothing."""

    name: str  # of a header or of a parameter of the address: without it nothing is believed
    sign: Sign
    older: Sign | None = None  # good as long as the secret is being changed; None: no secret of ours signs
    not_ours: Mapping[str, Sign] = field(default_factory=dict)  # right for somebody else
    stale: Sign | None = None  # None: no time is signed
    covers_body: bool = True


@dataclass(frozen=True)
class Challenge:
    """The question whether an address is ours (GET), and its answer."""

    right: Mapping[str, str]
    answer: Any  # the text, or the JSON
    wrong: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Contract:
    """One way in which a channel is connected."""

    channel: str
    accounts: tuple[str, ...]
    holds: Mapping[str, Any]  # the connection's options and receive secrets; of two values the first is the newer
    theirs: Mapping[str, Any] = field(default_factory=dict)  # those of the other connection
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by method: without these nothing is served
    proof: Proof | None = None  # None: whatever comes by HTTP, it is not the platform's
    challenge: Challenge | None = None
    message: str = ""  # a payload that is one message
    lists: Sequence[
        tuple[str, tuple[Any, ...]]
    ] = ()  # payloads, and where in them items stand that are read one by one
    folders: tuple[str, ...] = ()  # of tests/payloads; () = the channel's name
    written: str = "json"  # what the payloads are
    only_rings: bool = False  # a delivery says no more than that there is something to be asked for
    http: Http | None = None  # None: nobody is asked while a delivery is kept
    by: str = ""  # which of several ways it is

    @cached_property
    def opened(self) -> Channel:
        """Our connection."""
        options, secrets = self.split(self.holds)
        return open_channel(Connection("ours", self.channel, self.accounts, options, secrets))

    @cached_property
    def payloads(self) -> list[str]:
        """Every delivery there is of it, as folder/name."""
        folders = self.folders or (self.channel,)
        files = [(folder, path) for folder in folders for path in sorted((PAYLOADS / folder).glob(f"*.{self.written}"))]
        return [f"{folder}/{path.stem}" for folder, path in files]

    def payload(self, name: str) -> bytes:
        """As it was sent."""
        return _read(PAYLOADS / f"{name}.{self.written}")

    def split(self, held: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Options and receive secrets."""
        secret = spec_of(self.channel).receive_secrets
        options = {name: value for name, value in held.items() if name not in secret}
        return options, {name: value for name, value in held.items() if name in secret}


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
