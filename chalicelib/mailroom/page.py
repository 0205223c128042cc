"""Lines as they are written while HTML is read: what a browser makes of blocks, breaks and spaces."""

import re
from dataclasses import dataclass, field

from chalicelib.mailroom.lines import Line, clean

_SPACES = re.compile(r"[ \t\n\r\f]+")


@dataclass
class Page:
    """The lines so far and the one being written."""

    lines: list[Line] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    quoted: int = 0  # how many quotes we are in
    certain: int = 0  # how many of them are certain
    spaces: int = 0  # in how many elements that keep spaces
    in_attribution: bool = False  # in a quote's box, before the quote itself
    items: list[int] = field(default_factory=list)  # of each list that is open, how many were written

    def write(self, text: str) -> None:
        if self.spaces:
            *whole, text = text.replace("\r\n", "\n").split("\n")
            for line in whole:
                self.words.append(line)
                self.end_line(keep_empty=True)
            self.words.append(text)
        else:
            self.words.append(_SPACES.sub(" ", text))

    def end_line(self, keep_empty: bool = False) -> None:
        """An empty line counts where a break or a hard space makes it: Word's empty paragraphs."""
        written = "".join(self.words)
        self.words = []
        if written or keep_empty:
            text = clean(written) if self.spaces else clean(written).strip(" ")
            if text or keep_empty or "\xa0" in written:
                self.lines.append(self._line(text))

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines and not self.lines[-1].blank:
            self.lines.append(self._line(""))

    def _line(self, text: str) -> Line:
        marked = text.lstrip().startswith(">")
        boxed = self.quoted > 0 or self.in_attribution
        bare = text.lstrip("> ") if marked else text
        certain = self.certain > 0 or self.in_attribution
        indented = self.quoted > 0 and not certain
        return Line(
            bare, quoted=boxed or marked, indented=indented, certain=certain, raw=("> " if boxed else "") + text
        )
