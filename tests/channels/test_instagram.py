"""Instagram: every kind of delivery, read as what it is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chalicelib.channels.base import Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.instagram import Instagram
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Unreadable,
    Unsend,
    identity,
)
from infra.settings.document import SettingsError, check
from tests import signing
from tests.channels.at_hand import kinds
from tests.channels.broken import mutations, texts
from tests.channels.instagram_at_hand import (
    ACCOUNT,
    COMMENT,
    COMMENTER,
    INSTAGRAM,
    INSTAGRAM_SECRET,
    MEDIA,
    MENTION,
    MENTIONED_IN,
    MID,
    PAYLOAD_NAMES,
    PERSON,
    SECRET,
    SENT_AT,
    TOLD_AT,
    VERIFY_TOKEN,
    connection,
    delivered,
    only,
    payload,
    read,
)

EXPECTED = {
    "account_of_somebody_else": "unreadable message",
    "comment": "message",
    "comment_by_the_account": "echo",
    "comment_by_the_account_scoped_id": "echo",
    "comment_by_the_account_top_level": "nothing",
    "comment_numeric_ids": "message",
    "comment_on_an_advertisement": "message",
    "comment_smallest": "message",
    "comment_under_a_comment": "message",
    "comment_without_author": "message",
    "entry_of_nothing": "nothing",
    "field_unknown": "unreadable",
    "field_without_value": "unreadable",
    "handover": "nothing",
    "live_comment": "message",
    "live_comment_by_the_account": "nothing",
    "mention_in_caption": "message",
    "mention_in_comment": "message",
    "message_and_comment_in_one": "message message",
    "message_answering_another": "message",
    "message_as_a_change": "message",
    "message_echo": "echo",
    "message_echo_sides_swapped": "echo",
    "message_edited": "edit",
    "message_edited_without_words": "nothing",
    "message_ephemeral": "note",
    "message_heart": "message",
    "message_images": "message",
    "message_numeric_ids": "message",
    "message_reel": "message",
    "message_right_to_left": "message",
    "message_seen": "nothing",
    "message_shared_post": "message",
    "message_text": "message",
    "message_to_itself": "nothing",
    "message_to_itself_marked_inside": "nothing",
    "message_unsent": "unsend",
    "message_unsupported": "note",
    "message_unsupported_type": "note",
    "messaging_item_of_nothing": "unreadable",
    "no_entries": "nothing",
    "postback": "message",
    "postback_without_mid": "message",
    "reaction": "reaction",
    "reaction_taken_back": "reaction",
    "referral": "nothing",
    "same_message_twice": "message message",
    "standby_message": "message",
    "story_insights": "nothing",
    "story_mention": "message",
    "story_reply": "message",
    "test_button_comment": "nothing",
    "test_button_message": "nothing",
    "wrapped_in_a_list": "message",
}


def test_every_payload_is_accepted_as_signed_and_read_as_what_it_is() -> None:
    requests = {name: delivered(payload(name)) for name in PAYLOAD_NAMES}
    for request in requests.values():
        INSTAGRAM.verify(request)
    assert {name: kinds(INSTAGRAM.parse(request)) for name, request in requests.items()} == EXPECTED


def test_every_piece_can_be_read_again_from_what_is_kept_of_it() -> None:
    for event in [event for name in PAYLOAD_NAMES for event in read(name)]:
        assert INSTAGRAM.parse(delivered(event.raw)) == [event]
        assert isinstance(event, Unreadable) or event.channel == "instagram"


@pytest.mark.parametrize("secret", [SECRET, INSTAGRAM_SECRET])
def test_the_secret_of_the_app_and_that_of_its_instagram_app_prove_a_delivery(secret: str) -> None:
    body = payload("message_text")
    INSTAGRAM.verify(delivered(body, signing.instagram(body, secret)))
    with pytest.raises(Forged):
        INSTAGRAM.verify(delivered(body + b" ", signing.instagram(body, secret)))
    with pytest.raises(Forged):
        INSTAGRAM.verify(delivered(body, signing.instagram(body, VERIFY_TOKEN)))


def test_a_subscription_is_proven_by_its_token() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    assert INSTAGRAM.handshake(WebhookRequest("GET", {}, query, b"", 0)).body == "1158201444"
    with pytest.raises(Forged):
        INSTAGRAM.handshake(WebhookRequest("GET", {}, {**query, "hub.verify_token": SECRET}, b"", 0))


def test_without_a_secret_nothing_is_served() -> None:
    bare = Instagram(type(connection())("instagram", "instagram", (ACCOUNT,)))
    with pytest.raises(SecretMissing):
        bare.verify(delivered(payload("message_text")))


def test_a_message_goes_to_the_thread_of_the_person() -> None:
    assert only("message_text") == Message(
        channel="instagram",
        account=ACCOUNT,
        id=MID,
        thread=PERSON,
        author=Author(PERSON),
        text="Wann kommt meine Bestellung Nr. 4711? 😕 https://example.org/t/4711",
        sent_at=SENT_AT,
    )


def test_a_comment_is_a_public_message_in_the_thread_of_its_own() -> None:
    assert only("comment") == Message(
        channel="instagram",
        account=ACCOUNT,
        id=COMMENT,
        thread=f"{MEDIA}:{COMMENT}",
        author=Author(COMMENTER, handle="mai.nguyen", url="https://www.instagram.com/mai.nguyen/"),
        text="Trà ướp sen còn hàng không ạ? 🍵",
        sent_at=TOLD_AT,
        kind=Kind.COMMENT,
        public=True,
        parent=MEDIA,
        partial=True,
    )


def test_a_comment_under_a_comment_belongs_to_the_thread_of_the_one_at_the_top() -> None:
    nested = only("comment_under_a_comment")
    assert (nested.thread, nested.parent) == (only("comment").thread, COMMENT)


def test_numbers_and_strings_name_the_same() -> None:
    assert only("comment_numeric_ids") == only("comment")
    assert only("message_numeric_ids").thread == PERSON


def test_what_the_account_writes_itself_answers_the_comment_above_and_is_never_a_ticket() -> None:
    text = "Ja, ab Dienstag wieder – schöne Grüße!"
    assert only("comment_by_the_account") == Echo(
        "instagram", ACCOUNT, "18032275561901111", text, TOLD_AT, parent=COMMENT
    )
    assert only("comment_by_the_account_scoped_id").parent == COMMENT
    for name in ("message_echo", "message_echo_sides_swapped"):
        echo = only(name)
        assert (echo.thread, echo.author_id, echo.reply_id) == (PERSON, PERSON, "")


def test_a_comment_on_a_broadcast_is_known_as_such_for_it_takes_no_public_answer() -> None:
    assert only("live_comment").thread == f"live:{MEDIA}:{COMMENT}"
    assert not only("live_comment").partial


def test_a_mention_only_tells_where_it_is() -> None:
    assert only("mention_in_comment") == Message(
        channel="instagram",
        account=ACCOUNT,
        id=MENTION,
        thread=f"{MENTIONED_IN}:{MENTION}",
        author=Author(""),
        text="",
        sent_at=TOLD_AT,
        kind=Kind.MENTION,
        public=True,
        parent=MENTIONED_IN,
        partial=True,
    )
    caption = only("mention_in_caption")
    assert (caption.id, caption.thread, caption.parent) == (MENTIONED_IN, MENTIONED_IN, "")


def test_a_comment_that_mentions_us_under_our_own_post_is_one_message_however_it_is_told() -> None:
    told = [
        {"field": "comments", "value": {"id": COMMENT, "text": "@teehaus?", "media": {"id": MEDIA}}},
        {"field": "mentions", "value": {"comment_id": COMMENT, "media_id": MEDIA}},
    ]
    entry = {"id": ACCOUNT, "time": 1_791_021_603, "changes": told}
    first, second = INSTAGRAM.parse(delivered({"object": "instagram", "entry": [entry]}))
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert identity("instagram", ACCOUNT, first.id) == identity("instagram", ACCOUNT, second.id)
    assert first.thread == second.thread


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "message_images",
            [
                Attachment(
                    AttachmentKind.IMAGE, "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=A"
                ),
                Attachment(
                    AttachmentKind.VIDEO, "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=2&signature=B"
                ),
            ],
        ),
        ("message_heart", [Attachment(AttachmentKind.STICKER, "", "❤️")]),
        (
            "message_shared_post",
            [
                Attachment(
                    AttachmentKind.LINK,
                    "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=3&signature=C",
                    "Herbstkollektion",
                )
            ],
        ),
        (
            "message_reel",
            [
                Attachment(
                    AttachmentKind.LINK,
                    "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=4&signature=D",
                    "ig_reel",
                )
            ],
        ),
        (
            "story_reply",
            [Attachment(AttachmentKind.STORY, "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=5&signature=E")],
        ),
        (
            "story_mention",
            [Attachment(AttachmentKind.STORY, "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=6&signature=F")],
        ),
    ],
)
def test_attachments_are_named_for_what_they_are(name: str, expected: list[Attachment]) -> None:
    assert list(only(name).attachments) == expected


def test_what_instagram_does_not_hand_out_is_a_note() -> None:
    note = Note("instagram", ACCOUNT, MID, PERSON, Author(PERSON), NoteKind.UNSUPPORTED, SENT_AT)
    assert [only(f"message_{name}") for name in ("unsupported", "unsupported_type", "ephemeral")] == [note] * 3


def test_changes_name_the_message_they_change() -> None:
    assert only("message_edited") == Edit("instagram", ACCOUNT, MID, "Wann kommt Nr. 4712?", SENT_AT)
    assert only("message_unsent") == Unsend("instagram", ACCOUNT, MID, SENT_AT)
    assert only("reaction") == Reaction("instagram", ACCOUNT, MID, "❤️", SENT_AT)
    assert only("reaction_taken_back").sign == ""


def test_a_button_pressed_is_its_words() -> None:
    assert only("postback").text == "Có giao hàng không?"
    assert only("postback_without_mid").id == f"postback:{PERSON}:1791021600000"


def test_a_message_told_as_a_change_is_a_message() -> None:
    assert (only("message_as_a_change").id, only("message_as_a_change").thread) == (MID, PERSON)


def test_an_account_we_do_not_serve_is_kept_and_harms_nobody_else() -> None:
    kept, message = read("account_of_somebody_else")
    assert isinstance(kept, Unreadable)
    assert isinstance(message, Message)
    assert (kept.reason, message.text) == ("unknown-account", "Noch offen?")


def test_a_comment_without_time_was_sent_when_it_was_told_or_came() -> None:
    told = json.loads(payload("comment"))
    del told["entry"][0]["time"]
    (found,) = INSTAGRAM.parse(delivered(told))
    assert isinstance(found, Message)
    assert found.sent_at == SENT_AT + timedelta(seconds=100)


def test_every_part_of_every_payload_may_be_missing_or_of_another_type() -> None:
    for name in PAYLOAD_NAMES:
        for broken in mutations(json.loads(payload(name))):
            try:
                events = INSTAGRAM.parse(delivered(broken))
            except Malformed:
                continue
            assert all("Wörter" not in event.reason for event in events if isinstance(event, Unreadable))
            assert all(isinstance(text, str) for event in events for text in texts(event))


def test_a_way_to_the_account_that_there_is_not_is_told_when_the_settings_are_checked() -> None:
    written = "version = 1\n[connections.instagram]\nchannel = 'instagram'\naccounts = ['1784']\nlogin = 'facebok'\n"
    with pytest.raises(SettingsError) as wrong:
        check(written, "prod")
    (told,) = [line for line in wrong.value.problems if "login" in line]
    assert 'allowed: instagram, facebook; did you mean "facebook"?' in told
