"""Texts and calls: samples from elsewhere, where they are at hand, and what each of them is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chalicelib.channels.base import Channel, WebhookRequest
from chalicelib.channels.phone import Phone
from chalicelib.channels.sms import Sms
from chalicelib.channels.twilio import failure
from chalicelib.http import Response
from chalicelib.model import Event, Message, Unreadable
from tests.channels.at_hand import SHARED
from tests.channels.twilio_at_hand import connection

ELSEWHERE = {
    "sms": {
        "sms_received": "message +12025550143 Msg",
        "sms_received_unicode_japanese": "message +12025550143 荷物がまだ届きません 📦 Grüße, xin chào",
        "sms_received_messaging_service_short_code": "message +12025550143 Hello there",
        "sms_received_base64_body": "message +12025550143 Bannon Explains The World ...\n“The Camp of the Saints",
        "sms_received_stop_opt_out": "message +12025550143 STOP; note",
        "mms_received_with_body": "message +12025550143 Msg image image",
        "mms_received_media_only_no_body": "message +12025550143 image image",
        **dict.fromkeys(("status_delivered_minimal", "status_read", "status_sent_messaging_service"), ""),
        "status_failed_21610_opted_out": "undelivered stopped; undelivered stopped",
        "status_failed_63018_rate_limit": "undelivered throttled; undelivered throttled",
        **dict.fromkeys(("whatsapp_received", "whatsapp_received_bsuid_only"), "unreadable"),
        **dict.fromkeys(("whatsapp_received_button", "whatsapp_received_phone_and_bsuid"), "unreadable"),
    },
    "phone": {
        "voice_incoming_call": "message +12025550143 call",
        "voice_incoming_call_anonymous": "message call_back",
        "voice_record_action_callback": "message +12025550143 call",
        **dict.fromkeys(("voice_recording_status_absent", "voice_recording_status_completed"), ""),
        **dict.fromkeys(("voice_transcription_completed", "voice_transcription_failed"), ""),
    },
    "aws": {
        "two_way_sms": "message +14255550182 EXAMPLE",
        "two_way_sms_free_text_no_previous": "message +14255550182 Wo bleibt meine Bestellung? 😠",
    },
}
OURS = ("+12025550100", "384387", "+12125550101")


def opened(kind: str) -> Channel:
    served = connection("phone" if kind == "phone" else "sms", **({"provider": "aws"} if kind == "aws" else {}))
    served = replace(served, accounts=OURS if kind == "aws" else OURS[:2])
    return Phone(served) if kind == "phone" else Sms(served)


def shown(kind: str, event: Event) -> str:
    if isinstance(event, Message):
        files = [each.kind.value for each in event.attachments]
        words = [event.kind.value] if kind == "phone" else [event.text]
        return " ".join(filter(None, ["message", event.author.id, *words, *files]))
    return (
        "unreadable"
        if isinstance(event, Unreadable)
        else " ".join(filter(None, [type(event).__name__.lower(), getattr(event, "code", "")]))
    )


@pytest.mark.skipif(not SHARED.exists(), reason="not at hand")
def test_each_sample_is_what_it_is_said_to_be() -> None:
    for kind, expected in ELSEWHERE.items():
        folder, ending = ("aws_sms", "json") if kind == "aws" else ("twilio", "form")
        found = {}
        for name in expected:
            body = (SHARED / folder / f"{name}__1.{ending}").read_bytes().rstrip(b"\n")
            events = opened(kind).parse(WebhookRequest("POST", {}, {}, body, 1_791_000_000))
            found[name] = "; ".join(shown(kind, each) for each in events)
        assert found == expected
    named = {f"{name}__1.form" for kind in ("sms", "phone") for name in ELSEWHERE[kind]}
    assert {path.name for path in (SHARED / "twilio").glob("*.form")} == named
    error = (SHARED / "twilio" / "api_message_create_error_21610__1.json").read_bytes()
    assert failure(Response(400, error)).code == "stopped"
    envelope = json.loads((SHARED / "aws_sms" / "sns_lambda_event_two_way_sms__1.json").read_bytes())
    inside = envelope["Records"][0]["Sns"]["Message"].encode()
    (text,) = opened("aws").parse(WebhookRequest("POST", {}, {}, inside, 1_791_000_000))
    assert isinstance(text, Message)
