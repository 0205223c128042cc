"""What one platform is to the simulator: where customers write, how it tells the product, its API, its secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint

from infra.simulator.world import Connection, Post, World

Echo = Callable[[Connection, Post], None]
Headers = dict[str, str]
Secrets = tuple[dict[str, Any], dict[str, Any]]  # to receive, to send


@dataclass(frozen=True)
class Words:
    """What somebody wrote and where; `picture` is an address or ""."""

    connection: Connection
    account: str
    handle: str  # of the account
    id: str
    author: str
    name: str
    text: str
    at: datetime
    picture: str = ""

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp())

    @property
    def milliseconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp() * 1000)


def wire(payload: Mapping[str, Any]) -> bytes:
    """Escaped as Meta does it, slashes too: whoever parses before verifying finds out."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


@dataclass(frozen=True)
class Place:
    """One place where customers write: a section of the page; its key is also its title's text."""

    key: str
    look: str  # a macro of the page
    make_id: Callable[[World], str]
    payload: Callable[[Words], Mapping[str, Any]] | None  # what the product's webhook gets; None: it asks for itself
    public: bool = True
    by_thread: bool = True  # False: what is said belongs to a person, whatever it answers


def unsealed(connection: Connection, body: bytes) -> tuple[bytes, str]:
    """As it is."""
    return body, ""


@dataclass(frozen=True)
class Platform:
    """One platform; a new one is a module with such a `PLATFORM`, named in `platforms.py`."""

    channel: str
    title: str
    places: tuple[Place, ...]
    api: Callable[[World, Echo], Blueprint]
    sign: Callable[[Connection, bytes], Headers]
    signed_with: str  # which of its secrets `sign` needs, "" for none of them
    secrets: Callable[[Sequence[str]], Secrets]  # made for a run, by the accounts
    echoes: Mapping[str, Callable[[Post], Mapping[str, Any]]] = field(default_factory=dict)  # by a post's kind
    encode: Callable[[Mapping[str, Any]], bytes] = wire
    sign_at: Callable[[Connection, bytes, str], Headers] | None = (
        None  # in place of `sign`, where the address is signed too
    )
    # the body as it is sent, and what the platform puts behind the webhook's address
    seal: Callable[[Connection, bytes], tuple[bytes, str]] = unsealed
    bring: Callable[[World, Words], int] | None = (
        None  # by another way than the webhook; the status, 0 when nobody took it
    )
