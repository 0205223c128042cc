"""WeChat: what a delivery says. One is one message, or one event of those that ask for no answer.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import words
from chalicelib.channels.wechat.elements import Fields
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Event,
    Message,
    Note,
    NoteKind,
    Trouble,
    TroubleKind,
    Unreadable,
)

NOT_SHOWN = "【收到不支持的消息类型，暂无法显示】"  # in place of a sticker and others: not the customer's words
EARLIEST, MILLISECONDS_FROM = 10**9, 10**11  # a time before 2001 is none; as seconds the other is the year 5138

Content = tuple[str, tuple[Attachment, ...]]


def event_of(fields: Fields, accounts: Collection[str], received_at: float) -> Event | None:
    """What it is; None when it is of no interest. Raises what `base.each` takes for unreadable."""
    account = text_id(fields["ToUserName"])
    if account not in accounts:
        return Unreadable("unknown-account", fields)
    at = moment(fields.get("CreateTime"), received_at)
    if fields["MsgType"] == "event":
        return _happening(fields, account, at)
    author = Author(text_id(fields["FromUserName"]))
    text, attachments = CONTENTS.get(fields["MsgType"], _hidden)(fields)
    id = text_id(fields["MsgId"])
    if not text and not attachments:
        return Note("wechat", account, id, author.id, author, NoteKind.UNSUPPORTED, at, fields)
    return Message(
        channel="wechat",
        account=account,
        id=id,
        thread=author.id,
        author=author,
        text=text,
        sent_at=at,
        attachments=attachments,
        raw=fields,
    )


def moment(told: Any, received_at: float) -> datetime:
    """Seconds, as documented; milliseconds from some servers in between; else when it came."""
    seconds = int(told) if str(told).isdecimal() and len(str(told)) < 15 else 0
    seconds = seconds // 1000 if seconds >= MILLISECONDS_FROM else seconds
    return datetime.fromtimestamp(seconds if seconds >= EARLIEST else received_at, UTC)


def _happening(fields: Fields, account: str, at: datetime) -> Event | None:
    name = text_id(fields["Event"]).lower()
    id = f"{fields['FromUserName']}:{fields['CreateTime']}:{name}"
    if name in ABOUT_THE_ACCOUNT:
        return Trouble("wechat", account, id, TroubleKind.POLICY, at, name, fields)
    if name == "unsubscribe":
        author = Author(text_id(fields["FromUserName"]))
        return Note("wechat", account, id, author.id, author, NoteKind.LEFT, at, fields)
    return None if name in SILENT or name.startswith(SILENT_BEGINNINGS) else Unreadable("unknown-kind", fields)


def _text(fields: Fields) -> Content:
    said = words(fields.get("Content"))
    return "" if said == NOT_SHOWN else said, ()


def _image(fields: Fields) -> Content:
    return "", (Attachment(AttachmentKind.IMAGE, ref=text_id(fields["MediaId"])),)


def _voice(fields: Fields) -> Content:
    # what was recognised comes with old accounts only; a name, because AMR is a format that few programs guess
    name = f"voice.{words(fields.get('Format')) or 'amr'}".lower()
    heard = Attachment(AttachmentKind.AUDIO, name=name, ref=text_id(fields["MediaId"]))
    return words(fields.get("Recognition")), (heard,)


def _video(fields: Fields) -> Content:
    return "", (Attachment(AttachmentKind.VIDEO, ref=text_id(fields["MediaId"])),)


def _location(fields: Fields) -> Content:
    found, label = f"{fields['Location_X']}, {fields['Location_Y']}", words(fields.get("Label"))
    return "", (Attachment(AttachmentKind.LOCATION, name=f"{label} ({found})" if label else found),)


def _link(fields: Fields) -> Content:
    title, url = words(fields.get("Title")), words(fields.get("Url"))
    text = "\n".join(filter(None, (title, words(fields.get("Description")))))
    return text, (Attachment(AttachmentKind.LINK, url if url.startswith(("https://", "http://")) else "", title),)


def _hidden(fields: Fields) -> Content:
    return "", ()


CONTENTS: Mapping[Any, Callable[[Fields], Content]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}
ABOUT_THE_ACCOUNT = frozenset({"annual_renew", "verify_expired", "qualification_verify_fail"})
SILENT = frozenset(
    [
        *("subscribe", "scan", "location", "click", "view", "view_miniprogram", "location_select"),
        *(
            "templatesendjobfinish",
            "masssendjobfinish",
            "publishjobfinish",
            "wificonnected",
            "qualification_verify_success",
        ),
    ]
)
SILENT_BEGINNINGS = (
    *("scancode_", "pic_", "kf_", "subscribe_msg_", "naming_verify_"),
    *("user_", "card_", "giftcard_", "poi_", "shakearound", "wxa_", "weapp_"),  # cards, shops, beacons, mini programs
)
