"""Every platform we talk to, as data: what the webhook, the command line and the docs need to know without loading it."""

from __future__ import annotations

from datetime import timedelta
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
    scatters=True,
    post_link="https://www.facebook.com/{id}",
    media_hosts=("fbcdn.net", "fbsbx.com"),
    handshake="GET hub.challenge",
    signature="X-Hub-Signature-256: HMAC-SHA256 of the raw body",
    page="https://developers.facebook.com/docs/graph-api/webhooks",
    settings={"api_url": "https://graph.facebook.com", "api_version": "v26.0", "human_agent": False},
)
INSTAGRAM = Spec(
    name="instagram",
    title="Instagram",
    module="chalicelib.channels.instagram",
    factory="Instagram",
    receive_secrets=("app_secret", "verify_token"),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    scatters=True,
    media_hosts=("cdninstagram.com", "fbcdn.net", "fbsbx.com"),
    handshake="GET hub.challenge",
    signature="X-Hub-Signature-256: HMAC-SHA256 of the raw body",
    page="https://developers.facebook.com/docs/instagram-platform",
    settings={"login": "instagram", "api_url": "", "api_version": "v26.0", "human_agent": False},
    choices={"login": ("instagram", "facebook")},
    refresh_before=timedelta(days=20),
)
THREADS = Spec(
    name="threads",
    title="Threads",
    module="chalicelib.channels.threads",
    factory="Threads",
    receive_secrets=("app_secret", "verify_token"),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    scatters=True,
    media_hosts=("cdninstagram.com", "fbcdn.net", "giphy.com"),
    handshake="GET hub.challenge",
    signature="X-Hub-Signature-256: HMAC-SHA256 of the raw body",
    page="https://developers.facebook.com/docs/threads/webhooks",
    settings={"api_url": "https://graph.threads.net", "api_version": "v1.0"},
    refresh_before=timedelta(days=20),
)
X = Spec(
    name="x",
    title="X",
    module="chalicelib.channels.x",
    factory="X",
    receive_secrets=("consumer_secret",),
    send_secrets=("access_tokens", "client_secret", "bearer_token"),
    per_account_secrets=("access_tokens",),
    scatters=True,
    only_with={"client_secret": {"login": ("oauth2",)}, "bearer_token": {"login": ("oauth2", "oauth2_public")}},
    post_link="https://x.com/i/web/status/{id}",
    media_hosts=("twimg.com",),
    handshake="GET crc_token",
    signature="x-twitter-webhooks-signature: HMAC-SHA256 of the raw body",
    page="https://docs.x.com/x-api/webhooks/introduction",
    settings={"login": "keys", "client_id": "", "api_url": "https://api.x.com"},
    choices={"login": ("keys", "oauth2", "oauth2_public")},
    refresh_before=timedelta(minutes=45),
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

GOOGLE_BUSINESS = Spec(
    name="google_business",
    title="Google",
    module="chalicelib.channels.google_business",
    factory="GoogleBusiness",
    receive_secrets=(),  # nothing secret proves a push: Google's public keys do, for one audience and one sender
    send_secrets=("client_secret", "refresh_token"),
    media_hosts=("googleusercontent.com", "ggpht.com"),
    handshake="none",
    signature="Authorization: Bearer, a JWT signed by Google for the push subscription's own service account",
    page="https://developers.google.com/my-business/content/notification-setup",
    settings={
        "audience": "",
        "push_account": "",
        "client_id": "",
        "topic": "",
        "api_url": "https://mybusiness.googleapis.com/v4",
        "notifications_url": "https://mybusinessnotifications.googleapis.com/v1",
        "sign_in_url": "https://oauth2.googleapis.com/token",
        "certs_url": "https://www.googleapis.com/oauth2/v3/certs",
    },
    poll_every=timedelta(minutes=15),
)

LINKEDIN = Spec(
    name="linkedin",
    title="LinkedIn",
    module="chalicelib.channels.linkedin",
    factory="LinkedIn",
    receive_secrets=("client_secret",),
    send_secrets=("access_tokens", "client_secret"),
    per_account_secrets=("access_tokens",),
    media_hosts=("licdn.com",),
    handshake="GET challengeCode",
    signature="X-LI-Signature: HMAC-SHA256 of hmacsha256= and the raw body",
    page="https://learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-social-action-notifications",
    settings={
        "client_id": "",
        "application_id": "",
        "subscriber": "",
        "api_url": "https://api.linkedin.com",
        "api_version": "202610",
        "sign_in_url": "https://www.linkedin.com/oauth/v2",
    },
    refresh_before=timedelta(days=20),
    keeps_words=timedelta(hours=48),
)
YOUTUBE = Spec(
    name="youtube",
    title="YouTube",
    module="chalicelib.channels.youtube",
    factory="YouTube",
    receive_secrets=(),
    send_secrets=("client_secret", "refresh_token"),
    tells_reach_apart=True,
    handshake="none",
    signature="none: nothing is pushed, comments are asked for",
    page="https://developers.google.com/youtube/v3/guides/implementation/comments",
    settings={
        "client_id": "",
        "daily_units": 10_000,
        "api_url": "https://www.googleapis.com/youtube/v3",
        "sign_in_url": "https://oauth2.googleapis.com/token",
    },
    poll_every=timedelta(seconds=90),  # the clock comes every two minutes, give or take
    keeps_words=timedelta(days=30),  # what needs no sign-in to be read, by YouTube's developer policies, III.E.4
)

WHATSAPP = Spec(
    name="whatsapp",
    title="WhatsApp",
    module="chalicelib.channels.whatsapp",
    factory="WhatsApp",
    receive_secrets=("app_secret", "verify_token"),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    needs_no_secrets={"provider": "aws"},
    choices={"provider": ("meta", "aws")},
    renames=True,
    media_hosts=("fbsbx.com",),
    handshake="GET hub.challenge; through AWS: a topic of your own account",
    signature="X-Hub-Signature-256: HMAC-SHA256 of the raw body; through AWS: the topic's policy",
    page="https://developers.facebook.com/docs/whatsapp/cloud-api",
    settings={
        "provider": "meta",
        "templates": {},
        "business_account": "",
        "aws_numbers": {},
        "api_url": "https://graph.facebook.com",
        "api_version": "v26.0",
    },
)

EMAIL = Spec(
    name="email",
    title="E-mail",
    module="chalicelib.channels.email",
    factory="Email",
    receive_secrets=(),  # mail comes through SES and no webhook
    send_secrets=(),
    by_mail=True,
    handshake="none",
    signature="none: mail comes through SES; whether its sender is proven stands in the ticket",
    page="https://docs.aws.amazon.com/ses/latest/dg/receiving-email.html",
    settings={"name": "", "group": ""},
)
LETTER = Spec(
    name="letter",
    title="Letter",
    module="chalicelib.channels.letter",
    factory="Letter",
    receive_secrets=("webhook_token",),
    send_secrets=("api_token",),
    needs_no_secrets={"provider": "mail"},
    choices={"provider": ("mail", "dropscan"), "paper": ("a4", "us-letter")},
    by_mail=True,
    handshake="none",
    signature="none: scans come by mail through SES, from senders that are named and proven; Dropscan: Authorization",
    page="https://docs.aws.amazon.com/ses/latest/dg/receiving-email.html",
    settings={
        "provider": "mail",
        "senders": "",
        "print_to": "",
        "letterhead": "",
        "letterhead_file": "",
        "paper": "a4",
        "textract": False,
        "api_url": "https://api.dropscan.de/v1",
    },
    poll_every=timedelta(minutes=5),
    polled_with={"provider": "dropscan"},
)

LINE = Spec(
    name="line",
    title="LINE",
    module="chalicelib.channels.line",
    factory="Line",
    receive_secrets=("channel_secret",),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    media_hosts=("line-scdn.net",),
    handshake="none; the console's Verify button sends a signed delivery without events",
    signature="x-line-signature: HMAC-SHA256 of the raw body",
    page="https://developers.line.biz/en/docs/messaging-api/",
    settings={"groups": "all", "api_url": "https://api.line.me", "content_url": "https://api-data.line.me"},
    choices={"groups": ("all", "mentions", "none")},
    poll_every=timedelta(hours=6),
)
ZALO = Spec(
    name="zalo",
    title="Zalo",
    module="chalicelib.channels.zalo",
    factory="Zalo",
    receive_secrets=("oa_secret_key",),
    send_secrets=("access_tokens", "app_secret"),
    per_account_secrets=("access_tokens",),
    media_hosts=("zdn.vn", "zadn.vn", "zalo.me", "zaloapp.com"),
    handshake="none; an unsigned, empty object is answered and kept nowhere",
    signature="X-ZEvent-Signature: SHA-256 of app id, raw body, timestamp and the OA's secret key",
    page="https://developers.zalo.me/docs/official-account",
    settings={
        "app_id": "",
        "api_url": "https://openapi.zalo.me",
        "sign_in_url": "https://oauth.zaloapp.com/v4/oa/access_token",
    },
    refresh_before=timedelta(hours=12),
)

TELEGRAM = Spec(
    name="telegram",
    title="Telegram",
    module="chalicelib.channels.telegram",
    factory="Telegram",
    receive_secrets=("secret_token",),
    send_secrets=("bot_token", "secret_token"),
    renames=True,
    handshake="none",
    signature="X-Telegram-Bot-Api-Secret-Token: the same as was given with the webhook's address",
    page="https://core.telegram.org/bots/api",
    settings={"api_url": "https://api.telegram.org"},
)

VIBER = Spec(
    name="viber",
    title="Viber",
    module="chalicelib.channels.viber",
    factory="Viber",
    receive_secrets=("auth_token",),
    send_secrets=("auth_token",),
    media_hosts=("viber.com",),
    handshake="POST, signed, with the event webhook",
    signature="X-Viber-Content-Signature: HMAC-SHA256 of the raw body",
    page="https://developers.viber.com/docs/api/rest-bot-api/",
    settings={"sender_name": "", "api_url": "https://chatapi.viber.com/pa"},
)

WECHAT = Spec(
    name="wechat",
    title="WeChat",
    module="chalicelib.channels.wechat",
    factory="WeChat",
    receive_secrets=("token", "aes_key"),
    send_secrets=("app_secret",),
    media_hosts=("qq.com", "qpic.cn"),
    handshake="GET echostr",
    signature="msg_signature: SHA-1 of token, timestamp, nonce and the AES-encrypted body; in plain mode signature, without the body",
    page="https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Overview.html",
    settings={"app_id": "", "mode": "safe", "api_url": "https://api.weixin.qq.com"},
    choices={"mode": ("safe", "plain")},
    refresh_before=timedelta(minutes=15),
)
WECOM = Spec(
    name="wecom",
    title="WeCom",
    module="chalicelib.channels.wecom",
    factory="WeCom",
    receive_secrets=("token", "aes_key"),
    send_secrets=("app_secret",),
    handshake="GET echostr, encrypted",
    signature="msg_signature: SHA-1 of token, timestamp, nonce and the AES-encrypted body",
    page="https://developer.work.weixin.qq.com/document/path/94638",
    settings={"corp_id": "", "api_url": "https://qyapi.weixin.qq.com"},
    poll_every=timedelta(seconds=90),  # the clock comes every two minutes, give or take
    refresh_before=timedelta(minutes=15),
)

SMS = Spec(
    name="sms",
    title="SMS",
    module="chalicelib.channels.sms",
    factory="Sms",
    receive_secrets=("auth_token",),
    send_secrets=("auth_token",),
    needs_no_secrets={"provider": "aws"},
    handshake="none; through AWS: a topic of your own account",
    signature="X-Twilio-Signature: HMAC-SHA1 of the address and every field; through AWS: the topic's policy",
    page="https://www.twilio.com/docs/messaging",
    settings={"provider": "twilio", "account_sid": "", "configuration_set": "", "api_url": "https://api.twilio.com"},
    choices={"provider": ("twilio", "aws")},
)
PHONE = Spec(
    name="phone",
    title="Phone",
    module="chalicelib.channels.phone",
    factory="Phone",
    receive_secrets=("auth_token",),
    send_secrets=("auth_token",),
    handshake="none",
    signature="X-Twilio-Signature: HMAC-SHA1 of the address and every field",
    page="https://www.twilio.com/docs/voice",
    settings={
        "account_sid": "",
        "languages": "en, de, ja, vi, zh",
        "greeting": "",
        "seconds": 180,
        "transcribe": "aws",
        "text_back": True,
        "text_from": "",
        "api_url": "https://api.twilio.com",
        "lookup_url": "https://lookups.twilio.com",
    },
    choices={"transcribe": ("aws", "twilio", "off")},
)

ZALO_BOT = Spec(
    name="zalo_bot",
    title="Zalo Bot",
    module="chalicelib.channels.zalo.bot",
    factory="ZaloBot",
    receive_secrets=("secret_token",),
    send_secrets=("bot_token", "secret_token"),
    media_hosts=("zdn.vn", "zadn.vn", "zalo.me", "zaloplatforms.com"),
    handshake="none",
    signature="X-Bot-Api-Secret-Token: the same as was given with the webhook's address",
    page="https://bot.zaloplatforms.com/docs",
    settings={"api_url": "https://bot-api.zaloplatforms.com"},
)

TIKTOK = Spec(
    name="tiktok",
    title="TikTok",
    module="chalicelib.channels.tiktok",
    factory="TikTok",
    receive_secrets=("app_secret",),
    send_secrets=("access_tokens", "app_secret"),
    per_account_secrets=("access_tokens",),
    media_hosts=("tiktokcdn.com", "tiktokcdn-us.com", "tiktokcdn-eu.com", "tiktok.com", "ibytedtos.com"),
    handshake="none",
    signature="TikTok-Signature: HMAC-SHA256 of its time and the raw body",
    page="https://business-api.tiktok.com/portal/docs",
    settings={"app_id": "", "api_url": "https://business-api.tiktok.com/open_api/v1.3"},
    refresh_before=timedelta(hours=12),
)

MASTODON = Spec(
    name="mastodon",
    title="Mastodon",
    module="chalicelib.channels.mastodon",
    factory="Mastodon",
    receive_secrets=(),
    send_secrets=("access_tokens",),
    per_account_secrets=("access_tokens",),
    scatters=True,
    media_hosts=(ANYWHERE,),
    handshake="none",
    signature="none: nothing is pushed, mentions are asked for",
    page="https://docs.joinmastodon.org/client/intro/",
    settings={"api_url": "", "text_limit": 500},
    poll_every=timedelta(seconds=90),  # the clock comes every two minutes, give or take
)
BLUESKY = Spec(
    name="bluesky",
    title="Bluesky",
    module="chalicelib.channels.bluesky",
    factory="Bluesky",
    receive_secrets=(),
    send_secrets=("app_passwords",),
    per_account_secrets=("app_passwords", "sessions"),
    scatters=True,
    tells_reach_apart=True,
    media_hosts=("bsky.app",),
    handshake="none",
    signature="none: nothing is pushed, mentions are asked for",
    page="https://docs.bsky.app/docs/get-started",
    settings={"api_url": "https://bsky.social"},
    poll_every=timedelta(seconds=90),  # the clock comes every two minutes, give or take
    refresh_before=timedelta(minutes=45),
)

CANARY = Spec(
    name="canary",
    title="Test",
    module="chalicelib.channels.canary",
    factory="Canary",
    receive_secrets=(),
    send_secrets=(),
)

CHANNELS = {
    spec.name: spec
    for spec in (
        FACEBOOK,
        INSTAGRAM,
        THREADS,
        X,
        STANDARD_WEBHOOKS,
        GOOGLE_BUSINESS,
        LINKEDIN,
        YOUTUBE,
        WHATSAPP,
        EMAIL,
        LETTER,
        SMS,
        PHONE,
        LINE,
        ZALO,
        ZALO_BOT,
        WECHAT,
        WECOM,
        TELEGRAM,
        VIBER,
        TIKTOK,
        MASTODON,
        BLUESKY,
    )
}
RESERVED = {CANARY.name: Connection(CANARY.name, CANARY.name, (CANARY.name,))}  # the desk has it in every business


def spec_of(channel: str) -> Spec:
    """Raises KeyError."""
    return CANARY if channel in RESERVED else CHANNELS[channel]


def days_kept(channel: str, most: int) -> int:
    """How many days something that people wrote there may be kept, `most` where the platform sets no bound."""
    kept = spec_of(channel).keeps_words
    return min(most, kept.days) if kept else most


def option(connection: Connection, name: str) -> Any:
    """A setting of the connection, or its default. Raises KeyError for what its channel has no setting of."""
    return connection.options.get(name, spec_of(connection.channel).settings[name])


def poll_every(connection: Connection) -> timedelta | None:
    """How often a connection is asked for what is new; None when there is nobody to ask."""
    spec = spec_of(connection.channel)
    is_polled = all(option(connection, name) == value for name, value in spec.polled_with.items())
    return spec.poll_every if is_polled else None


def open_channel(connection: Connection, **seams: Any) -> Channel:
    """The channel of a connection; its module is loaded here, so that a webhook loads no other. Raises KeyError."""
    spec = spec_of(connection.channel)
    return cast(Channel, getattr(import_module(spec.module), spec.factory)(connection, **seams))
