"""Facebook: samples from elsewhere, where they are at hand: what each is expected to be, and the files that are it."""

from __future__ import annotations

import json

import pytest

from chalicelib.channels import meta
from chalicelib.channels.base import (
    Connection,
    Forged,
)
from chalicelib.channels.facebook import Facebook
from tests.channels.at_hand import SHARED, kinds
from tests.channels.facebook_at_hand import delivered

ELSEWHERE = {
    "facebook": {
        "echo": (
            "feed_comment_add__1 feed_comment_add_by_page_itself__1 "
            "feed_comment_add_legacy_sender_fields__1 feed_comment_add_with_photo__1 "
            "feed_comment_add_with_video__1"
        ),
        "edit": ("feed_post_edit_verb_edit__1 ratings_rating_edit__1"),
        "message": (
            "feed_comment_add_reply_to_comment__1 feed_comment_add_without_from__1 "
            "feed_post_add_visitor__1 mention_comment_add__1 mention_post_add__1 mention_post_add__2 "
            "ratings_comment_add__1 ratings_rating_add__1 ratings_rating_add_recommendation__1"
        ),
        "nothing": (
            "feed_comment_edited__1 feed_comment_hide__1 feed_comment_unhide__1 feed_like_add_page__1 "
            "feed_photo_add__1 feed_post_hide__1 feed_reaction_add__1 feed_reaction_add_on_comment__1 "
            "feed_reaction_remove__1 feed_share_add__1 feed_status_add_by_page__1 "
            "feed_status_add_by_page__2 feed_status_edited_by_page__1 feed_video_add__1 "
            "feed_video_block__1 ratings_comment_edited__1 ratings_reaction_add__1"
        ),
        "unreadable": ("leadgen__1 unknown_change_value__1"),
        "unreadable unreadable": ("batch_two_entries_unhandled_fields__1"),
        "unsend": ("feed_comment_remove__1 feed_post_remove__1 ratings_rating_remove__1"),
    },
    "messenger": {
        "echo": ("message_echo__1 message_echo__2 message_echo_sender_is_page__1 standby_message_echo__1"),
        "edit": ("message_edit__1"),
        "message": (
            "message_fallback_attachment__1 message_ig_reel_share__1 message_image__1 "
            "message_location__1 message_product_template__1 message_quick_reply__1 message_sticker__1 "
            "message_sticker_thumbs_up__1 message_text__1 message_text__2 "
            "message_text_other_recipient__1 message_text_raw_signed_body_escaped_unicode__1 "
            "message_text_reply_to__1 postback__1 postback__2 postback__3 standby_message__1"
        ),
        "message message": ("batch_duplicate_message_in_one_post__1 mixed_messaging_and_feed_in_one_post__1"),
        "note": ("message_unsupported__1"),
        "nothing": (
            "delivery__1 delivery__2 empty_entry__1 entry_without_messaging__1 optin__1 "
            "optin_notification_messages__1 pass_thread_control__1 read__1 referral__1 referral_timestamp_in_seconds__1 "
            "request_thread_control__1 take_thread_control__1"
        ),
        "reaction": ("reaction_react__1 reaction_unreact__1"),
        "trouble": ("policy_enforcement_block__1"),
        "unreadable": ("unknown_messaging_item__1"),
        "unsend": ("message_deleted__1"),
    },
}
SAMPLES = [
    (f"{folder}/{name}.json", expected)
    for folder, rows in ELSEWHERE.items()
    for expected, names in rows.items()
    for name in names.split()
]


@pytest.mark.skipif(not SHARED.exists(), reason="samples are not at hand")
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    assert [(file, sampled(file)) for file, _ in SAMPLES] == SAMPLES


def sampled(file: str) -> str:
    body = (SHARED / file).read_bytes()
    accounts = tuple(str(entry["id"]) for entry in json.loads(body)["entry"])
    return kinds(Facebook(Connection("facebook", "facebook", accounts)).parse(delivered(body)))


@pytest.mark.skipif(not SHARED.exists(), reason="samples are not at hand")
@pytest.mark.parametrize("folder", ["facebook", "messenger"])
def test_no_sample_from_elsewhere_is_left_out(folder: str) -> None:
    assert sorted(file for file, _ in SAMPLES if file.startswith(folder)) == sorted(
        f"{folder}/{file.name}" for file in (SHARED / folder).glob("*.json")
    )


@pytest.mark.skipif(not SHARED.exists(), reason="samples are not at hand")
def test_the_signature_of_escaped_text_is_that_of_its_bytes() -> None:
    body = (SHARED / "messenger/message_text_raw_signed_body_escaped_unicode__1.json").read_bytes()
    signed = {"x-hub-signature-256": "sha256=792fd71a86e3e6ae2c67e7cd93d7e2573999d60e3a377b1c9aad90177b820857"}
    assert is_proven(body, signed, "test_app_secret")
    plain = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    assert not is_proven(plain, signed, "test_app_secret")


def is_proven(body: bytes, headers: dict[str, str], secret: str) -> bool:
    # below the channel, for these secrets are shorter than ours may be
    try:
        meta.verify(delivered(body, headers), [secret])
    except Forged:
        return False
    return True
