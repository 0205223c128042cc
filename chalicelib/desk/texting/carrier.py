"""Who carries our texts: the provider that the settings name."""

from __future__ import annotations

from chalicelib import http
from chalicelib.aws import parameters, texts
from chalicelib.channels.base import SecretMissing
from chalicelib.phone import twilio
from chalicelib.phone.sending import TextFailed
from chalicelib.settings import Phone


def carry(number: str, words: str) -> str:
    """The provider's id of the text. Raises TextFailed."""
    phone = parameters.load_settings().phone
    if phone is None:
        raise TextFailed("no-phone", sure=True, passing=False)
    if phone.provider == "aws":
        return texts.send(phone.number, number, words)
    return twilio.send(phone, _token(phone), number, words, http.request)


def _token(phone: Phone) -> str:
    try:
        return parameters.load_phone("send").secret("auth_token")[0]
    except SecretMissing as missing:
        # the owner has to give it first; until then who waits is told of by mail
        raise TextFailed("no-secret", sure=True, passing=False) from missing
