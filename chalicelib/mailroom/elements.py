"""An HTML element as the reading of mail needs it: is it a block, a quote, kept apart by space?"""

from dataclasses import dataclass
from typing import Any

from chalicelib.mailroom.html_style import keeps_spaces, style_of


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


SKIPPED = _words(
    "button head link math meta noscript object script select style svg template textarea title",
)
PARAGRAPHS = _words(
    "blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul",
)
BLOCKS = PARAGRAPHS | _words(
    "address article body center dd div dt footer form header hr li main section tr",
)
# they end by themselves when the next one begins, or have no end
UNCLOSED = _words(
    "area base br col dd dt hr img input li link meta option p source tbody td tfoot th thead tr wbr",
)
# quotes by class or id (Outlook on the web puts "x_" in front of those it quotes)
QUOTE_BOXES = _words(
    "gmail_quote gmail_quote_container moz-forward-container protonmail_quote tutanota_quote yahoo_quoted",
    "zmail_extra zmail_extra_content",
)
QUOTE_STARTS = _words(
    "appendonsend divrplyfwdmsg isreplycontent mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message outlookmessageheader zwchr",
)
QUOTE_LINES = _words("gmail_attr moz-cite-prefix reply-intro")


@dataclass(slots=True)
class Element:
    """What is needed of an element, read once: reading attributes is what takes the time."""

    node: Any
    tag: str
    attributes: dict[str, str | None]
    style: dict[str, str]
    names: frozenset[str]
    quoted: int = 0  # 1: what is inside is a quote
    certain: int = 0  # 1: and there is no doubt about that
    spaces: int = 0  # 1: its line breaks count
    box: bool = False

    @property
    def paragraph(self) -> bool:
        """Has space around it; Word's paragraphs have none and make it with empty ones."""
        if self.tag not in PARAGRAPHS:
            return False
        return not (
            any(name.startswith("mso") for name in self.names) or self.style.get("margin") in ("0", "0px", "0cm", "0in")
        )


def element_of(node: Any) -> Element:
    attributes = node.attributes
    style = style_of(attributes.get("style")) if attributes else {}
    words = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".casefold().split() if attributes else ()
    names = frozenset(word.removeprefix("x_") for word in words)
    element = Element(node, node.tag, attributes, style, names, spaces=keeps_spaces(node.tag, style))
    if element.tag == "blockquote":
        element.quoted = 1
        element.certain = int(bool(names & QUOTE_BOXES) or attributes.get("type") == "cite" or "cite" in attributes)
    elif names & QUOTE_BOXES:
        element.box = node.css_first("blockquote") is not None
        element.quoted = element.certain = int(not element.box)
    elif names & QUOTE_LINES:
        element.quoted = element.certain = 1
    return element
