"""What a post on Bluesky means: a message of a customer's, or what the account answered itself.

A post is named by its URI, at://<who>/app.bsky.feed.post/<name>. When it was written its author's program claims; when
it was seen Bluesky tells. Where links and names stand in the text is told in bytes of UTF-8.
https://docs.bsky.app/docs/advanced-guides/posts
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.told import address, moment, words
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Kind, Message

CHANNEL = "bluesky"
SITE = "https://bsky.app"
PICTURES = "https://cdn.bsky.app/img/feed_fullsize/plain"
POST = "app.bsky.feed.post"
LINK = "app.bsky.richtext.facet#link"
KINDS = {"mention": Kind.MENTION, "reply": Kind.COMMENT, "quote": Kind.QUOTE}

Json = Mapping[str, Any]


def to_message(account: str, me: str, told: Json) -> Message | None:
    """From a notification; None for what is none of a customer's."""
    kind, record, author = KINDS.get(told["reason"]), told["record"], told["author"]
    if kind is None or author["did"] == me:
        return None
    uri, answered = text_id(told["uri"]), record.get("reply") or {}
    return Message(
        channel=CHANNEL,
        account=account,
        id=uri,
        thread=text_id(answered["root"]["uri"]) if answered else uri,
        author=_author(author),
        text=text_of(record),
        sent_at=moment(told["indexedAt"]),
        kind=kind,
        public=True,
        attachments=tuple(_attachments(record.get("embed") or {}, author["did"], uri)),
        permalink=link_to(uri),
        parent=text_id(answered["parent"]["uri"]) if answered else "",
        raw={name: value for name, value in told.items() if name not in VOLATILE},
    )


def to_echo(account: str, stored: Json) -> Echo | None:
    """From the account's own records: our answer coming back, or one given on Bluesky. What answers nobody is none."""
    record = stored["value"]
    answered = record.get("reply")
    if not answered:
        return None
    return Echo(
        channel=CHANNEL,
        account=account,
        id=text_id(stored["uri"]),
        text=text_of(record),
        at=moment(record["createdAt"]),
        parent=text_id(answered["parent"]["uri"]),
        raw=stored,
    )


def text_of(record: Json) -> str:
    """Its words, with the whole address where a link is shown shortened or under other words."""
    content = words(record["text"]).encode()
    for start, end, uri in sorted(_links(record), reverse=True):
        shown = content[start:end].decode(errors="replace")
        if 0 <= start < end <= len(content) and shown != uri:
            whole = uri if shown.rstrip(".…/") in uri else f"{shown} ({uri})"
            content = content[:start] + whole.encode() + content[end:]
    return content.decode(errors="replace")


def link_to(uri: str) -> str:
    """Where a person sees the post."""
    who, _, name = uri.removeprefix("at://").partition(f"/{POST}/")
    return f"{SITE}/profile/{who}/post/{name}" if name else ""


def _author(told: Json) -> Author:
    did = text_id(told["did"])
    return Author(did, words(told.get("displayName")), words(told.get("handle")), url=f"{SITE}/profile/{did}")


def _links(record: Json) -> Iterator[tuple[int, int, str]]:
    for facet in record.get("facets") or ():
        for feature in facet["features"]:
            uri = address(feature.get("uri"))
            if feature.get("$type") == LINK and uri:
                yield int(facet["index"]["byteStart"]), int(facet["index"]["byteEnd"]), uri


def _attachments(embed: Json, did: str, uri: str) -> Iterator[Attachment]:
    kind = words(embed.get("$type"))
    if kind == "app.bsky.embed.recordWithMedia":
        yield from _attachments(embed.get("media") or {}, did, uri)
    elif kind == "app.bsky.embed.images":
        for each in embed["images"]:
            url = f"{PICTURES}/{did}/{text_id(each['image']['ref']['$link'])}@jpeg"
            yield Attachment(AttachmentKind.IMAGE, url, words(each.get("alt")))
    elif kind == "app.bsky.embed.video":
        # it is streamed in pieces: there is no file to fetch
        yield Attachment(AttachmentKind.LINK, link_to(uri), words(embed.get("alt")) or "▶")
    elif kind == "app.bsky.embed.external":
        found = embed["external"]
        yield Attachment(AttachmentKind.LINK, address(found.get("uri")), words(found.get("title")))


VOLATILE = ("isRead", "labels")
