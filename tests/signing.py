"""What each platform puts beside a body to prove that it is theirs: the headers, names lower-cased."""

from __future__ import annotations

from functools import cache
from typing import Any


def facebook(body: bytes, secret: str) -> dict[str, str]:
    import hmac

    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()}


def x(body: bytes, secret: str) -> dict[str, str]:
    import hmac
    from base64 import b64encode

    digest = hmac.new(secret.encode(), body, "sha256").digest()
    return {"x-twitter-webhooks-signature": f"sha256={b64encode(digest).decode()}"}


def standard_webhooks(
    body: bytes, secret: str, id: str = "msg_2KWPBgLlAfxdpx2AI54", at: int = 1_790_000_000
) -> dict[str, str]:
    """`secret` is `whsec_` and base64, `at` the time of sending in epoch seconds."""
    import hmac
    from base64 import b64decode, b64encode

    key = b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{id}.{at}.".encode() + body, "sha256").digest()
    signature = f"v1,{b64encode(digest).decode()}"
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature}


@cache
def google_key(name: str) -> Any:
    """A key of a Google of our own, the same each time."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


AUDIENCE, PUSH_ACCOUNT = "https://api.example/webhooks/google_business/google", "push@cafe-lindner.iam.example"


def google_business(body: bytes, secret: str) -> dict[str, str]:
    """The body is not signed; `secret` names one of two keys of a Google of our own."""
    from tests.channels.google_at_hand import token

    return {"authorization": f"Bearer {token(secret)}"}


instagram = threads = whatsapp = facebook  # all of Meta's platforms sign alike


def linkedin(body: bytes, secret: str) -> dict[str, str]:
    import hmac

    return {"x-li-signature": hmac.new(secret.encode(), b"hmacsha256=" + body, "sha256").hexdigest()}


def line(body: bytes, secret: str) -> dict[str, str]:
    import hmac
    from base64 import b64encode

    return {"x-line-signature": b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()}


ZALO_APP = "4105123456789012345"


def zalo(body: bytes, secret: str, app: str = ZALO_APP) -> dict[str, str]:
    """A plain hash of what stands one behind the other; the time is the body's own."""
    import hashlib
    import re

    at = re.search(rb'"timestamp": ?"(\d+)"', body)
    signed = app.encode() + body + (at[1] if at else b"") + secret.encode()
    return {"x-zevent-signature": f"mac={hashlib.sha256(signed).hexdigest()}"}


def wechat(token: str, at: int, *more: str, name: str = "signature") -> dict[str, str]:
    """Of the address, not a header; with what was encrypted as `more`, and `name` msg_signature, that of safe mode."""
    import hashlib

    query = {"timestamp": str(at), "nonce": "486452656"}
    signed = "".join(sorted([token, *query.values(), *more]))
    return {**query, name: hashlib.sha1(signed.encode()).hexdigest()}  # noqa: S324


def encrypted(body: bytes, aes_key: str, receiver: str) -> str:
    """As WeChat and WeCom encrypt, but with the same beginning each time."""
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = b64decode(f"{aes_key}=")
    content = b"sixteen bytes so" + len(body).to_bytes(4, "big") + body + receiver.encode()
    pad = 32 - len(content) % 32
    aes = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(aes.update(content + bytes([pad]) * pad) + aes.finalize()).decode()


def sealed(body: bytes, token: str, aes_key: str, receiver: str, at: int) -> tuple[dict[str, str], bytes]:
    """The query and the body of a delivery of WeChat's in safe mode, or of WeCom's."""
    inner = encrypted(body, aes_key, receiver)
    outer = f"<xml>\n<ToUserName><![CDATA[x]]></ToUserName>\n<Encrypt><![CDATA[{inner}]]></Encrypt>\n</xml>\n"
    return {**wechat(token, at, inner, name="msg_signature"), "encrypt_type": "aes"}, outer.encode()


def telegram(body: bytes, secret: str) -> dict[str, str]:
    """The body is not signed: the token that was given with the address comes back."""
    return {"x-telegram-bot-api-secret-token": secret}


def viber(body: bytes, secret: str) -> dict[str, str]:
    import hmac

    return {"x-viber-content-signature": hmac.new(secret.encode(), body, "sha256").hexdigest()}


def zalo_bot(body: bytes, secret: str) -> dict[str, str]:
    """The body is not signed: the token that was given with the address comes back."""
    return {"x-bot-api-secret-token": secret}


def tiktok(body: bytes, secret: str, at: int) -> dict[str, str]:
    import hmac

    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return {"tiktok-signature": f"t={at},s={digest}"}


def twilio(body: bytes, secret: str, url: str) -> dict[str, str]:
    """Over the address it goes to and every field of the form, as they sort."""
    import hmac
    from base64 import b64encode
    from urllib.parse import parse_qsl

    fields = sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
    signed = url + "".join(name + value for name, value in fields)
    return {"x-twilio-signature": b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()}
