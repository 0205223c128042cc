"""LinkedIn: every way to prove a delivery, every notification and what it becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.channels import LINKEDIN
from chalicelib.channels.base import Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.linkedin import LinkedIn, signature
from chalicelib.model import Author, Echo, Edit, Kind, Message, Unsend
from tests.channels.at_hand import kinds
from tests.channels.linkedin_at_hand import (
    COMMENT,
    MAI,
    OLD_SECRET,
    PAGE,
    PAYLOADS,
    POST,
    SECRET,
    SENT_AT,
    SHARE,
    YUI,
    connection,
    delivered,
    only,
    payload,
    read,
)

BODY = payload("comment")
CODE = "0b6cf2a4-6f0b-4e0e-9c36-7d6f0f6f7a11"
CHILDREN = ["4711:WPL_AP1.of-the-parent\n4712:WPL_AP1.of-the-child"]


def challenge(**query: str) -> WebhookRequest:
    return WebhookRequest("GET", {}, query, b"", 0)


def link(comment: str) -> str:
    return f"https://www.linkedin.com/feed/update/{POST}/?commentUrn={quote(comment, safe='')}"


# --- the challenge


def test_the_challenge_is_answered_as_json_with_the_newest_secret() -> None:
    answer = LinkedIn(connection()).handshake(challenge(challengeCode=CODE))
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"challengeCode": CODE, "challengeResponse": signature(SECRET, CODE.encode())}


@pytest.mark.parametrize(
    "code", ["", "hmacsha256={}", '{"type":1}', "a=b", "<b>", "a\nb", "é", "x" * 129, "x" * 10_000]
)
def test_a_challenge_that_could_be_a_delivery_is_never_signed(code: str) -> None:
    with pytest.raises(Forged):
        LinkedIn(connection()).handshake(challenge(challengeCode=code))


@pytest.mark.parametrize(
    ("app", "secret"), [("4711", "of-the-parent"), ("4712", "of-the-child"), ("", "of-the-parent")]
)
def test_each_app_is_answered_with_its_own_secret(app: str, secret: str) -> None:
    opened = LinkedIn(connection(secret=CHILDREN))
    answer = opened.handshake(challenge(challengeCode=CODE, **({"applicationId": app} if app else {})))
    assert json.loads(answer.body)["challengeResponse"] == signature(f"WPL_AP1.{secret}", CODE.encode())


def test_an_app_that_nobody_named_gets_no_answer() -> None:
    with pytest.raises(Forged):
        LinkedIn(connection(secret=CHILDREN)).handshake(challenge(challengeCode=CODE, applicationId="4713"))


def test_with_one_app_its_id_does_not_matter() -> None:
    assert LinkedIn(connection()).handshake(challenge(challengeCode=CODE, applicationId="4713"))


# --- the proof


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_a_delivery_is_taken_with_either_secret_during_a_rotation(secret: str) -> None:
    LinkedIn(connection()).verify(delivered(BODY, {"x-li-signature": signature(secret, b"hmacsha256=" + BODY)}))


def test_a_delivery_of_a_child_app_is_taken() -> None:
    signed = signature("WPL_AP1.of-the-child", b"hmacsha256=" + BODY)
    LinkedIn(connection(secret=CHILDREN)).verify(delivered(BODY, {"x-li-signature": signed}))


def test_a_prefix_in_the_header_does_no_harm() -> None:
    signed = signature(SECRET, b"hmacsha256=" + BODY)
    LinkedIn(connection()).verify(delivered(BODY, {"x-li-signature": f"hmacsha256={signed}"}))


@pytest.mark.parametrize(
    "header",
    [
        "",
        signature(SECRET, BODY),  # without the prefix in what is signed
        signature(SECRET, b"hmacsha256=" + BODY)[:-1],
        signature(SECRET, b"hmacsha256=" + BODY).upper(),
        signature("WPL_AP1.of-somebody-else", b"hmacsha256=" + BODY),
        signature(SECRET, b"hmacsha256=" + BODY.replace(b"\n", b"")),
        f"{signature(SECRET, b'hmacsha256=' + BODY)}," * 2,
        "é" * 64,
    ],
)
def test_what_is_not_proven_is_refused(header: str) -> None:
    with pytest.raises(Forged):
        LinkedIn(connection()).verify(delivered(BODY, {"x-li-signature": header}))


def test_without_a_secret_there_is_no_service() -> None:
    with pytest.raises(SecretMissing):
        LinkedIn(connection(secret="short")).verify(delivered(BODY))


# --- what it says


def test_a_comment_is_read_as_what_it_is() -> None:
    assert only("comment") == Message(
        channel="linkedin",
        account=PAGE,
        id=COMMENT,
        thread=POST,
        author=Author(MAI),
        text="Giao hàng đến Đà Nẵng mất mấy ngày ạ? 📦",
        sent_at=SENT_AT,
        kind=Kind.COMMENT,
        public=True,
        permalink=link("urn:li:comment:(activity:7291004455667788990,7291100000000000001)"),
    )


def test_both_forms_of_a_comments_name_are_one() -> None:
    short, long = only("comment_edited"), only("comment")
    assert short.id == long.id
    assert only("comment_in_the_long_form").id == f"urn:li:comment:({POST},7291100000000000002)"


def test_what_a_person_writes_under_one_post_is_one_conversation() -> None:
    first, second = only("comment"), only("comment_under_a_comment")
    assert (first.thread, first.author) == (second.thread, second.author)
    assert second.parent == first.id


def test_the_comment_above_is_told_in_two_ways() -> None:
    assert only("comment_whose_object_is_a_comment").parent == only("comment_under_a_comment").parent == COMMENT


def test_a_company_has_an_address() -> None:
    company = Author("urn:li:organization:5150077", url="https://www.linkedin.com/company/5150077")
    assert only("comment_by_a_company").author == company


def test_a_nested_text_without_a_time_is_read_too() -> None:
    message = only("comment_nested_text")
    assert (message.text, message.partial) == ("Is the 抹茶 cake back? 🍰", False)
    assert message.sent_at == datetime.fromtimestamp(1_791_025_200, UTC)


def test_a_comment_without_decoration_is_partial_and_shares_no_conversation() -> None:
    message = only("comment_without_decoration")
    own = f"urn:li:comment:({POST},7291100000000000007)"
    assert (message.id, message.thread, message.author, message.text, message.partial) == (
        own,
        own,
        Author(""),
        "",
        True,
    )


def test_a_comment_without_words_is_partial_with_its_author() -> None:
    message = only("comment_without_words")
    assert (message.thread, message.author, message.partial) == (POST, Author(MAI), True)


def test_a_comment_without_a_source_post_is_found_by_its_name() -> None:
    assert only("comment_without_source_post").thread == POST


def test_a_mention_is_answered_under_the_post_that_mentions() -> None:
    assert only("share_mention") == Message(
        channel="linkedin",
        account=PAGE,
        id=SHARE,
        thread=SHARE,
        author=Author(YUI),
        text="Café Sonnenschein さん、予約の返事がまだです。",
        sent_at=SENT_AT + timedelta(seconds=17),
        kind=Kind.MENTION,
        public=True,
        permalink=f"https://www.linkedin.com/feed/update/{SHARE}/",
    )


def test_a_share_with_words_is_a_message_and_one_without_is_nothing() -> None:
    assert only("share_with_words").kind is Kind.QUOTE
    assert read("share_without_words") == []


def test_the_pages_own_answer_is_an_echo() -> None:
    assert only("admin_comment") == Echo(
        channel="linkedin",
        account=PAGE,
        id=f"urn:li:comment:({POST},7291100000000000015)",
        text="Zwei Tage, ab Wien.",
        at=SENT_AT + timedelta(seconds=14),
        parent=COMMENT,
    )


def test_an_edit_and_a_removal_name_the_comment() -> None:
    edited = Edit("linkedin", PAGE, COMMENT, "Giao hàng đến Huế mất mấy ngày ạ?", SENT_AT + timedelta(seconds=10))
    assert only("comment_edited") == edited
    assert only("comment_deleted") == Unsend("linkedin", PAGE, COMMENT, SENT_AT + timedelta(seconds=13))


KINDS = {
    "action_unknown": "unreadable",
    "admin_comment": "echo",
    "admin_comment_on_the_post": "echo",
    "comment": "message",
    "comment_by_a_company": "message",
    "comment_by_the_page": "echo",
    "comment_deleted": "unsend",
    "comment_edited": "edit",
    "comment_edited_by_the_page": "nothing",
    "comment_edited_without_decoration": "unreadable",
    "comment_in_the_long_form": "message",
    "comment_nested_text": "message",
    "comment_under_a_comment": "message",
    "comment_whose_object_is_a_comment": "message",
    "comment_without_decoration": "message",
    "comment_without_source_post": "message",
    "comment_without_words": "message",
    "lead": "nothing",
    "like": "nothing",
    "mixed_with_one_broken": "message unreadable unsend",
    "page_of_somebody_else": "unreadable",
    "share_mention": "message",
    "share_mention_by_the_page": "nothing",
    "share_mention_without_decoration": "message",
    "share_with_words": "message",
    "share_without_words": "nothing",
    "two_subscribers_same_comment": "message message",
    "type_unknown": "unreadable",
}


def test_every_payload_is_read_as_what_it_is() -> None:
    assert {file.stem: kinds(read(file.stem)) for file in PAYLOADS.glob("*.json")} == KINDS


def test_two_subscribers_tell_of_one_comment() -> None:
    first, second = read("two_subscribers_same_comment")
    assert first == second


def test_what_is_kept_raw_can_be_read_again_by_itself() -> None:
    channel = LinkedIn(connection())
    names = sorted(set(KINDS) - {"type_unknown", "two_subscribers_same_comment"})
    for event in [event for name in names for event in read(name)]:
        raw: Any = event.raw
        again = channel.parse(
            delivered(raw if "notifications" in raw else {**json.loads(BODY), "notifications": [raw]})
        )
        assert again == [event]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{", b'{"type": NaN}', b"\xff"])
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        LinkedIn(connection()).parse(delivered(body))


def test_every_answer_is_public_and_short() -> None:
    limits = [LinkedIn(connection()).limits(kind) for kind in Kind]
    assert {(each.public, each.text, each.parts, each.window) for each in limits} == {(True, 1250, 1, None)}


def test_words_are_kept_no_longer_than_linkedin_allows() -> None:
    assert LINKEDIN.keeps_words == timedelta(hours=48)
