"""WeChat and WeCom: samples and signatures from elsewhere, where they are at hand: what each is expected to be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.channels.base import Connection, PostFailed, WebhookRequest
from chalicelib.channels.wechat import WeChat
from chalicelib.channels.wechat.elements import read_fields
from chalicelib.channels.wechat.proof import aes_keys, decrypt, signature
from chalicelib.channels.wecom import WeCom
from chalicelib.model import Event, Message
from tests import signing
from tests.channels.at_hand import SHARED, kinds
from tests.channels.wechat_at_hand import reply as an_answer
from tests.channels.wechat_at_hand import wechat, wecom

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="samples are not at hand")

APP, KEY = "wxba5fad812f8e6fb9", "A" * 43
READ = {
    "encrypted_compatible_mode_xml__1": "unreadable",
    "encrypted_safe_mode_json__1": "unreadable",
    "encrypted_safe_mode_xml__1": "unreadable",
    "event_kf_close_session__1": "nothing",
    "event_kf_create_session__1": "nothing",
    "event_kf_switch_session__1": "nothing",
    "event_location_report__1": "nothing",
    "event_location_select__1": "nothing",
    "event_mass_send_job_finish__1": "nothing",
    "event_menu_click__1": "nothing",
    "event_menu_view__1": "nothing",
    "event_pic_sysphoto__1": "nothing",
    "event_scan_existing_follower__1": "nothing",
    "event_subscribe__1": "nothing",
    "event_subscribe_by_qr__1": "nothing",
    "event_subscribe_msg_sent__1": "nothing",
    "event_template_send_job_finish__1": "nothing",
    "event_unsubscribe__1": "note",
    "message_image__1": "message image",
    "message_link__1": "message link 公众平台官网链接\n公众平台官网链接",
    "message_location__1": "message location",
    "message_shortvideo__1": "message video",
    "message_text__1": "message this is a test",
    "message_text_chinese_with_msg_data_id__1": "message 订单三天了还没发货，请尽快处理 😡 & <急>",
    "message_text_create_time_milliseconds_not_official__1": "message Simple Message",
    "message_unknown_type__1": "note",
    "message_video__1": "message video",
    "message_voice__1": "message audio",
    "plaintext_mode_json__1": "unreadable",  # an event of a kind made up for the example
}
ANSWERED = {
    "api_custom_send_error_40001__1": "refused token",
    "api_custom_send_error_40164__1": "refused permission",
    "api_custom_send_error_45015__1": "refused blocked",
    "api_custom_send_error_45047__1": "refused used-up",
    "api_custom_send_error_48001__1": "refused permission",
    "api_custom_send_ok__1": "3f9c2a7e",
}
LISTED = {
    "sync_msg_agent_echo__1": "echo",
    "sync_msg_recall__1": "unsend",
    "sync_msg_text__1": "message hello world",
}


def sample(name: str) -> bytes:
    (path,) = (SHARED / "wechat").glob(f"{name}.*")
    return path.read_bytes()


def events_of(name: str) -> list[Event]:
    body = sample(name)
    fields = read_fields(body)
    safe = "Encrypt" in fields
    options = {"app_id": APP, "mode": "safe" if safe else "plain"}
    secrets = {"token": "a-token-of-sixteen", "aes_key": KEY}
    channel = WeChat(Connection("wechat", "wechat", (fields["ToUserName"],), options, secrets))
    return channel.parse(WebhookRequest("POST", {}, {}, body, 1_791_021_700))


def said(events: list[Event]) -> str:
    more = [[*(each.kind for each in event.attachments), event.text] for event in events if isinstance(event, Message)]
    return " ".join([kinds(events), *(word for words in more for word in words if word)])


def test_every_sample_is_read_as_what_it_is() -> None:
    found = {name: said(events_of(name)) for name in READ}
    assert found == READ
    (late,) = events_of("message_text_create_time_milliseconds_not_official__1")
    assert isinstance(late, Message)
    assert late.sent_at == datetime.fromtimestamp(1518774424, UTC)


def test_every_answer_is_understood() -> None:
    def outcome(name: str) -> str:
        answer = json.loads(sample(name))
        try:
            return wechat(answer, json.loads(sample("api_access_token_ok__1")), answer).send(an_answer())
        except PostFailed as failed:
            return f"{failed.outcome} {failed.code}"

    assert {name: outcome(name) for name in ANSWERED} == ANSWERED


def test_what_wecom_lists_is_read_as_what_it_is() -> None:
    found = {}
    for name in LISTED:
        told = json.loads((SHARED / "wecom_kf" / f"{name}.json").read_bytes())
        channel = wecom(told)
        found[name] = said(list(channel.poll(told["msg_list"][0]["open_kfid"], "1600000000 c").events))
    assert found == LISTED


def test_a_callback_of_wecom_is_one_of_its_account() -> None:
    body = (SHARED / "wecom_kf" / "event_kf_msg_or_event__1.xml").read_bytes()
    query, outer = signing.sealed(body, "a-token-of-sixteen", KEY, "ww12345678910", 1_791_021_700)
    secrets = {"token": "a-token-of-sixteen", "aes_key": KEY}
    channel = WeCom(Connection("wecom", "wecom", ("wkxxxxxxx",), {"corp_id": "ww12345678910"}, secrets))
    assert kinds(channel.parse(WebhookRequest("POST", {}, query, outer, 1_791_021_700))) == "ring"


def test_no_sample_is_left_out() -> None:
    known = [*READ, *ANSWERED, "api_access_token_ok__1", *LISTED, "event_kf_msg_or_event__1"]
    there = [path.stem for folder in ("wechat", "wecom_kf") for path in (SHARED / folder).iterdir()]
    assert sorted(known) == sorted(there)


# --- signatures ------------------------------------------------------------------------------------------------------


def vectors() -> list[dict[str, Any]]:
    found = json.loads((SHARED / "signatures.json").read_bytes()) if SHARED.exists() else []
    return [each for each in found if each["platform"] in ("wechat", "wecom_kf")]


def test_what_the_platforms_encrypted_is_read() -> None:
    for each in (each for each in vectors() if each["valid"] and "expected_plaintext" in each):
        keys = aes_keys("test", [each["encoding_aes_key"]])
        assert decrypt(each["encrypt"], keys, each["app_id"]).decode() == each["expected_plaintext"]


def test_what_tests_encrypt_is_what_the_platforms_would() -> None:
    for each in (each for each in vectors() if each["kind"] == "encrypt_reply"):
        ours = signing.encrypted(each["plaintext"].encode(), each["encoding_aes_key"], each["app_id"])
        keys = aes_keys("test", [each["encoding_aes_key"]])
        assert decrypt(ours, keys, each["app_id"]) == decrypt(each["encrypt"], keys, each["app_id"])
        signed = signature(each["secret"], each["timestamp"], each["nonce"], each["encrypt"])
        assert signed == each["msg_signature"]
