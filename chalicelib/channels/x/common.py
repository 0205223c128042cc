"""What X's webhook shapes have in common: people, times, links, media and direct messages.

A direct message has the old v1.1 shape (`message_create`) in both APIs.
https://docs.x.com/x-api/activity/introduction, https://docs.x.com/x-api/account-activity/introduction
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import words
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Event, Message, Trouble, TroubleKind, Unreadable

CHANNEL = "x"
Json = Mapping[str, Any]


def direct_message(item: Json, users: Any, account: str, own: Iterable[str], raw: Json) -> Event | None:
    """A message to us, or an echo of one of ours; between two accounts of the business it is nothing."""
    if item["type"] != "message_create":
        return Unreadable("unknown-kind: direct message", raw)
    created = item["message_create"]
    content = created["message_data"]
    sender, recipient = text_id(created["sender_id"]), text_id(created["target"]["recipient_id"])
    sent_at = from_milliseconds(item["created_timestamp"])
    text = old_text(words(content["text"]), content.get("entities"))
    pair = thread_of(sender, recipient)
    if sender == account:
        return Echo(CHANNEL, account, text_id(item["id"]), text, sent_at, thread=pair, author_id=recipient, raw=raw)
    if sender in own:
        return None
    return Message(
        channel=CHANNEL,
        account=account,
        id=text_id(item["id"]),
        thread=pair,
        author=author(sender, users),
        text=text,
        sent_at=sent_at,
        attachments=tuple(_direct_attachments(content.get("attachment"))),
        raw=raw,
    )


def revoked(account: str, id: str, date_time: object, raw: Json) -> Trouble:
    """The account took the app's permission away: nothing arrives for it any more."""
    return Trouble(CHANNEL, account, id, TroubleKind.REVOKED, from_iso(date_time), "revoked on X", raw)


def thread_of(one: str, other: str) -> str:
    """X's own name for a conversation of two: the smaller id first, as numbers."""
    return "-".join(sorted((one, other), key=lambda each: (len(each), each)))


def author(id: str, users: Any) -> Author:
    """What `users` tells about this id; they come as a list or by id, each flat or wrapped in `data`."""
    found = next((user for user in _people(users) if str(user.get("id_str") or user.get("id")) == id), {})
    handle = words(found.get("username") or found.get("screen_name"))
    metrics = found.get("public_metrics")
    followers = metrics.get("followers_count") if isinstance(metrics, dict) else found.get("followers_count")
    return Author(
        id=id,
        name=words(found.get("name")),
        handle=handle,
        followers=followers if isinstance(followers, int) else None,
        url=f"https://x.com/{handle}" if handle else "",
    )


def permalink(id: str) -> str:
    """Where a post can be read by anybody; X delivers no link, and this form needs no handle."""
    return f"https://x.com/i/web/status/{id}"


def from_milliseconds(value: object) -> datetime:
    """From epoch milliseconds, which X sends as strings and sometimes as numbers. Raises ValueError or OverflowError."""
    digits = text_id(value)
    if not digits.isdecimal() or len(digits) > 15:
        raise ValueError("time")
    return EPOCH + timedelta(milliseconds=int(digits))


def from_iso(value: object) -> datetime:
    """From ISO 8601, taken as UTC where it names no zone. Raises ValueError without the value, which may be anything."""
    try:
        found = datetime.fromisoformat(words(value))
    except ValueError:
        raise ValueError("time") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def old_text(text: str, *entities: Any) -> str:
    """A v1.1 text as the customer wrote it: X escapes exactly these three in it."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return expanded(plain, *entities)


def expanded(text: str, *entities: Any) -> str:
    """With X's short links replaced by what they stand for, so that an agent sees where a link leads."""
    links = dict(_links(entities))
    return SHORT_LINK.sub(lambda match: links.get(match[0], match[0]), text).strip()


def media(items: Any) -> Iterator[Attachment]:
    """From the v1.1 or v2 list of a post's media; a video's best MP4, else its preview."""
    for item in items if isinstance(items, list) else ():
        kind = MEDIA.get(item.get("type"), AttachmentKind.FILE)
        still = item.get("media_url_https") or item.get("url") or item.get("preview_image_url")
        yield Attachment(kind, _best_video(item) or words(still))


def _direct_attachments(attachment: Any) -> Iterator[Attachment]:
    if not attachment:
        return
    if attachment.get("type") == "location":
        yield Attachment(AttachmentKind.LOCATION)
    yield from media([attachment["media"]] if "media" in attachment else [])


def _people(users: Any) -> Iterator[Json]:
    listed = users.values() if isinstance(users, dict) else users if isinstance(users, list) else ()
    for user in listed:
        found = user.get("data", user) if isinstance(user, dict) else None
        if isinstance(found, dict):
            yield found


def _links(entities: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    groups = [each.get(key) for each in entities if isinstance(each, dict) for key in ("urls", "media")]
    for link in (link for group in groups if isinstance(group, list) for link in group):
        target = link.get("unwound_url") or link.get("expanded_url")
        if words(link.get("url")) and words(target):
            yield link["url"], target


def _best_video(item: Json) -> str:
    variants = item.get("variants") or (item.get("video_info") or {}).get("variants") or []
    films: list[Json] = [each for each in variants if each.get("content_type") == "video/mp4"]
    best = max(films, key=lambda each: each.get("bitrate") or each.get("bit_rate") or 0, default=None)
    return words(best.get("url")) if best else ""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORT_LINK = re.compile(r"https?://t\.co/\w+")
MEDIA = {
    "photo": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "animated_gif": AttachmentKind.VIDEO,
}
