"""What we ask of a platform: prove a request, read it, send an answer.

A platform that cannot do a thing has no method for it. How much it can do is data: `Limits`.
One channel is one frozen dataclass, built from a connection's settings and secrets; see `facebook.py` for a full one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.http import Lost, NotSent
from chalicelib.model import Event, Kind, Reply, Unreadable

LARGEST_BODY = 1_000_000  # bytes; no platform here sends more, and API Gateway's own limit is ten times that
DEEPEST_JSON = 64
SHORTEST_SECRET = 16  # characters
ANYWHERE = "*"  # among media hosts: any that is public


@dataclass(frozen=True)
class WebhookRequest:
    """A platform's request as it came: header names lower-cased, `body` the signed bytes, `received_at` epoch seconds."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: float
    url: str = ""  # where the platform sent it, without the query: some sign it along


@dataclass(frozen=True)
class Answer:
    """What a handshake answers with."""

    body: str
    content_type: str = "text/plain"


class Forged(Exception):
    """The request is not proven to come from the platform: answered 401 (a delivery) or 403 (a handshake), nothing kept."""


class SecretMissing(Exception):
    """The connection lacks a secret, or has one too short to be one: no service (503), never "verify if configured"."""


class Malformed(Exception):
    """Proven, but not readable as a whole: kept raw in quarantine, answered 2xx."""


class PostFailed(Exception):
    """The platform did not take an answer; `outcome` says what that means for the next step."""

    def __init__(self, outcome: Outcome, code: str, detail: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.outcome, self.code, self.detail, self.retry_after = outcome, code, detail, retry_after


@contextmanager
def reaching(lost: Outcome | None = None) -> Iterator[None]:
    """Around a call of a platform: what never reached it is PASSING, an answer that never came is `lost` (UNKNOWN)."""
    try:
        yield
    except NotSent:
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    except Lost:
        raise PostFailed(lost or Outcome.UNKNOWN, "lost") from None


class Outcome(StrEnum):
    """What a failed post means. The agent's text for a refusal is in `locales` under `refused_<code>`."""

    PASSING = "passing"  # certainly not done: try again later
    REFUSED = "refused"  # certainly not done, and never will be as it is: the agent must know
    UNKNOWN = "unknown"  # may have been done: look before sending again


@dataclass(frozen=True)
class Media:
    """Which files an answer may bring."""

    types: tuple[str, ...]  # media types; "" stands for any
    size: int  # bytes of one file
    most: int  # files in one answer
    together: int = 0  # files that go out with the words in one post; 0: each is a post of its own
    by_link: bool = False  # the other side fetches them from a link of ours

    def takes(self, media_type: str) -> bool:
        """Whether files of this type can be sent."""
        return "" in self.types or media_type in self.types


@dataclass(frozen=True)
class Limits:
    """What one kind of message allows as an answer; shown to the agent in every ticket, checked before every post."""

    public: bool
    text: int  # longest answer, in the units of `measure`
    measure: Callable[[str], int] = len
    unit: str = "characters"  # a key in locales: unit_<unit>
    window: timedelta | None = None  # None: no limit of time
    extended_window: timedelta | None = None  # allowed for answers a human wrote, where the platform has that
    answers: bool = True  # False: the platform gives no way to answer
    parts: int = 1  # how many posts a long answer may become; always 1 where everybody reads along
    media: Media | None = None  # None: words only
    templates: tuple[str, ...] = ()  # approved texts that may be sent by name, also when the window is over
    overwrites: bool = False  # there can be one answer only: another takes its place
    posts: int = 0  # how many it takes after each message of the customer; 0: it does not count them

    @property
    def longest_window(self) -> timedelta | None:
        """How long a human's answer is taken after the customer last wrote; None: for ever."""
        return self.extended_window or self.window

    @property
    def longest_text(self) -> int:
        """How long an answer may be in all its parts, in the units of `measure`."""
        return self.text * self.parts


@dataclass(frozen=True)
class Connection:
    """One configured subscription to a platform: its accounts, its options, and the secrets of the λ that opened it."""

    name: str
    channel: str
    accounts: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def secret(self, name: str) -> Sequence[str]:
        """All values valid now, the newest first (two during a rotation). Raises SecretMissing."""
        value = self.secrets.get(name)
        values: list[Any] = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(each, str) and len(each) >= SHORTEST_SECRET for each in values):
            raise SecretMissing(self.name, name)
        return values

    def account_secret(self, name: str, account: str) -> str:
        """The value that belongs to one account, such as a Page's own token. Raises SecretMissing."""
        found = self.secrets.get(name, {}).get(account, "")
        if len(found) < SHORTEST_SECRET:
            raise SecretMissing(self.name, f"{name} of {account}")
        return str(found)


class Channel(Protocol):
    """One connection to one platform. Opened by calling the class with the connection and, in tests, an `http` of their own."""

    @property
    def connection(self) -> Connection:
        """What it was opened with."""

    def handshake(self, request: WebhookRequest) -> Answer:
        """The answer to a subscription challenge (GET). Raises Forged."""

    def verify(self, request: WebhookRequest) -> None:
        """Over the raw bytes, in constant time. Raises Forged."""

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Pure. What is no message for us is passed over. Raises Malformed when nothing at all can be read."""

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """What an answer to this kind of message may be; `public` None: given the way such messages usually are."""

    def send(self, reply: Reply) -> str:
        """The platform's id of what it posted. Raises PostFailed."""


@dataclass(frozen=True)
class Spec:
    """What the rest of the system knows about a channel without loading its module."""

    name: str
    title: str  # a proper name, "Facebook", "X"; where it is a word, mails have it from `locales`
    module: str
    factory: str  # the dataclass in that module
    receive_secrets: tuple[str, ...]  # needed before a webhook is served; each a string or a list of strings (rotation)
    send_secrets: tuple[str, ...]  # needed before an answer is posted
    per_account_secrets: tuple[str, ...] = ()  # of the send secrets: a mapping account -> value
    needs_no_secrets: Mapping[str, Any] = field(default_factory=dict)  # options with which something else proves it
    only_with: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)  # a secret: options that need it
    renames: bool = False  # a person or a group may come back under another id: see `model.Moved`, `ThreadMoved`
    scatters: bool = False  # what somebody writes below an answer may come under another thread: see `desk.aliases`
    tells_reach_apart: bool = False  # how many follow an author no message tells, only `powers.Profiles`
    post_link: str = ""  # to a public post of ours; {id} is the platform's
    media_hosts: tuple[str, ...] = ()  # domains its attachments come from, or ANYWHERE; others are not asked
    handshake: str = ""  # how the subscription is proven, for docs and `channels --json`
    signature: str = ""
    page: str = ""  # the platform's documentation
    settings: Mapping[str, Any] = field(default_factory=dict)  # optional settings with their defaults
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of those settings: which values there are
    poll_every: timedelta | None = None  # how often `Polls` is asked
    polled_with: Mapping[str, Any] = field(default_factory=dict)  # options of those that are asked, if not all are
    refresh_before: timedelta | None = None  # how long before a token runs out `Refreshes` is asked
    by_mail: bool = False  # its customers write to the account itself, an address of the reply domain
    keeps_words: timedelta | None = None  # how long what people wrote may be stored; None: as long as conversations are


def utc_now() -> datetime:
    """The clock of a channel that is given no other."""
    return datetime.now(UTC)


def read_json(body: bytes) -> Any:
    """A webhook's JSON, strictly: UTF-8 without BOM, no NaN, no duplicate keys, no 5,000-digit integers, not too deep. Raises Malformed."""
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        return _STRICT.decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"json: {type(error).__name__}") from error


def each(items: Any, to_event: Callable[[Any], Event | None]) -> Iterator[Event]:
    """Reads item by item, so that one unreadable item costs nothing but itself."""
    for item in items if isinstance(items, list) else [items]:
        try:
            event = to_event(item)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            yield Unreadable(f"{type(error).__name__}: {error}"[:80], item)
            continue
        if event is not None:
            yield event


def text_id(value: object) -> str:
    """An id as the string it has to be; platforms send the same id as string and as number. Raises ValueError on none."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError("id")
    return str(value)


def utf16_length(text: str) -> int:
    """As platforms count that say nothing else: most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("infinite")
    return number


def _check_depth(text: str) -> None:
    # strings are taken out first: brackets in a customer's words are no nesting
    if text.count("[") + text.count("{") <= DEEPEST_JSON:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST_JSON:
            raise ValueError("nesting")


_STRICT = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_refuse, parse_float=_finite)
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
