"""The tree of a mail (RFC 5322 fields, RFC 2045/2046 parts), walked under limits; anything beyond them is `Malformed`.

The standard library's parsers raise nine kinds of exception on hostile mail and know no limits, so this walk is our
own: parts are spans of the one buffer, and every limit is checked before the work it bounds. Where two readers of the
top header block could see two different mails (a stray CR, a line that is no field), there is no mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chalicelib.mailroom import decoding

RAW_LIMIT = 10 * 1024 * 1024  # bytes
HEADER_LIMIT = 64 * 1024  # bytes of one header block
DEPTH_LIMIT = 20  # levels
PART_LIMIT = 500
LONGEST_BOUNDARY = 200  # characters; RFC 2046 allows 70

BLANK_LINE = re.compile(rb"\n\r?\n")
FOLD = re.compile(rb"\n(?=[ \t])")
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
TYPE = re.compile(r"[ \t]*([a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,120})(?![^\s;(])")

Fields = Mapping[str, tuple[str, ...]]


class Malformed(Exception):
    """A mail that cannot be read safely; the reason is for the owner and holds nothing of the mail."""


@dataclass(frozen=True)
class Part:
    """One node of the tree. `fields` are lower-cased names with unfolded values as received."""

    fields: Fields
    type: str
    parameters: Mapping[str, str]
    disposition: str
    name: str
    body: memoryview
    enclosed: bool  # belongs to a mail inside the mail

    def content(self) -> bytes:
        encoding = first(self.fields, "content-transfer-encoding").partition(";")[0]
        return decoding.transferred(bytes(self.body), encoding.strip().lower())


@dataclass(frozen=True)
class Place:
    """Where the walk is: how deep, between which boundaries, inside an enclosed mail or not."""

    depth: int = 1
    boundaries: frozenset[str] = frozenset()
    enclosed: bool = False

    def below(self, boundary: str = "", enclosed: bool = False) -> Place:
        if self.depth == DEPTH_LIMIT:
            raise Malformed(f"nested more than {DEPTH_LIMIT} levels deep")
        return Place(self.depth + 1, self.boundaries | {boundary}, self.enclosed or enclosed)


def parts_of(raw: bytes, most: int = RAW_LIMIT) -> list[Part]:
    """All parts in order, the mail itself first. Raises Malformed."""
    if len(raw) > most:
        raise Malformed(f"larger than {most} bytes")
    found: list[Part] = []
    for part in walk(raw, 0, len(raw), Place()):
        if len(found) == PART_LIMIT:
            raise Malformed(f"more than {PART_LIMIT} parts")
        found.append(part)
    if not found[0].fields:
        raise Malformed("no header")
    return found


def first(fields: Fields, name: str) -> str:
    return fields.get(name, ("",))[0]


def walk(raw: bytes, start: int, end: int, place: Place) -> Iterator[Part]:
    block, body = split(raw, start, end)
    fields = fields_of(block, strict=place.depth == 1)
    # RT hangs a refused mail in as a part with the mail's own header, without calling it message/rfc822
    enclosed = place.enclosed or (place.depth > 1 and "from" in fields)
    part = to_part(fields, memoryview(raw)[body:end], enclosed)
    yield part
    if part.type.startswith("multipart/"):
        boundary = boundary_of(part, place)
        below = place.below(boundary, enclosed)
        for section in sections(raw, body, end, boundary):
            yield from walk(raw, *section, below)
    elif part.type in ("message/rfc822", "message/global"):
        yield from walk(raw, body, end, place.below(enclosed=True))


def split(raw: bytes, start: int, end: int) -> tuple[bytes, int]:
    """The header block and where the body starts."""
    if raw[start:end].startswith((b"\n", b"\r\n")):
        return b"", raw.index(b"\n", start) + 1
    blank = BLANK_LINE.search(raw, start, min(end, start + HEADER_LIMIT + 4))
    if not blank and end - start > HEADER_LIMIT:
        raise Malformed(f"a header block of more than {HEADER_LIMIT} bytes")
    return (raw[start : blank.start()], blank.end()) if blank else (raw[start:end], end)


def fields_of(block: bytes, strict: bool) -> Fields:
    """Fields by name. Only the mail's own block is strict: nobody is judged by the header of a part."""
    block = block.replace(b"\r\n", b"\n")
    if strict and b"\r" in block.rstrip(b"\r"):
        raise Malformed("a stray CR in the header block")
    found: dict[str, list[str]] = {}
    for position, row in enumerate(FOLD.sub(b"", block).split(b"\n")):
        field = FIELD.fullmatch(row)
        if field:
            found.setdefault(field[1].decode("ascii").lower(), []).append(as_received(field[2]))
        elif strict and row and not (position == 0 and row.startswith(b"From ")):  # the mark of an mbox
            raise Malformed("a header line that is no field")
    return {name: tuple(values) for name, values in found.items()}


def as_received(value: bytes) -> str:
    try:
        return value.decode().strip(" \t\r")
    except UnicodeDecodeError:  # a character for every byte, so that nothing can hide in an invalid sequence
        return value.decode("latin-1").strip(" \t\r")


def to_part(fields: Fields, body: memoryview, enclosed: bool) -> Part:
    types = fields.get("content-type", ("text/plain",))
    if len(types) > 1 and not enclosed:
        raise Malformed("a part of two types")
    parameters = decoding.parameters(types[0])
    disposition = first(fields, "content-disposition")
    name = decoding.parameters(disposition).get("filename") or parameters.get("name", "")
    return Part(
        fields=fields,
        type=type_of(types[0]),
        parameters=parameters,
        disposition=disposition.partition(";")[0].strip().lower(),
        name=decoding.file_name(name),
        body=body,
        enclosed=enclosed,
    )


def type_of(value: str) -> str:
    found = TYPE.match(value.lower())
    if found:
        return found[1]
    return "text/plain" if value.strip().lower() in ("", "text") else "application/octet-stream"


def boundary_of(part: Part, place: Place) -> str:
    boundary = part.parameters.get("boundary", "").rstrip()
    given = [name.lower() for name, _ in decoding.PARAMETER.findall(first(part.fields, "content-type"))]
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or boundary in place.boundaries or given.count("boundary") > 1:
        raise Malformed("a boundary missing, doubled or used again inside itself")
    return boundary


def sections(raw: bytes, start: int, end: int, boundary: str) -> Iterator[tuple[int, int]]:
    """Where the parts between the boundary lines start and end; the closing line may be missing, the first may not."""
    delimiter = re.compile(rb"\n--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*+\r?(?=\n|\Z)")
    opened = None
    for found in delimiter.finditer(raw, start - 1, end):  # the line end before the body belongs to the delimiter
        if opened is not None:
            yield opened, max(opened, found.start() - (raw[found.start() - 1] == 0x0D))
        if found[1]:
            return
        opened = min(found.end() + 1, end)
    if opened is None:
        raise Malformed("no part begins with the boundary")
    yield opened, end
