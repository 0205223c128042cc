"""What a style attribute says about an element: that nobody sees it, that its spaces count, that a quote starts there."""

import re
from collections.abc import Mapping
from typing import Any

_NOTHING = re.compile(r"0+(\.0*)?(px|pt|em|rem|ex|%|vh|vw|cm|mm|in)?$")
_WHITES = frozenset(
    ["#fff", "#ffffff", "white", "rgb(255,255,255)", "rgba(255,255,255,1)", "transparent", "rgba(0,0,0,0)"]
)
_TOP_BORDERS = ("border-top", "border-top-style", "border-top-width", "border-top-color")
_HEADER_WORDS = 2


def is_hidden(attributes: Mapping[str, str | None], style: Mapping[str, str], node: Any) -> bool:
    """Not drawn, or drawn with nothing or in white on white."""
    if "hidden" in attributes:
        return True
    if node.tag == "font" and _invisible_ink({"color": (attributes.get("color") or "").casefold()}, node):
        return True
    return bool(style) and (_hides(style) or _invisible_ink(style, node))


def hidden_classes(css: str) -> frozenset[str]:
    """The classes a style sheet hides on every screen; what it says about some screens (`@media`) is left alone."""
    classes: set[str] = set()
    depth = 0
    for chunk in css.split("}"):
        selectors, _, rules = chunk.rpartition("{")
        if depth == 0 and chunk.count("{") == 1 and "@" not in selectors and _hides(style_of(rules)):
            classes |= {name.strip().casefold() for name in selectors.split(",")}
        depth = max(depth + chunk.count("{") - 1, 0)
    return frozenset(name.rpartition(".")[2] for name in classes if "." in name and not set(name) & set(" >:+~[#"))


def keeps_spaces(tag: str, style: Mapping[str, str]) -> int:
    """1 where line breaks of the source are line breaks for the reader, else 0."""
    return int(tag == "pre" or style.get("white-space", "").startswith(("pre", "break-spaces")))


def starts_outlook_quote(tag: str, style: Mapping[str, str], node: Any) -> bool:
    """The box with a line above it in which Outlook and Windows Mail put "From: … Sent: …"."""
    if tag != "div" or not style:
        return False
    top = any("solid" in style.get(name, "") for name in _TOP_BORDERS)
    bare = all("solid" not in style.get(name, "") for name in ("border", "border-left", "border-bottom"))
    return top and bare and _has_labels(node)


def style_of(attribute: str | None) -> dict[str, str]:
    """The style attribute as a table, without `!important`; spaces are gone from the colours."""
    pairs = (part.partition(":") for part in (attribute or "").casefold().split(";"))
    return {name.strip(): _value(value) for name, colon, value in pairs if colon}


def _value(text: str) -> str:
    text = text.replace("!important", "").strip()
    return text.replace(" ", "") if text.startswith("rgb") else text


def _hides(style: Mapping[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("mso-hide") == "all"
        or any(_NOTHING.match(style.get(name, "")) for name in ("font-size", "opacity", "max-height", "max-width"))
        or (style.get("overflow") == "hidden" and any(_NOTHING.match(style.get(n, "")) for n in ("height", "width")))
        or _far_away(style)
    )


def _far_away(style: Mapping[str, str]) -> bool:
    """Moved off the page: `position: absolute; left: -9999px`, `text-indent: -9999px`."""
    return any(style.get(name, "").startswith("-9") and len(style[name]) > 5 for name in ("left", "top", "text-indent"))


def _invisible_ink(style: Mapping[str, str], node: Any) -> bool:
    """The colour of the paper: white on nothing but white, or the same colour for both."""
    ink = style.get("color", "")
    paper = style.get("background-color") or style.get("background", "")
    if ink in ("transparent", "rgba(0,0,0,0)") or (ink and ink == paper):
        return True
    return ink in _WHITES and (not paper or paper in _WHITES) and not _on_colour(node)


def _on_colour(node: Any) -> bool:
    """White text is visible on an ancestor's colour: a button, a banner."""
    for _ in range(12):
        node = node.parent
        if node is None or not hasattr(node, "attributes"):
            return False
        style = style_of(node.attributes.get("style"))
        paper = (
            style.get("background-color")
            or style.get("background")
            or (node.attributes.get("bgcolor") or "").casefold()
        )
        if paper:
            return bool(paper not in _WHITES)
    return False


def _has_labels(node: Any) -> bool:
    """At least two "Label:" lines in bold, whatever the language; a box with a line above is no quote by itself."""
    labels = [b.text(strip=True).rstrip("\xa0 ") for b in node.css("b, strong")[:8]]
    return bool(sum(label.endswith((":", "：")) for label in labels) >= _HEADER_WORDS)
