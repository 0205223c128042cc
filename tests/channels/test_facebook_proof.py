"""Facebook: what proves a delivery and a subscription, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.base import (
    Connection,
    Forged,
    SecretMissing,
    WebhookRequest,
)
from chalicelib.channels.facebook import Facebook
from tests import signing
from tests.channels.facebook_at_hand import (
    BODY,
    FACEBOOK,
    OLD_SECRET,
    PAGE,
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


def test_either_secret_proves_a_delivery_while_they_are_changed() -> None:
    assert not forged(BODY, signing.facebook(BODY, SECRET))
    assert not forged(BODY, signing.facebook(BODY, OLD_SECRET))
    assert forged(BODY, signing.facebook(BODY, "the-secret-of-another-app"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        RIGHT[:-1],
        RIGHT + "0",
        RIGHT.removeprefix("sha256="),
        RIGHT.upper(),
        f" {RIGHT}",
        f"{RIGHT},{RIGHT}",
        f"{RIGHT}, sha256={'0' * 64}",
        ",".join([RIGHT] * 10_000),
        "sha256=" + "é" * 64,
        "sha256=" + "\ud800" * 64,
        "sha1=" + "0" * 40,
    ],
)
def test_a_signature_that_is_not_exactly_right_is_forged(header: str) -> None:
    assert forged(BODY, {"x-hub-signature-256": header})


def test_without_signature_or_with_the_old_kind_only_it_is_forged() -> None:
    assert forged(BODY, {})
    assert forged(BODY, {"x-hub-signature": "sha1=" + "0" * 40})
    assert forged(BODY, {"x-hub-signature": RIGHT})


def test_one_byte_more_or_json_written_anew_is_forged() -> None:
    signed = signing.facebook(BODY, SECRET)
    plain = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False).encode()
    assert forged(BODY + b" ", signed)
    assert forged(plain, signed)
    assert forged(plain.replace(b"/", b"\\/"), signed)


@pytest.mark.parametrize("secret", [None, "", "short", [], [SECRET, "short"]])
def test_without_a_proper_secret_nothing_is_served(secret: Any) -> None:
    bare = Facebook(Connection("facebook", "facebook", (PAGE,), {}, {"app_secret": secret, "verify_token": secret}))
    with pytest.raises(SecretMissing):
        bare.verify(delivered(BODY))
    with pytest.raises(SecretMissing):
        bare.handshake(asked())


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
