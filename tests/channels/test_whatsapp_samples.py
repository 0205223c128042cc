"""WhatsApp: samples from elsewhere, where they are at hand: what each is expected to be, and the files that are it."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.base import Connection
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.model import Echo, Event, Message, Moved, Trouble, Undelivered
from tests.channels.at_hand import Samples, kinds
from tests.channels.whatsapp_at_hand import delivered

FOLDER = Samples("whatsapp")

ELSEWHERE: dict[str, dict[str, str | None]] = {
    "message": {
        "message_audio__1": "[audio]",
        "message_button__1": "title",
        "message_button__2": "title",
        "message_contacts__1": "👤 Chandler Bing, +1 555-555-5555",
        "message_contacts_shared_on_request__1": "👤 Test Customer, 15550100002",
        "message_document__1": "caption[file]",
        "message_image__1": "[image]",
        "message_image__2": "[image]",
        "message_interactive_button_reply__1": "title",
        "message_interactive_list_reply__1": "title",
        "message_interactive_list_reply__2": "title",
        "message_interactive_nfm_reply__1": "first_name: Bob",
        "message_location__1": "[location]",
        "message_location__2": "[location]",
        "message_order__1": "3 × HAMBURGER (30 ILS)",
        "message_sticker__1": "[sticker]",
        "message_sticker__2": "[sticker]",
        "message_text__1": "Body Text",
        "message_text__2": "Hello World",
        "message_text_ad_referral__1": "BODY",
        "message_text_bsuid_group__1": "Does it come in another color?",
        "message_text_bsuid_in_from__1": "Hello World",
        "message_text_bsuid_only_no_from__1": "Hello World",
        "message_text_forwarded__1": "forwarded text",
        "message_text_forwarded__2": "text forwarded many times",
        "message_text_group__1": "Hello World, group message",
        "message_text_reply_context__1": "replied text",
        "message_text_with_bsuid__1": "Hello World",
        "message_video__1": "caption[video]",
        "message_voice__1": "[audio]",
    },
    "message message": {"batch_duplicate_message_in_one_post__1": "Hello World"},
    "note": dict.fromkeys(
        (
            *("message_unsupported__1", "message_unsupported__2", "message_unsupported__3"),
            "message_interactive_with_value_errors__1",
        )
    ),
    "reaction": dict.fromkeys(("message_reaction__1", "message_reaction_removed__1", "message_reaction_removed__2")),
    "edit": {"message_edit__1": None},
    "unsend": {"message_revoke__1": None},
    "unreadable": {"message_text_no_sender_id_malformed__1": None},
    "echo": {"smb_message_echo__1": "Test message"},
    "moved": {
        "system_user_changed_number__1": "15550100002 15550100003",
        "system_user_changed_user_id__1": "US.10000000000000000009 US.10000000000000000001",
        "user_id_update__1": "US.10000000000000000009 US.10000000000000000001",
    },
    "trouble": {
        "account_update_banned__1": "DISABLED_UPDATE SCHEDULE_FOR_DISABLE",
        "account_update_restriction__1": (
            "ACCOUNT_RESTRICTION RESTRICTED_BIZ_INITIATED_MESSAGING RESTRICTED_ADD_PHONE_NUMBER_ACTION"
        ),
        "account_update_violation__1": "ACCOUNT_VIOLATION ADULT",
        "phone_number_quality_update__1": "FLAGGED TIER_10K",
        "value_errors_only__1": "0",
    },
    "undelivered": {
        "status_failed__1": "policy 130472",
        "status_failed__2": "rejected 131014",
        "status_failed__3": "blocked 131026",
    },
    "nothing": dict.fromkeys(
        (
            *("account_update_disabled__1", "business_username_update__1", "system_customer_identity_changed__1"),
            *("smb_message_echo_edit__1", "smb_message_echo_revoke__1", "status_delivered__1", "status_played__1"),
            *("status_delivered_bsuid__1", "status_read__1", "status_read_group__1", "status_sent__1"),
            "status_sent_with_biz_opaque_callback_data__1",
        )
    ),
}
SAMPLES = [(name, kind, said) for kind, rows in ELSEWHERE.items() for name, said in rows.items()]


@FOLDER.needed
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    read = {name: sampled(name) for name, _, _ in SAMPLES}
    assert [(name, kinds(read[name])) for name, _, _ in SAMPLES] == [(name, kind) for name, kind, _ in SAMPLES]
    words = [(name, said) for name, _, said in SAMPLES if said is not None]
    assert [(name, told(read[name][0])) for name, _ in words] == words


def sampled(name: str) -> list[Event]:
    body = FOLDER.body(name)
    changes = [change for entry in json.loads(body)["entry"] for change in entry["changes"]]
    numbers = tuple(change["value"].get("metadata", {}).get("phone_number_id", "1") for change in changes)
    return WhatsApp(Connection("cafe", "whatsapp", numbers)).parse(delivered(body))


@FOLDER.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted(name for name, _, _ in SAMPLES) == FOLDER.names


def told(event: Any) -> str:
    if isinstance(event, Message):
        return event.text.split("\n")[0] + "".join(f"[{each.kind}]" for each in event.attachments)
    words = {Echo: "{0.text}", Moved: "{0.old} {0.new}", Trouble: "{0.detail}", Undelivered: "{0.code} {0.detail}"}
    return words[type(event)].format(event)
