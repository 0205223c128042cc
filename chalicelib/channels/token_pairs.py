"""Access tokens that are kept with what renews them, as "access:refresh"."""

from __future__ import annotations

from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing


def tokens(connection: Connection, account: str) -> tuple[str, str]:
    """The access token, and the refresh token behind its colon or "". Raises PostFailed."""
    try:
        access, _, refresh = connection.account_secret("access_tokens", account).partition(":")
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None
    return access, refresh
