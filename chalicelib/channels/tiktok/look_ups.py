"""What TikTok is asked for: the words of a comment, whether an answer is there, a picture or video of a message.

Comments are listed below the account's own videos; one elsewhere that mentions it is looked up by itself.
https://business-api.tiktok.com/portal/docs?id=1738085186033665
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from chalicelib import public_web
from chalicelib.channels import TIKTOK
from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.tiktok.calls import call
from chalicelib.channels.tiktok.events import author_of
from chalicelib.channels.token_pairs import tokens
from chalicelib.channels.told import address, words
from chalicelib.http import Http, NotSent, Response
from chalicelib.model import Attachment, AttachmentKind, Kind, Message, Reply

CLOCKS_DIFFER = timedelta(seconds=10)
SOON = timedelta(minutes=15)  # a comment may be told before it is listed
A_PAGE, MOST_PAGES = 30, 5
OF_A_MENTION = ("comment_id", "comment_text", "commenter_handle_name")

Json = Mapping[str, Any]


def complete(connection: Connection, http: Http, message: Message, now: datetime) -> Message | None:
    """None when it is gone, or the business's own. Raises PostFailed."""
    look = _mentioning if message.kind is Kind.MENTION else _listed
    try:
        return look(connection, http, message, now)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.PASSING, "unclear") from None


def find(connection: Connection, http: Http, reply: Reply) -> str | None:
    """The id of the posted answer, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    try:
        look = _message_sent if reply.kind is Kind.DIRECT else _comment_posted
        return look(connection, http, reply)
    except PostFailed as failed:
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def download(
    connection: Connection,
    http: Http,
    get: Callable[..., Response],
    account: str,
    attachment: Attachment,
    most: int,
    seconds: float,
) -> Response:
    """From an address that is good for a day and wants our token too. Raises NotSent, Lost or TooLarge."""
    kind, conversation, message, media = attachment.ref.split(" ")
    asked = {"business_id": account, "conversation_id": conversation, "message_id": message, "media_id": media}
    body = {**asked, "media_type": kind}
    try:
        path = "business/message/media/download"
        found = call(connection, http, account, "POST", path, Outcome.PASSING, json=body)
        token = tokens(connection, account)[0]
    except PostFailed as failed:
        if failed.outcome is Outcome.REFUSED and failed.code != "token":
            return Response(404)
        raise NotSent(failed.code) from None
    url = address(found.get("download_url"))
    if not url:
        return Response(404)
    return get(url, address=_checked(connection, url), most=most, seconds=seconds, headers={"x-user": token})


def whole(message: Message, found: Json) -> Message:
    """With what TikTok lists of a comment: its words and who wrote it."""
    id = words(found.get("unique_identifier")) or message.author.id
    picture = address(found.get("image_url"))
    return replace(
        message,
        author=author_of(id, words(found.get("username")), words(found.get("display_name"))),
        text=words(found.get("text")),
        attachments=(Attachment(AttachmentKind.IMAGE, picture),) if picture else (),
        partial=False,
    )


def _listed(connection: Connection, http: Http, message: Message, now: datetime) -> Message | None:
    video = message.thread.partition(":")[0]
    query = {"business_id": message.account, "video_id": video, "comment_ids": json.dumps([message.id])}
    answer = call(connection, http, message.account, "GET", "business/comment/list", Outcome.PASSING, query=query)
    found = next((each for each in answer["comments"] if text_id(each["comment_id"]) == message.id), None)
    if found is None and now - message.sent_at < SOON:
        raise PostFailed(Outcome.PASSING, "unfinished")
    return None if found is None or found.get("owner") is True else whole(message, found)


def _mentioning(connection: Connection, http: Http, message: Message, now: datetime) -> Message:
    """Below anybody's video."""
    place = {"comment_id": message.id, "item_id": message.thread.partition(":")[0]}
    query = {"business_id": message.account, **place, "fields": json.dumps(OF_A_MENTION)}
    path = "business/mention/comment/get"
    found = call(connection, http, message.account, "GET", path, Outcome.PASSING, query=query)["comment"]
    author = author_of(message.author.id, words(found.get("commenter_handle_name")))
    return replace(message, author=author, text=words(found["comment_text"]), partial=False)


def _message_sent(connection: Connection, http: Http, reply: Reply) -> str | None:
    """Among the twenty latest."""
    query = {"business_id": reply.account, "conversation_id": reply.thread}
    path = "business/message/content/list"
    for each in call(connection, http, reply.account, "GET", path, Outcome.UNKNOWN, query=query)["messages"]:
        at = datetime.fromtimestamp(int(each["timestamp"]) / 1000, UTC)
        is_ours = each["from_user"]["role"].upper() == "BUSINESS_ACCOUNT"
        said = "" if reply.files else words((each.get("text") or {}).get("body"))
        is_it = each["message_type"] == "IMAGE" if reply.files else _plain(said) == _plain(reply.text)
        if is_ours and is_it and at >= _since(reply) and text_id(each["message_id"]) not in reply.earlier:
            return text_id(each["message_id"])
    return None


def _comment_posted(connection: Connection, http: Http, reply: Reply) -> str | None:
    """Among the replies in its thread; other people's videos are not shown to us."""
    video, _, top = reply.thread.partition(":")
    if not top:
        raise PostFailed(Outcome.UNKNOWN, "unclear")
    query: dict[str, Any] = {"business_id": reply.account, "video_id": video, "comment_id": top, "max_count": A_PAGE}
    for _ in range(MOST_PAGES):
        page = call(connection, http, reply.account, "GET", "business/comment/reply/list", Outcome.UNKNOWN, query=query)
        for each in page["comments"]:
            at = datetime.fromtimestamp(int(each["create_time"]), UTC)
            if each["owner"] and _plain(words(each["text"])) == _plain(reply.text) and at >= _since(reply):
                return text_id(each["comment_id"])
        if not page.get("has_more"):
            return None
        query = {**query, "cursor": page["cursor"]}
    raise PostFailed(Outcome.UNKNOWN, "unclear")


def _since(reply: Reply) -> datetime:
    return (reply.tried_at or reply.window_from) - CLOCKS_DIFFER


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).split())


def _checked(connection: Connection, url: str) -> str:
    """Where to connect: only a host of TikTok's own gets our token."""
    host, hosts = urlsplit(url).hostname or "", connection.options.get("media_hosts", TIKTOK.media_hosts)
    is_theirs = any(host == each or host.endswith(f".{each}") for each in hosts)
    # the local stack's platforms are on this machine, and only its settings may name it
    found = public_web.check(url, loopback="127.0.0.1" in hosts) if is_theirs else None
    if found is None:
        raise NotSent("address")
    return found
