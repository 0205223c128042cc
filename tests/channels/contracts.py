"""What every channel's promises are tried with, as data. A new channel is an entry in CONTRACTS."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from chalicelib.http import Response
from tests import signing
from tests.aws import SETTINGS
from tests.channels.contract import Challenge, Contract, Proof, Sent, Sign
from tests.channels.facebook_at_hand import OTHER_PAGE, PAGE
from tests.channels.google_at_hand import LOCATION, certs, token
from tests.channels.instagram_at_hand import ACCOUNT, OTHER
from tests.channels.line_at_hand import BOT
from tests.channels.linkedin_at_hand import PAGE as COMPANY
from tests.channels.telegram_at_hand import BOT as TELEGRAM_BOT
from tests.channels.tiktok_at_hand import SHOP as BUSINESS
from tests.channels.twilio_at_hand import SHOP, SID
from tests.channels.viber_at_hand import BOT as VIBER_BOT
from tests.channels.wechat_at_hand import ACCOUNT as OFFICIAL
from tests.channels.wechat_at_hand import AES, APP, CORP, DESK, OLD_AES
from tests.channels.whatsapp_at_hand import NUMBER
from tests.channels.youtube_at_hand import US
from tests.channels.zalo_at_hand import OA

NOW = 1_791_200_000.0  # 2026-10-05: every payload is older
NEW, OLD, THEIRS = "the-secret-of-today-and-on", "the-secret-of-yesterday", "the-secret-of-somebody-else"
VERIFY_TOKEN = "a-verify-token-of-ours"
CODE = "0b6cf2a4-6f0b-4e0e-9c36-7d6f0f6f7a11"  # a challenge that somebody makes up


def _with(sign: Callable[[bytes, str], Mapping[str, str]], secret: str) -> Sign:
    return lambda body, at: Sent(body, dict(sign(body, secret)))


def _hmac(sign: Callable[[bytes, str], Mapping[str, str]], **more: Sign) -> Proof:
    """Of a scheme that signs the body and nothing else."""
    (name,) = sign(b"", NEW)
    return Proof(name, _with(sign, NEW), _with(sign, OLD), {"theirs": _with(sign, THEIRS), **more})


def _secret(name: str, **more: Any) -> Mapping[str, Any]:
    held, needed = {name: [NEW, OLD], **more}, (name,)
    return {"holds": held, "theirs": {**held, name: THEIRS}, "needs": {"POST": needed, "GET": needed}}


_ASKED = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
_META: Mapping[str, Any] = {
    **_secret("app_secret", verify_token=VERIFY_TOKEN),
    "needs": {"POST": ("app_secret",), "GET": ("verify_token",)},
    "proof": _hmac(signing.facebook, token=_with(signing.facebook, VERIFY_TOKEN)),
    "challenge": Challenge(
        right=_ASKED,
        answer="1158201444",
        wrong=[
            {},
            {**_ASKED, "hub.verify_token": "a-verify-token-of-theirs"},
            {**_ASKED, "hub.verify_token": NEW},
            {**_ASKED, "hub.mode": "unsubscribe"},
            {**_ASKED, "hub.challenge": "<script>alert(1)</script>"},
            {**_ASKED, "hub.challenge": "1" * 257},
        ],
    ),
}
_X_SAID = signing.x(CODE.encode(), NEW)["x-twitter-webhooks-signature"]
_LINKEDIN_SAID = hmac.new(NEW.encode(), CODE.encode(), "sha256").hexdigest()
# what could be a body must not be signed for whoever asks
_BODIES = ("", '{"a":1}', '"', "<b>", "é", "a\nb", "x" * 10_000)


def _whsec(secret: str) -> str:
    return f"whsec_{b64encode(secret.encode()).decode()}"


def _standard(secret: str, late: float = 0) -> Sign:
    return lambda body, at: Sent(body, dict(signing.standard_webhooks(body, _whsec(secret), at=int(at - late))))


def _authorized(token: str) -> Sign:
    return lambda body, at: Sent(body, {"authorization": token})


def _tiktok(secret: str, late: float = 0) -> Sign:
    return lambda body, at: Sent(body, dict(signing.tiktok(body, secret, int(at - late))))


def _google(key: str = "first", late: int = 0, **claims: Any) -> Sign:
    """The body is not signed: all rests on a token, which libraries check by the clock on the wall."""

    @cache
    def authorization() -> str:
        now = int(time.time()) - late
        return f"Bearer {token(key, iat=now, exp=now + 3600, **claims)}"

    return lambda body, at: Sent(body, {"authorization": authorization()})


def _google_keys(method: str, url: str, **_: Any) -> Response:
    return Response(200, json.dumps(certs("first")).encode())


_PUSHES = {"audience": signing.AUDIENCE, "push_account": signing.PUSH_ACCOUNT}
_OTHER_AUDIENCE = "https://api.example/webhooks/google_business/theirs"


def _wechat(token: str, late: float = 0) -> Sign:
    """In plain mode."""
    return lambda body, at: Sent(body, query=dict(signing.wechat(token, int(at - late))))


def _sealed(token: str, aes: str = AES, to: str = APP, late: float = 0) -> Sign:
    """In safe mode; of WeCom too."""

    def sign(body: bytes, at: float) -> Sent:
        query, sealed = signing.sealed(body, token, aes, to, int(at - late))
        return Sent(sealed, query=dict(query))

    return sign


_WECHAT_SECRETS = {"token": [NEW, OLD], "aes_key": [AES, OLD_AES]}
_WECHAT_ASKED = {**signing.wechat(NEW, int(NOW)), "echostr": "4375120948345356249"}
_WECHAT_ASKS = Challenge(
    right=_WECHAT_ASKED,
    answer="4375120948345356249",
    wrong=[
        {},
        {**_WECHAT_ASKED, "echostr": ""},
        {**_WECHAT_ASKED, "echostr": "<script>alert(1)</script>"},
        {**_WECHAT_ASKED, "echostr": "1" * 257},
        {**_WECHAT_ASKED, "nonce": "1"},
        {**_WECHAT_ASKED, **signing.wechat(THEIRS, int(NOW))},
        {**_WECHAT_ASKED, **signing.wechat(NEW, int(NOW) - 301)},
    ],
)


def _sealed_question(token: str, said: str = "4375120948345356249", to: str = CORP) -> Mapping[str, str]:
    """Of WeCom's."""
    inner = signing.encrypted(said.encode(), AES, to)
    return {**signing.wechat(token, int(NOW), inner, name="msg_signature"), "echostr": inner}


_TWILIO_OPTIONS = {"account_sid": SID}


def _twilio(channel: str, secret: str, connection: str = "ours") -> Sign:
    url = f"{SETTINGS['public_url']}/webhooks/{channel}/{connection}"
    return lambda body, at: Sent(body, signing.twilio(body, secret, url))


def _texted(channel: str) -> Mapping[str, Any]:
    held = {"auth_token": [NEW, OLD], **_TWILIO_OPTIONS}
    proof = Proof(
        name="x-twilio-signature",
        sign=_twilio(channel, NEW),
        older=_twilio(channel, OLD),
        not_ours={
            "theirs": _twilio(channel, THEIRS, "theirs"),
            "token": _twilio(channel, THEIRS),
            "address": _twilio(channel, NEW, "theirs"),
        },
    )
    needs = {"POST": ("auth_token",)}
    return {"holds": held, "theirs": {**held, "auth_token": THEIRS}, "needs": needs, "proof": proof}


CONTRACTS: Sequence[Contract] = (
    Contract(
        channel="facebook",
        accounts=(PAGE, OTHER_PAGE),
        folders=("facebook", "messenger"),
        message="messenger/text",
        lists=(
            ("messenger/text", ("entry",)),
            ("messenger/text", ("entry", 0, "messaging")),
            ("facebook/comment", ("entry", 0, "changes")),
        ),
        **_META,
    ),
    Contract(
        channel="instagram",
        accounts=(ACCOUNT, OTHER),
        message="instagram/message_text",
        lists=(
            ("instagram/message_text", ("entry",)),
            ("instagram/message_text", ("entry", 0, "messaging")),
            ("instagram/comment", ("entry", 0, "changes")),
        ),
        **_META,
    ),
    Contract(
        channel="threads",
        accounts=("teehaus",),
        message="threads/reply",
        lists=(("threads/values_in_a_list", ("values",)), ("threads/entry_with_changes", ("entry", 0, "changes"))),
        **_META,
    ),
    Contract(
        channel="whatsapp",
        accounts=(NUMBER,),
        message="whatsapp/text",
        lists=tuple(
            ("whatsapp/text", place)
            for place in [("entry",), ("entry", 0, "changes"), ("entry", 0, "changes", 0, "value", "messages")]
        ),
        **_META,
    ),
    # a topic of the owner's AWS account brings these, which its policy proves; see tests/channels/test_whatsapp_aws.py
    Contract(channel="whatsapp", by="aws", accounts=(NUMBER,), holds={**_META["holds"], "provider": "aws"}),
    Contract(
        channel="x",
        accounts=("7100000000000000001", "7100000000000000002"),
        **_secret("consumer_secret"),
        proof=_hmac(signing.x),
        challenge=Challenge(
            right={"crc_token": CODE},
            answer={"response_token": _X_SAID},
            wrong=[{}, *({"crc_token": body} for body in _BODIES)],
        ),
        message="x/activity_reply",
        lists=(
            ("x/account_mention", ("tweet_create_events",)),
            ("x/activity_direct_message", ("data", "payload", "direct_message_events")),
        ),
    ),
    Contract(
        channel="linkedin",
        accounts=(COMPANY,),
        **_secret("client_secret"),
        proof=_hmac(signing.linkedin),
        challenge=Challenge(
            right={"challengeCode": CODE},
            answer={"challengeCode": CODE, "challengeResponse": _LINKEDIN_SAID},
            wrong=[{}, *({"challengeCode": body} for body in _BODIES)],
        ),
        message="linkedin/comment",
        lists=(("linkedin/comment", ("notifications",)),),
    ),
    Contract(
        channel="standard_webhooks",
        accounts=("kontaktformular",),
        holds={"signing_secret": [_whsec(NEW), _whsec(OLD)]},
        theirs={"signing_secret": _whsec(THEIRS)},
        needs={"POST": ("signing_secret",)},
        proof=Proof(
            name="webhook-signature",
            sign=_standard(NEW),
            older=_standard(OLD),
            not_ours={"theirs": _standard(THEIRS)},
            stale=_standard(NEW, late=301),
        ),
        message="standard_webhooks/message",
    ),
    Contract(
        channel="google_business",
        accounts=(LOCATION,),
        holds=_PUSHES,
        theirs={**_PUSHES, "audience": _OTHER_AUDIENCE},
        needs={"POST": ("audience", "push_account")},
        proof=Proof(
            name="authorization",
            sign=_google(),
            not_ours={
                "theirs": _google(aud=_OTHER_AUDIENCE),
                "sender": _google(email="push@somebody-else.iam.example"),
                "key": _google("second"),
            },
            stale=_google(late=3700),
            covers_body=False,
        ),
        message="google_business/new_review",
        http=_google_keys,
    ),
    Contract(
        channel="line",
        accounts=(BOT,),
        **{**_secret("channel_secret"), "needs": {"POST": ("channel_secret",)}},
        proof=_hmac(signing.line),
        message="line/text",
        lists=(("line/two_people_and_one_broken", ("events",)),),
    ),
    Contract(
        channel="zalo",
        accounts=(OA,),
        **{**_secret("oa_secret_key", app_id=signing.ZALO_APP), "needs": {"POST": ("oa_secret_key",)}},
        proof=_hmac(signing.zalo),
        message="zalo/text",
    ),
    Contract(
        channel="zalo_bot",
        accounts=("bot-cua-hang",),
        **{**_secret("secret_token"), "needs": {"POST": ("secret_token",)}},
        proof=replace(_hmac(signing.zalo_bot), covers_body=False),
        message="zalo_bot/text",
    ),
    Contract(
        channel="wechat",
        accounts=(OFFICIAL,),
        written="xml",
        holds={**_WECHAT_SECRETS, "app_id": APP},
        theirs={"token": THEIRS, "aes_key": AES[::-1], "app_id": "wx0000000000000000"},
        needs={"POST": ("token", "aes_key", "app_id"), "GET": ("token",)},
        proof=Proof(
            name="msg_signature",
            sign=_sealed(NEW),
            older=_sealed(OLD, OLD_AES),
            not_ours={
                "theirs": _sealed(THEIRS, AES[::-1], "wx0000000000000000"),
                "token": _sealed(THEIRS),
                "key": _sealed(NEW, AES[::-1]),
                "account": _sealed(NEW, to="wx0000000000000000"),
                "plain": _wechat(NEW),
            },
            stale=_sealed(NEW, late=301),
        ),
        challenge=_WECHAT_ASKS,
        message="wechat/text",
    ),
    Contract(
        channel="wechat",
        by="plain",
        accounts=(OFFICIAL,),
        written="xml",
        holds={"token": [NEW, OLD], "mode": "plain"},
        theirs={"token": THEIRS, "mode": "plain"},
        needs={"POST": ("token",), "GET": ("token",)},
        proof=Proof(
            name="signature",
            sign=_wechat(NEW),
            older=_wechat(OLD),
            not_ours={"theirs": _wechat(THEIRS)},
            stale=_wechat(NEW, late=301),
            covers_body=False,
        ),
        challenge=_WECHAT_ASKS,
        message="wechat/text",
    ),
    Contract(
        channel="wecom",
        accounts=(DESK,),
        written="xml",
        only_rings=True,
        holds={**_WECHAT_SECRETS, "corp_id": CORP},
        theirs={"token": THEIRS, "aes_key": AES[::-1], "corp_id": "ww0000000000000000"},
        needs={"POST": ("token", "aes_key", "corp_id"), "GET": ("token", "aes_key", "corp_id")},
        proof=Proof(
            name="msg_signature",
            sign=_sealed(NEW, to=CORP),
            older=_sealed(OLD, OLD_AES, CORP),
            not_ours={
                "theirs": _sealed(THEIRS, AES[::-1], "ww0000000000000000"),
                "token": _sealed(THEIRS, to=CORP),
                "corporation": _sealed(NEW, to="ww0000000000000000"),
                "plain": _wechat(NEW),
            },
            stale=_sealed(NEW, to=CORP, late=301),
        ),
        challenge=Challenge(
            right=_sealed_question(NEW),
            answer="4375120948345356249",
            wrong=[
                {},
                _WECHAT_ASKED,
                _sealed_question(THEIRS),
                _sealed_question(NEW, to="ww0000000000000000"),
                _sealed_question(NEW, "<script>alert(1)</script>"),
            ],
        ),
        message="wecom/callback",
    ),
    Contract(
        channel="telegram",
        accounts=(TELEGRAM_BOT,),
        **{**_secret("secret_token"), "needs": {"POST": ("secret_token",)}},
        proof=replace(_hmac(signing.telegram), covers_body=False),
        message="telegram/text",
    ),
    Contract(
        channel="viber",
        accounts=(VIBER_BOT,),
        **{**_secret("auth_token"), "needs": {"POST": ("auth_token",)}},
        proof=_hmac(signing.viber),
        message="viber/text",
    ),
    Contract(
        channel="tiktok",
        accounts=(BUSINESS,),
        **{**_secret("app_secret"), "needs": {"POST": ("app_secret",)}},
        proof=Proof(
            name="tiktok-signature",
            sign=_tiktok(NEW),
            older=_tiktok(OLD),
            not_ours={"theirs": _tiktok(THEIRS)},
            stale=_tiktok(NEW, late=301),
        ),
        message="tiktok/text",
    ),
    Contract(channel="sms", accounts=(SHOP,), written="form", message="sms/text", **_texted("sms")),
    # a topic of the owner's AWS account brings these, which its policy proves
    Contract(channel="sms", by="aws", accounts=(SHOP,), holds={"provider": "aws"}),
    Contract(channel="phone", accounts=(SHOP,), written="form", message="phone/ringing", **_texted("phone")),
    # comments are asked for, mails and scans of letters come by mail: nothing is delivered by HTTP
    Contract(channel="youtube", accounts=(US,), holds={"client_id": "1-a.apps.googleusercontent.com"}),
    Contract(channel="mastodon", accounts=("lindner@social.example",), holds={}),
    Contract(channel="bluesky", accounts=("lindner.bsky.example",), holds={}),
    Contract(channel="email", accounts=("frage@reply.lindner.example",), holds={}),
    Contract(channel="letter", accounts=("post@reply.lindner.example",), holds={}, written="none"),
    Contract(
        channel="letter",
        by="dropscan",
        accounts=("4711",),
        holds={"provider": "dropscan", "webhook_token": [NEW, OLD]},
        theirs={"provider": "dropscan", "webhook_token": THEIRS},
        needs={"POST": ("webhook_token",)},
        proof=Proof(
            name="authorization",
            sign=_authorized(NEW),
            older=_authorized(OLD),
            not_ours={"theirs": _authorized(THEIRS)},
            covers_body=False,
        ),
        message="letter/mailing_scanned",
    ),
)
