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
from infra.settings.values import closest

SIDES = ("receive", "send")
KEYS = "API Key:API Key Secret:Access Token:Access Token Secret"
PAIR = "access token:refresh token"
SHAPES = {  # by channel, secret and login: of which parts a value consists
    ("x", "access_tokens", "keys"): (KEYS, "access token"),
    ("x", "access_tokens", "oauth2"): (PAIR,),
    ("x", "access_tokens", "oauth2_public"): (PAIR,),
}
_TWO, _AES = re.compile(r"[^:\s]+:[^:\s]+"), re.compile(r"[A-Za-z0-9]{43}")
FORMS = {  # by channel and secret: what a new value has to look like, since half of it would work for a day, or never
    ("tiktok", "access_tokens"): (_TWO, PAIR),
    ("zalo", "access_tokens"): (_TWO, PAIR),
    ("telegram", "bot_token"): (re.compile(r"[0-9]+:[\w-]+"), "the whole token, with its number and colon"),
    ("telegram", "secret_token"): (re.compile(r"[A-Za-z0-9_-]+"), "letters, digits, _ and - alone"),
    ("wechat", "aes_key"): (_AES, "the EncodingAESKey, 43 letters and digits"),
    ("wecom", "aes_key"): (_AES, "the EncodingAESKey, 43 letters and digits"),
}
SEVERAL_LINES = {("linkedin", "client_secret")}  # of an app and its child apps
# the business's phone number has its secrets where connections have theirs
PHONE = Spec("phone", "The phone number", "", "", receive_secrets=("auth_token",), send_secrets=("auth_token",))


@dataclass(frozen=True)
class Status:
    """One secret a connection needs: is there a usable value, a previous one beside it, and since when."""

    connection: str
    name: str
    account: str  # "" for a secret of the whole connection
    side: str  # receive or send
    lacking: str  # why it cannot be used, "" when it can
    has_previous: bool
    changed_at: datetime | None  # of the connection's secrets on this side together

    @property
    def is_set(self) -> bool:
        """Whether it can be used."""
        return not self.lacking

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
    known = wanted(settings, connection, name, account)
    spec = _spec_of(known)
    value = _checked(value, name)
    wrong = _misshapen(spec, known, name, value) or _unlike(spec, name, value)
    if wrong:
        raise Refused(f"{name} of {connection} {wrong}")
    for side in _sides(spec, name):
        kept, version, _ = parameters.get(f"{side}/{connection}")
        old = (kept or {}).get(name)
        new = {**(old or {}), account: value} if account else _rotated(value, old, keep_previous and side == "receive")
        parameters.put(f"{side}/{connection}", {**(kept or {}), name: new}, after=version)


def wanted(settings: Settings, connection: str, name: str, account: str | None) -> Connection:
    """The connection that has such a secret, so that nobody is asked for one in vain. Raises Refused."""
    known = _connection(settings, connection)
    _check_name(_spec_of(known), known, name, account)
    return known


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
            f'there is no connection "{name}", your settings have: {known}; {closest(name, connections)}'.rstrip("; ")
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
        raise Refused(
            f'{spec.title} has no secret "{name}", it has: {", ".join(names)}; {closest(name, names)}'.rstrip("; ")
        )
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


def _misshapen(spec: Spec, connection: Connection, name: str, value: str) -> str:
    """Some are several values with colons between them; what they should be, "" when they are."""
    if "\n" in value and (spec.name, name) not in SEVERAL_LINES:
        return "has several lines: give it alone, on one line"
    shapes = SHAPES.get((spec.name, name, str(_option(spec, connection, "login"))), ())
    is_like = [len(value.split(":")) == len(shape.split(":")) for shape in shapes]
    return "" if any(is_like) or not shapes else f"is not complete, it is made of: {', or '.join(shapes)}"


def _unlike(spec: Spec, name: str, value: str) -> str:
    form, words = FORMS.get((spec.name, name), (None, ""))
    return f"does not look like one, it is {words}" if form and not form.fullmatch(value) else ""


def _is_sample(value: str) -> bool:
    return len(set(value)) < 6 or bool(_SAMPLE.search(value))


def _sides(spec: Spec, name: str) -> list[str]:
    return [side for side in SIDES if name in _needed(spec, side)]


def _needed(spec: Spec, side: str) -> tuple[str, ...]:
    return spec.receive_secrets if side == "receive" else spec.send_secrets


def _is_needed(spec: Spec, connection: Connection, name: str) -> bool:
    """Some secrets belong to one way of connecting only."""
    wanted = spec.only_with.get(name, {})
    return all(_option(spec, connection, option) in values for option, values in wanted.items())


def _needs_none(spec: Spec, connection: Connection) -> bool:
    """Whether something else than a secret of ours proves what this connection gets and sends."""
    wanted = spec.needs_no_secrets.items()
    return bool(wanted) and all(_option(spec, connection, name) == value for name, value in wanted)


def _option(spec: Spec, connection: Connection, name: str) -> Any:
    return connection.options.get(name, spec.settings.get(name))


def _rotated(value: str, old: Any, keep_previous: bool) -> str | list[str]:
    previous = [each for each in _values(old) if each != value][:1]
    return [value, *previous] if keep_previous and previous else value


def _values(kept: Any) -> Sequence[str]:
    return [kept] if isinstance(kept, str) else kept or []


def _statuses(connection: Connection, side: str, kept: Any, version: int, changed_at: datetime) -> list[Status]:
    spec = _spec_of(connection)
    rows = []
    wanted = [name for name in _needed(spec, side) if _is_needed(spec, connection, name)]
    for name in wanted if not _needs_none(spec, connection) else ():
        found = (kept or {}).get(name)
        of = (
            {each: (found or {}).get(each) for each in connection.accounts}
            if name in spec.per_account_secrets
            else {"": found}
        )
        rows += [
            _status(spec, connection, name, account, side, value, changed_at if version else None)
            for account, value in of.items()
        ]
    return rows


def _status(
    spec: Spec, connection: Connection, name: str, account: str, side: str, kept: Any, changed_at: datetime | None
) -> Status:
    values = _values(kept)
    usable = bool(values) and all(len(each) >= SHORTEST_SECRET for each in values) and not any(map(_is_sample, values))
    lacking = _misshapen(spec, connection, name, values[0]) if usable else "is not set"
    return Status(connection.name, name, account, side, lacking, len(values) > 1, changed_at)


_SAMPLE = re.compile(
    r"(?i)^(?:your|my|the|change|replace|insert|paste|put|example|sample|dummy|placeholder|todo|secret|password|test)[ _.-]"
    r"|^change_?me|(?:\b|_)(?:example|placeholder|changeme)(?:\b|_)|^<.*>$|^\$\{.*\}$|\.\.\.|…|x{8}|\*{4}|^1234567890|^abcdefgh"
)
