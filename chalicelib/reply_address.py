"""The address a conversation has: `c-<conversation id>-<key id><mac>@<reply domain>`.

The desk mints it for every ticket mail, the mailroom reads it from the envelope of what comes back. Whoever knows
the address only proves to have seen a ticket mail: `mailroom.authority` asks for more. The MAC (RFC 2104, SHA-256 cut
to 128 bits, lower-case base32) says what it is for, so nothing a customer can see opens the way back. Reading an
address needs no look-up: guesses cost one HMAC.
"""

from __future__ import annotations

import re
from base64 import b32encode, b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest, digest
from typing import Any

REPLY = "reply"
SECRET_BYTES = 24  # the shortest secret taken, in bytes
MAC_BYTES = 16

CONVERSATION_ID = re.compile(r"[a-z2-7]{16}")
KEY_ID = re.compile(r"[a-z2-7]")
PURPOSE = re.compile(r"[a-z-]+")
LOCAL_PART = re.compile(r"c-(?P<conversation>[a-z2-7]{16})-(?P<key>[a-z2-7])[a-z2-7]{26}")


@dataclass(frozen=True)
class Keys:
    """MAC secrets of one stage by their id (one character a-z2-7): new addresses use `current`, all others still open.

    Raises ValueError for a secret under 24 bytes, a bad id, or a current key that is not there.
    """

    current: str
    secrets: Mapping[str, bytes] = field(repr=False)
    stage: str

    def __post_init__(self) -> None:
        if self.current not in self.secrets:
            raise ValueError(f"current key {self.current!r} is not among the keys")
        for key_id, secret in self.secrets.items():
            if not KEY_ID.fullmatch(key_id) or len(secret) < SECRET_BYTES:
                raise ValueError(f"key {key_id!r}: one character a-z2-7 and at least {SECRET_BYTES} bytes")


def open_keys(stored: Mapping[str, Any], stage: str) -> Keys:
    """The keys as Parameter Store holds them: {"current": id, "keys": {id: base64}}. Raises KeyError or ValueError."""
    return Keys(stored["current"], {name: b64decode(value) for name, value in stored["keys"].items()}, stage)


def mint(conversation_id: str, domain: str, keys: Keys) -> str:
    """The conversation's address, lower case, 46 octets before the @. Raises ValueError for an id that is none."""
    if not CONVERSATION_ID.fullmatch(conversation_id):
        raise ValueError("a conversation id has 16 characters a-z2-7")
    return f"c-{conversation_id}-{token(REPLY, conversation_id, keys.current, keys)}@{domain.lower()}"


def read(recipient: str, domain: str, keys: Keys) -> str | None:
    """The conversation an envelope recipient names, or None. Case does not matter: some helpdesks change it."""
    if not recipient.isascii():
        return None
    local, at, host = recipient.lower().rpartition("@")
    address = LOCAL_PART.fullmatch(local)
    if not at or host != domain.lower() or not address or address["key"] not in keys.secrets:
        return None
    conversation_id = address["conversation"]
    expected = f"c-{conversation_id}-{token(REPLY, conversation_id, address['key'], keys)}"
    return conversation_id if compare_digest(local.encode(), expected.encode()) else None


def link_token(purpose: str, value: str, keys: Keys) -> str:
    """A token for links we send out; it is good for this purpose and value only and never for a reply.

    Raises ValueError for the purpose "reply" and for one that is not made of a-z and hyphens.
    """
    if purpose == REPLY or not PURPOSE.fullmatch(purpose):
        raise ValueError("a purpose has characters a-z and -, and is not 'reply'")
    return token(purpose, value, keys.current, keys)


def proves(given: str, purpose: str, value: str, keys: Keys) -> bool:
    """Whether `given` is a link token for just this purpose and value, by any key that is still valid."""
    if purpose == REPLY or given[:1] not in keys.secrets:
        return False
    return compare_digest(given.encode(), token(purpose, value, given[:1], keys).encode())


def token(purpose: str, value: str, key_id: str, keys: Keys) -> str:
    signed = f"{purpose}|v1|{key_id}|{keys.stage}|{value}".encode()
    mac = digest(keys.secrets[key_id], signed, "sha256")[:MAC_BYTES]
    return key_id + b32encode(mac).decode().rstrip("=").lower()
