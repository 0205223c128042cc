"""LinkedIn: samples from elsewhere, where they are at hand: what each is expected to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, WebhookRequest
from chalicelib.channels.linkedin import LinkedIn, signature
from tests.channels.at_hand import Samples, kinds

SAMPLES = Samples("linkedin")
ELSEWHERE = {
    "admin_comment__1": "echo",
    "batch_mixed_actions__1": "message message",
    "comment__1": "message",
    "comment_delete__1": "unsend",
    "comment_edit__1": "edit",
    "comment_message_text_variant__1": "message",
    "like__1": "nothing",
    "share__1": "message",
    "share_mention__1": "message",
}


def events_of(name: str) -> list[Any]:
    body = SAMPLES.body(name)
    accounts = {each["organizationalEntity"].rpartition(":")[2] for each in json.loads(body)["notifications"]}
    request = WebhookRequest("POST", {}, {}, body, 1_791_021_700)
    return LinkedIn(Connection("linkedin", "linkedin", tuple(accounts))).parse(request)


@SAMPLES.needed
@pytest.mark.parametrize(("name", "expected"), ELSEWHERE.items())
def test_a_sample_from_elsewhere_is_read_as_what_it_is(name: str, expected: str) -> None:
    events = events_of(name)
    assert kinds(events) == expected
    assert not any(getattr(event, "partial", False) for event in events)
    assert all(event.text for event in events if hasattr(event, "text"))


@SAMPLES.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted(ELSEWHERE) == SAMPLES.names


@SAMPLES.needed
def test_one_comment_has_one_name_in_all_samples() -> None:
    (comment,), (edit,), (unsend,) = map(events_of, ("comment__1", "comment_edit__1", "comment_delete__1"))
    assert comment.id == edit.id == unsend.id
    assert {event.id for event in events_of("batch_mixed_actions__1")} == {comment.id}


BODY = b'{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS","notifications":[]}'
SIGNED = "402cf9cdc626c0ebaf382709c0e3f3c720807c24074c439a734f7e72dd1ec03a"  # with openssl, key "test_client_secret"


def test_a_signature_made_elsewhere_is_the_same() -> None:
    channel = LinkedIn(Connection("linkedin", "linkedin", (), {}, {"client_secret": "test_client_secret"}))
    channel.verify(WebhookRequest("POST", {"x-li-signature": SIGNED}, {}, BODY, 0))
    with pytest.raises(Forged):
        channel.verify(WebhookRequest("POST", {"x-li-signature": signature("test_client_secret", BODY)}, {}, BODY, 0))
