"""What people send beside words in Messenger and in Instagram's messages: `message.attachments[]`, and the story they answer.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages
https://developers.facebook.com/docs/instagram-platform/webhooks/examples
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind

KINDS = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "file": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
    "location": AttachmentKind.LOCATION,
    "story_mention": AttachmentKind.STORY,
}  # everything else Meta lets people share is a link: fallback, template, reel, ig_reel, ig_post, share, post
NOTHING = ("unsupported_type", "ephemeral")  # of these Meta hands out nothing
THUMBS_UP = {369239263222822, 369239343222814, 369239383222810}  # small, medium, large


def attachments(message: Mapping[str, Any]) -> Iterator[Attachment]:
    """All that came with a message, the story it answers among it; of a story only the link, for it is gone after a day."""
    found = message.get("attachments") or ()
    if not found and message.get("sticker_id"):
        yield _sticker(message["sticker_id"], "")
    for attachment in found:
        if attachment.get("type") not in NOTHING:
            yield _attachment(attachment, attachment.get("payload") or {})
    story = (message.get("reply_to") or {}).get("story")
    if story:
        yield Attachment(AttachmentKind.STORY, address(story.get("url")))


def _attachment(attachment: Mapping[str, Any], payload: Mapping[str, Any]) -> Attachment:
    url, title = (
        address(payload.get("url") or attachment.get("url")),
        words(payload.get("title") or attachment.get("title")),
    )
    # until August 2026 a sticker comes as an image too, and then twice in one message
    if "sticker_id" in payload:
        return _sticker(payload["sticker_id"], url)
    if attachment.get("type") == "like_heart":
        return Attachment(AttachmentKind.STICKER, "", "❤️")
    kind = KINDS.get(attachment.get("type", ""), AttachmentKind.LINK)
    shared = attachment.get("type") if kind is AttachmentKind.LINK else ""  # nothing else may be known of it
    return Attachment(kind, url, title or _place(payload) or _product(payload) or words(shared))


def _sticker(id: Any, url: str) -> Attachment:
    return Attachment(AttachmentKind.STICKER, url, "👍" if id in THUMBS_UP else "")


def _place(payload: Mapping[str, Any]) -> str:
    place = payload.get("coordinates")
    return f"{place['lat']}, {place['long']}" if place else ""


def _product(payload: Mapping[str, Any]) -> str:
    elements = (payload.get("product") or {}).get("elements") or ()
    return ", ".join(words(element.get("title")) for element in elements)
