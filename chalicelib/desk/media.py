"""Attachments on their way into a ticket: fetched at once, since platforms' addresses expire, and kept behind a link of ours.

Whatever a file calls itself, it is what its first bytes say, and a browser saves it instead of showing it. The address
is asked only if its host is one the channel's media come from and everything it resolves to is public; what has no
address the channel fetches itself, within the same bounds of size and time. A mail waits for its pictures only so long;
what does not come in time is a note. Which files belong to a message is noted on it, so that they can go with it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urljoin, urlsplit

from chalicelib import http, public_web
from chalicelib.aws import conversations, objects
from chalicelib.aws.conversations import Entry
from chalicelib.aws.table import LARGEST_TRANSACTION, Change
from chalicelib.channels.base import ANYWHERE, Channel, SecretMissing
from chalicelib.channels.powers import Downloads
from chalicelib.desk.writing.speeches import Shown
from chalicelib.http import Lost, NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind, Conversation
from chalicelib.text import one_line

LARGEST = 20_000_000  # bytes
SECONDS_FOR_ALL = 12.0  # for all files of a mail; the desk has 30 for a job
TRIES = 2
LARGEST_INLINE = 300_000  # bytes of a picture that goes into the mail itself
LARGEST_INLINE_TOGETHER = 5_000_000  # bytes; base64 makes a third more of it, and SES takes mails of 10 MB
MOST_REDIRECTS = 3
KEPT = timedelta(days=30)  # the bucket's lifecycle for media/; a ticket says so
WITHOUT_BYTES = (AttachmentKind.LOCATION, AttachmentKind.LINK, AttachmentKind.STORY)
MEDIA_TYPES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
    b"OggS": "audio/ogg",
    b"ID3": "audio/mpeg",
    **dict.fromkeys((b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/mpeg"),  # without a title
}

Fetch = Callable[..., Response]
Check = Callable[[str], str | None]
Download = Callable[[Attachment, int, float], Response]


class NotAllowed(Exception):
    """An address that is not asked."""


class Gone(Exception):
    """The platform no longer hands it out."""


@dataclass
class Allowance:
    """What the files of one mail may still take: seconds until it has to go, bytes of pictures inside it."""

    inline: int = LARGEST_INLINE_TOGETHER
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS_FOR_ALL)

    @property
    def seconds(self) -> float:
        """Left for the next file."""
        return self.until - time.monotonic()

    def take(self, size: int) -> bool:
        """Whether a picture of so many bytes may go into the mail; it is counted."""
        fits = size <= min(LARGEST_INLINE, self.inline)
        self.inline -= size if fits else 0
        return fits


@dataclass(frozen=True)
class Shelf:
    """Where attachments are kept and from where they may come."""

    hosts: Sequence[str]  # domains; a host is one of them or below one
    token: Callable[[str], str]  # an unguessable name for a file, the same each time
    link: str  # in front of the token
    check: Check = public_web.check
    fetch: Fetch = http.fetch
    download: Download | None = None  # what the channel itself fetches; None: nothing
    allowance: Allowance = field(default_factory=Allowance)


def note(entries: Sequence[Entry], token: str) -> None:
    """Writes to messages that a file of ours holds something of them; before it does."""
    changes = [Change(each.pk, each.sk, set={f"{NOTED}{token}": 1}) for each in entries if token not in _noted(each)]
    for start in range(0, len(changes), LARGEST_TRANSACTION):
        conversations.write(changes[start : start + LARGEST_TRANSACTION])


def forget(entry: Entry | None) -> None:
    """Every file that holds something of a message goes, and with it its links."""
    for token in _noted(entry) if entry else ():
        objects.delete(f"media/{token}")


def keep_text(text: str, name: str, entries: Sequence[Entry], shelf: Shelf) -> str:
    """A link to words that are too many for a mail; `entries` are the messages they come from."""
    token = shelf.token(name)
    note(entries, token)
    objects.put(f"media/{token}", text.encode("utf-8", "replace"), "text/plain; charset=utf-8", "messages.txt")
    return f"{shelf.link}{token}"


def show(attachment: Attachment, name: str, entry: Entry, shelf: Shelf, now: datetime) -> Shown:
    """The attachment as the ticket shows it; `name` is unique for it. Never raises for what the other side does."""
    label = one_line(attachment.name.translate(DIRECTIONS), 80)
    if attachment.kind in WITHOUT_BYTES or not (attachment.url or attachment.ref):
        return Shown(attachment.kind, label, attachment.url)
    try:
        content = _patiently(partial(_download if attachment.ref else _fetch, attachment, shelf))
    except (NotAllowed, NotSent, TooLarge, Gone) as error:
        return Shown(attachment.kind, label, note=_NOTES[type(error)])
    token = shelf.token(name)
    note([entry], token)
    try:
        return _keep(attachment, label, token, content, shelf, now)
    except objects.NotKept:
        # the words matter more, and the next file would fare the same
        shelf.allowance.until = 0
        return Shown(attachment.kind, label, note="failed")


def download(
    open_: Callable[[str], Channel], conversation: Conversation, attachment: Attachment, most: int, seconds: float
) -> Response:
    """What only the conversation's channel can fetch. Raises http.NotSent, Lost or TooLarge."""
    try:
        channel = open_(conversation.connection)
    except (SecretMissing, KeyError):
        raise NotSent("no secret") from None
    if not isinstance(channel, Downloads):
        raise NotSent("no download")
    return channel.download(conversation.account, attachment, most, seconds)


def media_type(content: bytes) -> str:
    """By the first bytes; anything else is just bytes."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for start, kind in MEDIA_TYPES.items() if content.startswith(start)), "application/octet-stream")


def _keep(attachment: Attachment, label: str, token: str, content: bytes, shelf: Shelf, now: datetime) -> Shown:
    kind = media_type(content)
    objects.put(f"media/{token}", content, kind, _file_name(label, kind))
    inline = content if kind.startswith("image/") and shelf.allowance.take(len(content)) else None
    return Shown(attachment.kind, label, f"{shelf.link}{token}", now + KEPT, inline, kind)


def _noted(entry: Entry) -> list[str]:
    return [name.removeprefix(NOTED) for name in entry.more if name.startswith(NOTED)]


def _patiently(once: Callable[[], bytes]) -> bytes:
    for _ in range(TRIES - 1):
        try:
            return once()
        except NotSent:
            continue
    return once()


def _download(attachment: Attachment, shelf: Shelf) -> bytes:
    if shelf.allowance.seconds <= 0 or shelf.download is None:
        raise NotSent("no time left")
    try:
        answer = shelf.download(attachment, LARGEST, shelf.allowance.seconds)
    except Lost as error:
        raise NotSent(str(error)) from error
    if answer.status in GONE:
        raise Gone(str(answer.status))
    if answer.status != 200:
        raise NotSent(str(answer.status))
    if len(answer.body) > LARGEST:
        raise TooLarge("bytes")
    return answer.body


def _fetch(attachment: Attachment, shelf: Shelf) -> bytes:
    url = attachment.url
    for _ in range(MOST_REDIRECTS + 1):
        if shelf.allowance.seconds <= 0:
            raise NotSent("no time left")
        answer = shelf.fetch(url, address=_address(url, shelf), most=LARGEST, seconds=shelf.allowance.seconds)
        if answer.status == 200:
            return answer.body
        if answer.status in GONE:
            raise Gone(str(answer.status))
        if answer.status not in (301, 302, 303, 307, 308):
            raise NotSent(str(answer.status))
        url = urljoin(url, answer.headers.get("location", ""))
    raise NotAllowed("redirects")


def _address(url: str, shelf: Shelf) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    is_known = any(each in (host, ANYWHERE) or host.endswith(f".{each}") for each in shelf.hosts)
    address = shelf.check(url) if is_known else None
    if address is None:
        raise NotAllowed("address")
    return address


def _file_name(label: str, kind: str) -> str:
    plain = re.sub(r"[^\w.-]+", "-", label, flags=re.ASCII)
    ending = ENDING.search(plain)
    stem = plain[: ending.start() if ending else None].strip(".-_")[:50]
    known = kind.partition("/")[2].replace("jpeg", "jpg").replace("octet-stream", "bin")
    # Windows takes CON, NUL and their like for devices, whatever their ending
    return f"{stem if stem and not DEVICES.match(stem) else 'attachment'}.{ending[1] if ending else known}"


NOTED = "media-"  # begins the names of a message's attributes that each name a file
GONE = (401, 403, 404, 410)
DIRECTIONS = dict.fromkeys((0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")
DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_NOTES: Mapping[type[Exception], str] = {
    NotAllowed: "refused",
    NotSent: "failed",
    TooLarge: "too-large",
    Gone: "expired",
}
