"""X: how the address is proven to be ours, and a delivery to be X's."""

from __future__ import annotations

import json

import pytest

from chalicelib.channels.base import Forged, Malformed
from chalicelib.channels.x import X
from tests import signing
from tests.channels.x_at_hand import SECRET, challenge, connection, request


def test_the_challenge_is_answered_with_its_signature_as_json() -> None:
    answer = X(connection(consumer_secret="apiSecret-longer")).handshake(challenge(crc_token="test token"))
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"response_token": "sha256=ZIYDw5WZsSGOBV2Rw7gxoMGXhVQmEp6bbAkog2QCCvo="}


@pytest.mark.parametrize(
    "token",
    ["", '{"for_user_id":"1"}', "{", '"', "[1]", "<b>hi</b>", "a\nb", "é", "٣", "x" * 257, "x" * 10_000, "a:b"],
)
def test_a_challenge_that_could_be_a_body_is_never_signed(token: str) -> None:
    with pytest.raises(Forged):
        X(connection()).handshake(challenge(crc_token=token))


def test_no_answer_to_a_challenge_proves_a_body_that_says_anything() -> None:
    # what a forger may have signed is no JSON object, so nothing comes of it
    token = "null"
    signed = json.loads(X(connection()).handshake(challenge(crc_token=token)).body)["response_token"]
    forged = request(token.encode(), {"x-twitter-webhooks-signature": signed})
    X(connection()).verify(forged)
    with pytest.raises(Malformed):
        X(connection()).parse(forged)


BODY = b'{"for_user_id":"7100000000000000001"}'
GOOD = signing.x(BODY, SECRET)["x-twitter-webhooks-signature"]


@pytest.mark.parametrize(
    "header",
    [
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD.replace("sha256=", "sha1="),
        GOOD.replace("sha256=", "SHA256="),
        GOOD.rstrip("="),
        f" {GOOD}",
        "sha256=" + "A" * 43 + "=",
    ],
)
def test_anything_but_the_one_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged) as forged:
        X(connection()).verify(request(BODY, {"x-twitter-webhooks-signature": header}))
    assert SECRET not in str(forged.value)
