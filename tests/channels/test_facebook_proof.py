"""Facebook: what proves a delivery and a subscription, and what does not."""

from __future__ import annotations

import pytest

from chalicelib.channels.base import (
    Forged,
    WebhookRequest,
)
from tests import signing
from tests.channels.facebook_at_hand import (
    BODY,
    FACEBOOK,
    SECRET,
    VERIFY_TOKEN,
    delivered,
)


def forged(body: bytes, headers: dict[str, str]) -> bool:
    try:
        FACEBOOK.verify(delivered(body, headers))
    except Forged:
        return True
    return False


RIGHT = signing.facebook(BODY, SECRET)["x-hub-signature-256"]


@pytest.mark.parametrize(
    "header",
    [
        "sha256=",
        "sha256=" + "0" * 64,
        RIGHT.removeprefix("sha256="),
        RIGHT.upper(),
        f" {RIGHT}",
        f"{RIGHT}, sha256={'0' * 64}",
        "sha256=" + "\ud800" * 64,
        "sha1=" + "0" * 40,
    ],
)
def test_a_signature_that_is_not_exactly_right_is_forged(header: str) -> None:
    assert forged(BODY, {"x-hub-signature-256": header})


def asked(**query: str) -> WebhookRequest:
    full = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444", **query}
    return WebhookRequest("GET", {}, {f"hub.{name}": value for name, value in full.items()}, b"", 0)


def test_the_handshake_gives_back_the_challenge_and_nothing_else() -> None:
    answer = FACEBOOK.handshake(asked())
    assert (answer.body, answer.content_type) == ("1158201444", "text/plain")
    assert FACEBOOK.handshake(asked(challenge="a-B_9" * 51)).body == "a-B_9" * 51


@pytest.mark.parametrize(
    "query",
    [
        {"verify_token": "something-else-1"},
        {"verify_token": ""},
        {"verify_token": "ü\ud800"},
        {"mode": "unsubscribe"},
        {"mode": ""},
        {"challenge": ""},
        {"challenge": "<script>alert(1)</script>"},
        {"challenge": "1\n"},
        {"challenge": "１２"},
        {"challenge": "1" * 257},
        {"challenge": "1" * 10_000},
    ],
)
def test_a_handshake_with_anything_wrong_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        FACEBOOK.handshake(asked(**query))
