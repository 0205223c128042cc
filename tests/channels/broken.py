"""What may come instead of a delivery: no JSON, JSON that deceives, one value gone or of another type, wild texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.model import Event, Message, Unreadable


def _with(value: bytes) -> Callable[[bytes], bytes]:
    """The delivery with one more value."""
    return lambda body: body.replace(b"{", b'{"a_new_field":' + value + b",", 1)


JSON: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "null": lambda body: b"null",
    "nothing": lambda body: b"[]",
    "string": lambda body: b'"x"',
    "number": lambda body: b"1",
    "cut": lambda body: body[:-2],
    "two": lambda body: body + body,
    "form": lambda body: b"payload=%7B%7D&x=1",
    "bom": lambda body: b"\xef\xbb\xbf" + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "no-utf-8": lambda body: body.replace(b'":', b'\xff":', 1),
    "key-twice": lambda body: _with(b"1")(_with(b"2")(body)),
    "nan": _with(b"NaN"),
    "infinite": _with(b"1e999"),
    "huge": _with(b"9" * 5000),
    "deep": _with(b"[" * 50_000 + b"]" * 50_000),
}
_ENTITY = b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
_LAUGHS = b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
XML: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "text": lambda body: b"x",
    "nothing": lambda body: b"<xml></xml>",
    "cut": lambda body: body[:-5],
    "two": lambda body: body + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "no-utf-8": lambda body: body.replace(b"</", b"\xff</", 1),
    "type": lambda body: b"<!DOCTYPE xml>" + body,
    "file": lambda body: _ENTITY + body.replace(b"<![CDATA[", b"&a;<![CDATA["),
    "laughs": lambda body: _LAUGHS + body.replace(b"<![CDATA[", b"&c;<![CDATA["),
    "deep": lambda body: b"<a>" * 50_000 + body + b"</a>" * 50_000,
    "many": lambda body: body.replace(b"</xml>", b"<a>1</a>" * 50_000 + b"</xml>"),
}
# a form is proven by its fields: what has none that can be told apart is not even proven
FORM: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "text": lambda body: b"x",
    "json": lambda body: b'{"a": [1, 2]}',
    "nobody": lambda body: body.replace(b"From=", b"Form="),
    "nameless": lambda body: body.replace(b"MessageSid=", b"Message=").replace(b"CallSid=", b"Call="),
}
# by how it is written: a good delivery becomes one that nobody may read
BODIES = {"json": JSON, "xml": XML, "form": FORM}
TEXTS = ("\ud800", "x\x00\x1b[2J\x85y", "‮txet", "a" + "\u0301" * 10_000, "\u200b" * 500, "##- x -##", "é" * 60_000)
IDS = ("x" * 3000, "a#b/../c\nd", "１２３", "а", "𝟙")
GONE = object()
ODDS: tuple[Any, ...] = (GONE, None, "", "Wörter", 7, -1, True, 1e300, [], ["x"], {}, {"id": []})


def mutations(node: Any, start: int = 0) -> Iterator[Any]:
    """The delivery again and again, each time with one value gone or replaced; what by goes round, from place to place."""
    for number, path in enumerate(paths(node), start):
        odd = ODDS[number % len(ODDS)]
        if path or odd is not GONE:
            yield replaced(node, path, odd)


def paths(node: Any) -> list[tuple[Any, ...]]:
    """To every value in it."""
    branches = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [(), *((key, *rest) for key, branch in branches for rest in paths(branch))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value there."""
    if not path:
        return value
    copy = node.copy()
    if value is GONE and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


def value_at(node: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


def saying(body: bytes, old: str, new: str) -> bytes:
    """The delivery with another text or id, wherever it stands."""
    delivery = json.loads(body)
    for path in paths(delivery):
        value = value_at(delivery, path)
        if value == old:
            delivery = replaced(delivery, path, new)
        elif isinstance(value, str) and value.startswith('{"'):  # JSON written into a text
            delivery = replaced(delivery, path, saying(value.encode(), old, new).decode())
    return json.dumps(delivery).encode()


def texts(event: Event) -> list[Any]:
    """What of an event is text, whatever the delivery was."""
    if not isinstance(event, Message):
        return [] if isinstance(event, Unreadable) else [event.id]
    found = [event.id, event.thread, event.author.id, event.author.name, event.text, event.parent, event.rating]
    return found + [part for each in event.attachments for part in (each.url, each.name)]
