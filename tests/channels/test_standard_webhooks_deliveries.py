"""Standard Webhooks: what every delivery is read as, and what a developer hears of one that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Edit, Kind, Message, Unreadable, Unsend, identity
from tests.channels.at_hand import SHARED
from tests.channels.standard_webhooks_at_hand import FORM, FORUM, ID, PAYLOADS, SENT_AT, event_of, events_of, message

WRITTEN_OUT = {
    "message": Message(
        channel="standard_webhooks",
        account=FORM,
        id="anfrage-4711",
        thread="faden-12",
        author=Author("kunde-9", "小林 美咲", "misaki", 950, "https://forum.example/u/misaki"),
        text="ランプの交換はできますか？\nمرحبا 💡",
        sent_at=datetime(2026, 9, 21, 12, 13, 1, tzinfo=UTC),
        kind=Kind.POST,
        public=True,
        attachments=(
            Attachment(AttachmentKind.IMAGE, "https://forum.example/bild.jpg", "bild.jpg"),
            Attachment(AttachmentKind.FILE, "https://forum.example/beleg.pdf"),
        ),
        permalink="https://forum.example/t/12#4711",
        rating="3/5",
    ),
    "message_smallest": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="Hallo",
        sent_at=SENT_AT,
    ),
    "message_numeric_ids": Message(
        channel="standard_webhooks",
        account=FORM,
        id="9007199254740993",
        thread="12",
        author=Author("77", "Đặng Văn Lâm"),
        text="Đèn hỏng",
        sent_at=SENT_AT,
        rating="4",
    ),
    "message_only_attachment": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="",
        sent_at=SENT_AT,
        attachments=(Attachment(AttachmentKind.AUDIO, "https://forum.example/ton.ogg"),),
    ),
    "message_new_fields": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="Grüße",
        sent_at=SENT_AT,
    ),
    "message_edited": Edit("standard_webhooks", FORM, "anfrage-4711", "ランプの交換、お願いします。", SENT_AT),
    "message_deleted": Unsend("standard_webhooks", FORM, "anfrage-4711", SENT_AT),
    "reply": Echo(
        channel="standard_webhooks",
        account=FORM,
        id="antwort-1",
        text="はい、できます。",
        at=SENT_AT,
        thread="faden-12",
        author_id="kunde-9",
        parent="anfrage-4711",
        reply_id="r7",
    ),
    "reply_to_a_message": Echo("standard_webhooks", FORM, ID, "Ja.", SENT_AT, parent="anfrage-4711"),
    "message_thin": Unreadable("missing: data.author.id"),
    "message_without_text": Unreadable("missing: data.text"),
    "message_other_account": Unreadable("unknown-account"),
    "message_unknown_kind": Unreadable("wrong: data.kind"),
    "reply_to_nobody": Unreadable("missing: data.to.id"),
    "order_created": Unreadable("unknown-kind"),
    "order_created_thin": Unreadable("unknown-kind"),
    "ping": Unreadable("unknown-kind"),
}


def test_a_delivery_says_exactly_this() -> None:
    assert {path.stem: event_of(path.stem) for path in PAYLOADS.glob("*.json")} == WRITTEN_OUT


def test_a_delivery_sent_again_is_the_same_message() -> None:
    # without an id of its own, a message has that of the webhook, which is the same in every try
    names = {
        identity("standard_webhooks", FORM, event.id) for event in (message(), message()) if isinstance(event, Message)
    }
    assert len(names) == 1


def test_with_several_accounts_a_message_has_to_name_one() -> None:
    delivery = {"type": "message.created", "data": {"author": {"id": "1"}, "text": "Hallo"}}
    assert events_of(delivery, (FORM, FORUM)) == [Unreadable("missing: data.account")]
    delivery["data"] |= {"account": FORUM}  # type: ignore[operator]
    (event,) = events_of(delivery, (FORM, FORUM))
    assert isinstance(event, Message)
    assert event.account == FORUM


def test_what_is_not_private_is_taken_for_public_until_told() -> None:
    for kind, public, expected in (
        ("comment", None, True),
        ("comment", False, False),
        ("direct", None, False),
        (None, True, True),
    ):
        event = message(kind=kind, public=public)
        assert isinstance(event, Message)
        assert event.public is expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"author": None}, "missing: data.author.id"),
        ({"author": "kunde"}, "missing: data.author.id"),
        ({"author": {"id": ""}}, "missing: data.author.id"),
        ({"author": {"id": []}}, "wrong: data.author.id"),
        ({"author": {"id": True}}, "wrong: data.author.id"),
        ({"text": None}, "missing: data.text"),
        ({"text": "  \n"}, "missing: data.text"),
        ({"text": 5}, "wrong: data.text"),
        ({"id": {}}, "wrong: data.id"),
        ({"conversation": 1.5}, "wrong: data.conversation"),
        ({"kind": ["direct"]}, "wrong: data.kind"),
        ({"public": "yes"}, "wrong: data.public"),
        ({"sent_at": "yesterday"}, "wrong: data.sent_at"),
        ({"sent_at": 1790000000}, "wrong: data.sent_at"),
        ({"sent_at": "0001-01-01T00:00:00+14:00"}, "wrong: data.sent_at"),
        ({"attachments": "x"}, "wrong: data.attachments"),
        ({"attachments": [{"name": "x"}]}, "missing: data.attachments.url"),
        ({"attachments": [{"url": "file:///etc/passwd"}]}, "missing: data.attachments.url"),
        ({"attachments": [5]}, "missing: data.attachments.url"),
        ({"account": "somebody"}, "unknown-account"),
    ],
)
def test_a_developer_reads_which_key_is_at_fault(data: dict[str, Any], reason: str) -> None:
    assert message(**data) == Unreadable(reason)


@pytest.mark.parametrize(
    "delivery",
    [
        {},
        {"type": 5},
        {"type": ["message.created"]},
        {"type": "message.created"},
        {"type": "message.created", "data": "x"},
    ],
)
def test_a_delivery_of_another_shape_is_kept_unread(delivery: dict[str, Any]) -> None:
    (event,) = events_of(delivery)
    assert isinstance(event, Unreadable)


def test_nobodys_words_stand_in_a_reason() -> None:
    wrong = {"kind": "secret words", "account": "secret words", "public": "secret words", "sent_at": "secret words"}
    for key, value in wrong.items():
        event = message(**{key: value})
        assert isinstance(event, Unreadable)
        assert "secret" not in event.reason


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//evil.example", "https://a b", "https://a\n", "ftp://x", 5, None]
)
def test_only_links_to_the_web_are_kept(link: Any) -> None:
    event = message(permalink=link, author={"id": "1", "url": link})
    assert isinstance(event, Message)
    assert (event.permalink, event.author.url) == ("", "")


@pytest.mark.parametrize(
    "at", ["2026-09-21T14:13:20.344522123Z", "2026-09-21T16:13:20.344522+02:00", "2026-09-21 14:13:20.344522"]
)
def test_times_are_read_however_they_are_written(at: str) -> None:
    event = message(sent_at=at)
    assert isinstance(event, Message)
    assert event.sent_at == SENT_AT


FIXTURES = SHARED / "standard_webhooks"


@pytest.mark.skipif(not FIXTURES.exists(), reason="no deliveries from outside here")
def test_deliveries_from_outside_are_kept_unread() -> None:
    found = {path.stem: events_of(path.read_bytes()) for path in FIXTURES.glob("*.json")}
    names = ("contact_created_full__1", "contact_created_thin__1", "minimal_test_vector_body__1")
    assert found == {name: [Unreadable("unknown-kind")] for name in names}
