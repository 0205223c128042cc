"""What one value of `bridgehead.toml` may be: each kind with its words for people and its reading into what is stored."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any
from urllib.parse import urlsplit


class Wrong(ValueError):
    """A value is not allowed: what was found (a part of it, where only that is wrong, by its path), a hint."""

    def __init__(self, found: Any, hint: str = "", allowed: str = "", path: tuple[str, ...] = ()) -> None:
        super().__init__(hint)
        self.found, self.hint, self.allowed, self.path = found, hint, allowed, path


@dataclass(frozen=True)
class Value:
    """One kind of value; `read` gives what is stored and raises Wrong."""

    allowed: str
    read: Callable[[Any], Any]


def shown(found: Any) -> str:
    """A found value as people wrote it, short, and harmless on a terminal."""
    if isinstance(found, dict) or (isinstance(found, list) and any(isinstance(each, list | dict) for each in found)):
        return "a table" if isinstance(found, dict) else "a list"
    written = found.isoformat() if hasattr(found, "isoformat") else json.dumps(found, ensure_ascii=False, default=str)
    cut = written if len(written) <= 60 else f"{written[:57]}…"
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in cut)


def closest(found: Any, known: Iterable[str]) -> str:
    """A hint for a misspelling, or ""."""
    return _did_you_mean(found, {name.casefold(): name for name in known})


def _did_you_mean(found: Any, names: Mapping[str, str]) -> str:
    near = get_close_matches(str(found).casefold(), names, 1, 0.6)
    return f'did you mean "{names[near[0]]}"?' if near else ""


def string(found: Any) -> str:
    """Text in quotes. Raises Wrong."""
    if not isinstance(found, str):
        raise Wrong(found, "write it in quotes" if isinstance(found, int | float) else "")
    return found


def whole_number(found: Any, least: int = 1) -> int:
    """Raises Wrong."""
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found < 10**9:
        raise Wrong(found)
    return found


def text(longest: int = 100) -> Value:
    """One line of any script."""

    def read(found: Any) -> str:
        line = string(found).strip()
        if not 0 < len(line) <= longest or not line.replace("\u200d", "").replace("\u200c", "").isprintable():
            raise Wrong(found)
        return line

    return Value(f"one line of text, 1 to {longest} characters", read)


def choice(known: Iterable[str], aliases: Mapping[str, str] | None = None) -> Value:
    """One of some names; `aliases` are what people call them instead, for the hint."""
    names = tuple(map(str, known))
    hints = {**{name.casefold(): name for name in names}, **(aliases or {})}

    def read(found: Any) -> str:
        if string(found) not in names:
            raise Wrong(found, _did_you_mean(found, hints))
        return str(found)

    return Value(", ".join(names), read)


def many(value: Value, least: int = 0) -> Value:
    """A list; a value that is there twice is kept once."""

    def read(found: Any) -> list[Any]:
        if not isinstance(found, list):
            raise Wrong(found, "write it in [ ]" if isinstance(found, str) else "")
        items = list(dict.fromkeys(_item(value, each) for each in found))
        if len(items) < least:
            raise Wrong(found)
        return items

    return Value(f"a list of {value.allowed}", read)


def _item(value: Value, found: Any) -> Any:
    try:
        return value.read(found)
    except Wrong as wrong:
        raise Wrong(wrong.found, wrong.hint, wrong.allowed or value.allowed) from None


def _flag(found: Any) -> bool:
    if not isinstance(found, bool):
        raise Wrong(found, "without quotes" if isinstance(found, str) else "")
    return found


def _domain(found: Any) -> str:
    try:
        name = string(found).strip().lower().removesuffix(".").encode("idna").decode()
    except UnicodeError:
        raise Wrong(found) from None
    if not _DOMAIN.fullmatch(name) or len(name) > 200:
        raise Wrong(found, "without @" if "@" in name else "no wildcards" if "*" in name else "")
    return name


def _address(found: Any) -> str:
    local, at, host = string(found).strip().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise Wrong(found, next((hint for sign, hint in _ADDRESS_HINTS.items() if sign in found), ""))
    try:
        return f"{local.lower()}@{_domain(host)}"
    except Wrong:
        raise Wrong(found) from None


def _account(found: Any) -> str:
    account = string(found).strip()
    if not 0 < len(account) <= 200 or not account.isprintable():
        raise Wrong(found)
    return account


def url(local: bool, is_base: bool = False) -> Value:
    """Where we send to; only the stage "local" may talk to this machine or without TLS. A base has paths put behind it."""

    def read(found: Any) -> str:
        try:
            parts = urlsplit(string(found))
            fine = bool(parts.hostname) and parts.port != 0 and not parts.username and not parts.fragment
        except ValueError:
            raise Wrong(found) from None
        if not fine or not found.isprintable() or " " in found:
            raise Wrong(found)
        if not (parts.hostname or "").isascii():
            raise Wrong(found, f"write its name as {_ascii(parts.hostname or '')}")
        if not local and (parts.scheme != "https" or not _is_public(parts.hostname or "")):
            raise Wrong(found, 'only the stage "local" may use http or this machine')
        if parts.scheme not in ("http", "https"):
            raise Wrong(found)
        return found.rstrip("/") if is_base else str(found)

    return Value("an http:// or https:// address" if local else "a public https:// address", read)


def _ascii(host: str) -> str:
    with suppress(UnicodeError):
        return host.encode("idna").decode()
    return "letters a-z, digits and -"


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(_DOMAIN.fullmatch(host.lower())) and not host.lower().endswith(_PRIVATE_ENDINGS)


def _names(found: Any) -> dict[str, str]:
    if not isinstance(found, dict):
        raise Wrong(found, 'write it in { }, such as { name = "value" }')
    for name, meant in found.items():
        if not _NAME.fullmatch(name) or not isinstance(meant, str) or not _NAME.fullmatch(meant.lower()):
            raise Wrong(name, "letters, digits, and . _ - only; names in lower case")
    return dict(found)


FLAG = Value("true or false", _flag)
NUMBER = Value("a whole number above 0", whole_number)
COUNT = Value("a whole number, 0 or more", partial(whole_number, least=0))
DOMAIN = Value('a domain such as "reply.shop.example"', _domain)
ADDRESS = Value('one e-mail address such as "support@shop.example"', _address)
NAMES = Value('names with a value each, such as { order_update = "de" }', _names)
ACCOUNT = Value("an account's id in quotes, as the platform names it", _account)

_NAME = re.compile(r"[a-z0-9_.-]{1,512}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")
_ATOM = r"[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ADDRESS_HINTS = {"*": "no wildcards: name each one", "<": "only the address, without the name", ",": "only one"}
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa")
