"""Whose mail is it: the one address in From, by a grammar of our own.

The parsers in the standard library can be talked into returning the mailbox the writer chose (CVE-2023-27043), so a
sender is read by a subset of RFC 5322 3.4 without comments, groups, routes, quoted local parts or domain literals.
What the subset does not cover is nobody's mail. Display names are passed over unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_LOCAL_PART, LONGEST_DOMAIN = 64, 253  # octets, RFC 5321 4.5.3.1

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"(?P<local>{ATOM}(?:\.{ATOM})*)@(?P<domain>(?:{LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9]))"

# Words, quoted strings and encoded words before the angle bracket. Anything outside ASCII may stand raw in a name:
# many Asian mail programs write it so. `@` may not, outside quotes: no name may look like the address itself.
NAME = r"""(?:"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+"|[^"\\()<>@,;:\[\]\x00-\x08\x0a-\x1f\x7f])*+"""

BARE = re.compile(rf"[ \t]*{ADDRESS}[ \t]*")
NAMED = re.compile(rf"{NAME}<{ADDRESS}>[ \t]*")


def only_mailbox(values: Sequence[str]) -> str | None:
    """The address of exactly one From header with exactly one mailbox, in lower case; None for everything else.

    `values` are the unfolded header values as received. Look-alike and IDN domains are kept as written, so that
    they equal nothing on an allow-list.
    """
    if len(values) != 1:
        return None
    found = BARE.fullmatch(values[0]) or NAMED.fullmatch(values[0])
    return address_of(found) if found else None


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def address_of(found: re.Match[str]) -> str | None:
    local, domain = found["local"], found["domain"]
    hidden = "=?" in local  # an encoded word in place of the address: others may decode it
    if hidden or len(local) > LONGEST_LOCAL_PART or len(domain) > LONGEST_DOMAIN:
        return None
    return f"{local}@{domain}".lower()
