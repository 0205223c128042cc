"""Signatures that others made, where they are at hand: each is believed, or not, by the channel it was made for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.channels import base, open_channel, spec_of
from chalicelib.channels.base import Channel, Connection, Forged, WebhookRequest
from tests.channels.at_hand import SHARED

Vector = dict[str, Any]
Held = Callable[[Vector], Mapping[str, Any]]  # the connection's options and secrets


def _secret(name: str, **options: Any) -> Held:
    return lambda vector: {name: vector["secret"], **options}


def _wechat(vector: Vector) -> Mapping[str, Any]:
    if vector["kind"] == "plain":
        return {"token": vector["secret"], "mode": "plain"}
    return {"token": vector["secret"], "aes_key": vector["encoding_aes_key"], "app_id": vector["app_id"]}


def _wecom(vector: Vector) -> Mapping[str, Any]:
    return {"token": vector["secret"], "aes_key": vector["encoding_aes_key"], "corp_id": vector["app_id"]}


PLATFORMS: Mapping[str, tuple[int, str, Held]] = {  # how many there are, and whose they are
    "meta": (7, "facebook", _secret("app_secret")),
    "x": (3, "x", _secret("consumer_secret")),
    "twilio": (12, "sms", _secret("auth_token")),
    "line": (4, "line", _secret("channel_secret")),
    "telegram": (3, "telegram", _secret("secret_token")),
    "wechat": (7, "wechat", _wechat),
    "wecom_kf": (3, "wecom", _wecom),
    "zalo": (4, "zalo", lambda vector: {"oa_secret_key": vector["secret"], "app_id": vector["app_id"]}),
    "zalo_bot": (3, "zalo_bot", _secret("secret_token")),
    "viber": (3, "viber", _secret("auth_token")),
    "tiktok": (3, "tiktok", _secret("app_secret")),
    "standard_webhooks": (9, "standard_webhooks", _secret("signing_secret")),
    "dropscan": (2, "letter", _secret("webhook_token", provider="dropscan")),
}
# right, but not for us: Twilio sends us forms, and signs them with the account's own token
FOREIGN = ("bodySHA256", "HMAC_SHA256")


@pytest.mark.skipif(not SHARED.exists(), reason="signatures are not at hand")
@pytest.mark.parametrize("platform", PLATFORMS)
def test_signatures_made_elsewhere_are_judged_alike(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SHORTEST_SECRET", 1)  # theirs are shorter than we let one be
    vectors = [each for each in made_elsewhere() if each["platform"] == platform]
    judged = [(each["source"], is_believed(each)) for each in vectors]
    assert judged == [(each["source"], each["valid"] and not is_foreign(each)) for each in vectors]
    assert len(vectors) == PLATFORMS[platform][0]


@pytest.mark.skipif(not SHARED.exists(), reason="signatures are not at hand")
def test_no_signature_made_elsewhere_is_left_out() -> None:
    assert Counter(each["platform"] for each in made_elsewhere()) == {
        **{platform: count for platform, (count, _, _) in PLATFORMS.items()},
        **{"slack": 4, "discord": 4},  # no channels of ours
    }


def made_elsewhere() -> list[Vector]:
    """All that are deliveries or questions; answers in WeChat's cipher are tried where we encrypt."""
    found = json.loads((SHARED / "signatures.json").read_bytes())
    return [each for each in found if each.get("kind") != "encrypt_reply"]


def is_foreign(vector: Vector) -> bool:
    return any(word in vector["url"] + vector["source"] for word in FOREIGN)


def is_believed(vector: Vector) -> bool:
    channel, request = opened(vector), asked(vector)
    try:
        if request.method == "GET" and request.query.keys() & {"echostr", "crc_token"}:
            assert channel.handshake(request).body in (vector.get("expected_plaintext"), expected_response(vector))
        else:
            channel.verify(request)
    except Forged:
        return False
    return True


def opened(vector: Vector) -> Channel:
    _, name, held = PLATFORMS[vector["platform"]]
    values, secret = held(vector), spec_of(name).receive_secrets
    options = {key: value for key, value in values.items() if key not in secret}
    secrets = {key: value for key, value in values.items() if key in secret}
    return open_channel(Connection("any", name, ("any",), options, secrets))


def asked(vector: Vector) -> WebhookRequest:
    """The request, at the time when it was good; what is encrypted stands in XML, as we ask for it."""
    query = dict(parse_qsl(urlsplit(vector["url"]).query))
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    inner = vector.get("encrypt", "")
    body = f"<xml><Encrypt>{inner}</Encrypt></xml>" if inner and vector["method"] == "POST" else vector["body"]
    at = vector.get("now", int(query.get("timestamp", 0)))
    # whose signature covers the address is given all of it
    url, query = (vector["url"], {}) if vector["platform"] == "twilio" else ("", query)
    return WebhookRequest(vector.get("method", "POST"), headers, query, body.encode(), at, url)


def expected_response(vector: Vector) -> str:
    response = vector.get("expected_response", "")
    return response if isinstance(response, str) else json.dumps(response)
