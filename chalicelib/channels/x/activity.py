"""X Activity API (XAA) and filtered-stream webhooks: X's v2 payloads as our events. Pure.

https://docs.x.com/x-api/activity/introduction, https://docs.x.com/x-api/webhooks/stream/introduction
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from chalicelib.channels.base import each, text_id
from chalicelib.channels.told import words
from chalicelib.channels.x.common import (
    CHANNEL,
    Json,
    author,
    direct_message,
    expanded,
    from_iso,
    from_milliseconds,
    media,
    permalink,
    revoked,
    thread_of,
)
from chalicelib.model import (
    Attachment,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Trouble,
    Unreadable,
    Unsend,
)

# what needs nobody: `chat.sent` is the only sign of an answer to an encrypted message, so it is not among them
PASSED_OVER = (
    "post.repost.",
    "like.",
    "follow.",
    "mute.",
    "block.",
    "profile.update.",
    "spaces.",
    "broadcast.",
    "news.",
    "dm.read",
    "dm.indicate_typing",
)


class Activity(NamedTuple):
    """One event with what its delivery says around it."""

    kind: str
    account: str
    own: tuple[str, ...]
    payload: Json
    includes: Json
    at: datetime  # when it reached us; X tells no time for some events
    raw: Json


def activity_events(delivery: Json, own: tuple[str, ...], at: datetime) -> Iterator[Event]:
    """From `{"data": {"event_type", "filter", "payload", ...}}`."""
    yield from each(list(_single(delivery)), partial(_activity_event, own=own, at=at))


def stream_events(delivery: Json, own: tuple[str, ...], at: datetime) -> Iterator[Event]:
    """From a filtered stream: a post that matched the business's own rule, whether or not it names the business."""
    yield from each([delivery], partial(_stream_event, own=own, at=at))


def _single(delivery: Json) -> Iterator[Json]:
    # one direct message each, in the shape X would have sent it alone: so each can be replayed by itself
    data = delivery["data"]
    payload = data.get("payload")
    items = payload.get("direct_message_events") if isinstance(payload, dict) else None
    if not isinstance(items, list):
        yield delivery
        return
    for item in items:
        yield {**delivery, "data": {**data, "payload": {**payload, "direct_message_events": [item]}}}


def _activity_event(delivery: Json, own: tuple[str, ...], at: datetime) -> Event | None:
    data = delivery["data"]
    kind = data["event_type"]
    if kind.startswith(PASSED_OVER):
        return None
    read = READERS.get(kind)
    if read is None:
        return Unreadable("unknown-kind", delivery)
    payload, includes = data["payload"], data.get("includes") or {}
    account = text_id((data.get("filter") or {}).get("user_id") or payload["user_id"])
    if account not in own:
        return Unreadable("unknown-account", delivery)
    return read(Activity(kind, account, own, payload, includes, at, delivery))


def _stream_event(delivery: Json, own: tuple[str, ...], at: datetime) -> Event | None:
    post = delivery["data"]
    account = _addressed(post, own)
    if not account:
        return Unreadable("unknown-account", delivery)
    kind = Kind.POST
    if account == post.get("in_reply_to_user_id"):
        kind = Kind.COMMENT
    elif account in _mentioned(post):
        kind = Kind.MENTION
    return _post(Activity("stream", account, own, post, delivery.get("includes") or {}, at, delivery), kind)


def _post(activity: Activity, kind: Kind) -> Event | None:
    post, account = activity.payload, activity.account
    versions = post.get("edit_history_tweet_ids") or [post["id"]]
    id, sender = text_id(versions[0]), text_id(post["author_id"])
    if "retweeted" in _references(post):
        return None
    if sender in activity.own:
        return _own_post(activity, id) if sender == account else None
    text, sent_at = _text(post), from_iso(post["created_at"])
    if len(versions) > 1:
        return Edit(CHANNEL, account, id, text, sent_at, activity.raw)
    return Message(
        channel=CHANNEL,
        account=account,
        id=id,
        thread=text_id(post.get("conversation_id") or id),
        author=author(sender, activity.includes.get("users")),
        text=text,
        sent_at=sent_at,
        kind=kind,
        public=True,
        attachments=tuple(_attachments(post, activity.includes)),
        permalink=permalink(id),
        parent=_answered(post) or _references(post).get("quoted", ""),
        raw=activity.raw,
    )


def _own_post(activity: Activity, id: str) -> Echo | None:
    post, account = activity.payload, activity.account
    if not _answered(post):
        return None
    # what continues one of our own posts answers the same customer, whom only the parent can tell
    answered = words(post.get("in_reply_to_user_id"))
    customer = answered if answered != account else ""
    return Echo(
        channel=CHANNEL,
        account=account,
        id=id,
        text=_text(post),
        at=from_iso(post["created_at"]),
        thread=words(post.get("conversation_id")) if customer else "",
        author_id=customer,
        parent=_answered(post),
        raw=activity.raw,
    )


def _deleted(activity: Activity) -> Unsend:
    return Unsend(CHANNEL, activity.account, text_id(activity.payload["id"]), activity.at, activity.raw)


def _direct(activity: Activity) -> Event | None:
    payload = activity.payload
    item = payload["direct_message_events"][0]
    return direct_message(item, payload.get("users"), activity.account, activity.own, activity.raw)


def _encrypted(activity: Activity) -> Event | None:
    # XChat is end-to-end encrypted: who and when can be told, what cannot
    payload, account = activity.payload, activity.account
    sender, at = text_id(payload["sender_id"]), from_milliseconds(payload["created_at_msec"])
    id, thread = text_id(payload["id"]), _chat_thread(text_id(payload["conversation_id"]))
    if sender == account:
        return _own_chat(activity, id, thread, at)
    if sender in activity.own:
        return None
    return Note(CHANNEL, account, id, thread, author(sender, None), NoteKind.ENCRYPTED, at, activity.raw)


def _own_chat(activity: Activity, id: str, thread: str, at: datetime) -> Echo | None:
    # that we answered is all there is to know; in a group not even whom
    account = activity.account
    other = next((each for each in thread.split("-") if each not in (account, thread)), "")
    return Echo(CHANNEL, account, id, "", at, thread=thread, author_id=other, raw=activity.raw) if other else None


def _revoked(activity: Activity) -> Trouble:
    id = text_id(activity.raw["data"]["event_uuid"])
    return revoked(text_id(activity.payload["user_id"]), id, activity.payload["date_time"], activity.raw)


def _addressed(post: Json, own: tuple[str, ...]) -> str:
    # a rule may match anything; without a name in it, only a connection's only account can be meant
    named = [words(post.get("in_reply_to_user_id")), *_mentioned(post), words(post.get("author_id"))]
    return next((each for each in named if each in own), own[0] if len(own) == 1 else "")


def _mentioned(post: Json) -> list[str]:
    return [words(each.get("id")) for each in (post.get("entities") or {}).get("mentions") or ()]


def _references(post: Json) -> dict[str, str]:
    return {each["type"]: text_id(each["id"]) for each in post.get("referenced_tweets") or ()}


def _answered(post: Json) -> str:
    return words(post.get("in_reply_to_tweet_id")) or _references(post).get("replied_to", "")


def _text(post: Json) -> str:
    # posts over 280 characters come whole only in `note_tweet`
    whole = post.get("note_tweet") or {}
    return expanded(words(whole.get("text")) or post["text"], post.get("entities"), whole.get("entities"))


def _attachments(post: Json, includes: Json) -> Iterator[Attachment]:
    keys = (post.get("attachments") or {}).get("media_keys") or ()
    items: list[Any] = [item.get("data", item) for item in includes.get("media") or ()]
    yield from media([item for item in items if item.get("media_key") in keys])


def _chat_thread(conversation: str) -> str:
    # `a:b` of a chat becomes `a-b` of a direct message, so that both stay one conversation; a group's id stays itself
    one, colon, other = conversation.partition(":")
    return thread_of(one, other) if colon else conversation


READERS: dict[str, Callable[[Activity], Event | None]] = {
    "post.mention.create": partial(_post, kind=Kind.MENTION),
    "post.reply.create": partial(_post, kind=Kind.COMMENT),
    "post.quote.create": partial(_post, kind=Kind.QUOTE),
    "post.create": partial(_post, kind=Kind.POST),
    "post.delete": _deleted,
    "dm.received": _direct,
    "dm.sent": _direct,
    "chat.received": _encrypted,
    "chat.sent": _encrypted,
    "oauth.revoke": _revoked,
}
