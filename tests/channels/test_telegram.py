"""Telegram: what it pushes is proven and read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Answer, Connection, Forged, Malformed, SecretMissing, WebhookRequest
from chalicelib.channels.telegram import Telegram
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
    ThreadMoved,
    Trouble,
    TroubleKind,
    Unreadable,
)
from tests.channels.telegram_at_hand import (
    BOT,
    CAME_AT,
    GROUP,
    MIA,
    OLD_SECRET,
    PAYLOADS,
    SECRET,
    SENT_AT,
    connection,
    delivered,
    payload,
    read,
)

MIAS = Author(MIA, "Mia Müßig", "mia_muessig", url="https://t.me/mia_muessig")
HANAKO = Author("5501773300", "花子 田中")
LINH = Author("8809912345", "Linh Nguyễn Thị", "linh_ng", url="https://t.me/linh_ng")
XIAOMING = Author("6138001380", "王小明")
LAYLA = Author("4400998811", "ليلى حسن")
FRIENDS = Author(GROUP, "Kaffeefreunde ☕", "kaffeefreunde", url="https://t.me/kaffeefreunde")
ROASTER = Author("-1001900800799", "Röster der Stadt", "roester", url="https://t.me/roester")
FORUM, CHATS = "-1001900800701", "-1001900800999"
IN_CHANNEL: dict[str, Any] = {"id": f"{CHATS}:900", "thread": f"channel:{CHATS}:{MIA}"}


def direct(number: int, author: Author = MIAS, text: str = "", **more: Any) -> Message:
    return replace(Message("telegram", BOT, f"{author.id}:{number}", author.id, author, text, SENT_AT), **more)


def group(number: int, author: Author, text: str, chat: str = GROUP, **more: Any) -> Message:
    link = f"https://t.me/kaffeefreunde/{number}" if chat == GROUP else ""
    said = Message("telegram", BOT, f"{chat}:{number}", chat, author, text, SENT_AT, Kind.GROUP, True)
    return replace(said, **{"permalink": link, **more})


def attached(kind: AttachmentKind, ref: str, name: str = "") -> tuple[Attachment, ...]:
    return (Attachment(kind, name=name, ref=ref),)


def place(name: str) -> tuple[Attachment, ...]:
    return (Attachment(AttachmentKind.LOCATION, name=name),)


EXPECTED: dict[str, Any] = {
    "text": direct(101, text="Habt ihr am Sonntag offen? ☕ <b>Ganz</b> sicher?"),
    "text_japanese": direct(12, HANAKO, "日曜日は営業していますか？"),
    "text_vietnamese": direct(13, LINH, "Đơn hàng của tôi đâu rồi? 📦"),
    "text_chinese": direct(14, XIAOMING, "我的订单还没到。"),
    "text_arabic": direct(15, LAYLA, "مرحبا، أين طلبي؟ 🙏"),
    "answering": direct(103, text="Ja, genau den!", parent=f"{MIA}:102"),
    "forwarded": direct(104, text="↪ Paketdienst\nLieferung verspätet sich"),
    "forwarded_post": direct(
        145,
        text="↪ Röster der Stadt\nAb Montag neue Öffnungszeiten",
        attachments=(Attachment(AttachmentKind.LINK, "https://t.me/roester/71"),),
    ),
    "forwarded_from_a_person": direct(146, text="↪ 花子 田中", attachments=attached(AttachmentKind.IMAGE, "FWD")),
    "link_behind_words": direct(
        144,
        text="🍰 Diese Torte hier",
        attachments=(Attachment(AttachmentKind.LINK, "https://lindner.example/torte", "Diese Torte"),),
    ),
    "live_photo": direct(141, text="So sieht es aus", attachments=attached(AttachmentKind.IMAGE, "LIVElarge")),
    "rich_message": direct(142, text="Anfrage\nWir sind 40 Gäste. はい\n\n1. \nTorte\n2. \nKuchen"),
    "rich_message_without_words": Note("telegram", BOT, f"{MIA}:143", MIA, MIAS, NoteKind.UNSUPPORTED, SENT_AT),
    "content_unknown": Note("telegram", BOT, f"{MIA}:131", MIA, MIAS, NoteKind.UNSUPPORTED, SENT_AT),
    "poll_in_a_chat": direct(121, text="📊 Torte oder Kuchen?\n– Torte\n– Kuchen"),
    "checklist": direct(140, text="☑️ Bestellung\n– 2 Torten\n– 1 Kuchen ☕"),
    "photo": direct(105, text="So kam der Kuchen an 😢", attachments=attached(AttachmentKind.IMAGE, "AgAClarge")),
    "album_1": direct(106, text="Drei Bilder vom Schaden", attachments=attached(AttachmentKind.IMAGE, "AgACone")),
    "album_2": direct(107, attachments=attached(AttachmentKind.IMAGE, "AgACtwo")),
    "album_3": direct(108, attachments=attached(AttachmentKind.IMAGE, "AgACthree")),
    "document": direct(
        20, HANAKO, "領収書です", attachments=attached(AttachmentKind.FILE, "BQACdoc", "領収書 3月.pdf")
    ),
    "document_without_a_name": direct(111, attachments=attached(AttachmentKind.FILE, "BQACbare")),
    "video": direct(112, attachments=attached(AttachmentKind.VIDEO, "BAACvid")),
    "video_note": direct(113, attachments=attached(AttachmentKind.VIDEO, "DQACround")),
    "animation": direct(114, attachments=attached(AttachmentKind.VIDEO, "CgACgif", "tanzen.mp4")),
    "voice": direct(16, LAYLA, attachments=attached(AttachmentKind.AUDIO, "AwACvoice")),
    "audio": direct(115, attachments=attached(AttachmentKind.AUDIO, "CQACaudio", "Kaffeehausmusik")),
    "sticker": direct(17, LINH, attachments=attached(AttachmentKind.STICKER, "CAACstick", "🥲")),
    "sticker_that_moves": direct(18, LINH, attachments=attached(AttachmentKind.STICKER, "AAMCstill", "🎉")),
    "location": direct(116, attachments=place("48.208174, 16.373819")),
    "venue": direct(117, attachments=place("Stephansplatz, 1010 Wien (48.2082, 16.3738)")),
    "contact": direct(118, text="👤 Jürgen Weiß, +436607654321"),
    "dice": direct(119, text="🎲"),
    "form_of_a_web_app": direct(120, text='Tisch bestellen\n{"Personen": 4}'),
    "start_with_an_order": direct(100, text="/start bestellung_77"),
    "group": group(502, LINH, "@cafe_lindner_bot ai mang bánh? 🎂"),
    "group_of_nobody_else": group(9, XIAOMING, "@cafe_lindner_bot 有座位吗？", "-412300"),
    "topic": group(503, HANAKO, "コーヒー豆はまだありますか？", FORUM, thread=f"{FORUM}:17"),
    "comment_below_a_post": group(504, LAYLA, "هل ما زال متوفرا؟", parent=f"{GROUP}:490"),
    "group_by_an_administrator_without_a_name": group(505, FRIENDS, "Wer hat noch Karten?"),
    "channel_post": Message(
        channel="telegram",
        account=BOT,
        id=f"{ROASTER.id}:77",
        thread=ROASTER.id,
        author=ROASTER,
        text="Wer liefert uns Milch?",
        sent_at=SENT_AT,
        kind=Kind.POST,
        public=True,
        permalink="https://t.me/roester/77",
    ),
    "business_text": direct(66, text="Ist mein Kuchen fertig?", id=f"bC-1_x:{MIA}:66", thread=f"business:bC-1_x:{MIA}"),
    "button": direct(0, id="button:438291", text="👍 Ja", sent_at=CAME_AT, parent=f"{MIA}:102"),
    "button_below_an_old_message": direct(0, id="button:438292", text="csat:0", sent_at=CAME_AT, parent=f"{MIA}:55"),
    "blocked_by_somebody": Note("telegram", BOT, f"left:{MIA}:1791021600", MIA, MIAS, NoteKind.LEFT, SENT_AT),
    "channel_message": direct(0, text="Habt ihr am Sonntag offen?", parent=f"{CHATS}:899", **IN_CHANNEL),
    "channel_message_edited": Edit(
        "telegram", BOT, f"{CHATS}:900", "Habt ihr am Montag offen?", SENT_AT + timedelta(seconds=60)
    ),
    "channel_message_answered_by_hand": Echo(
        "telegram", BOT, f"{CHATS}:901", "Ja, bis 18 Uhr!", SENT_AT, f"channel:{CHATS}:{MIA}", MIA
    ),
    "edited": Edit("telegram", BOT, f"{MIA}:101", "Habt ihr am Montag offen?", SENT_AT + timedelta(seconds=60)),
    "edited_caption": Edit("telegram", BOT, f"{MIA}:105", "So kam die Torte an", SENT_AT + timedelta(seconds=60)),
    "channel_post_edited": Edit(
        "telegram", BOT, f"{ROASTER.id}:77", "Wer liefert uns Hafermilch?", SENT_AT + timedelta(seconds=60)
    ),
    "business_edited": Edit(
        "telegram", BOT, f"bC-1_x:{MIA}:66", "Ist meine Torte fertig?", SENT_AT + timedelta(seconds=60)
    ),
    "group_has_moved": ThreadMoved("telegram", BOT, "-412300:10", "-412300", "-1001900800702", SENT_AT),
    "group_has_come": ThreadMoved("telegram", BOT, "-1001900800702:1", "-412300", "-1001900800702", SENT_AT),
    "business_answered_by_hand": Echo(
        "telegram", BOT, f"bC-1_x:{MIA}:67", "Ja, seit heute früh! 🙂", SENT_AT, f"business:bC-1_x:{MIA}", MIA
    ),
    "business_our_answer": Echo(
        "telegram", BOT, f"bC-1_x:{MIA}:68", "Ja, bis 18 Uhr.", SENT_AT, f"business:bC-1_x:{MIA}", MIA
    ),
}
TROUBLES = {"thrown_out_of_a_group": f"kicked {GROUP}", "business_disconnected": "business connection"}
UNREADABLE = {
    "kind_unknown": "unknown-kind",
    "content_unknown_in_a_group": "unknown-kind",
    "nobody": "KeyError: 'id'",
    "time_missing": "KeyError: 'date'",
}
SILENT = (
    *("checklist_ticked_off", "channel_message_of_ours_edited", "gift_was_made_better"),
    *("start", "location_moves", "poll_in_a_group", "post_forwarded_into_the_group", "group_by_a_bot"),
    *("somebody_joined", "business_answer_edited_by_hand", "business_deleted"),
    *("business_connected", "button_elsewhere", "let_in_again", "reaction", "nothing"),
)


def test_what_comes_is_read_as_what_it_is() -> None:
    assert {name: read(name) for name in EXPECTED} == {name: [event] for name, event in EXPECTED.items()}


def test_the_owner_hears_when_the_bot_is_let_in_no_more() -> None:
    for name, detail in TROUBLES.items():
        (event,) = read(name)
        assert isinstance(event, Trouble)
        assert (event.account, event.kind, event.detail) == (BOT, TroubleKind.REVOKED, detail)


def test_what_cannot_be_read_is_kept_for_later() -> None:
    reasons = {name: [each.reason for each in read(name) if isinstance(each, Unreadable)] for name in UNREADABLE}
    assert reasons == {name: [reason] for name, reason in UNREADABLE.items()}


def test_what_asks_for_nothing_is_passed_over() -> None:
    assert {name: read(name) for name in SILENT} == {name: [] for name in SILENT}


def test_every_payload_has_its_expectation() -> None:
    expected = {*EXPECTED, *TROUBLES, *UNREADABLE, *SILENT}
    assert {file.stem for file in PAYLOADS.glob("*.json")} == expected


def test_each_event_can_be_read_again_from_what_is_kept_of_it() -> None:
    for name in (*EXPECTED, *TROUBLES):
        (event,) = read(name)
        assert Telegram(connection()).parse(delivered(json.dumps(event.raw).encode())) == [event]


def test_what_is_no_update_is_malformed() -> None:
    for body in (b"", b"null", b"[]", b"1", b'{"message": {}}', b'{"update_id": 1, "update_id": 2}', b"[" * 100):
        with pytest.raises(Malformed):
            Telegram(connection()).parse(delivered(body))


# --- proof -----------------------------------------------------------------------------------------------------------


def test_a_delivery_is_proven_by_either_token_and_nothing_else() -> None:
    body = payload("text")
    for secret in (SECRET, OLD_SECRET):
        Telegram(connection()).verify(delivered(body, secret))
    for wrong in ("", SECRET[:-1], f"{SECRET} ", f"{SECRET}, {SECRET}", SECRET.upper(), "ü" * 20):
        with pytest.raises(Forged):
            Telegram(connection()).verify(delivered(body, wrong))


def test_without_its_token_a_bot_serves_nothing() -> None:
    with pytest.raises(SecretMissing):
        Telegram(Connection("cafe", "telegram", (BOT,))).verify(delivered(payload("text")))
    with pytest.raises(Forged):
        Telegram(connection()).handshake(WebhookRequest("GET", {}, {}, b"", 0))


def test_a_pressed_button_stops_turning_and_nothing_else_is_answered() -> None:
    told = Telegram(connection()).respond(delivered(payload("button")))
    assert json.loads(told.body) == {"method": "answerCallbackQuery", "callback_query_id": "438291"}
    assert told.content_type == "application/json"
    for body in (payload("text"), b"null", b"{", b'{"callback_query": []}'):
        assert Telegram(connection()).respond(delivered(body)) == Answer("")
