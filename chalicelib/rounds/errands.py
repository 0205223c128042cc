"""An account's errand for one duty: when it is due, who has it now, since when it fails.

    pk connection#<name>, sk <duty>#<account>: number, due_at, lease_until, rung, failures, failing_since, said, and what is
    noted

A claim is one conditional write that counts `number` up, and holds until `lease_until`; a run that crashed lets the
next one go on after that. Whoever lost the claim concludes nothing: the same is asked for again, which does no harm.
Who is rung for while another has the errand leaves `rung` there, and it is due again as soon as the other ends: what
came after the last page was read is not overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws import conversations, table
from chalicelib.aws.conversations import connection_key, epoch
from chalicelib.aws.table import Change, Put, Refused

LEASE = timedelta(seconds=150)  # longer than the clock λ may run
FORGOTTEN_AFTER = timedelta(days=180)  # of an account that is served no more
FAILING = ("failures", "failing_since", "said")
OURS = ("pk", "sk", "kind", "writer", "number", "due_at", "lease_until", "rung", "expires_at", *FAILING)


@dataclass(frozen=True)
class Errand:
    """One account's errand for one duty, as it was read or claimed."""

    duty: str
    connection: str
    account: str
    number: int = 0  # 0: it never had one
    due_at: int = 0
    lease_until: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    said: str = ""  # what the platform said then: its codes
    noted: Mapping[str, Any] = field(default_factory=dict)
    word: str = field(default="", repr=False)  # what the platform gave along when it rang; not kept here

    @property
    def pk(self) -> str:
        """The connection's partition."""
        return connection_key(self.connection)

    @property
    def sk(self) -> str:
        """The errand's own place in it."""
        return f"{self.duty}#{self.account}"


def due(places: Iterable[tuple[str, str, str]], now: datetime) -> list[Errand]:
    """The errands that are due and that nobody has: by duty, connection, account."""
    found = (_read(Errand(*place)) for place in places)
    return [errand for errand in found if max(errand.due_at, errand.lease_until) <= epoch(now)]


def rung(place: tuple[str, str, str], now: datetime) -> Errand | None:
    """The errand, due at once; None when who has it goes on instead, or while a platform that failed is left in peace."""
    errand = _read(Errand(*place))
    if errand.lease_until > epoch(now):
        held = {"number": errand.number, "lease_until": errand.lease_until}
        if _written(Change(errand.pk, errand.sk, set={"rung": True}, when=held)):
            return None
        errand = _read(Errand(*place))  # it is over by now, or claimed anew, by somebody who sees what is new
    put_off = errand.failures and errand.due_at > epoch(now)
    return None if put_off or errand.lease_until > epoch(now) else errand


def failing(connections: Iterable[str]) -> list[Errand]:
    """Those that went wrong the last time, for an operator."""
    rows = [(name, row) for name in connections for row in table.everything(connection_key(name))]
    places = [(name, *row["sk"].split("#", 1)) for name, row in rows if row["kind"] == "errand"]
    found = (_read(Errand(duty, name, account)) for name, duty, account in places)
    return [errand for errand in found if errand.failures]


def claim(errand: Errand, now: datetime) -> Errand | None:
    """The errand, ours; None when somebody else was quicker."""
    number, lease_until = errand.number + 1, epoch(now + LEASE)
    mine = {"number": number, "lease_until": lease_until, "rung": False}
    first = {
        "pk": errand.pk,
        "sk": errand.sk,
        "kind": "errand",
        "due_at": 0,
        "expires_at": epoch(now + FORGOTTEN_AFTER),
    }
    again = Change(errand.pk, errand.sk, set=mine, when={"number": errand.number})
    written = _written(again if errand.number else Put({**first, **mine}, unless_there=True))
    return replace(errand, number=number, lease_until=lease_until) if written else None


def conclude(errand: Errand, due_at: datetime, now: datetime, **noted: Any) -> Errand:
    """It went well: what is noted for the next time, which is at `due_at`, or at once if it was rung for meanwhile."""
    kept = {"lease_until": 0, "expires_at": epoch(now + FORGOTTEN_AFTER), **noted}
    quiet = Change(
        errand.pk,
        errand.sk,
        set={**kept, "due_at": epoch(due_at)},
        remove=FAILING,
        when={"number": errand.number, "rung": False},
    )
    if not _written(quiet):
        due_at = now
        _written(replace(quiet, set={**kept, "due_at": epoch(now)}, when={"number": errand.number}))
    known = {**errand.noted, **noted}
    return replace(errand, due_at=epoch(due_at), lease_until=0, failures=0, failing_since=None, said="", noted=known)


def put_off(errand: Errand, due_at: datetime, since: datetime, now: datetime, said: str = "") -> Errand:
    """It failed: again at `due_at`."""
    kept = {"due_at": epoch(due_at), "lease_until": 0, "expires_at": epoch(now + FORGOTTEN_AFTER)}
    failing = {"failures": errand.failures + 1, "failing_since": epoch(since), "said": said}
    _written(Change(errand.pk, errand.sk, set={**kept, **failing}, when={"number": errand.number}))
    again = replace(errand, due_at=epoch(due_at), lease_until=0, failures=errand.failures + 1)
    return replace(again, failing_since=since, said=said)


def _read(errand: Errand) -> Errand:
    item = table.get(errand.pk, errand.sk)
    if item is None:
        return errand
    since = item.get("failing_since")
    return replace(
        errand,
        number=item["number"],
        due_at=item["due_at"],
        lease_until=item["lease_until"],
        failures=item.get("failures", 0),
        failing_since=datetime.fromtimestamp(since, UTC) if since else None,
        said=item.get("said", ""),
        noted={name: value for name, value in item.items() if name not in OURS},
    )


def _written(action: Put | Change) -> bool:
    try:
        conversations.write([action])
    except Refused:
        return False
    return True
