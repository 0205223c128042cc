"""Bytes of a mail into words that are safe to keep: character sets, transfer encodings, header words, file names.

Only character sets on the list are decoded by name; utf-7, rot13 and their like turn harmless text into something
else and are read as broken UTF-8. Nothing here raises on bad input: what cannot be decoded becomes U+FFFD.
Labels follow the WHATWG Encoding Standard where mail programs mean more than they say (gb2312 is gb18030).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from itertools import groupby
from urllib.parse import unquote_to_bytes

LONGEST_VALUE = 8192  # characters of one header value that are decoded
LONGEST_NAME = 120  # characters of a file name

JIS = "iso2022_jp_2"
LABELS: Mapping[str, str] = {  # Python's codec: what mails call it, without case and punctuation
    "utf-8": "utf8",
    "cp1252": "iso88591 latin1 windows1252 cp1252",
    "cp1254": "iso88599 latin5 windows1254 cp1254",
    "cp874": "tis620 iso885911 windows874 cp874",
    "gb18030": "gb18030 gbk xgbk gb2312 gb231280 euccn cp936 windows936",
    "big5hkscs": "big5 big5hkscs xxbig5 cp950",
    "cp932": "shiftjis sjis xsjis mskanji windows31j cp932",
    JIS: "iso2022jp iso2022jpms csiso2022jp",
    "euc_jp": "eucjp xeucjp",
    "cp949": "euckr ksc56011987 ksc56011989 ksc5601 cp949 uhc windows949",
    "iso2022_kr": "iso2022kr",
    "koi8-r": "koi8r",
    "koi8-u": "koi8u",
    "iso8859-6": "iso88596 iso88596i iso88596e",
    "iso8859-8": "iso88598 iso88598i iso88598e",
    **{f"iso8859-{n}": f"iso8859{n}" for n in (2, 3, 4, 5, 7, 10, 13, 14, 15, 16)},
    **{f"cp125{n}": f"windows125{n} cp125{n}" for n in (0, 1, 3, 5, 6, 7, 8)},
}
CODECS = {label: codec for codec, labels in LABELS.items() for label in labels.split()}

NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
NOT_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")  # overrides and isolates: they make text show as something else
NOT_IN_A_NAME = re.compile(r'[<>:"|?*\\/]')

WORD = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\n]*\?="
ENCODED_WORDS = re.compile(rf"{WORD}(?:[ \t]*{WORD})*+")
ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?\n]*)\?=")
PARAMETER = re.compile(r';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*+"?|[^;]*)')
CONTINUED = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?")


def text(data: bytes, charset: str) -> str:
    """Body text in its character set: line ends become \\n, controls go, what does not fit becomes U+FFFD."""
    lines = decoded(data, charset).replace("\r\n", "\n").replace("\r", "\n")
    return NOT_TEXT.sub("", lines)


def decoded(data: bytes, charset: str) -> str:
    codec = CODECS.get(re.sub(r"[^a-z0-9]", "", charset[:60].lower()), "utf-8")
    if codec == JIS:
        return from_jis(data)
    return data.decode(codec, "replace")


def from_jis(data: bytes) -> str:
    """ISO-2022-JP as Japanese mail programs write it, with ① and ㈱, which only the larger set has in that place."""
    try:
        return data.decode(JIS)
    except UnicodeDecodeError:
        return data.replace(b"\x1b$B", b"\x1b$(Q").decode("iso2022_jp_2004", "replace")


def line(value: str) -> str:
    """A header value for people: encoded words (RFC 2047) decoded, then one line without controls and bidi overrides."""
    return clean_line(words(value))


def words(value: str) -> str:
    """Encoded words decoded and nothing cleaned: line breaks may come out of them."""
    return ENCODED_WORDS.sub(lambda run: joined_words(run.group()), value[:LONGEST_VALUE])


def clean_line(value: str) -> str:
    return " ".join(BIDI.sub("", NOT_A_LINE.sub(" ", value)).split())


def joined_words(run: str) -> str:
    """Neighbouring words of one character set are decoded as one: some mailers cut inside a character."""
    pieces = [(charset, word_bytes(encoding, body)) for charset, encoding, body in ENCODED_WORD.findall(run)]
    same = groupby(pieces, key=lambda piece: piece[0].lower())
    return "".join(decoded(b"".join(body for _, body in group), charset) for charset, group in same)


def word_bytes(encoding: str, body: str) -> bytes:
    octets = body.encode("utf-8", "replace")
    return unbase64(octets) if encoding in "bB" else binascii.a2b_qp(octets, header=True)


def transferred(data: bytes, encoding: str) -> bytes:
    """The bytes behind a Content-Transfer-Encoding; an unknown one leaves them as they are."""
    if encoding == "base64":
        return unbase64(data)
    return binascii.a2b_qp(data) if encoding == "quoted-printable" else data


def unbase64(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:  # cut off or wrongly padded: as far as it goes
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        whole = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def parameters(value: str) -> dict[str, str]:
    """The parameters of Content-Type or Content-Disposition by lower-case name, RFC 2231 sections put together."""
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, given in PARAMETER.findall(value[:LONGEST_VALUE]):
        if section := CONTINUED.fullmatch(name.lower()):
            base, number, starred = section.groups()
            extended = number is None or starred is not None
            sections.setdefault(base, []).append((int(number or 0), extended, unquoted(given)))
        else:
            plain.setdefault(name.lower(), unquoted(given))
    return plain | {base: put_together(pieces) for base, pieces in sections.items()}


def unquoted(given: str) -> str:
    if given.startswith('"'):
        return re.sub(r"\\(.)", r"\1", given[1:].removesuffix('"'))
    return given.strip()


def put_together(pieces: list[tuple[int, bool, str]]) -> str:
    charset, octets = "utf-8", b""
    for position, (_, extended, piece) in enumerate(sorted(pieces)):
        if extended and position == 0 and piece.count("'") >= 2:
            charset, _, piece = piece.split("'", 2)
        octets += unquote_to_bytes(piece) if extended else piece.encode("utf-8", "replace")
    return decoded(octets, charset)


def file_name(value: str) -> str:
    """A name to show, never a path: no folders, controls, bidi tricks or reserved characters; the ending is kept."""
    last = re.split(r"[/\\]", line(value))[-1]
    name = NOT_IN_A_NAME.sub("_", last).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not dot or len(ending) > 10:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def unflowed(flowed: str, delete_space: bool) -> str:
    """Paragraphs of format=flowed (RFC 3676) on one line each; `delete_space` is its DelSp=yes."""
    paragraphs: list[tuple[int, list[str]]] = []
    goes_on = False
    for raw_line in flowed.split("\n"):
        depth = len(raw_line) - len(raw_line.lstrip(">"))
        rest = raw_line[depth:].removeprefix(" ")
        soft = rest.endswith(" ") and rest != "-- "
        if not goes_on or paragraphs[-1][0] != depth or rest == "-- ":
            paragraphs.append((depth, []))
        paragraphs[-1][1].append(rest[:-1] if soft and delete_space else rest)
        goes_on = soft
    return "\n".join(">" * depth + " " * (depth > 0) + "".join(rest) for depth, rest in paragraphs)
