"""Facebook: every kind of delivery, read as what it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.channels.base import (
    Malformed,
)
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
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
    identity,
)
from tests.channels.at_hand import kinds
from tests.channels.facebook_at_hand import (
    COMMENT,
    FACEBOOK,
    MID,
    PAGE,
    PAYLOAD_NAMES,
    PERSON,
    POST,
    SENT_AT,
    comment,
    delivered,
    messaging,
    only,
    payload,
    read,
)

EXPECTED = {
    "facebook/comment": "message",
    "facebook/comment_by_the_page": "echo",
    "facebook/comment_by_the_page_top_level": "echo",
    "facebook/comment_edited": "edit",
    "facebook/comment_edited_by_the_page": "nothing",
    "facebook/comment_hidden": "nothing",
    "facebook/comment_old_sender_fields": "message",
    "facebook/comment_removed": "unsend",
    "facebook/comment_under_a_comment": "message",
    "facebook/comment_unhidden": "nothing",
    "facebook/comment_verb_unknown": "unreadable",
    "facebook/comment_with_photo": "message",
    "facebook/comment_with_video": "message",
    "facebook/comment_without_author": "message",
    "facebook/comment_without_time": "message",
    "facebook/field_unknown": "unreadable",
    "facebook/fields_without_value": "unreadable unreadable",
    "facebook/lead": "unreadable",
    "facebook/mention_in_comment": "message",
    "facebook/mention_in_post": "message",
    "facebook/mention_in_post_without_words": "message",
    "facebook/page_liked": "nothing",
    "facebook/page_of_somebody_else": "unreadable message",
    "facebook/photo_by_the_page": "nothing",
    "facebook/photo_unpublished": "nothing",
    "facebook/rating": "message",
    "facebook/rating_comment": "message",
    "facebook/rating_comment_by_the_page": "echo",
    "facebook/rating_comment_edited_by_the_page": "nothing",
    "facebook/rating_edited": "edit",
    "facebook/rating_reaction": "nothing",
    "facebook/rating_recommendation": "message",
    "facebook/rating_removed": "unsend",
    "facebook/reaction": "nothing",
    "facebook/reaction_on_comment": "nothing",
    "facebook/reaction_removed": "nothing",
    "facebook/share_by_the_page": "nothing",
    "facebook/status_by_the_page": "nothing",
    "facebook/status_by_the_page_with_photos": "nothing",
    "facebook/status_edited_by_the_page": "nothing",
    "facebook/two_pages_same_id": "message message",
    "facebook/video_blocked": "nothing",
    "facebook/video_by_the_page": "nothing",
    "facebook/visitor_photo": "message",
    "facebook/visitor_post": "message",
    "facebook/visitor_post_edited": "edit",
    "facebook/visitor_post_edited_other_spelling": "edit",
    "facebook/visitor_post_hidden": "nothing",
    "facebook/visitor_post_removed": "unsend",
    "facebook/visitor_share": "message",
    "messenger/account_linked": "nothing",
    "messenger/app_roles": "nothing",
    "messenger/delivery": "nothing",
    "messenger/delivery_without_timestamp": "nothing",
    "messenger/echo": "echo",
    "messenger/echo_of_another_app": "echo",
    "messenger/echo_of_the_inbox": "echo",
    "messenger/echo_with_sides_swapped": "echo",
    "messenger/edited": "edit",
    "messenger/edited_by_the_page": "nothing",
    "messenger/entry_of_nothing": "nothing",
    "messenger/fallback": "message",
    "messenger/fallback_without_address": "message",
    "messenger/image": "message",
    "messenger/kind_unknown": "unreadable",
    "messenger/location": "message",
    "messenger/message_and_comment_in_one": "message message",
    "messenger/no_entries": "nothing",
    "messenger/optin": "nothing",
    "messenger/optin_notifications": "nothing",
    "messenger/own_message_without_echo_mark": "echo",
    "messenger/pass_thread_control": "nothing",
    "messenger/policy_block": "trouble",
    "messenger/policy_warning": "trouble",
    "messenger/postback": "message",
    "messenger/postback_without_mid": "message",
    "messenger/postback_without_title": "message",
    "messenger/product": "message",
    "messenger/quick_reply": "message",
    "messenger/reaction": "reaction",
    "messenger/reaction_taken_back": "reaction",
    "messenger/read": "nothing",
    "messenger/reel": "message",
    "messenger/referral": "nothing",
    "messenger/referral_in_seconds": "nothing",
    "messenger/request_thread_control": "nothing",
    "messenger/same_message_twice": "message message",
    "messenger/several_attachments": "message",
    "messenger/standby_echo": "echo",
    "messenger/standby_postback": "message",
    "messenger/standby_text": "message",
    "messenger/sticker": "message",
    "messenger/sticker_thumbs_up": "message",
    "messenger/sticker_twice": "message",
    "messenger/take_thread_control": "nothing",
    "messenger/text": "message",
    "messenger/text_answering_another": "message",
    "messenger/text_in_seconds": "message",
    "messenger/text_numeric_ids": "message",
    "messenger/text_other_recipient": "message",
    "messenger/unsent": "unsend",
    "messenger/unsupported": "note",
    "messenger/without_content": "note",
    "messenger/wrapped_in_a_list": "message",
}


def test_every_payload_is_read_as_what_it_is() -> None:
    assert {name: kinds(read(name)) for name in PAYLOAD_NAMES} == EXPECTED


def test_a_comment_is_a_public_message_in_the_thread_of_its_own() -> None:
    assert only("facebook/comment") == Message(
        channel="facebook",
        account=PAGE,
        id=COMMENT,
        thread=f"{POST}:{COMMENT}",
        author=Author("6120045501987734", "Nguyễn Thị Mai"),
        text="Trà ướp sen còn hàng không ạ? 🍵",
        sent_at=SENT_AT,
        kind=Kind.COMMENT,
        public=True,
        permalink=f"https://www.facebook.com/{POST}?comment_id=903345120087654",
        parent=POST,
    )


def test_a_comment_under_a_comment_belongs_to_the_thread_of_the_one_at_the_top() -> None:
    nested = only("facebook/comment_under_a_comment")
    assert (nested.thread, nested.parent) == (only("facebook/comment").thread, COMMENT)


def test_the_parent_may_name_the_post_without_its_page() -> None:
    (found,) = FACEBOOK.parse(delivered(comment(parent_id="880114523907761")))
    assert isinstance(found, Message)
    assert found.thread == f"{POST}:{COMMENT}"


def test_old_sender_fields_name_the_same_author() -> None:
    assert only("facebook/comment_old_sender_fields") == only("facebook/comment")


def test_what_the_page_writes_itself_answers_the_comment_above_and_is_never_a_ticket() -> None:
    assert only("facebook/comment_by_the_page") == Echo(
        channel="facebook",
        account=PAGE,
        id="880114523907761_903345120087999",
        text="Ja, ab Dienstag wieder – schöne Grüße!",
        at=SENT_AT,
        parent=COMMENT,
    )


def test_a_comment_without_author_or_words_still_arrives() -> None:
    assert only("facebook/comment_without_author").author == Author("")
    photo = only("facebook/comment_with_photo")
    assert photo.text == ""
    assert photo.attachments == (
        Attachment(AttachmentKind.IMAGE, "https://scontent.example-cdn.net/v/tee.jpg?oh=1&oe=2"),
    )


def test_a_comment_without_time_was_sent_when_the_webhook_was() -> None:
    assert only("facebook/comment_without_time").sent_at == SENT_AT + timedelta(seconds=3)


def test_a_visitor_post_is_answered_under_itself() -> None:
    post = only("facebook/visitor_post")
    assert (post.kind, post.thread, post.id, post.public) == (Kind.POST, post.id, f"{PAGE}_771230045566120", True)
    assert post.text == "שלום, מתי אתם פותחים בחג?"


def test_photos_and_links_of_visitors_come_along() -> None:
    assert only("facebook/visitor_photo").attachments == (
        Attachment(AttachmentKind.IMAGE, "https://scontent.example-cdn.net/v/kanne.jpg"),
    )
    assert only("facebook/visitor_share").attachments == (
        Attachment(AttachmentKind.LINK, "https://example.org/teetest"),
    )


def test_a_mention_works_without_author_and_without_words() -> None:
    mention = only("facebook/mention_in_comment")
    assert (mention.kind, mention.author.id, mention.text) == (Kind.MENTION, "", "@Teehaus Lindenblüte 能寄到台灣嗎？")
    assert only("facebook/mention_in_post_without_words").author == Author("660012398712345", "Buchhandlung Rabe")


def test_a_rating_is_known_by_its_story_and_shows_stars_or_recommendation() -> None:
    assert only("facebook/rating") == Message(
        channel="facebook",
        account=PAGE,
        id="993300124500781",
        thread="993300124500781",
        author=Author("5534410097712093", "佐藤 花"),
        text="届くまで三週間かかりました。",
        sent_at=SENT_AT + timedelta(seconds=3),
        kind=Kind.REVIEW,
        public=True,
        permalink=f"https://www.facebook.com/{PAGE}/reviews",
        rating="2/5",
    )
    assert (only("facebook/rating_recommendation").rating, only("facebook/rating_recommendation").text) == (
        "POSITIVE",
        "",
    )


def test_what_is_said_under_a_rating_stays_with_it() -> None:
    assert only("facebook/rating_comment").thread == only("facebook/rating").thread
    assert only("facebook/rating_comment_by_the_page").parent == only("facebook/rating").id


def test_edits_and_removals_name_what_they_change() -> None:
    edit, removal = only("facebook/comment_edited"), only("facebook/comment_removed")
    assert (edit.id, edit.text) == (COMMENT, "Trà ướp sen còn hàng không? (500 g)")
    assert removal == Unsend("facebook", PAGE, COMMENT, SENT_AT + timedelta(seconds=3))
    assert only("facebook/rating_edited") == Edit(
        "facebook", PAGE, "993300124500781", "今回は早かったです。", SENT_AT + timedelta(seconds=3)
    )
    assert only("facebook/rating_removed").id == "993300124500781"


def test_a_messenger_text_goes_to_the_thread_of_the_person() -> None:
    assert only("messenger/text") == Message(
        channel="facebook",
        account=PAGE,
        id=MID,
        thread=PERSON,
        author=Author(PERSON),
        text="Wann kommt meine Bestellung Nr. 4711? 😕 https://example.org/t/4711",
        sent_at=SENT_AT,
    )


def test_seconds_where_milliseconds_are_said_are_the_same_time() -> None:
    assert only("messenger/text_in_seconds").sent_at == only("messenger/text").sent_at == SENT_AT


def test_a_message_without_any_usable_time_was_sent_when_it_came() -> None:
    (found,) = FACEBOOK.parse(delivered(messaging(timestamp="soon", message={"mid": "1", "text": "x"})))
    assert isinstance(found, Message)
    assert found.sent_at == datetime.fromtimestamp(1_791_021_600.4, UTC)
    bare = {
        "object": "page",
        "entry": [{"id": PAGE, "messaging": [{"sender": {"id": "5"}, "message": {"mid": "1", "text": "x"}}]}],
    }
    (found,) = FACEBOOK.parse(delivered(bare))
    assert isinstance(found, Message)
    assert found.sent_at == datetime.fromtimestamp(1_791_021_700, UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("image", [Attachment(AttachmentKind.IMAGE, "https://scontent.example-cdn.net/p.png")]),
        (
            "several_attachments",
            [
                Attachment(AttachmentKind.VIDEO, "https://video.example-cdn.net/v.mp4"),
                Attachment(AttachmentKind.AUDIO, "https://cdn.example-cdn.net/a.mp4"),
                Attachment(AttachmentKind.FILE, "https://cdn.example-cdn.net/Rechnung.pdf"),
            ],
        ),
        ("location", [Attachment(AttachmentKind.LOCATION, name="48.1372, 11.5756")]),
        ("fallback", [Attachment(AttachmentKind.LINK, "https://example.org/artikel", "Ein Artikel")]),
        ("fallback_without_address", [Attachment(AttachmentKind.LINK, name="liste")]),
        ("reel", [Attachment(AttachmentKind.LINK, name="ig_reel")]),
        ("product", [Attachment(AttachmentKind.LINK, name="Sencha 100 g")]),
        ("sticker", [Attachment(AttachmentKind.STICKER, "https://scontent.example-cdn.net/s.png")]),
        ("sticker_twice", [Attachment(AttachmentKind.STICKER, "https://scontent.example-cdn.net/s.png")]),
        ("sticker_thumbs_up", [Attachment(AttachmentKind.STICKER, "https://scontent.example-cdn.net/t.png", "👍")]),
    ],
)
def test_attachments_are_named_for_what_they_are(name: str, expected: list[Attachment]) -> None:
    assert list(only(f"messenger/{name}").attachments) == expected


def test_a_button_pressed_is_its_words_and_the_same_event_when_delivered_again_later() -> None:
    assert only("messenger/postback").text == "Mit Mensch sprechen"
    assert only("messenger/postback_without_title").text == "TRACK_ORDER"
    later = json.loads(payload("messenger/postback_without_mid"))
    later["entry"][0]["time"] += 3_600_000
    (again,) = FACEBOOK.parse(delivered(later))
    assert isinstance(again, Message)
    assert again.id == only("messenger/postback_without_mid").id


def test_an_unsupported_message_is_a_note_for_the_agent() -> None:
    assert only("messenger/unsupported") == Note(
        "facebook", PAGE, MID, PERSON, Author(PERSON), NoteKind.UNSUPPORTED, SENT_AT
    )


def test_an_answer_to_a_message_names_it() -> None:
    assert only("messenger/text_answering_another").parent == "m_older-one"


def test_our_own_answer_coming_back_brings_its_reply_id() -> None:
    assert only("messenger/echo") == Echo(
        "facebook", PAGE, MID, "Kommt morgen an.", SENT_AT, thread=PERSON, author_id=PERSON, reply_id="3f9c2a7e"
    )


def test_an_answer_from_the_inbox_or_another_app_is_an_echo_without_reply_id() -> None:
    for name in (
        "echo_of_the_inbox",
        "echo_of_another_app",
        "echo_with_sides_swapped",
        "own_message_without_echo_mark",
    ):
        echo = only(f"messenger/{name}")
        assert (echo.thread, echo.author_id, echo.reply_id) == (PERSON, PERSON, "")


def test_a_policy_block_alerts_the_owner() -> None:
    trouble = only("messenger/policy_block")
    assert isinstance(trouble, Trouble)
    assert (trouble.kind, trouble.detail) == (TroubleKind.POLICY, "block: Too many unwanted messages.")


def test_a_customer_who_writes_while_another_app_has_the_thread_still_gets_a_ticket() -> None:
    assert only("messenger/standby_text").text == "ちょっといいですか"


def test_two_pages_with_the_same_message_id_are_two_messages() -> None:
    first, second = read("facebook/two_pages_same_id")
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert identity("facebook", first.account, first.id) != identity("facebook", second.account, second.id)


def test_a_page_we_do_not_serve_is_kept_and_harms_nobody_else() -> None:
    kept, message = read("facebook/page_of_somebody_else")
    assert isinstance(kept, Unreadable)
    assert kept.reason == "unknown-account"
    assert kept.raw["entry"][0]["id"] == "111000222000333"
    assert isinstance(message, Message)


def test_unknown_kinds_keep_their_payload() -> None:
    kept = only("facebook/field_unknown")
    assert kept.reason == "unknown-kind"
    assert kept.raw["entry"][0]["changes"][0]["value"]["item"] == "thought"


@pytest.mark.parametrize("body", [b"{}", b'{"entry":1}', b"[[]]"])
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        FACEBOOK.parse(delivered(body))


@pytest.mark.parametrize("id", ["", None, True, 1.5, [], {}])
def test_an_id_that_is_none_costs_only_its_own_piece(id: Any) -> None:
    for body in (comment(comment_id=id), messaging(message={"mid": id, "text": "x"})):
        assert kinds(FACEBOOK.parse(delivered(body))) == "unreadable"
