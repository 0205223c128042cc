"""What a file is, by its first bytes; what it calls itself does not count."""

from __future__ import annotations

import re

UNKNOWN = "application/octet-stream"
# where the bytes stand, which bytes, what that makes the file
SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
)
LONGEST_NAME = 80  # characters


def sniff(content: bytes) -> str:
    """The media type; what has no sign we know is just bytes."""
    return next((kind for at, sign, kind in SIGNS if content.startswith(sign, at)), UNKNOWN)


def plain_name(name: str, number: int, media_type: str) -> str:
    """A name without paths, controls or quotes that every system takes; never ""."""
    last = re.split(r"[/\\]", name)[-1]
    safe = re.sub(r"[^\w.()+ -]+", "-", last).strip(" .-")
    ending = media_type.partition("/")[2].replace("jpeg", "jpg").replace("octet-stream", "bin")
    return _short(safe) or f"attachment-{number}.{ending}"


def _short(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if len(name) <= LONGEST_NAME or len(ending) > 10:
        return name[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(ending) - 1] + dot + ending
