"""Pictures without what the camera and the editor wrote into them: place, time, device, author, hidden previews.

Only the container is walked, the picture itself stays as it is; its colour profile and which way is up are kept.
JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf B.1.1, PNG: https://www.w3.org/TR/png-3/, WebP: RFC 9649.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

ORIENTATION = 0x0112
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
ALONE = (0x01, *range(0xD0, 0xD8))  # JPEG markers without a length
KEPT_APPS = {0xE0: b"JFIF", 0xE2: b"ICC_PROFILE", 0xEE: b"Adobe"}
DROPPED_CHUNKS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")
DROPPED_RIFF = (b"EXIF", b"XMP ")
EXTENDED_FLAGS = 0x0C  # in WebP's VP8X: there is EXIF, there is XMP


class Broken(Exception):
    """Not the picture it says it is."""


def without_metadata(content: bytes, media_type: str) -> bytes:
    """The picture without them; what is no picture of a kind we know stays as it is. Raises Broken."""
    clean = CLEANERS.get(media_type)
    if clean is None:
        return content
    try:
        return clean(content)
    except (struct.error, IndexError) as error:
        raise Broken(media_type) from error


def _jpeg(content: bytes) -> bytes:
    if content[:2] != b"\xff\xd8":
        raise Broken("image/jpeg")
    kept, turned = [content[:2]], b""
    for marker, segment in _segments(content):
        if marker == 0xE1:
            turned = turned or _orientation(segment)
        elif _is_kept(marker, segment):
            kept.append(segment)
    # JFIF, where there is one, has to come first
    first = 2 if len(kept) > 1 and kept[1][1] == 0xE0 else 1
    return b"".join((*kept[:first], turned, *kept[first:]))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its segment, a scan with its data; what follows the end of the image is another, hidden one."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise Broken("image/jpeg")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        end = at + 2 if marker in (*ALONE, END_OF_IMAGE) else at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        end = _scanned(content, end) if marker == START_OF_SCAN else end
        if end > len(content):
            raise Broken("image/jpeg")
        yield marker, content[at:end]
        if marker == END_OF_IMAGE:
            return
        at = end


def _scanned(content: bytes, at: int) -> int:
    """Where the next marker is: in a scan FF stands before 00 or a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise Broken("image/jpeg")
        if content[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2


def _is_kept(marker: int, segment: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        return segment[4:].startswith(KEPT_APPS.get(marker, b"\x00none"))
    return marker != 0xFE  # a comment


def _orientation(segment: bytes) -> bytes:
    """An APP1 that says nothing but which way is up; b"" when the picture does not tell."""
    if segment[4:10] != b"Exif\x00\x00":
        return b""
    tiff = segment[10:]
    order = ">" if tiff[:2] == b"MM" else "<"
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        entries = [struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number) for number in range(count)]
    except struct.error:
        return b""
    turned = next((value for tag, kind, _, value in entries if (tag, kind) == (ORIENTATION, 3)), 1)
    if not 1 < turned <= 8:
        return b""
    body = b"Exif\x00\x00" + struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, turned, 0, 0)
    return struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body


def _png(content: bytes) -> bytes:
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise Broken("image/png")
    return content[:8] + b"".join(chunk for name, chunk in _chunks(content) if name not in DROPPED_CHUNKS)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, name = 8, b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise Broken("image/png")
        yield name, content[at:end]
        at = end


def _webp(content: bytes) -> bytes:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise Broken("image/webp")
    body = b"".join(_without_flags(name, chunk) for name, chunk in _riff(content) if name not in DROPPED_RIFF)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _riff(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, until = 12, 8 + struct.unpack_from("<I", content, 4)[0]
    if until > len(content) + 1:
        raise Broken("image/webp")
    while at + 8 <= until:
        name, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        if end > len(content) + 1:
            raise Broken("image/webp")
        yield name, content[at:end]
        at = end


def _without_flags(name: bytes, chunk: bytes) -> bytes:
    if name != b"VP8X":
        return chunk
    return chunk[:8] + bytes([chunk[8] & ~EXTENDED_FLAGS]) + chunk[9:]


CLEANERS: Mapping[str, Callable[[bytes], bytes]] = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}
