"""What every channel's promises are tried with, as data. A new channel is an entry in CONTRACTS.

A contract has two connections of its channel: ours, whose secret is being changed (two are good), and somebody else's.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.channels import spec_of
from chalicelib.http import Http, Response
from tests import signing
from tests.channels.facebook_at_hand import OTHER_PAGE, PAGE
from tests.channels.google_at_hand import LOCATION, certs, token
from tests.channels.instagram_at_hand import ACCOUNT, OTHER
from tests.channels.linkedin_at_hand import PAGE as COMPANY
from tests.channels.whatsapp_at_hand import NUMBER
from tests.channels.youtube_at_hand import US

PAYLOADS = Path(__file__).parents[1] / "payloads"
NOW = 1_791_200_000.0  # 2026-10-05: every payload is older
NEW, OLD, THEIRS = "the-secret-of-today-and-on", "the-secret-of-yesterday", "the-secret-of-somebody-else"
VERIFY_TOKEN = "a-verify-token-of-ours"
CODE = "0b6cf2a4-6f0b-4e0e-9c36-7d6f0f6f7a11"  # a challenge that somebody makes up

Sign = Callable[[bytes, float], Mapping[str, str]]  # what is put beside a body that is sent at this time


@dataclass(frozen=True)
class Proof:
    """How a delivery is proven, and what proves nothing."""

    header: str  # without it nothing is believed
    sign: Sign
    older: Sign | None = None  # good as long as the secret is being changed; None: no secret of ours signs
    not_ours: Mapping[str, Sign] = field(default_factory=dict)  # right for somebody else
    stale: Sign | None = None  # None: no time is signed
    covers_body: bool = True


@dataclass(frozen=True)
class Challenge:
    """The question whether an address is ours (GET), and its answer."""

    right: Mapping[str, str]
    answer: Any  # the text, or the JSON
    wrong: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Contract:
    """One way in which a channel is connected."""

    channel: str
    accounts: tuple[str, ...]
    holds: Mapping[str, Any]  # the connection's options and receive secrets; of two values the first is the newer
    theirs: Mapping[str, Any] = field(default_factory=dict)  # those of the other connection
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by method: without these nothing is served
    proof: Proof | None = None  # None: whatever comes by HTTP, it is not the platform's
    challenge: Challenge | None = None
    message: str = ""  # a payload that is one message
    lists: Sequence[
        tuple[str, tuple[Any, ...]]
    ] = ()  # payloads, and where in them the items stand that are read one by one
    folders: tuple[str, ...] = ()  # of tests/payloads; () = the channel's name
    http: Http | None = None  # None: nobody is asked while a delivery is kept
    by: str = ""  # which of several ways it is

    @property
    def payloads(self) -> list[str]:
        """Every delivery there is of it, as folder/name."""
        folders = self.folders or (self.channel,)
        return [f"{folder}/{path.stem}" for folder in folders for path in sorted((PAYLOADS / folder).glob("*.json"))]

    def split(self, held: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Options and receive secrets."""
        secret = spec_of(self.channel).receive_secrets
        options = {name: value for name, value in held.items() if name not in secret}
        return options, {name: value for name, value in held.items() if name in secret}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def _with(sign: Callable[[bytes, str], Mapping[str, str]], secret: str) -> Sign:
    return lambda body, at: sign(body, secret)


def _hmac(sign: Callable[[bytes, str], Mapping[str, str]], **more: Sign) -> Proof:
    """Of a scheme that signs the body and nothing else."""
    (header,) = sign(b"", NEW)
    return Proof(header, _with(sign, NEW), _with(sign, OLD), {"theirs": _with(sign, THEIRS), **more})


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
    return lambda body, at: signing.standard_webhooks(body, _whsec(secret), at=int(at - late))


def _google(key: str = "first", late: int = 0, **claims: Any) -> Sign:
    """The body is not signed: all rests on a token, which libraries check by the clock on the wall."""

    def sign(body: bytes, at: float) -> Mapping[str, str]:
        now = int(time.time()) - late
        return {"authorization": f"Bearer {token(key, iat=now, exp=now + 3600, **claims)}"}

    return sign


def _google_keys(method: str, url: str, **_: Any) -> Response:
    return Response(200, json.dumps(certs("first")).encode())


_PUSHES = {"audience": signing.AUDIENCE, "push_account": signing.PUSH_ACCOUNT}
_OTHER_AUDIENCE = "https://api.example/webhooks/google_business/theirs"

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
            header="webhook-signature",
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
            header="authorization",
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
    # comments are asked for, nothing is ever delivered
    Contract(channel="youtube", accounts=(US,), holds={"client_id": "1-a.apps.googleusercontent.com"}),
)
