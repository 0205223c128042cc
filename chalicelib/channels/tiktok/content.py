"""TikTok: what is in a message, whatever its type: words, and what came with them.

https://business-api.tiktok.com/portal/docs?id=1832190670631937
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind

Content = tuple[str, tuple[Attachment, ...]]
FILES = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO}
LINKS = {
    "share_post": (AttachmentKind.LINK, "embed_url"),
    "sticker": (AttachmentKind.STICKER, "url"),
    "emoji": (AttachmentKind.STICKER, "url"),
}


def content_of(content: Mapping[str, Any], conversation: str, message: str) -> Content:
    """Nothing for a type that is not handed out."""
    kind = content["type"]
    inside = content.get(kind) or {}
    if kind == "text":
        return words(inside["body"]), ()
    if kind in FILES and inside.get("media_id"):
        ref = f"{kind.upper()} {conversation} {message} {text_id(inside['media_id'])}"
        return "", (Attachment(FILES[kind], ref=ref),)
    if kind == "template":
        return "\n".join(words(each.get("title")) for each in inside["elements"]), ()
    found, place = LINKS.get(kind, (AttachmentKind.LINK, ""))
    url = address(inside.get(place))
    return "", (Attachment(found, url),) if url else ()
