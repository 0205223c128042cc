"""What each platform puts beside a body to prove that it is theirs: the headers, names lower-cased."""

from __future__ import annotations


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
