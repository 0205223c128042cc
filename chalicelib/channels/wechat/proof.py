"""What proves a delivery of WeChat's or WeCom's: a signature in the address, and in safe mode the key it is encrypted with.

The signature is a SHA-1 over sorted strings of which the token is the secret one. In plain mode it covers time and
nonce alone; in safe mode it covers the encrypted body too, and inside stands for whom it was encrypted.
https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html
https://developer.work.weixin.qq.com/document/path/90968
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha1

from chalicelib.channels.base import Forged, SecretMissing, WebhookRequest

FRESH_SECONDS = 300
AES_KEY_LENGTH = 43  # characters of base64 without its padding: 32 bytes
RANDOM, LENGTH = 16, 4  # bytes in front of what was encrypted
LARGEST_PAD = 32  # bytes; AES's own blocks have 16, but WeChat pads to twice that
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")  # documented as a number; never markup
TIMESTAMP = re.compile(r"[0-9]{1,10}")  # seconds


def prove(request: WebhookRequest, name: str, tokens: Sequence[str], *more: str) -> None:
    """Of a query's `signature`, or of its `msg_signature`, which covers `more` as well. Raises Forged."""
    timestamp, nonce = request.query.get("timestamp", ""), request.query.get("nonce", "")
    given = request.query.get(name, "").encode("utf-8", "replace")
    digests = [signature(token, timestamp, nonce, *more).encode() for token in tokens]
    if not any(hmac.compare_digest(given, digest) for digest in digests):
        raise Forged(name)
    if not TIMESTAMP.fullmatch(timestamp) or abs(request.received_at - int(timestamp)) > FRESH_SECONDS:
        raise Forged("timestamp")


def signature(*parts: str) -> str:
    """As both platforms make it."""
    return sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()  # noqa: S324 - theirs to choose


def decrypt(encrypted: str, keys: Sequence[bytes], receiver: str) -> bytes:
    """What was encrypted for us. Raises Forged, whatever is wrong: a stranger learns nothing from it."""
    found = [_opened(encrypted, key, receiver.encode()) for key in keys]
    message = next((each for each in found if each is not None), None)
    if message is None:
        raise Forged("decryption")
    return message


def aes_keys(connection: str, encoded: Sequence[str]) -> list[bytes]:
    """The bytes of each EncodingAESKey. Raises SecretMissing when one is none."""
    try:
        keys = [b64decode(f"{each}=", validate=True) for each in encoded if len(each) == AES_KEY_LENGTH]
    except ValueError:
        keys = []
    if len(keys) != len(encoded):
        raise SecretMissing(connection, "aes_key")
    return keys


def _opened(encrypted: str, key: bytes, receiver: bytes) -> bytes | None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        aes = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = aes.update(b64decode(encrypted, validate=True)) + aes.finalize()
    except ValueError:
        return None
    pad = padded[-1:]
    if not pad or not 0 < pad[0] <= LARGEST_PAD or not padded.endswith(pad * pad[0]):
        return None
    content = padded[RANDOM : -pad[0]]
    end = LENGTH + int.from_bytes(content[:LENGTH], "big")
    return content[LENGTH:end] if hmac.compare_digest(content[end:], receiver) else None
