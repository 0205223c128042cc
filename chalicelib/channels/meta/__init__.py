"""What Meta's platforms have in common: how a webhook is proven and cut into pieces, how the Graph API is called, what its errors mean.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
https://developers.facebook.com/docs/graph-api/guides/error-handling
https://developers.facebook.com/docs/messenger-platform/error-codes
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from chalicelib.channels.base import (
    Answer,
    Forged,
    Malformed,
    Outcome,
    PostFailed,
    WebhookRequest,
    each,
    reaching,
    read_json,
    text_id,
)
from chalicelib.channels.told import words
from chalicelib.http import Http, Response
from chalicelib.model import Event, Unreadable

SIGNATURE = "x-hub-signature-256"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")  # documented as a number, seen as words; never markup
LISTS = ("changes", "messaging", "standby")
EMPTY_ENTRY = frozenset({"id", "time", "uid", "hop_context"})  # an entry of nothing else says nothing
MILLISECONDS_FROM = 1e11  # as seconds that is the year 5138
EARLIEST = 1e9  # a time before 2001 is no time
LONGEST_BAN = timedelta(days=1)

Errors = Mapping[tuple[int, int | None], tuple[Outcome, str]]  # (code, subcode); None: whatever the subcode
TEST_ACCOUNT = "0"  # what the "Test" buttons of Meta's dashboard name


@dataclass(frozen=True)
class Piece:
    """One item of a delivery; `raw` is a delivery of its own that holds only this item, so it can be read again by itself."""

    account: str  # the Page, professional account or business account
    list: str  # one of LISTS, or "" when the entry holds none of them
    item: Mapping[str, Any]
    times: tuple[Any, ...]  # what to fall back on when the item tells no time: when Meta sent it, when it came
    raw: Mapping[str, Any]
    channel: str = "facebook"


def handshake(request: WebhookRequest, tokens: Sequence[str]) -> Answer:
    """The challenge, as plain text and nothing else. Raises Forged."""
    given, challenge = request.query.get("hub.verify_token", ""), request.query.get("hub.challenge", "")
    proven = _is_one_of(_utf8(given), [_utf8(token) for token in tokens])
    if not proven or request.query.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(challenge):
        raise Forged("handshake")
    return Answer(challenge)


def verify(request: WebhookRequest, secrets: Sequence[str]) -> None:
    """Over the bytes as they came: Meta escapes non-ASCII and slashes, so JSON written anew never matches. Raises Forged."""
    digests = (hmac.new(_utf8(secret), request.body, sha256).hexdigest() for secret in secrets)
    # the whole header is compared: no prefix, two signatures in one header or an older scheme can match
    if not _is_one_of(_utf8(request.headers.get(SIGNATURE, "")), [b"sha256=" + digest.encode() for digest in digests]):
        raise Forged(SIGNATURE)


def read(
    request: WebhookRequest,
    accounts: Collection[str],
    to_event: Callable[[Piece], Event | None],
    channel: str = "facebook",
) -> list[Event]:
    """Every item of the delivery through `to_event`; entries of accounts we do not serve are kept as unreadable. Raises Malformed."""
    deliveries = list(_cut(read_json(request.body), accounts))
    return list(each(deliveries, partial(_event, accounts, request.received_at, channel, to_event)))


def entries(delivery: Any) -> Iterator[tuple[Any, Any]]:
    """What each entry of a delivery is about (its `object`), and the entry. Raises Malformed."""
    # some of Meta's own samples wrap the body in a list
    envelopes = delivery if isinstance(delivery, list) and delivery else [delivery]
    for envelope in envelopes:
        if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
            raise Malformed("no entries")
        yield from ((envelope.get("object"), entry) for entry in envelope["entry"])


def unknown(piece: Piece) -> Unreadable:
    """A field or kind that appeared without notice."""
    return Unreadable("unknown-kind", piece.raw)


def moment(*candidates: Any) -> datetime:
    """The first that is a time. Meta means seconds or milliseconds and sometimes sends the other. Raises ValueError."""
    for seconds in map(_seconds, candidates):
        if EARLIEST <= seconds < MILLISECONDS_FROM:
            return datetime.fromtimestamp(seconds, UTC)
    raise ValueError("time")


def call(
    http: Http, method: str, url: str, token: str, errors: Errors | None = None, **content: Any
) -> Mapping[str, Any]:
    """One Graph API call, with `json` or `form`; the token travels in a header because addresses end up in logs.

    `errors` are those that a platform has besides Meta's common ones. Raises PostFailed.
    """
    with reaching():
        response = http(method, url, headers={"authorization": f"Bearer {token}"}, **content)
    answer = response.json()
    if 200 <= response.status < 300 and isinstance(answer, dict) and answer and "error" not in answer:
        return answer
    raise failure(response, errors)


def failure(response: Response, errors: Errors | None = None) -> PostFailed:
    """What an answer that is none means; its words are left out, for they may quote the customer's."""
    error = _error(response)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    # an answer without an error in it has no code, not the code 0
    known = (errors or {}) if error else {}
    own = known.get((code, subcode)) or known.get((code, None))
    outcome, word = own or _meaning(code, subcode, response.status, error.get("is_transient") is True)
    wait = _regained_after(response.headers) if word == "throttled" else None
    return PostFailed(outcome, word, f"{response.status} {code}/{subcode} {_trace(error)}".rstrip(), wait)


def _is_one_of(given: bytes, expected: Sequence[bytes]) -> bool:
    # all are compared: the time must not tell which one matched
    return True in [hmac.compare_digest(given, one) for one in expected]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _cut(delivery: Any, accounts: Collection[str]) -> Iterator[dict[str, Any]]:
    for kind, entry in entries(delivery):
        for part in _parts(entry, accounts):
            yield {"object": kind, "entry": [part]}


def _parts(entry: Any, accounts: Collection[str]) -> list[Any]:
    if not isinstance(entry, dict) or str(entry.get("id")) not in accounts:
        return [entry]
    if not any(name in entry for name in LISTS):
        return [] if entry.keys() <= EMPTY_ENTRY else [entry]
    head = {name: entry[name] for name in ("id", "time") if name in entry}
    return [{**head, name: [item]} for name in LISTS if name in entry for item in _items(entry[name])]


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _event(
    accounts: Collection[str],
    received_at: float,
    channel: str,
    to_event: Callable[[Piece], Event | None],
    raw: Mapping[str, Any],
) -> Event | None:
    entry = raw["entry"][0]
    account = text_id(entry["id"])
    if account not in accounts:
        return None if account == TEST_ACCOUNT else Unreadable("unknown-account", raw)
    name = next((name for name in LISTS if name in entry), "")
    item = entry[name][0] if name else {}
    return to_event(Piece(account, name, item, (entry.get("time"), received_at), raw, channel))


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    if isinstance(value, str) and not (value.isdecimal() and len(value) < 16):
        return 0
    number = float(value)
    return number / 1000 if number >= MILLISECONDS_FROM else number


def _error(response: Response) -> Mapping[str, Any]:
    answer = response.json()
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) < 16 else 0


def _meaning(code: int, subcode: int, status: int, transient: bool) -> tuple[Outcome, str]:
    known = ERRORS.get((code, subcode)) or ERRORS.get((code, None))
    if known:
        return known
    if 200 <= code < 300:
        return Outcome.REFUSED, "permission"
    if status == 429:
        return Outcome.PASSING, "throttled"
    refused = 400 <= status < 500 and not transient
    return (Outcome.REFUSED, "rejected") if refused else (Outcome.UNKNOWN, "unclear")


def _trace(error: Mapping[str, Any]) -> str:
    """Meta's own name of the failed call, for its support."""
    return re.sub(r"[^A-Za-z0-9_/+=-]", "", words(error.get("fbtrace_id")))[:40]


def _regained_after(headers: Mapping[str, str]) -> timedelta | None:
    # {"<id>": [{"type": ..., "call_count": percent, "estimated_time_to_regain_access": minutes}]}
    try:
        usage = json.loads(headers.get("x-business-use-case-usage", ""))
        minutes = max(row["estimated_time_to_regain_access"] for rows in usage.values() for row in rows)
        wait = timedelta(minutes=minutes)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return None
    return min(wait, LONGEST_BAN) if wait > timedelta(0) else None


_THROTTLED = (Outcome.PASSING, "throttled")
_TEMPORARY = (Outcome.UNKNOWN, "temporary")  # Meta answers so for posts that were carried out, too
_WINDOW = (Outcome.REFUSED, "window")
_BLOCKED = (Outcome.REFUSED, "blocked")
_GONE = (Outcome.REFUSED, "gone")
_TOKEN = (Outcome.REFUSED, "token")
_PERMISSION = (Outcome.REFUSED, "permission")
_POLICY = (Outcome.REFUSED, "policy")
_REJECTED = (Outcome.REFUSED, "rejected")

# 200 to 299 are permissions, see _meaning
ERRORS: Errors = {
    (1, None): _TEMPORARY,
    (2, None): _TEMPORARY,
    (2, 2018344): _PERMISSION,  # the Page's admin has to accept the inbox terms
    **{(code, None): _THROTTLED for code in (4, 17, 32, 341, 613, 80001, 80002, 80006, 80007)},
    (10, None): _PERMISSION,
    (10, 2018278): _WINDOW,
    (10, 2534022): _WINDOW,
    (10, 1893063): (Outcome.REFUSED, "restricted"),  # the Page may not send for some hours, whatever it says
    (100, None): _REJECTED,
    (100, 33): _GONE,
    (100, 2018001): _GONE,
    (100, 2018292): _GONE,  # the comment a private answer was meant for
    (100, 2534014): _GONE,
    (100, 2534029): _BLOCKED,
    (102, None): _TOKEN,
    (190, None): _TOKEN,
    (200, 1545041): _BLOCKED,
    (200, 2534041): (Outcome.REFUSED, "switched-off"),  # the account's owner gives no app its messages
    (368, None): _POLICY,
    (506, None): (Outcome.UNKNOWN, "duplicate"),  # the same words stand there already: perhaps ours
    (551, None): _BLOCKED,
    (803, None): _GONE,
    (10900, None): _GONE,
    (9000001, None): _GONE,
}
