"""A picture and a document for customers to attach, drawn here so that nothing has to be fetched or kept."""

from __future__ import annotations

import struct
import zlib

from flask import Blueprint, Response

CAT = """\
................
..k..........k..
..kk........kk..
..kok......kok..
..kook....kook..
..kooookkkoook..
..koooooooooook.
.kooooooooooook.
.koogkoooogkook.
.kookkoooookkok.
.kooooopooooook.
.kwoookokooookw.
..koooooooooook.
...kkooooooook..
.....kkkkkkkk...
................
"""
COLOURS = {".": "dff0ef", "k": "3b2a20", "o": "f2a65a", "g": "ffffff", "p": "e8748a", "w": "3b2a20"}
SCALE = 24  # pixels a square


def media() -> Blueprint:
    """`/media/cat.png` and `/media/order.pdf`."""
    found = Blueprint("media", __name__, url_prefix="/media")
    picture, document = png(CAT.splitlines()), pdf("Order 1234")

    @found.get("/cat.png")
    def cat() -> Response:
        return Response(picture, content_type="image/png")

    @found.get("/order.pdf")
    def order() -> Response:
        return Response(document, content_type="application/pdf")

    return found


def png(rows: list[str]) -> bytes:
    """A picture of coloured squares."""
    lines = [b"\0" + b"".join(bytes.fromhex(COLOURS[each]) * SCALE for each in row) for row in rows]
    pixels = b"".join(line * SCALE for line in lines)
    header = struct.pack(">IIBBBBB", len(rows[0]) * SCALE, len(rows) * SCALE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")
    )


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def pdf(title: str) -> bytes:
    """One page with one line."""
    text = f"BT /F1 28 Tf 72 720 Td ({title}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return f"{body}{end}startxref\n{len(body)}\n%%EOF\n".encode()
