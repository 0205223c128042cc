"""Texts to the owner by Twilio: where they are delivered, and the request that sends one.

There is no way to ask whether a text was sent by our own name for it, so an unknown outcome stays unknown.
"""

from __future__ import annotations

from chalicelib.channels.twilio import API, NOTHING, Account, proven, signature
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.phone.sending import TextFailed
from chalicelib.settings import Phone

__all__ = ["API", "NOTHING", "PATH", "proven", "send", "signature"]

PATH = "/texts/twilio"
STOPPED = "21610"  # the number's owner texted STOP
# never as they are: wrong or unreachable numbers, a country or route that is closed, a number that may not send
HOPELESS = frozenset(
    (STOPPED, "21211", "21214", "21217", "21408", "21606", "21608", "21612", "21614", "21617", "21635", "30034")
)


def send(phone: Phone, token: str, to: str, text: str, http: Http) -> str:
    """Twilio's id of the text. Raises TextFailed."""
    account = Account(phone.account, token, http, phone.api_url or API)
    try:
        answer = account.text({"From": phone.number, "To": to, "Body": text})
    except NotSent as error:
        raise TextFailed("not-sent", sure=True, passing=True) from error
    except Lost as error:
        raise TextFailed("lost", sure=False, passing=True) from error
    return _sid(answer)


def _sid(answer: Response) -> str:
    told = answer.json()
    if answer.status in (200, 201) and told.get("sid"):
        return str(told["sid"])
    if answer.status in (200, 201) or answer.status >= 500:
        raise TextFailed(str(answer.status), sure=False, passing=True)
    code = str(told.get("code", answer.status))
    raise TextFailed(code, sure=True, passing=code not in HOPELESS, stopped=code == STOPPED)
