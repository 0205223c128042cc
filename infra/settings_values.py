"""What one value of `bridgehead.toml` may be: each kind with its words for people and its reading into what is stored."""

from __future__ import annotations

import ipaddress
import json
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

LONGEST_TARGET = timedelta(days=90)
DAY_MINUTES = 24 * 60


class Wrong(ValueError):
    """A value is not allowed: what was found (a part of it, where only that is wrong), and a hint."""

    def __init__(self, found: Any, hint: str = "", allowed: str = "") -> None:
        super().__init__(hint)
        self.found, self.hint, self.allowed = found, hint, allowed


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


def text(longest: int = 100) -> Value:
    """One line of any script."""

    def read(found: Any) -> str:
        line = _string(found).strip()
        if not 0 < len(line) <= longest or not line.replace("\u200d", "").replace("\u200c", "").isprintable():
            raise Wrong(found)
        return line

    return Value(f"one line of text, 1 to {longest} characters", read)


def choice(known: Iterable[str], aliases: Mapping[str, str] | None = None) -> Value:
    """One of some names; `aliases` are what people call them instead, for the hint."""
    names = tuple(map(str, known))
    hints = {**{name.casefold(): name for name in names}, **(aliases or {})}

    def read(found: Any) -> str:
        if _string(found) not in names:
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


def _string(found: Any) -> str:
    if not isinstance(found, str):
        raise Wrong(found, "write it in quotes" if isinstance(found, int | float) else "")
    return found


def _flag(found: Any) -> bool:
    if not isinstance(found, bool):
        raise Wrong(found, "without quotes" if isinstance(found, str) else "")
    return found


def _whole_number(found: Any) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < 10**9:
        raise Wrong(found)
    return found


def _domain(found: Any) -> str:
    try:
        name = _string(found).strip().lower().removesuffix(".").encode("idna").decode()
    except UnicodeError:
        raise Wrong(found) from None
    if not _DOMAIN.fullmatch(name) or len(name) > 200:
        raise Wrong(found, "without @" if "@" in name else "no wildcards" if "*" in name else "")
    return name


def _address(found: Any) -> str:
    local, at, host = _string(found).strip().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise Wrong(found, next((hint for sign, hint in _ADDRESS_HINTS.items() if sign in found), ""))
    try:
        return f"{local.lower()}@{_domain(host)}"
    except Wrong:
        raise Wrong(found) from None


def _duration(found: Any) -> int:
    parts = _DURATION.fullmatch(_string(found).strip().lower())
    if not parts or not any(parts.groups()):
        raise Wrong(found)
    days, hours, minutes = (int(part or 0) for part in parts.groups())
    seconds = (days * DAY_MINUTES + hours * 60 + minutes) * 60
    if not 0 < seconds <= LONGEST_TARGET.total_seconds():
        raise Wrong(found)
    return seconds


def _reminders(found: Any) -> list[int]:
    if not isinstance(found, list):
        raise Wrong(found)
    percents = [_whole_number(each) for each in found]
    if percents != sorted(set(percents)):
        raise Wrong(found, "each one larger than the one before")
    if percents and percents[-1] > 100:
        raise Wrong(percents[-1])
    return percents


def _span(found: Any) -> str:
    parts = _SPAN.fullmatch(_string(found).strip())
    if not parts:
        raise Wrong(found)
    opens, closes = (part.zfill(5) for part in parts.groups())
    if opens == closes:
        raise Wrong(found, "no minute is open; the whole day is 00:00-24:00")
    return f"{opens}-{closes}"


def _closed_day(found: Any) -> str:
    day = found.isoformat() if type(found) is date else _string(found).strip()
    try:
        # a leap year, so that 02-29 is a day
        date.fromisoformat(day if _DATE.fullmatch(day) else f"2000-{day}")
    except ValueError:
        raise Wrong(found) from None
    return day


def _zone(found: Any) -> str:
    known = zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}
    if _string(found) not in known:
        cities = {name.rpartition("/")[2]: name for name in sorted(known)}
        city = str(found).rpartition("/")[2].replace(" ", "_")
        raise Wrong(found, f'did you mean "{cities[city]}"?' if city in cities else closest(found, known))
    return str(found)


def _account(found: Any) -> str:
    account = _string(found).strip()
    if not 0 < len(account) <= 200 or not account.isprintable():
        raise Wrong(found)
    return account


def url(local: bool) -> Value:
    """Where we send to; only the stage "local" may talk to this machine or without TLS."""

    def read(found: Any) -> str:
        try:
            parts = urlsplit(_string(found))
            fine = bool(parts.hostname) and parts.port != 0 and not parts.username and not parts.fragment
        except ValueError:
            raise Wrong(found) from None
        if not fine or not found.isprintable() or " " in found:
            raise Wrong(found)
        if not local and (parts.scheme != "https" or not _is_public(parts.hostname or "")):
            raise Wrong(found, 'only the stage "local" may use http or this machine')
        if parts.scheme not in ("http", "https"):
            raise Wrong(found)
        return str(found)

    return Value("an http:// or https:// address" if local else "a public https:// address", read)


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(_DOMAIN.fullmatch(host.lower())) and not host.lower().endswith(_PRIVATE_ENDINGS)


FLAG = Value("true or false", _flag)
NUMBER = Value("a whole number above 0", _whole_number)
DOMAIN = Value('a domain such as "reply.shop.example"', _domain)
ADDRESS = Value('one e-mail address such as "support@shop.example"', _address)
DURATION = Value('a time such as "90m", "4h", "1h30m" or "2d", above 0 and at most "90d"', _duration)
REMINDERS = Value("rising whole percents from 1 to 100, such as [50, 80, 100]", _reminders)
SPAN = Value('hours such as "09:00-12:30" (or "22:00-02:00", past midnight)', _span)
CLOSED_DAY = Value('days such as "2026-12-24", or "12-24" for every year', _closed_day)
ZONE = Value('a time zone such as "Europe/Vienna" or "Asia/Tokyo"', _zone)
ACCOUNT = Value("an account's id in quotes, as the platform names it", _account)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")
_ATOM = r"[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ADDRESS_HINTS = {"*": "no wildcards: name each one", "<": "only the address, without the name", ",": "only one"}
_DURATION = re.compile(r"(?:([0-9]{1,6})d)? ?(?:([0-9]{1,6})h)? ?(?:([0-9]{1,6})m)?")
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_SPAN = re.compile(rf"({_CLOCK}) ?[-–] ?({_CLOCK}|24:00)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa")
