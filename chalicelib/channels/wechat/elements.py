"""WeChat: a delivery's body as fields. XML is read with all that makes XML dangerous switched off.

No document type, no entities, no attributes: WeChat sends none of them, and each is a way to make a small body large or
to have a file of ours read. Test accounts may be set to JSON, which has the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.channels.base import Malformed, read_json

MOST_ELEMENTS, DEEPEST = 500, 8  # a report of many articles has a hundred, four deep

Fields = dict[str, Any]  # texts; a dict where there are more elements inside, a list where a name comes more than once


def read_fields(body: bytes) -> Fields:
    """The fields of a delivery. Raises Malformed."""
    found = read_json(body) if body.lstrip()[:1] == b"{" else _of_xml(body)
    if not isinstance(found, dict) or not found:
        raise Malformed("no fields")
    return found


def _of_xml(body: bytes) -> Any:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    try:
        body.decode("utf-8")
        # whatever encoding the document declares, it is read as what it was just proven to be
        parser = DefusedXMLParser(target=_Reader(), forbid_dtd=True, encoding="utf-8")
        parser.feed(body)
        return parser.close()
    except (UnicodeDecodeError, DefusedXmlException, ParseError) as error:
        raise Malformed(f"xml: {type(error).__name__}") from None


@dataclass
class _Reader:
    """Makes fields while the document is parsed, and stops at the first thing too many: no tree of it is ever held."""

    open: list[tuple[str, Fields, list[str]]] = field(default_factory=list)  # name, elements inside, text
    elements: int = 0
    whole: Any = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        if attributes or self.elements > MOST_ELEMENTS or len(self.open) == DEEPEST:
            raise Malformed("xml: attributes" if attributes else "xml: elements")
        self.open.append((name, {}, []))

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1][2].append(text)

    def end(self, name: str) -> None:
        _, inside, texts = self.open.pop()
        self.whole = inside or "".join(texts)
        if self.open:
            self._keep(name, self.open[-1][1], self.whole)

    def close(self) -> Any:
        return self.whole

    def _keep(self, name: str, into: Fields, value: Any) -> None:
        if name in into and len(self.open) == 1:
            raise Malformed("xml: duplicate")  # of two senders in one delivery none is believed
        known = into.get(name)
        into[name] = value if name not in into else [*(known if isinstance(known, list) else [known]), value]
