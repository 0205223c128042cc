"""Pictures leave without what cameras write into them, and still are the same pictures."""

from __future__ import annotations

import zlib
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.desk.pictures import Broken, without_metadata

PLACE = b"GPS 48.2082 16.3738 Wien"
SCAN = b"\xff\xda\x00\x04\x01\x00" + b"\x12\xff\x00\x34\xff\xd0\x56"


def segment(marker: int, data: bytes) -> bytes:
    return pack(">BBH", 0xFF, marker, len(data) + 2) + data


JFIF, PROFILE, ADOBE = (
    segment(0xE0, b"JFIF\x00\x01"),
    segment(0xE2, b"ICC_PROFILE\x00\x01\x01p"),
    segment(0xEE, b"Adobe\x00d"),
)
TABLE = segment(0xDB, b"\x00" * 8)
END = b"\xff\xd9"


def exif(order: str = ">", turned: int = 1) -> bytes:
    tiff = pack(f"{order}2sHIH", b"MM" if order == ">" else b"II", 42, 8, 2)
    tiff += pack(f"{order}HHIHH", 0x0112, 3, 1, turned, 0) + pack(f"{order}HHII", 0x8825, 4, 1, 200)
    return segment(0xE1, b"Exif\x00\x00" + tiff + b"\x00\x00\x00\x00" + PLACE)


def jpeg(*segments: bytes, after: bytes = b"") -> bytes:
    return b"".join((b"\xff\xd8", *segments, TABLE, SCAN, TABLE, SCAN, END, after))


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))


def png(*chunks: bytes, after: bytes = b"") -> bytes:
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", b"\x00" * 13), *chunks, chunk(b"IDAT", b"xyz"), chunk(b"IEND"), after)
    )


def riff(name: bytes, data: bytes) -> bytes:
    return name + pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)


def webp(flags: int, *chunks: bytes) -> bytes:
    body = b"WEBP" + riff(b"VP8X", bytes([flags]) + b"\x00" * 9) + riff(b"VP8 ", b"abc") + b"".join(chunks)
    return b"RIFF" + pack("<I", len(body)) + body


def test_a_photo_loses_place_comment_and_hidden_pictures_and_keeps_its_colours() -> None:
    notes = (
        exif(),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + PLACE),
        segment(0xED, PLACE),
        segment(0xFE, PLACE),
    )
    hidden = segment(0xE2, b"MPF\x00" + PLACE)
    photo = jpeg(JFIF, *notes, PROFILE, hidden, ADOBE, after=jpeg(exif()))
    assert without_metadata(photo, "image/jpeg") == jpeg(JFIF, PROFILE, ADOBE)


@pytest.mark.parametrize("order", [">", "<"])
def test_a_photo_that_lies_on_its_side_is_still_turned(order: str) -> None:
    clean = without_metadata(jpeg(JFIF, exif(order, turned=6)), "image/jpeg")
    assert PLACE not in clean
    said = clean[2 + len(JFIF) :]
    assert said[4:10] == b"Exif\x00\x00"
    assert pack(">HHIHH", 0x0112, 3, 1, 6, 0) in said
    assert without_metadata(clean, "image/jpeg") == clean


def test_a_drawing_loses_its_texts() -> None:
    notes = [chunk(name, PLACE) for name in (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")]
    assert without_metadata(png(*notes, after=PLACE), "image/png") == png()


def test_a_webp_picture_loses_them_and_says_so() -> None:
    located = webp(0x1C, riff(b"EXIF", PLACE + b"!"), riff(b"XMP ", PLACE))
    assert without_metadata(located, "image/webp") == webp(0x10)


def test_what_is_no_picture_stays_as_it_is() -> None:
    assert without_metadata(b"%PDF-1.7 " + PLACE, "application/pdf") == b"%PDF-1.7 " + PLACE


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp"])
@given(
    content=st.binary(max_size=80), whole=st.sampled_from((jpeg(JFIF, exif()), png(), webp(0))), cut=st.integers(0, 60)
)
def test_what_is_not_the_picture_it_says_is_broken_and_nothing_worse(
    kind: str, content: bytes, whole: bytes, cut: int
) -> None:
    for tried in (content, whole[:cut] + content, whole[: len(whole) - cut]):
        with suppress(Broken):
            without_metadata(tried, kind)
