"""The files an agent attached: named, told by their bytes, kept for the desk. What a platform takes is the desk's to know."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.aws import objects
from chalicelib.file_types import plain_name, sniff
from chalicelib.mailroom.mime import AttachedFile, Mail
from chalicelib.model import Enclosure

MOST_FILES = 10  # with one answer; their size is bounded by the mail's


def files(mail: Mail) -> tuple[AttachedFile, ...]:
    """What the agent attached; pictures that the text shows, as signatures do, are not sent."""
    return tuple(each for each in mail.attachments if not each.inline)


def describe(name: str, given: Sequence[AttachedFile]) -> tuple[Enclosure, ...]:
    """The files as the desk will find them under the answer's name."""
    return tuple(_enclosure(f"outgoing/{name}/{number}", number, each) for number, each in enumerate(given, 1))


def keep(enclosures: Sequence[Enclosure], given: Sequence[AttachedFile]) -> None:
    """Stores the files; the same mail again replaces them by themselves."""
    for enclosure, each in zip(enclosures, given, strict=False):
        objects.put(enclosure.key, each.content, enclosure.media_type)


def _enclosure(key: str, number: int, given: AttachedFile) -> Enclosure:
    kind = sniff(given.content)
    return Enclosure(plain_name(given.name, number, kind), kind, key, len(given.content))
