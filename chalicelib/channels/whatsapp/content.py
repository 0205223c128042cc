"""WhatsApp: what is in a message, whatever its type: words, and what came with them.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind

Content = tuple[str, tuple[Attachment, ...]]
MEDIA = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "document": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
}
MOST_LINES = 50  # of an order or a form
CHOSEN = ("button_reply", "list_reply")


def content(item: Mapping[str, Any]) -> Content:
    """The words and the attachments of a message; both empty when WhatsApp does not hand out what it is."""
    kind = item["type"]
    found = item.get(kind)
    if found is None:
        return "", ()
    text, attachments = CONTENTS[kind](kind, found)
    return text, (*attachments, *_advertisement(item.get("referral") or {}))


def _text(kind: str, text: Mapping[str, Any]) -> Content:
    return words(text.get("body")), ()


def _media(kind: str, media: Mapping[str, Any]) -> Content:
    # the address that newer deliveries have beside it needs our token and lives five minutes: the id always does
    ref = f"{text_id(media['id'])} {words(media.get('sha256'))}".rstrip()
    return words(media.get("caption")), (Attachment(MEDIA[kind], name=words(media.get("filename")), ref=ref),)


def _location(kind: str, place: Mapping[str, Any]) -> Content:
    found = f"{place['latitude']}, {place['longitude']}"
    named = ", ".join(filter(None, (words(place.get("name")), words(place.get("address")))))
    return "", (
        Attachment(AttachmentKind.LOCATION, address(place.get("url")), f"{named} ({found})" if named else found),
    )


def _contacts(kind: str, cards: Any) -> Content:
    return "\n".join(map(_card, cards)), ()


def _card(card: Mapping[str, Any]) -> str:
    spoken = words((card.get("name") or {}).get("formatted_name")) or _vcard_name(words(card.get("vcard")))
    told = [words(each.get(key)) for name, key in CARD for each in card.get(name) or ()]
    return "👤 " + ", ".join(filter(None, (spoken, *told)))


def _vcard_name(vcard: str) -> str:
    found = re.search(r"^FN[^:\n]*:(.*)$", vcard, re.MULTILINE)
    return found[1].strip() if found else ""


CARD = (("phones", "phone"), ("emails", "email"), ("urls", "url"))


def _interactive(kind: str, answer: Mapping[str, Any]) -> Content:
    chosen = next((answer[name] for name in CHOSEN if name in answer), None)
    if chosen is not None:
        return "\n".join(filter(None, (words(chosen.get("title")), words(chosen.get("description"))))), ()
    return "\n".join(_form(answer.get("nfm_reply") or {})), ()


def _form(reply: Mapping[str, Any]) -> Iterator[str]:
    """What somebody filled in: JSON inside a text, and not always an object."""
    given = words(reply.get("response_json"))
    try:
        filled = json.loads(given)
    except ValueError:
        filled = given
    if not isinstance(filled, dict):
        yield str(filled)
        return
    for name, value in list(filled.items())[:MOST_LINES]:
        if name != "flow_token":
            yield f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _button(kind: str, button: Mapping[str, Any]) -> Content:
    return words(button.get("text")) or words(button.get("payload")), ()


def _order(kind: str, order: Mapping[str, Any]) -> Content:
    wanted = list(order.get("product_items") or ())[:MOST_LINES]
    return "\n".join(filter(None, (words(order.get("text")), *map(_product, wanted)))), ()


def _product(item: Mapping[str, Any]) -> str:
    price = f" ({item['item_price']} {item.get('currency', '')})" if "item_price" in item else ""
    return f"{item.get('quantity', 1)} × {item['product_retailer_id']}{price}"


def _hidden(kind: str, found: Any) -> Content:
    return "", ()


def _advertisement(referral: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The advertisement somebody came from."""
    source = address(referral.get("source_url"))
    name = words(referral.get("headline")) or words(referral.get("body"))
    return (Attachment(AttachmentKind.LINK, source, name),) if source else ()


CONTENTS: Mapping[Any, Callable[[str, Any], Content]] = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "unsupported": _hidden,
    "unknown": _hidden,
}
