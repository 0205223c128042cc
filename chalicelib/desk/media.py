"""Attachments on their way into a ticket: fetched at once, since platforms' addresses expire, and kept behind a link of ours.

Whatever a file calls itself, it is what its first bytes say, and a browser saves it instead of showing it. The address
is asked only if its host is one the channel's media come from and everything it resolves to is public.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from chalicelib import http, public_web
from chalicelib.aws import objects
from chalicelib.desk.speeches import Shown
from chalicelib.http import NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind
from chalicelib.text import one_line

LARGEST = 20_000_000  # bytes
SECONDS = 20.0
LARGEST_INLINE = 300_000  # bytes of a picture that goes into the mail itself
MOST_REDIRECTS = 3
KEPT = timedelta(days=30)  # the bucket's lifecycle for media/; a ticket says so
WITHOUT_BYTES = (AttachmentKind.LOCATION, AttachmentKind.LINK)
MEDIA_TYPES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
    b"OggS": "audio/ogg",
    b"ID3": "audio/mpeg",
}

Fetch = Callable[..., Response]
Check = Callable[[str], str | None]


class NotAllowed(Exception):
    """An address that is not asked."""


@dataclass(frozen=True)
class Shelf:
    """Where attachments are kept and from where they may come."""

    hosts: Sequence[str]  # domains; a host is one of them or below one
    token: Callable[[str], str]  # an unguessable name for a file, the same each time
    link: str  # in front of the token
    check: Check = public_web.check
    fetch: Fetch = http.fetch


def show(attachment: Attachment, name: str, shelf: Shelf, now: datetime) -> Shown:
    """The attachment as the ticket shows it; `name` is unique for it. Never raises for what the other side does."""
    label = one_line(attachment.name, 80)
    if attachment.kind in WITHOUT_BYTES or not attachment.url:
        return Shown(attachment.kind, label, attachment.url)
    try:
        content = _fetch(attachment.url, shelf)
    except (NotAllowed, NotSent, TooLarge) as error:
        return Shown(attachment.kind, label, note=_NOTES[type(error)])
    return _keep(attachment, label, name, content, shelf, now)


def media_type(content: bytes) -> str:
    """By the first bytes; anything else is just bytes."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for start, kind in MEDIA_TYPES.items() if content.startswith(start)), "application/octet-stream")


def _keep(attachment: Attachment, label: str, name: str, content: bytes, shelf: Shelf, now: datetime) -> Shown:
    kind, token = media_type(content), shelf.token(name)
    objects.put(f"media/{token}", content, kind, _file_name(label, kind))
    inline = content if kind.startswith("image/") and len(content) <= LARGEST_INLINE else None
    return Shown(attachment.kind, label, f"{shelf.link}{token}", now + KEPT, inline, kind)


def _fetch(url: str, shelf: Shelf) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        answer = shelf.fetch(url, address=_address(url, shelf), most=LARGEST, seconds=SECONDS)
        if answer.status == 200:
            return answer.body
        if answer.status not in (301, 302, 303, 307, 308):
            raise NotSent(str(answer.status))
        url = urljoin(url, answer.headers.get("location", ""))
    raise NotAllowed("redirects")


def _address(url: str, shelf: Shelf) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    address = shelf.check(url) if any(host == each or host.endswith(f".{each}") for each in shelf.hosts) else None
    if address is None:
        raise NotAllowed("address")
    return address


def _file_name(label: str, kind: str) -> str:
    plain = re.sub(r"[^\w.-]+", "-", label, flags=re.ASCII).strip(".-")[-60:]
    ending = kind.partition("/")[2].replace("jpeg", "jpg").replace("octet-stream", "bin")
    return plain or f"attachment.{ending}"


_NOTES: Mapping[type[Exception], str] = {NotAllowed: "refused", NotSent: "failed", TooLarge: "too-large"}
