"""Zalo: samples from elsewhere, where they are at hand: what each is, what it says, and signatures made elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.zalo import Zalo
from chalicelib.http import Response
from chalicelib.model import Echo, Message
from tests.channels.at_hand import Samples, kinds
from tests.channels.zalo_at_hand import LINH, NOW, Platform, at, reply
from tests.channels.zalo_at_hand import OA as OURS

SAMPLES = Samples("zalo")

OA, USER = "2000000000000000002", "1000000000000000001"
ELSEWHERE: dict[str, tuple[str, str]] = {
    "anonymous_send_text__1": ("message", f"Xin chào in visitor:{USER}:anon-1"),
    "user_send_audio__1": ("message", "[audio]"),
    "user_send_file__1": ("message", "[file hoa-don.pdf]"),
    "user_send_group_text__1": ("message", "Cửa hàng mở cửa mấy giờ? in group:5000000000000000005"),
    "user_send_image__1": ("message", "[image]"),
    "user_send_link__1": ("message", "[link Sản phẩm]"),
    "user_send_location__1": ("message", "Example Market[location 10.7923119, 106.7820651]"),
    "user_send_sticker__1": ("message", "[sticker]"),
    "user_send_text__1": ("message", "Chào A4B"),
    "user_send_text__2": ("message", "Helo"),
    "user_send_text_quote__1": ("message", "Vẫn chưa nhận được hàng to e2a641af6661713b2874"),
    "oa_send_text_echo__1": ("echo", f"Cảm ơn bạn to {USER}"),
    "unfollow__1": ("note", "left"),
    "follow__1": ("nothing", ""),
    "registration_probe_empty_body__1": ("nothing", ""),
    "user_received_message__1": ("nothing", ""),
    "user_seen_message__1": ("nothing", ""),
}
ANSWERS = ("api_error_token_expired_216__1", "api_profile_detail__1", "api_send_ok__1")


@SAMPLES.needed
def test_a_sample_from_elsewhere_is_read_as_what_it_is() -> None:
    found = {}
    for name in ELSEWHERE:
        events = Zalo(Connection("oa", "zalo", (OA,))).parse(WebhookRequest("POST", {}, {}, SAMPLES.body(name), 0))
        found[name] = (kinds(events), told(events[0]) if events else "")
    assert found == ELSEWHERE


def told(event: Any) -> str:
    if isinstance(event, Echo):
        return f"{event.text} to {event.author_id}"
    if not isinstance(event, Message):
        return str(event.kind)
    place = f" in {event.thread}" if event.thread != USER else ""
    answered = f" to {event.parent}" if event.parent else ""
    files = (f"[{f'{each.kind} {each.name}'.strip()}]" for each in event.attachments)
    return event.text + "".join(files) + place + answered


@SAMPLES.needed
def test_what_zalo_answers_elsewhere_is_understood() -> None:
    refused, known, taken = (Response(200, SAMPLES.body(name)) for name in ANSWERS)
    assert at(NOW, Platform(taken)).send(reply()) == "c0ffee0000000000000b"
    assert at(NOW, Platform(known)).profile(OURS, LINH) == {"name": "Khách Thử"}
    with pytest.raises(PostFailed) as failed:
        at(NOW, Platform(refused)).send(reply())
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


@SAMPLES.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted([*ELSEWHERE, *ANSWERS]) == SAMPLES.names
