"""Account Activity API (AAA) and control events: X's payloads in the old v1.1 shape as our events. Pure.

https://docs.x.com/x-api/account-activity/introduction
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from chalicelib.channels.base import each, text_id
from chalicelib.channels.told import words
from chalicelib.channels.x.common import (
    CHANNEL,
    Json,
    author,
    direct_message,
    from_milliseconds,
    media,
    old_text,
    permalink,
    revoked,
)
from chalicelib.model import Echo, Event, Kind, Message, Unreadable, Unsend

PASSED_OVER = {
    "favorite_events",
    "follow_events",
    "block_events",
    "mute_events",
    "direct_message_indicate_typing_events",
    "direct_message_mark_read_events",
}


def account_events(delivery: Json, own: tuple[str, ...], at: datetime) -> Iterator[Event]:
    """From `{"for_user_id", "<kind>_events": [...], "users"?}`; one POST may hold several kinds and several of each."""
    yield from each(list(_single(delivery)), partial(_event, own=own))


def control_events(delivery: Json, own: tuple[str, ...], at: datetime) -> Iterator[Event]:
    """A withdrawn permission, or the end of a replay the owner asked for."""
    yield from each([delivery], partial(_control_event, own=own))


def _single(delivery: Json) -> Iterator[Json]:
    # one event each, in the shape X would have sent it alone: so each can be replayed by itself
    around = {key: value for key, value in delivery.items() if not key.endswith("_events")}
    for key, items in delivery.items():
        if key.endswith("_events") and key not in PASSED_OVER:
            for item in items if isinstance(items, list) else [items]:
                yield {**around, key: [item]}


def _event(delivery: Json, own: tuple[str, ...]) -> Event | None:
    kind = next(key for key in delivery if key.endswith("_events"))
    read, named = READERS.get(kind, (None, None))
    if read is None or named is None:
        return Unreadable("unknown-kind", delivery)
    item = delivery[kind][0]
    told = [text_id(delivery["for_user_id"])] if "for_user_id" in delivery else named(item)
    account = next((each for each in told if each in own), "")
    return read(item, account, own, delivery) if account else Unreadable("unknown-account", delivery)


def _control_event(delivery: Json, own: tuple[str, ...]) -> Event | None:
    if "replay_job_status" in delivery:
        done = delivery["replay_job_status"]["job_state"] == "Complete"
        return None if done else Unreadable("replay-incomplete", delivery)
    withdrawn = delivery["user_event"]["revoke"]
    account, date_time = text_id(withdrawn["source"]["user_id"]), words(withdrawn["date_time"])
    if account not in own:
        return Unreadable("unknown-account", delivery)
    return revoked(account, f"revoke {account} {date_time}", date_time, delivery)


def _tweet(tweet: Json, account: str, own: tuple[str, ...], raw: Json) -> Event | None:
    sender = text_id(tweet["user"]["id_str"])
    if "retweeted_status" in tweet:
        return None
    if sender in own:
        return _own_tweet(tweet, account, raw) if sender == account else None
    id, parent = text_id(tweet["id_str"]), words(tweet.get("in_reply_to_status_id_str"))
    full = _full(tweet)
    return Message(
        channel=CHANNEL,
        account=account,
        id=id,
        # no conversation id here: an answer stands where its parent stands, anything else begins a thread
        thread="" if parent else id,
        author=author(sender, [tweet["user"]]),
        text=_text(tweet),
        sent_at=_sent_at(tweet),
        kind=_kind(tweet, account),
        public=True,
        attachments=tuple(media((full.get("extended_entities") or full.get("entities") or {}).get("media"))),
        permalink=permalink(id),
        parent=parent or words(tweet.get("quoted_status_id_str")),
        raw=raw,
    )


def _own_tweet(tweet: Json, account: str, raw: Json) -> Echo | None:
    parent, customer = words(tweet.get("in_reply_to_status_id_str")), words(tweet.get("in_reply_to_user_id_str"))
    if not parent:
        return None
    return Echo(
        channel=CHANNEL,
        account=account,
        id=text_id(tweet["id_str"]),
        text=_text(tweet),
        at=_sent_at(tweet),
        author_id=customer if customer != account else "",
        parent=parent,
        raw=raw,
    )


def _deleted(item: Json, account: str, own: tuple[str, ...], raw: Json) -> Unsend:
    return Unsend(CHANNEL, account, text_id(item["status"]["id"]), from_milliseconds(item["timestamp_ms"]), raw)


def _direct(item: Json, account: str, own: tuple[str, ...], raw: Json) -> Event | None:
    return direct_message(item, raw.get("users"), account, own, raw)


def _full(tweet: Json) -> Json:
    # a tweet over 140 characters comes cut, and whole inside itself
    return tweet["extended_tweet"] if tweet.get("truncated") and "extended_tweet" in tweet else tweet


def _text(tweet: Json) -> str:
    full = _full(tweet)
    return old_text(words(full.get("full_text")) or tweet["text"], full.get("entities"), full.get("extended_entities"))


def _kind(tweet: Json, account: str) -> Kind:
    if tweet.get("in_reply_to_user_id_str") == account:
        return Kind.COMMENT
    return Kind.QUOTE if tweet.get("is_quote_status") and account not in _mentioned(tweet) else Kind.MENTION


def _sent_at(tweet: Json) -> datetime:
    if "timestamp_ms" in tweet:
        return from_milliseconds(tweet["timestamp_ms"])
    try:
        return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").astimezone(UTC)
    except ValueError:
        raise ValueError("time") from None


def _mentioned(tweet: Json) -> list[str]:
    return [words(each.get("id_str")) for each in (_full(tweet).get("entities") or {}).get("user_mentions") or ()]


def _tweet_names(tweet: Json) -> list[str]:
    return [words(tweet.get("in_reply_to_user_id_str")), *_mentioned(tweet), text_id(tweet["user"]["id_str"])]


def _direct_names(item: Json) -> list[str]:
    created = item["message_create"]
    return [text_id(created["target"]["recipient_id"]), text_id(created["sender_id"])]


def _deleted_names(item: Json) -> list[str]:
    return [text_id(item["status"]["user_id"])]


# kind of event: how it is read, and which accounts it names where the delivery does not say whose it is
READERS = {
    "tweet_create_events": (_tweet, _tweet_names),
    "direct_message_events": (_direct, _direct_names),
    "tweet_delete_events": (_deleted, _deleted_names),
}
