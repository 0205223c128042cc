"""Standard Webhooks: every way to sign one, and what proves nothing."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.channels.base import Forged, SecretMissing, WebhookRequest
from chalicelib.channels.standard_webhooks import StandardWebhooks
from chalicelib.model import Message
from tests import signing
from tests.channels.standard_webhooks_at_hand import ID, NOW, SECRET, connection, request, verify


def test_there_is_no_handshake() -> None:
    with pytest.raises(Forged):
        StandardWebhooks(connection()).handshake(WebhookRequest("GET", {}, {"challenge": "x"}, b"", NOW))


BODY = b'{"type":"message.created"}'
HEADERS = signing.standard_webhooks(BODY, SECRET, ID, NOW)
GOOD = HEADERS["webhook-signature"]
OTHER = "v1," + b64encode(b"\x00" * 32).decode()


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"{OTHER} {GOOD}",
        f"v2,abc {GOOD} {OTHER}",
        f"v1a,{GOOD.removeprefix('v1,')} {GOOD}",
        " ".join([OTHER] * 9 + [GOOD]),
        " ".join(["v7,unknown"] * 50 + [GOOD]),
    ],
)
def test_one_right_signature_among_several_is_enough(header: str) -> None:
    verify(request(BODY, HEADERS | {"webhook-signature": header}))


@pytest.mark.parametrize(
    "header",
    [
        "v1",
        "v1,",
        GOOD.removeprefix("v1,"),
        GOOD + ",x",
        f"{GOOD}, {GOOD}",
        GOOD.replace("v1,", "v1 "),
        GOOD.replace("v1,", "V1,"),
        GOOD.replace("v1,", "v1a,"),
        f"{OTHER}  {OTHER}",
        "v1,!!!not base64!!!",
        "v1," + "A" * 10_000,
        "v1," + hmac.new(b"k" * 32, BODY, "sha256").hexdigest(),
        "v1," + b64encode(hmac.new(b"k" * 32, BODY, "sha256").digest()).decode(),
        " ".join([OTHER] * 10_000),
        " ".join([OTHER] * 10 + [GOOD]),
    ],
)
def test_anything_else_is_forged(header: str) -> None:
    with pytest.raises(Forged) as forged:
        verify(request(BODY, HEADERS | {"webhook-signature": header}))
    assert "k" * 16 not in repr(forged.value)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(name: str) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, {key: value for key, value in HEADERS.items() if key != name}))


@pytest.mark.parametrize("id", ["", "a.b", "a b", "x" * 257, "a\nb", "é"])
def test_an_id_that_could_shift_what_is_signed_is_forged(id: str) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, signing.standard_webhooks(BODY, SECRET, id, NOW)))


def test_the_older_names_of_the_headers_are_the_same() -> None:
    verify(request(BODY, {name.replace("webhook-", "svix-"): value for name, value in HEADERS.items()}))


@pytest.mark.parametrize("prefix", ["webhook-", "svix-"])
def test_a_delivery_is_read_again_without_its_signature(prefix: str) -> None:
    body = b'{"type":"message.created","data":{"author":{"id":"1"},"text":"Hallo"}}'
    kept = {f"{prefix}id": "msg_7", f"{prefix}timestamp": str(NOW)}
    (event,) = StandardWebhooks(connection()).parse(request(body, kept))
    assert isinstance(event, Message)
    assert (event.id, event.sent_at) == ("msg_7", datetime.fromtimestamp(NOW, UTC))


@pytest.mark.parametrize("apart", [-300, -1, 0, 300])
def test_five_minutes_are_allowed_both_ways(apart: int) -> None:
    verify(request(BODY, signing.standard_webhooks(BODY, SECRET, ID, NOW + apart)))


@pytest.mark.parametrize("apart", [-301, 301, 10**8, -(10**8)])
def test_more_than_five_minutes_are_a_replay(apart: int) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, signing.standard_webhooks(BODY, SECRET, ID, NOW + apart)))


@pytest.mark.parametrize(
    "timestamp", ["nan", "inf", "1e10", "-1790000000", f"{NOW}000", f" {NOW}", f"{NOW}.0", "１７９０００００００", ""]
)
def test_a_timestamp_of_any_other_shape_is_forged(timestamp: str) -> None:
    digest = hmac.new(b"k" * 32, f"{ID}.{timestamp}.".encode() + BODY, "sha256").digest()
    signature = f"v1,{b64encode(digest).decode()}"
    with pytest.raises(Forged):
        verify(request(BODY, HEADERS | {"webhook-timestamp": timestamp, "webhook-signature": signature}))


@pytest.mark.parametrize(
    "secret", [SECRET.removeprefix("whsec_"), SECRET.rstrip("="), SECRET.removeprefix("whsec_").rstrip("=")]
)
def test_a_secret_is_taken_without_its_prefix_and_padding(secret: str) -> None:
    verify(request(BODY), signing_secret=secret)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_" + b64encode(b"short").decode(),
        "a plain password, no base64",
        "whpk_" + "!" * 44,
        [SECRET, ""],
    ],
)
def test_without_a_proper_secret_nothing_is_served(secret: Any) -> None:
    with pytest.raises(SecretMissing):
        verify(request(BODY), signing_secret=secret)


def test_a_sender_may_sign_with_ed25519() -> None:
    key = Ed25519PrivateKey.generate()
    public = "whpk_" + b64encode(key.public_key().public_bytes_raw()).decode()
    signed = b64encode(key.sign(f"{ID}.{NOW}.".encode() + BODY)).decode()
    good = request(BODY, HEADERS | {"webhook-signature": f"v1a,{signed}"})
    verify(good, signing_secret=[public])
    verify(good, signing_secret=[SECRET, public])
    for header in (f"v1,{signed}", "v1a,", "v1a,???", f"v1a,{signed[:-4]}", f"v1a,{signed[4:]}", GOOD):
        with pytest.raises(Forged):
            verify(request(BODY, HEADERS | {"webhook-signature": header}), signing_secret=[public])


def test_a_public_key_is_no_key_for_an_hmac() -> None:
    # a public key is public: whoever knows it must not be able to sign with it
    public = "whpk_" + b64encode(b"p" * 32).decode()
    signed = signing.standard_webhooks(BODY, "whsec_" + b64encode(b"p" * 32).decode(), ID, NOW)
    with pytest.raises(Forged):
        verify(request(BODY, signed), signing_secret=[public])


def test_ten_thousand_signatures_cost_no_time() -> None:
    many = HEADERS | {"webhook-signature": " ".join([OTHER] * 10_000)}
    started = time.process_time()
    with pytest.raises(Forged):
        verify(request(BODY, many))
    assert time.process_time() - started < 0.5
