"""LINE: what is in a message, whatever its type: words, and what came with them.

https://developers.line.biz/en/reference/messaging-api/#message-event
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind

Content = tuple[str, tuple[Attachment, ...]]
MEDIA = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "file": AttachmentKind.FILE,
}
STICKERS = "https://stickershop.line-scdn.net/stickershop/v1/sticker/{}/android/sticker.png"


def _text(message: Mapping[str, Any]) -> Content:
    return words(message["text"]), ()


def _media(message: Mapping[str, Any]) -> Content:
    kind, provider = MEDIA[message["type"]], message.get("contentProvider") or {}
    if provider.get("type") == "external":
        # sent by somebody's mini app; it never was at LINE, and may be anywhere: the agent opens it, not we
        return "", (Attachment(AttachmentKind.LINK, address(provider.get("originalContentUrl"))),)
    return "", (Attachment(kind, name=words(message.get("fileName")), ref=text_id(message["id"])),)


def _location(message: Mapping[str, Any]) -> Content:
    found = f"{message['latitude']}, {message['longitude']}"
    named = ", ".join(filter(None, (words(message.get("title")), words(message.get("address")))))
    return "", (Attachment(AttachmentKind.LOCATION, name=f"{named} ({found})" if named else found),)


def _sticker(message: Mapping[str, Any]) -> Content:
    """What it means, in LINE's words, beside the picture; some carry words of the sender's own."""
    meant = ", ".join(each for each in message.get("keywords") or () if isinstance(each, str))
    url = STICKERS.format(text_id(message["stickerId"]))
    return words(message.get("text")), (Attachment(AttachmentKind.STICKER, url, meant),)


CONTENTS: Mapping[Any, Callable[[Mapping[str, Any]], Content]] = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "sticker": _sticker,
}
