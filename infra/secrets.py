"""Each connection's secrets: given, rotated, and told when they are missing; a value is never shown.

Of a receive secret the previous value stays valid beside the new one, so that no good webhook is refused while the
platform changes over. Values come from a prompt or a pipe, never from the command's arguments, where every process of
the machine could read them.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from getpass import getpass
from typing import Any, TextIO

from chalicelib.channels import CHANNELS
from chalicelib.channels.base import SHORTEST_SECRET, Connection, Spec
from chalicelib.settings import Settings
from infra.parameters import Parameters, Refused
from infra.settings_values import closest

SIDES = ("receive", "send")
# the business's phone number has its secrets where connections have theirs
PHONE = Spec("phone", "The phone number", "", "", receive_secrets=("auth_token",), send_secrets=("auth_token",))


@dataclass(frozen=True)
class Status:
    """One secret a connection needs: is there a usable value, a previous one beside it, and since when."""

    connection: str
    name: str
    account: str  # "" for a secret of the whole connection
    side: str  # receive or send
    is_set: bool
    has_previous: bool
    changed_at: datetime | None  # of the connection's secrets on this side together

    @property
    def command(self) -> str:
        """What to run to give it."""
        words = ["bridgehead", "secret", "set", self.connection, self.name]
        return shlex.join(words + (["--account", self.account] if self.account else []))


def put_secret(
    parameters: Parameters,
    settings: Settings,
    connection: str,
    name: str,
    value: str,
    account: str | None = None,
    keep_previous: bool = True,
) -> None:
    """The new value first; of a receive secret the previous one stays valid, unless it leaked. Raises Refused."""
    known = _connection(settings, connection)
    spec = _spec_of(known)
    _check_name(spec, known, name, account)
    value = _checked(value, name)
    for side in _sides(spec, name):
        kept, version, _ = parameters.get(f"{side}/{connection}")
        old = (kept or {}).get(name)
        new = {**(old or {}), account: value} if account else _rotated(value, old, keep_previous and side == "receive")
        parameters.put(f"{side}/{connection}", {**(kept or {}), name: new}, after=version)


def read_value(title: str, stdin: TextIO = sys.stdin, prompt: Callable[[str], str] = getpass) -> str:
    """A secret from a pipe, or from somebody at a terminal who does not see it while typing."""
    return prompt(f"{title}: ") if stdin.isatty() else stdin.read()


def secret_status(parameters: Parameters, settings: Settings) -> list[Status]:
    """Every secret that the connections need, in the order of the file; never a value."""
    return [
        status
        for connection in _connections(settings).values()
        for side in SIDES
        for status in _statuses(connection, side, *parameters.get(f"{side}/{connection.name}"))
    ]


def what_is_missing(parameters: Parameters, settings: Settings) -> list[Status]:
    """Without these a connection refuses every webhook (receive) or cannot answer (send)."""
    return [status for status in secret_status(parameters, settings) if not status.is_set]


def _connection(settings: Settings, name: str) -> Connection:
    connections = _connections(settings)
    if name not in connections:
        known = ", ".join(connections) or "none yet"
        raise Refused(
            f'there is no connection "{name}", your settings have: {known} {closest(name, connections)}'.strip()
        )
    return connections[name]


def _connections(settings: Settings) -> dict[str, Connection]:
    """With the phone number, when a provider of its own carries its texts."""
    phone = settings.phone if settings.phone and settings.phone.provider == "twilio" else None
    own = {PHONE.name: Connection(PHONE.name, PHONE.name, (phone.number,))} if phone else {}
    return {**settings.connections, **own}


def _spec_of(connection: Connection) -> Spec:
    return PHONE if connection.channel == PHONE.name else CHANNELS[connection.channel]


def _check_name(spec: Spec, connection: Connection, name: str, account: str | None) -> None:
    names = dict.fromkeys(spec.receive_secrets + spec.send_secrets)
    if name not in names:
        raise Refused(f'{spec.title} has no secret "{name}", it has: {", ".join(names)} {closest(name, names)}'.strip())
    if name not in spec.per_account_secrets and account:
        raise Refused(f"{name} is the same for all accounts of {connection.name}: leave --account out")
    if name in spec.per_account_secrets and account not in connection.accounts:
        raise Refused(f"{name} belongs to one account, add --account with one of: {', '.join(connection.accounts)}")


def _checked(value: str, name: str) -> str:
    """Without the line end that copying brings. Never says the value."""
    value = value.strip()
    if len(value) < SHORTEST_SECRET:
        raise Refused(f"{name} has {len(value)} characters, a secret has at least {SHORTEST_SECRET}")
    if _is_sample(value):
        raise Refused(f"{name} looks like a sample from a manual, give the real one")
    if not value.isascii() or not value.replace("\n", "").isprintable():
        raise Refused(f"{name} has characters that no secret has; was something else copied?")
    return value


def _is_sample(value: str) -> bool:
    return len(set(value)) < 6 or bool(_SAMPLE.search(value))


def _sides(spec: Spec, name: str) -> list[str]:
    return [side for side in SIDES if name in _needed(spec, side)]


def _needed(spec: Spec, side: str) -> tuple[str, ...]:
    return spec.receive_secrets if side == "receive" else spec.send_secrets


def _needs_none(spec: Spec, connection: Connection) -> bool:
    """Whether something else than a secret of ours proves what this connection gets and sends."""
    wanted = spec.needs_no_secrets.items()
    return bool(wanted) and all(
        connection.options.get(name, spec.settings.get(name)) == value for name, value in wanted
    )


def _rotated(value: str, old: Any, keep_previous: bool) -> str | list[str]:
    previous = [each for each in _values(old) if each != value][:1]
    return [value, *previous] if keep_previous and previous else value


def _values(kept: Any) -> Sequence[str]:
    return [kept] if isinstance(kept, str) else kept or []


def _statuses(connection: Connection, side: str, kept: Any, version: int, changed_at: datetime) -> list[Status]:
    spec = _spec_of(connection)
    rows = []
    for name in _needed(spec, side) if not _needs_none(spec, connection) else ():
        found = (kept or {}).get(name)
        of = (
            {each: (found or {}).get(each) for each in connection.accounts}
            if name in spec.per_account_secrets
            else {"": found}
        )
        rows += [
            _status(connection, name, account, side, value, changed_at if version else None)
            for account, value in of.items()
        ]
    return rows


def _status(
    connection: Connection, name: str, account: str, side: str, kept: Any, changed_at: datetime | None
) -> Status:
    values = _values(kept)
    usable = bool(values) and all(len(each) >= SHORTEST_SECRET for each in values) and not any(map(_is_sample, values))
    return Status(connection.name, name, account, side, usable, len(values) > 1, changed_at)


_SAMPLE = re.compile(
    r"(?i)^(?:your|my|the|change|replace|insert|paste|put|example|sample|dummy|placeholder|todo|secret|password|test)[ _.-]"
    r"|^change_?me|(?:\b|_)(?:example|placeholder|changeme)(?:\b|_)|^<.*>$|^\$\{.*\}$|\.\.\.|…|x{8}|\*{4}|^1234567890|^abcdefgh"
)
