"""How Mastodon counts: every link as 23, of a name only what stands before its server.

It counts graphemes besides; counted by code points as here a text is never longer there.
https://docs.joinmastodon.org/user/posting/#text
"""

from __future__ import annotations

import re

A_LINK = 23
LINK = re.compile(r"https?://[!-~]*[0-9A-Za-z/=&#_~%+*@$-]")  # what is no ASCII may not be part of it: counted in full
NAME = re.compile(r"(?<![\w/@])(@\w+(?:[.-]+\w+)*)@[\w.-]+\w", re.ASCII)


def length(text: str) -> int:
    """In Mastodon's characters, or more."""
    return len(NAME.sub(r"\1", LINK.sub("x" * A_LINK, text)))
