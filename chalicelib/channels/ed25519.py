"""Checks an ed25519 signature (RFC 8032) in plain Python: about 3 ms, no dependency.

Checking handles nothing secret, so the time it takes may differ. `cryptography` does it in a tenth of a millisecond,
but is 12 MB of machine code in every Lambda for the few senders that sign this way. There is no signing here.
"""

from __future__ import annotations

from hashlib import sha512

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1

Point = tuple[int, int, int, int]  # extended homogeneous coordinates: x/z, y/z, xy/z


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """False for anything but the one valid form of key and signature."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, start, scalar = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or start is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    minus_key = P - key[0], key[1], key[2], P - key[3]
    return _same(_combine(scalar, BASE, challenge, minus_key), start)


def _point(encoded: bytes) -> Point | None:
    """RFC 8032, 5.1.3."""
    number = int.from_bytes(encoded, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return x, y, 1, x * y % P


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _combine(one_scalar: int, one: Point, other_scalar: int, other: Point) -> Point:
    """one_scalar * one + other_scalar * other, doubling for both at once."""
    sums = (None, one, other, _add(one, other))
    result: Point = (0, 1, 1, 0)
    for place in reversed(range(253)):
        result = _double(result)
        chosen = sums[(one_scalar >> place & 1) + 2 * (other_scalar >> place & 1)]
        if chosen:
            result = _add(result, chosen)
    return result


def _double(point: Point) -> Point:
    x, y, z, _ = point
    a, b, c = x * x % P, y * y % P, 2 * z * z % P
    h = a + b
    e, g = h - (x + y) * (x + y) % P, a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 == (one[1] * other[2] - other[1] * one[2]) % P


_BASE_Y = 4 * pow(5, -1, P) % P
BASE = _point(_BASE_Y.to_bytes(32, "little")) or (0, 1, 1, 0)
