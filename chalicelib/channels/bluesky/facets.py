"""Links and names in an answer: Bluesky shows them as such only where we say so, by bytes of UTF-8.

https://docs.bsky.app/docs/advanced-guides/post-richtext
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MOST_NAMES = 5  # that are looked up for one answer
LINK = re.compile(rb"https?://[!-~]*[0-9A-Za-z/=&#_~%+*@$-]")
NAME = re.compile(rb"(?<![\w@/.])@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})")


def facets(text: str, did_of: Callable[[str], str]) -> list[Mapping[str, Any]]:
    """In the order of the text; a name that `did_of` knows nobody by stays plain."""
    return sorted([*_links(text.encode()), *_names(text.encode(), did_of)], key=lambda each: each["index"]["byteStart"])


def _links(content: bytes) -> Iterator[Mapping[str, Any]]:
    for found in LINK.finditer(content):
        yield _facet(found, {"$type": "app.bsky.richtext.facet#link", "uri": found[0].decode()})


def _names(content: bytes, did_of: Callable[[str], str]) -> Iterator[Mapping[str, Any]]:
    for found in list(NAME.finditer(content))[:MOST_NAMES]:
        did = did_of(found[1].decode())
        if did:
            yield _facet(found, {"$type": "app.bsky.richtext.facet#mention", "did": did})


def _facet(found: re.Match[bytes], feature: Mapping[str, str]) -> Mapping[str, Any]:
    return {"index": {"byteStart": found.start(), "byteEnd": found.end()}, "features": [feature]}
