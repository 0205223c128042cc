"""Telegram and Viber: samples from elsewhere, where they are at hand: what each is read as."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.base import Channel, Connection, WebhookRequest
from chalicelib.channels.telegram import Telegram
from chalicelib.channels.telegram.calls import Migrated, failure
from chalicelib.channels.viber import Viber
from chalicelib.channels.viber.calls import failure as viber_failure
from chalicelib.http import Response
from chalicelib.model import Edit, Event, Message, Note, ThreadMoved, Undelivered, Unreadable
from tests.channels.at_hand import SHARED

needed = pytest.mark.skipif(not (SHARED / "telegram").exists(), reason="samples are not at hand")

TELEGRAM = {
    "business_message_text__1": "message to a Telegram Business account",
    "callback_query__1": "csat:5",
    "channel_post_text__1": "Hello, I need your Help",
    "edited_business_message_text__1": "nothing",  # by another person than the chat is with
    "edited_message_caption__1": "edit: updated caption",
    "edited_message_text__1": "edit: updated message",
    "message_album_part__1": "two pictures of the damage[image PHOTO1]",
    "message_album_part__2": "[image PHOTO2]",
    "message_audio__1": "[audio AUDIO_FILE_ID]",
    "message_contact__1": "👤 Example Contact, +12025550143",
    "message_document__1": "[file BQADAQADCgADgtFRRPrv9GQ95f8eAg]",
    "message_document_without_mime_type__1": "[file documentfileid]",
    "message_forum_topic__1": "topic message",
    "message_large_ids__1": "ids above 32 bits",
    "message_location__1": "[location 52.520008, 13.404954]",
    "message_migrate_to_supergroup__1": "moved: -123456 to -1001234567890",
    "message_photo_caption__1": ("Photo Caption[image AgADAQADtKcxG4LRUUQSQVUjfJIiiF8G6C8ABA9NJzFdXskaincBAAEC]"),
    "message_photo_caption_html_like__1": "caption 123<b>abc</b>[image photofileid3]",
    "message_reply_to_bot__1": "still broken",
    "message_start_command__1": "nothing",
    "message_sticker__1": "[sticker BQADAwADRQADyIsGAAHtBskMy6GoLAI]",
    "message_text_group__1": "@example_bot is anyone there?",
    "message_text_private__1": "test",
    "message_venue__1": "[location Example Square, Example Street 1 (52.520008, 13.404954)]",
    "message_video__1": "[video BAADAQADBgADgtFRRPFTAAHxLVw76wI]",
    "message_voice__1": "[audio AwADAQADCQADgtFRRGn8KrC-0D_MAg]",
    "message_web_app_data__1": 'Register\n{"first_name": "Bob", "age": "32"}',
    "my_chat_member_bot_blocked__1": "note: left",
    "update_without_payload__1": "nothing",
}
VIBER = {
    "conversation_started__1": "nothing",
    "conversation_started_already_subscribed__1": "nothing",
    "delivered__1": "nothing",
    "failed__1": "undelivered: 4912661846655238145",
    "message_contact__1": "incoming msg\n👤 Example Contact, +12025550143",
    "message_file__1": "[file https://example.com/invoice.pdf]",
    "message_location__1": "incoming msg[location 1.2, -1.3]",
    "message_picture__1": "see attached[image https://example.com/photo.jpg]",
    "message_sticker__1": "incoming msg[sticker ]",
    "message_text__1": "incoming msg",
    "message_text_token_as_string_with_chat_id__1": "HI!",
    "message_text_unicode__1": (
        "批封廟根縄華勢田郎報株聞。変宝長独部鉱内出殺反提似惑金参勧車査真測。見名基現画府日室事集百藤米。"
        "発目本当党考万名東拓学早職表治月佐。町要静子呉遊推写間確長無読死覧件一盛治融。"
    ),
    "message_unknown_type__1": "incoming msg",
    "message_url__1": "incoming msg\nhttp://foo.com/",
    "seen__1": "nothing",
    "subscribed__1": "nothing",
    "unknown_event__1": "unreadable: unknown-kind",
    "unsubscribed__1": "note: left",
    "webhook_check__1": "nothing",
}
CALLS = {
    "telegram/api_error_400_migrated__1": "moved: -1001234567890",
    "telegram/api_error_403_blocked__1": "blocked",
    "telegram/api_error_429__1": "throttled",
    "viber/api_send_not_subscribed__1": "blocked",
}
SENT = ("telegram/api_send_message_ok__1", "viber/api_send_ok__1")


@needed
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    assert {name: told(read(Telegram, "telegram", name)) for name in TELEGRAM} == TELEGRAM
    assert {name: told(read(Viber, "viber", name)) for name in VIBER} == VIBER


@needed
def test_errors_from_elsewhere_mean_what_they_say() -> None:
    assert {name: refused(name) for name in CALLS} == CALLS


@needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    known = [*(f"telegram/{name}" for name in TELEGRAM), *(f"viber/{name}" for name in VIBER), *CALLS, *SENT]
    files = [f"{name}/{file.stem}" for name in ("telegram", "viber") for file in (SHARED / name).glob("*.json")]
    assert sorted(known) == sorted(files)


def read(factory: Any, folder: str, name: str) -> list[Event]:
    body = (SHARED / folder / f"{name}.json").read_bytes()
    channel: Channel = factory(Connection("any", folder, ("222222",)))
    return channel.parse(WebhookRequest("POST", {}, {}, body, 1_790_000_000))


def told(events: list[Event]) -> str:
    if not events:
        return "nothing"
    (event,) = events
    if isinstance(event, Message):
        return event.text + "".join(f"[{each.kind} {each.ref or each.url or each.name}]" for each in event.attachments)
    words = {
        Edit: "edit: {0.text}",
        ThreadMoved: "moved: {0.old} to {0.new}",
        Undelivered: "undelivered: {0.id}",
        Note: "note: {0.kind}",
        Unreadable: "unreadable: {0.reason}",
    }
    return words[type(event)].format(event)


def refused(name: str) -> str:
    body = (SHARED / f"{name}.json").read_bytes()
    status = json.loads(body).get("error_code", 200)
    failed = failure(Response(status, body)) if name.startswith("telegram") else viber_failure(Response(status, body))
    return f"moved: {failed}" if isinstance(failed, Migrated) else failed.code
