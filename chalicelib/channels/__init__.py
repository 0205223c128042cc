"""Every platform we talk to, as data: what the webhook, the command line and the docs need to know without loading it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from chalicelib.channels.base import ANYWHERE, Channel, Connection, Spec

FACEBOOK = Spec(
    name="facebook",
    title="Facebook",
    module="chalicelib.channels.facebook",
    factory="Facebook",
    receive_secrets=("app_secret", "verify_token"),
    send_secrets=("page_tokens",),
    per_account_secrets=("page_tokens",),
    post_link="https://www.facebook.com/{id}",
    media_hosts=("fbcdn.net", "fbsbx.com"),
    handshake="GET hub.challenge",
    signature="X-Hub-Signature-256: HMAC-SHA256 of the raw body",
    page="https://developers.facebook.com/docs/graph-api/webhooks",
    settings={"api_url": "https://graph.facebook.com", "api_version": "v26.0", "human_agent": False},
)
X = Spec(
    name="x",
    title="X",
    module="chalicelib.channels.x",
    factory="X",
    receive_secrets=("consumer_secret",),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    post_link="https://x.com/i/web/status/{id}",
    media_hosts=("twimg.com",),
    handshake="GET crc_token",
    signature="x-twitter-webhooks-signature: HMAC-SHA256 of the raw body",
    page="https://docs.x.com/x-api/webhooks/introduction",
    settings={"api_url": "https://api.x.com"},
)
STANDARD_WEBHOOKS = Spec(
    name="standard_webhooks",
    title="Standard Webhooks",
    module="chalicelib.channels.standard_webhooks",
    factory="StandardWebhooks",
    receive_secrets=("signing_secret",),
    send_secrets=("reply_secret",),
    media_hosts=(ANYWHERE,),
    handshake="none",
    signature="webhook-signature: HMAC-SHA256 or ed25519 of id.timestamp.body",
    page="https://www.standardwebhooks.com",
    settings={"reply_url": "", "text_limit": 10_000, "title": ""},
)

CANARY = Spec(
    name="canary",
    title="Test",
    module="chalicelib.channels.canary",
    factory="Canary",
    receive_secrets=(),
    send_secrets=(),
)

CHANNELS = {spec.name: spec for spec in (FACEBOOK, X, STANDARD_WEBHOOKS)}
RESERVED = {CANARY.name: Connection(CANARY.name, CANARY.name, (CANARY.name,))}  # the desk has it in every business


def spec_of(channel: str) -> Spec:
    """Raises KeyError."""
    return CANARY if channel in RESERVED else CHANNELS[channel]


def open_channel(connection: Connection, **seams: Any) -> Channel:
    """The channel of a connection; its module is loaded here, so that a webhook loads no other. Raises KeyError."""
    spec = spec_of(connection.channel)
    return cast(Channel, getattr(import_module(spec.module), spec.factory)(connection, **seams))
