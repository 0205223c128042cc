"""What a post says, from its HTML: paragraphs, lines, lists, quotes, and links with their whole address.

Servers take most of what people's programs send out of it; what is left is little, and none of it is shown as HTML.
https://docs.joinmastodon.org/spec/activitypub/#sanitization
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

PARAGRAPHS = frozenset(("p", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
SILENT = frozenset(("script", "style"))
MANY_LINES = re.compile(r"\n{3,}")
SPACES = re.compile(r"[ \t]*\n[ \t]*")


def words_of(html: str) -> str:
    """The text, as its author saw it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return MANY_LINES.sub("\n\n", SPACES.sub("\n", "".join(reader.said))).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.link = ""  # where the link under way leads
        self.link_from = 0  # where its words begin
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in PARAGRAPHS:
            self.said.append("\n\n")
        elif tag == "br":
            self.said.append("\n")
        elif tag == "li":
            self.said.append("\n• ")
        elif tag == "a":
            found = dict(attrs)
            is_plain = not {"mention", "hashtag"} & set((found.get("class") or "").split())
            self.link, self.link_from = (found.get("href") or "") if is_plain else "", len(self.said)
        self.silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        if tag in PARAGRAPHS:
            self.said.append("\n\n")
        elif tag == "a" and self.link:
            self._end_link()
        self.silent -= tag in SILENT and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data.replace("\n", " "))

    def _end_link(self) -> None:
        """What is shown may be shorter than the address, or something else."""
        shown = "".join(self.said[self.link_from :]).strip()
        if shown and shown.rstrip("…/") not in self.link and self.link.startswith(("https://", "http://")):
            self.said.append(f" ({self.link})")
        elif shown != self.link and self.link.startswith(("https://", "http://")):
            self.said[self.link_from :] = [self.link]
        self.link = ""
