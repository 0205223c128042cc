"""WeCom customer service: what the list of messages says, item by item.

https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import each, text_id
from chalicelib.channels.told import words
from chalicelib.channels.wechat.messages import Content, moment
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Event,
    Message,
    Note,
    NoteKind,
    Undelivered,
    Unreadable,
    Unsend,
)

Item = Mapping[str, Any]

MOST_LINES = 50  # of a forwarded conversation
CUSTOMER, SYSTEM, AGENT = 3, 4, 5  # who an item comes from


def events_of(items: Any, account: str, now: datetime) -> Iterator[Event]:
    """Messages, withdrawals, and what the business answered in WeCom itself."""
    return each(items, partial(_event, account, now))


def _event(account: str, now: datetime, item: Item) -> Event | None:
    if item.get("open_kfid", account) != account:
        return Unreadable("unknown-account", item)
    at = moment(item.get("send_time"), now.timestamp())
    if item["msgtype"] == "event":
        return _happening(item, account, at)
    read = BY_ORIGIN.get(item["origin"])
    return read(item, account, at) if read else Unreadable("unknown-kind", item)


def _message(item: Item, account: str, at: datetime) -> Event:
    author, id = Author(text_id(item["external_userid"])), text_id(item["msgid"])
    text, attachments = _content(item)
    if not text and not attachments:
        return Note("wecom", account, id, author.id, author, NoteKind.UNSUPPORTED, at, item)
    return Message(
        channel="wecom",
        account=account,
        id=id,
        thread=author.id,
        author=author,
        text=text,
        sent_at=at,
        attachments=attachments,
        raw=item,
    )


def _echo(item: Item, account: str, at: datetime) -> Event:
    """Somebody answered in WeCom."""
    person, (text, _) = text_id(item["external_userid"]), _content(item)
    return Echo("wecom", account, text_id(item["msgid"]), text, at, person, person, raw=item)


def _happening(item: Item, account: str, at: datetime) -> Event | None:
    event = item["event"]
    name = event["event_type"]
    if name == "user_recall_msg":
        return Unsend("wecom", account, text_id(event["recall_msgid"]), at, item)
    if name == "msg_send_fail":
        reason = event.get("fail_type")
        code = UNDELIVERED.get(reason, "rejected")
        return Undelivered("wecom", account, text_id(event["fail_msgid"]), code, at, str(reason)[:20], item)
    return None if name in SILENT else Unreadable("unknown-kind", item)


def _content(item: Item) -> Content:
    kind = item["msgtype"]
    found = item.get(kind)
    return CONTENTS[kind](found) if kind in CONTENTS and found else ("", ())


def _text(text: Item) -> Content:
    return words(text.get("content")), ()


def _media(kind: AttachmentKind, name: str, media: Item) -> Content:
    return "", (Attachment(kind, name=name, ref=text_id(media["media_id"])),)


def _location(place: Item) -> Content:
    found = f"{place['latitude']}, {place['longitude']}"
    named = ", ".join(filter(None, (words(place.get("name")), words(place.get("address")))))
    return "", (Attachment(AttachmentKind.LOCATION, name=f"{named} ({found})" if named else found),)


def _link(link: Item) -> Content:
    title, url = words(link.get("title")), words(link.get("url"))
    text = "\n".join(filter(None, (title, words(link.get("desc")))))
    return text, (Attachment(AttachmentKind.LINK, url if url.startswith(("https://", "http://")) else "", title),)


def _titled(found: Item) -> Content:
    """A mini program, a video of a channel, a product: what it is called is all that can be shown."""
    told = (words(found.get(name)) for name in ("nickname", "title", "price_amount", "order_id", "product_titles"))
    return " · ".join(filter(None, told)), ()


def _forwarded(found: Item) -> Content:
    """A piece of another conversation."""
    lines = [f"{words(each.get('sender_name'))}: {_said(each)}" for each in (found.get("item") or ())[:MOST_LINES]]
    return "\n".join([words(found.get("title")), *lines]).strip(), ()


def _said(line: Item) -> str:
    """What it says is JSON inside a text; what is not words is named by its kind."""
    try:
        return str(json.loads(line["msg_content"])["text"]["content"])
    except (LookupError, TypeError, ValueError):
        return f"[{words(line.get('msgtype'))}]"


CONTENTS: Mapping[Any, Callable[[Item], Content]] = {
    "text": _text,
    "image": partial(_media, AttachmentKind.IMAGE, ""),
    "voice": partial(_media, AttachmentKind.AUDIO, "voice.amr"),
    "video": partial(_media, AttachmentKind.VIDEO, ""),
    "file": partial(_media, AttachmentKind.FILE, ""),
    "location": _location,
    "link": _link,
    "miniprogram": _titled,
    "channels": _titled,
    "channels_shop_product": _titled,
    "channels_shop_order": _titled,
    "merged_msg": _forwarded,
}
BY_ORIGIN: Mapping[Any, Callable[[Item, str, datetime], Event]] = {CUSTOMER: _message, AGENT: _echo}
SILENT = frozenset(
    [
        *("enter_session", "session_status_change", "servicer_status_change", "servicer_recall_msg"),
        "reject_customer_msg_switch_change",
    ]
)
UNDELIVERED: Mapping[Any, str] = {
    1: "restricted",  # the account was deleted
    2: "restricted",  # the application was closed
    4: "window",
    5: "permission",  # the session is closed
    6: "used-up",
    8: "restricted",  # the business is not verified
    10: "blocked",
    11: "restricted",  # nobody of the business has signed in to the app
    12: "attachment",
    13: "policy",
}
