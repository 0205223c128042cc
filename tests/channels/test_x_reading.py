"""X: what a delivery's parts mean, and what of them may be missing."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import Attachment, AttachmentKind, Author, Event, Kind, Message, Unreadable, identity
from tests.channels.x_at_hand import MAI, SECOND_SHOP, SHOP, event_of, events_of, payload


def test_a_post_that_matches_a_rule_is_for_the_only_account() -> None:
    (event,) = events_of(payload("stream_post"), (SHOP,))
    assert isinstance(event, Message)
    assert (event.kind, event.account, event.author.name) == (Kind.POST, SHOP, "Jürgen Groß")


def test_long_texts_arrive_whole() -> None:
    for name, end in (("account_mention_extended", "https://lampen.example/12345"), ("activity_mention_long", "4711")):
        event = event_of(name)
        assert isinstance(event, Message)
        assert event.text.endswith(end)


def test_pictures_and_the_best_film_come_along() -> None:
    event = event_of("activity_mention_with_media")
    assert isinstance(event, Message)
    assert event.attachments == (
        Attachment(AttachmentKind.IMAGE, "https://pbs.twimg.com/media/Lamp1.jpg"),
        Attachment(AttachmentKind.VIDEO, "https://video.twimg.com/large/Lamp2.mp4"),
    )


def test_the_same_post_as_mention_and_as_reply_is_one_message() -> None:
    mention, reply = payload("activity_mention"), payload("activity_mention")
    reply["data"] |= {"event_type": "post.reply.create", "event_uuid": "-77"}
    names = [
        identity("x", SHOP, event.id)
        for each in (mention, reply)
        for event in events_of(each)
        if isinstance(event, Message)
    ]
    assert len(names) == 2
    assert len(set(names)) == 1


def test_a_message_between_two_accounts_of_the_business_is_no_ticket() -> None:
    message = payload("activity_direct_message")
    message["data"]["payload"]["direct_message_events"][0]["message_create"]["sender_id"] = SECOND_SHOP
    assert events_of(message) == []


def test_two_accounts_in_one_conversation_each_get_the_message() -> None:
    first, second = payload("account_mention"), payload("account_mention")
    second["for_user_id"] = SECOND_SHOP
    ids = {
        identity("x", event.account, event.id)
        for each in (first, second)
        for event in events_of(each)
        if isinstance(event, Message)
    }
    assert len(ids) == 2


def test_only_old_texts_are_unescaped() -> None:
    written = payload("activity_reply")
    written["data"]["payload"]["text"] = "&lt;b&gt; &amp;copy"
    (event,) = events_of(written)
    assert isinstance(event, Message)
    assert event.text == "&lt;b&gt; &amp;copy"
    old = payload("account_mention")
    old["tweet_create_events"][0]["text"] = "&amp;lt; https://a.example/?a=1&para=2"
    (event,) = events_of(old)
    assert isinstance(event, Message)
    assert event.text == "&lt; https://a.example/?a=1&para=2"


def test_the_numbers_of_a_thread_stand_in_order_of_size() -> None:
    message = payload("activity_direct_message")
    item = message["data"]["payload"]["direct_message_events"][0]["message_create"]
    item["sender_id"] = "99"
    (event,) = events_of(message)
    assert isinstance(event, Message)
    assert event.thread == f"99-{SHOP}"


def broken(name: str, *path: Any, value: Any) -> list[Event]:
    delivery = payload(name)
    place: Any = delivery
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return events_of(delivery)


@pytest.mark.parametrize("when", ["1789458123456789012345", "-1", "1e10", "nan", "", "12:00", "9" * 15])
def test_a_time_that_cannot_be_is_unreadable(when: str) -> None:
    (event,) = broken(
        "activity_direct_message", "data", "payload", "direct_message_events", 0, "created_timestamp", value=when
    )
    assert isinstance(event, Unreadable)


@pytest.mark.parametrize(
    "optional", ["conversation_id", "entities", "edit_history_tweet_ids", "public_metrics", "lang"]
)
def test_what_is_optional_may_be_missing(optional: str) -> None:
    delivery = payload("activity_mention")
    del delivery["data"]["payload"][optional]
    delivery["data"]["a_new_field"] = {"nested": [1]}
    (event,) = events_of(delivery)
    assert isinstance(event, Message)
    assert event.id == event.thread == "2101000000000000101"


@pytest.mark.parametrize("includes", [{}, None, {"users": []}, {"users": None}, {"users": [None, {"data": None}, 5]}])
def test_an_author_without_a_profile_is_an_id(includes: Any) -> None:
    (event,) = broken("activity_mention", "data", "includes", value=includes)
    assert isinstance(event, Message)
    assert event.author == Author(MAI)
