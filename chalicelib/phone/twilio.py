"""Texts by Twilio: the signature of what it delivers, and the request that sends one.

https://www.twilio.com/docs/usage/security and https://www.twilio.com/docs/messaging/api/message-resource
HMAC-SHA1 over our public address and every field of the form, by name; whatever new fields there are count as well.
There is no way to ask whether a text was sent by our own name for it, so an unknown outcome stays unknown.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chalicelib.channels.base import LARGEST_BODY, Forged, WebhookRequest
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.phone.sending import TextFailed
from chalicelib.settings import Phone

PATH = "/texts/twilio"
API = "https://api.twilio.com"
NOTHING = "<Response/>"  # what an answer to a delivery says, else Twilio texts its words to the sender
STOPPED = "21610"  # the number's owner texted STOP
MOST_FIELDS = 300
# never as they are: wrong or unreachable numbers, a country or route that is closed, a number that may not send
HOPELESS = frozenset((STOPPED, "21211", "21214", "21217", "21408", "21606", "21612", "21614", "21617", "30034"))


def proven(request: WebhookRequest, url: str, tokens: Sequence[str]) -> Mapping[str, str]:
    """The form's fields, the first value of each. Raises Forged."""
    given = request.headers.get("x-twilio-signature", "")
    fields = _fields(request.body)
    good = [signature(each, fields, token) for each in _addresses(url) for token in tokens]
    # every one is compared, so that the time tells nothing
    if request.query or not sum(hmac.compare_digest(given.encode(), each.encode()) for each in good):
        raise Forged("x-twilio-signature")
    return dict(reversed(fields))


def signature(url: str, fields: Sequence[tuple[str, str]], token: str) -> str:
    """What Twilio puts into X-Twilio-Signature."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def send(phone: Phone, token: str, to: str, text: str, http: Http) -> str:
    """Twilio's id of the text. Raises TextFailed."""
    url = f"{phone.api_url or API}/2010-04-01/Accounts/{phone.account}/Messages.json"
    headers = {
        "authorization": "Basic " + b64encode(f"{phone.account}:{token}".encode()).decode(),
        "content-type": "application/x-www-form-urlencoded",
    }
    body = urlencode({"From": phone.number, "To": to, "Body": text}).encode()
    try:
        answer = http("POST", url, headers=headers, body=body)
    except NotSent as error:
        raise TextFailed("not-sent", sure=True, passing=True) from error
    except Lost as error:
        raise TextFailed("lost", sure=False, passing=True) from error
    return _sid(answer)


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body[:LARGEST_BODY].decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Forged("form") from error


def _sid(answer: Response) -> str:
    told = answer.json()
    if answer.status in (200, 201) and told.get("sid"):
        return str(told["sid"])
    if answer.status in (200, 201) or answer.status >= 500:
        raise TextFailed(str(answer.status), sure=False, passing=True)
    code = str(told.get("code", answer.status))
    raise TextFailed(code, sure=True, passing=code not in HOPELESS, stopped=code == STOPPED)


def _addresses(url: str) -> Iterator[str]:
    """As configured, and with the port that https has anyway: Twilio signs either."""
    parts = urlsplit(url)
    yield url
    if parts.scheme == "https" and parts.port is None:
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:443"))
