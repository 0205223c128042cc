"""HTML to lines: what a reader sees, with the quotes that mail programs mark by structure.

`selectolax` parses as browsers do; it is imported when the first HTML mail arrives. Its time grows with the square of the
nesting, so what is nested deeper than any mail program nests is not parsed at all.
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib.mailroom.elements import BLOCKS, QUOTE_STARTS, SKIPPED, UNCLOSED, Element, element_of
from chalicelib.mailroom.html_style import hidden_classes, is_hidden, starts_outlook_quote
from chalicelib.mailroom.lines import Line
from chalicelib.mailroom.page import Page

DEEPEST = 400
MOST_TAGS = 16_000  # that are parsed; a long thread has some thousand
MOST_NODES = 10_000  # that are read, each element when it begins and when it ends
_TAGS = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")


def lines_of_html(html: str) -> tuple[list[Line], bool]:
    """The visible lines and whether they are all; none when the HTML is nested too deep to be a mail."""
    read = _first_tags(html)
    if _is_too_deep(read):
        return [], False
    from selectolax.lexbor import LexborHTMLParser  # 25 ms, and not every mail has HTML

    page, count = Page(), 0
    tree = LexborHTMLParser(read)
    hidden = hidden_classes("".join(sheet.text() for sheet in tree.css("style")))
    for count, (found, leaving) in enumerate(_walk(tree.body, hidden) if tree.body is not None else ()):
        if count > MOST_NODES:
            break
        if isinstance(found, str):
            page.write(found)
        else:
            _leave(page, found) if leaving else _enter(page, found)
    page.end_line()
    return page.lines, count <= MOST_NODES and len(read) == len(html)


def _first_tags(html: str) -> str:
    at = 0
    for _ in range(MOST_TAGS):
        at = html.find("<", at) + 1
        if not at:
            return html
    return html[: at - 1]


def _is_too_deep(html: str) -> bool:
    """Whether too many elements are open at once; elements that close themselves do not count."""
    depth = 0
    for tag in _TAGS.finditer(html):
        close, name = tag.groups()
        if name.lower() not in UNCLOSED:
            depth = max(depth - 1, 0) if close else depth + 1
            if depth > DEEPEST:
                return True
    return False


def _walk(body: Any, hidden: frozenset[str]) -> Iterator[tuple[Element | str, bool]]:
    """Text and elements in document order, elements twice: entering and leaving. No recursion: mails nest deep."""
    stack: list[Any] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Element):
            yield node, True
        elif node.is_text_node:
            yield node.text_content or "", False
        elif node.tag not in SKIPPED and not node.tag.startswith(("-", "_", "!")):
            element = element_of(node)
            if not (element.names & hidden or is_hidden(element.attributes, element.style, node)):
                yield element, False
                stack.append(element)
                stack.extend(reversed(list(node.iter(include_text=True))))


def _enter(page: Page, element: Element) -> None:
    if element.tag in BLOCKS:
        page.end_paragraph() if element.paragraph else page.end_line()
    _enter_quote(page, element)
    page.spaces += element.spaces
    page.items += [0] if element.tag in ("ol", "ul") else []
    write = _WRITERS.get(element.tag)
    if write:
        write(page, element)


def _enter_quote(page: Page, element: Element) -> None:
    """Some structure says that all after it is quote; a box holds an attribution and blockquotes, answers between them."""
    starts = element.names & QUOTE_STARTS or starts_outlook_quote(element.tag, element.style, element.node)
    if starts and not page.quoted:
        page.end_line()
        page.lines.append(Line("", opener="outlook-header"))
    outside = not (element.quoted or page.quoted)
    page.in_attribution = not element.quoted and (page.in_attribution or (element.box and outside))
    page.quoted += element.quoted
    page.certain += element.certain


def _leave(page: Page, element: Element) -> None:
    if element.tag == "a":
        _link(page, element)
    if element.tag in BLOCKS:
        page.end_paragraph() if element.paragraph else page.end_line()
    if element.tag in ("ol", "ul"):
        page.items.pop()
    page.spaces -= element.spaces
    page.quoted -= element.quoted
    page.certain -= element.certain
    page.in_attribution = page.in_attribution and not element.box


def _link(page: Page, element: Element) -> None:
    """`text <address>`, but only the address where the text says the same."""
    target = (element.attributes.get("href") or "").strip()
    text = "".join(page.words[-1:]).strip()
    if target.startswith(("http://", "https://")) and text and _same(target) not in _same(text):
        page.words.append(f" <{target}>")


def _same(address: str) -> str:
    return address.casefold().split("://")[-1].removeprefix("www.").rstrip("/")


def _break(page: Page, _element: Element) -> None:
    page.end_line(keep_empty=True)


def _rule(page: Page, _element: Element) -> None:
    page.words.append("________________")
    page.end_line()


def _item(page: Page, element: Element) -> None:
    ordered = element.node.parent is not None and element.node.parent.tag == "ol"
    if page.items:
        page.items[-1] += 1
    page.words.append(f"{page.items[-1]}. " if ordered and page.items else "- ")


def _cell(page: Page, _element: Element) -> None:
    if page.words:
        page.words.append(" ")


def _image(page: Page, element: Element) -> None:
    """An emoji that a program made a picture of; other pictures are attachments."""
    alt = element.attributes.get("alt") or ""
    if 0 < len(alt) <= 8 and not any(c.isascii() and c.isalnum() for c in alt):
        page.words.append(alt)


_WRITERS = {"br": _break, "hr": _rule, "li": _item, "td": _cell, "th": _cell, "img": _image}
