"""WhatsApp: what it sends is proven and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Kind,
    Message,
    Moved,
    Note,
    NoteKind,
    Reaction,
    Trouble,
    TroubleKind,
    Undelivered,
    Unreadable,
    Unsend,
)
from tests import signing
from tests.channels.whatsapp_at_hand import (
    MIA,
    MIAS_NUMBER,
    NUMBER,
    OLD_SECRET,
    PAYLOADS,
    SENT_AT,
    VERIFY_TOKEN,
    WAMID,
    connection,
    delivered,
    only,
    payload,
    read,
)

SHA = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
MIAS = Author(MIA, "Mia Müßig", "mia.muessig", url=f"https://wa.me/{MIAS_NUMBER}")
HANAKO = Author("JP.5501773300482", "田中 花子", url="https://wa.me/819012345678")
LINH = Author("VN.8809912345671", "Nguyễn Thị Linh", "linh.ng")
XIAOMING = Author("8613800138000", "王小明", url="https://wa.me/8613800138000")
LAYLA = Author("EG.4400998811223", "ليلى حسن")


def message(author: Author = MIAS, **more: Any) -> Message:
    number = author.url.rpartition("/")[2]
    plain = Message(
        "whatsapp", NUMBER, WAMID, author.id, author, "", SENT_AT, also=number if number != author.id else ""
    )
    return replace(plain, **more)


def attached(kind: AttachmentKind, media_id: str, name: str = "") -> tuple[Attachment, ...]:
    return (Attachment(kind, name=name, ref=f"93001122334455{media_id} {SHA}"),)


MESSAGES = {
    "text": message(text="Habt ihr am Sonntag offen? ☕ 日曜日は営業していますか؟"),
    "text_number_only": message(XIAOMING, id="wamid.HBgNODYxMzgwMDEzODAwMA", text="我的订单还没到。"),
    "text_user_id_only": message(LINH, id="wamid.HBgLVk4uODgwOTkxMjM", text="Đơn hàng của tôi đâu rồi? 📦"),
    "text_user_id_as_number": message(LAYLA, id="wamid.HBgLRUcuNDQwMDk5ODg", text="مرحبا، أين طلبي؟"),
    "text_answering": message(text="Ja, genau den!", parent="wamid.HBgOURSANSWER"),
    "text_from_an_advertisement": message(
        HANAKO,
        id="wamid.HBgMODE5MDEyMzQ1Njc4QUQ",
        text="こんにちは、まだありますか？",
        attachments=(Attachment(AttachmentKind.LINK, "https://fb.me/1xYzAbC", "秋のケーキ 🍰"),),
    ),
    "image": message(text="So kam der Kuchen an 😢", attachments=attached(AttachmentKind.IMAGE, "6")),
    "document": message(attachments=attached(AttachmentKind.FILE, "7", "Rechnung März.pdf")),
    "voice": message(attachments=attached(AttachmentKind.AUDIO, "8")),
    "sticker": message(attachments=attached(AttachmentKind.STICKER, "9")),
    "location": message(
        attachments=(Attachment(AttachmentKind.LOCATION, name="Stephansplatz, 1010 Wien (48.2082, 16.3738)"),)
    ),
    "contacts": message(text="👤 Jürgen Weiß, +43 660 7654321, juergen@weiss.example\n👤 佐藤 美咲, +81 90 1111 2222"),
    "contact_shared_on_request": message(LINH, id="wamid.HBgLVk4uU0hBUkVE", text="👤 Nguyễn Thị Linh, 84901234567"),
    "button": message(text="Ja, bitte", parent="wamid.HBgOURTEMPLATE"),
    "button_reply": message(text="Abholen"),
    "list_reply": message(text="Samstag\n9 bis 18 Uhr"),
    "form": message(text='Name: Mia\nPersonen: 4\nWünsche: ["vegan", "ohne Nüsse"]'),
    "form_of_one_word": message(text="fertig"),
    "order": message(text="Bitte bis Freitag\n2 × SACHER-20 (42.5 EUR)\n1 × MELANGE"),
    "group": message(
        id="wamid.G1",
        thread="group:120363040000000001@g.us",
        text="Wer bringt den Kuchen? 🎂",
        kind=Kind.GROUP,
        public=True,
        also="",
    ),
}
OURS = Echo(
    "whatsapp", NUMBER, "wamid.HBgOURSANSWER", "", SENT_AT + timedelta(seconds=5), MIA, MIA, reply_id="3f9c2a7e"
)
OTHERS: dict[str, Any] = {
    "interactive_without_content": Note("whatsapp", NUMBER, WAMID, MIA, MIAS, NoteKind.UNSUPPORTED, SENT_AT),
    "unsupported": Note("whatsapp", NUMBER, "wamid.U1", MIA, MIAS, NoteKind.UNSUPPORTED, SENT_AT),
    "reaction": Reaction("whatsapp", NUMBER, "wamid.HBgOURSANSWER", "❤️", SENT_AT),
    "reaction_taken_back": Reaction("whatsapp", NUMBER, "wamid.HBgOURSANSWER", "", SENT_AT),
    "edit": Edit("whatsapp", NUMBER, WAMID, "Habt ihr am Montag offen?", SENT_AT + timedelta(seconds=60)),
    "revoke": Unsend("whatsapp", NUMBER, WAMID, SENT_AT + timedelta(seconds=90)),
    "answered_in_the_app": Echo(
        "whatsapp", NUMBER, "wamid.SMB1", "Ja, bis 18 Uhr! 🙂", SENT_AT + timedelta(seconds=30), MIA, MIA
    ),
    "status_failed": Undelivered("whatsapp", NUMBER, OURS.id, "window", OURS.at, "131047"),
    "number_changed": Moved(
        "whatsapp", NUMBER, "wamid.S1", "8613800138000", "8613900139000", SENT_AT + timedelta(seconds=10)
    ),
    "user_id_changed": Moved("whatsapp", NUMBER, "wamid.S1", MIA, "AT.9900112233445", SENT_AT + timedelta(seconds=10)),
    "user_id_update": Moved(
        "whatsapp",
        NUMBER,
        f"moved:{MIA}:AT.9900112233445",
        MIA,
        "AT.9900112233445",
        SENT_AT + timedelta(seconds=11),
    ),
}
TROUBLES = {
    "account_restricted": (TroubleKind.POLICY, "ACCOUNT_RESTRICTION RESTRICTED_BIZ_INITIATED_MESSAGING"),
    "account_gone": (TroubleKind.REVOKED, "ACCOUNT_DELETED"),
    "account_review_rejected": (TroubleKind.POLICY, "REJECTED"),
    "quality_flagged": (TroubleKind.POLICY, "FLAGGED TIER_1K"),
    "template_paused": (TroubleKind.POLICY, "PAUSED order_update"),
    "error_of_the_app": (TroubleKind.REVOKED, "190"),
}
UNREADABLE = {
    "another_number": "unknown-account",
    "kind_unknown": "unknown-kind",
    "field_unknown": "unknown-kind",
    "nobody": "ValueError: id",
    "error_of_something_else": "error",
}
SILENT = (
    *("account_reinstated", "answer_changed_in_the_app", "answer_taken_back_in_the_app", "first_look"),
    *("quality_better", "security_code_changed", "status_of_somebody_elses_message", "unsupported_in_a_group"),
    "user_name_approved",
)
IN_NUMBERS = ("statuses", "status_failed_of_a_lost_answer", "two_people_and_one_broken")


def test_what_a_customer_sends_is_read_as_what_it_is() -> None:
    assert {name: only(name) for name in MESSAGES} == MESSAGES


@pytest.mark.parametrize("name", OTHERS)
def test_what_happens_besides_is_read_as_what_it_is(name: str) -> None:
    assert only(name) == OTHERS[name]


@pytest.mark.parametrize("name", TROUBLES)
def test_the_owner_hears_of_what_stops_the_number(name: str) -> None:
    trouble = only(name)
    assert isinstance(trouble, Trouble)
    assert (trouble.account, (trouble.kind, trouble.detail)) == (NUMBER, TROUBLES[name])


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_kept_for_later(name: str) -> None:
    event = only(name)
    assert isinstance(event, Unreadable)
    assert event.reason == UNREADABLE[name]


@pytest.mark.parametrize("name", SILENT)
def test_what_asks_for_nothing_is_passed_over(name: str) -> None:
    assert read(name) == []


def test_every_payload_has_its_expectation() -> None:
    expected = {*MESSAGES, *OTHERS, *TROUBLES, *UNREADABLE, *SILENT, *IN_NUMBERS}
    assert {file.stem for file in PAYLOADS.glob("*.json")} == expected


def test_people_are_told_apart_by_their_ids_and_one_broken_message_costs_only_itself() -> None:
    mia, hanako, broken, again = read("two_people_and_one_broken")
    assert (mia, hanako) == (
        message(id="wamid.B1", text="Von Mia"),
        message(HANAKO, id="wamid.B2", text="花子より", sent_at=SENT_AT + timedelta(seconds=1)),
    )
    assert isinstance(broken, Unreadable)
    assert again == mia


def test_a_status_with_our_own_mark_proves_that_the_answer_was_taken() -> None:
    assert read("statuses") == [OURS, OURS]


def test_a_lost_answer_that_failed_is_first_proven_and_then_undelivered() -> None:
    assert read("status_failed_of_a_lost_answer") == [
        OURS,
        Undelivered("whatsapp", NUMBER, OURS.id, "blocked", OURS.at, "131026"),
    ]


def test_each_event_can_be_read_again_from_what_is_kept_of_it() -> None:
    import json

    for event in [only(name) for name in (*MESSAGES, *OTHERS)]:
        assert WhatsApp(connection()).parse(delivered(json.dumps(event.raw).encode())) == [event]


# --- proof -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["a-secret-of-the-app", OLD_SECRET])
def test_a_delivery_is_proven_by_either_secret_over_its_bytes(secret: str) -> None:
    body = payload("text")
    WhatsApp(connection()).verify(delivered(body, signing.whatsapp(body, secret)))


def test_one_changed_byte_a_missing_or_an_older_signature_is_a_forgery() -> None:
    body = payload("text")
    signed = signing.whatsapp(body, "a-secret-of-the-app")
    sha1 = {"x-hub-signature": "sha1=3b2f"}
    for forged, headers in ((body.replace(b"Sonntag", b"Montag "), signed), (body, {}), (body, sha1)):
        with pytest.raises(Forged):
            WhatsApp(connection()).verify(delivered(forged, headers))


def test_the_subscription_is_answered_with_the_challenge_alone() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "115820"}
    request = WebhookRequest("GET", {}, query, b"", 0)
    assert WhatsApp(connection()).handshake(request).body == "115820"
    with pytest.raises(Forged):
        WhatsApp(connection()).handshake(replace(request, query={**query, "hub.verify_token": "a-verify-token-2"}))


def test_without_its_secret_a_number_serves_nothing() -> None:
    with pytest.raises(SecretMissing):
        WhatsApp(Connection("cafe", "whatsapp", (NUMBER,))).verify(delivered(payload("text")))


def test_what_aws_serves_takes_nothing_by_http_even_with_a_secret() -> None:
    channel = WhatsApp(connection(provider="aws"))
    with pytest.raises(Forged):
        channel.verify(delivered(payload("text")))
    with pytest.raises(Forged):
        channel.handshake(WebhookRequest("GET", {}, {"hub.verify_token": VERIFY_TOKEN}, b"", 0))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{}", b'{"entry": 1}', b"[" * 70_000])
def test_a_body_that_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        WhatsApp(connection()).parse(delivered(body))


@pytest.mark.parametrize(
    "entry", ["1", "{}", '{"changes": 1}', '{"changes": [1]}', '{"changes": [{"value": {"messages": [1]}}]}']
)
def test_an_entry_that_is_none_costs_only_itself(entry: str) -> None:
    body = f'{{"object": "whatsapp_business_account", "entry": [{entry}]}}'.encode()
    (event,) = WhatsApp(connection()).parse(delivered(body))
    assert isinstance(event, Unreadable)
