"""Whether an address on the web may be asked: only what is public, over http or https, and then at the address checked.

An answer's callback and a customer's picture are addresses that others chose. Without this check they could point to
the network we run in: its metadata service, its neighbours. Names are resolved here once and connected to as resolved
(`http.request(..., address=...)`), so that a name cannot mean something else a moment later.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from chalicelib.http import NotSent

Address = IPv4Address | IPv6Address
Resolve = Callable[..., list[tuple[Any, ...]]]
PORTS = {"http": 80, "https": 443}


def check(url: str, *, loopback: bool = False, resolve: Resolve = socket.getaddrinfo) -> str | None:
    """The address to connect to, None when it must not be asked. Raises NotSent when the name cannot be resolved.

    `loopback` admits addresses of this machine written as such, for the local stage. Each redirect needs its own check.
    """
    parts = _parts(url)
    if parts is None or parts.hostname is None:
        return None
    literal = _literal(parts.hostname)
    if loopback and literal is not None and literal.is_loopback:
        return str(literal)
    if not _is_usual(parts):
        return None
    return _public(_resolved(parts, resolve) if literal is None else [literal])


def _parts(url: str) -> SplitResult | None:
    # urlsplit drops tabs and newlines and so changes the host: what has any is refused before
    if not PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _is_usual(parts: SplitResult) -> bool:
    # a service below 1024 that is not the web was not meant; a host ending in a number is an address in disguise
    port = parts.port or PORTS[parts.scheme]
    host = parts.hostname or ""
    return (port in PORTS.values() or port >= 1024) and (_literal(host) is not None or not NUMBER.search(host))


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _resolved(parts: SplitResult, resolve: Resolve) -> list[Address]:
    try:
        found = resolve(parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(type(error).__name__) from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _public(addresses: list[Address]) -> str | None:
    # one private address among public ones is enough to refuse: which of them is used would be luck
    if not addresses or not all(map(is_public, addresses)):
        return None
    return str(next((each for each in addresses if each.version == 4), addresses[0]))


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach it; an IPv4 address inside an IPv6 one counts as what it is."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        return address in GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


PLAIN = re.compile(r"[!-\[\]-~]{1,4096}")  # visible ASCII without the backslash
NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.IGNORECASE)
NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
