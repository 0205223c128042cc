"""Twilio, as the owner's phone, texts and calls share it: the signature of what it delivers, its API, what its errors mean.

https://www.twilio.com/docs/usage/security and https://www.twilio.com/docs/api/errors
HMAC-SHA1 over our public address and every field of the form, by name; whatever new fields there are count as well.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chalicelib.channels.base import (
    LARGEST_BODY,
    Connection,
    Forged,
    Malformed,
    Outcome,
    PostFailed,
    SecretMissing,
    WebhookRequest,
)
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import Event, Undelivered

API = "https://api.twilio.com"
NOTHING = "<Response/>"  # what an answer to a delivery says, else Twilio texts its words to the sender
MOST_FIELDS = 300
PORTS = {"https": 443, "http": 80}
TRIES = "#rc=2&rp=all"  # behind an address: twice more, whatever fails; Twilio neither sends nor signs it
LONGEST_TEXT = 1600  # UTF-16 units, as at AWS; a network makes up to 24 texts of it
UNDELIVERED = ("failed", "undelivered")  # the last word on a text, `MessageStatus`


def proven(request: WebhookRequest, url: str, tokens: Sequence[str]) -> Mapping[str, str]:
    """The form's fields, the first value of each. Raises Forged."""
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    fields = _fields(request.body)
    good = [signature(each, fields, token) for each in _addresses(url) for token in tokens]
    # every one is compared, so that the time tells nothing
    if request.query or not sum(hmac.compare_digest(given, each.encode()) for each in good):
        raise Forged("x-twilio-signature")
    return dict(reversed(fields))


def signature(url: str, fields: Sequence[tuple[str, str]], token: str) -> str:
    """What Twilio puts into X-Twilio-Signature."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def read(body: bytes) -> Mapping[str, str]:
    """A proven form, the first value of each field. Raises Malformed."""
    try:
        found = dict(reversed(_fields(body)))
    except Forged as error:
        raise Malformed("form") from error
    if not found:
        raise Malformed("no form")
    return found


@dataclass(frozen=True)
class Account:
    """One account's API, one try at a time. Each call raises http.NotSent or http.Lost."""

    sid: str
    token: str = field(repr=False)
    http: Http
    url: str = API

    @property
    def headers(self) -> dict[str, str]:
        """Who we are."""
        return {"authorization": "Basic " + b64encode(f"{self.sid}:{self.token}".encode()).decode()}

    def address(self, path: str) -> str:
        """Of something that belongs to the account."""
        return f"{self.url}/2010-04-01/Accounts/{self.sid}/{path}"

    def text(self, form: Mapping[str, str]) -> Response:
        """https://www.twilio.com/docs/messaging/api/message-resource"""
        headers = {**self.headers, "content-type": "application/x-www-form-urlencoded"}
        return self.http("POST", self.address("Messages.json"), headers=headers, body=urlencode(form).encode())

    def look(self, url: str) -> Any:
        """What there is at an address of the API. Raises PostFailed: looking again does no harm."""
        try:
            answer = self.http("GET", url, headers=self.headers)
        except (NotSent, Lost):
            raise PostFailed(Outcome.PASSING, "unreachable") from None
        if answer.status != 200:
            raise failure(answer)
        return answer.json()


def account_of(connection: Connection, http: Http) -> Account:
    """The account that a connection's number belongs to. Raises PostFailed."""
    sid, url = str(connection.options.get("account_sid", "")), str(connection.options.get("api_url") or API)
    try:
        return Account(sid, connection.secret("auth_token")[0], http, url)
    except SecretMissing:
        raise PostFailed(Outcome.REFUSED, "token") from None


def failure(answer: Response) -> PostFailed:
    """What an answer that is none means; its words are left out."""
    told = answer.json()
    code = str(told.get("code", "")) if isinstance(told, dict) else ""
    if code in ERRORS:
        return PostFailed(*ERRORS[code], code)
    if answer.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", code or "429")
    if answer.status in (401, 403):
        return PostFailed(Outcome.REFUSED, "token", code or str(answer.status))
    if not 400 <= answer.status < 500:
        return PostFailed(Outcome.UNKNOWN, "unclear", str(answer.status))
    return PostFailed(Outcome.REFUSED, "rejected", code or str(answer.status))


def own_address(connection: Connection) -> str:
    """Where Twilio tells us what became of a text."""
    from chalicelib.aws import parameters

    public_url = parameters.load_settings().public_url.rstrip("/")
    return f"{public_url}/webhooks/{connection.channel}/{connection.name}{TRIES}"


def undelivered(channel: str, form: Mapping[str, str], accounts: Sequence[str], at: datetime) -> list[Event]:
    """What Twilio tells of a text of ours: only its failure matters."""
    if form.get("MessageStatus") not in UNDELIVERED:
        return []
    detail = form.get("ErrorCode", "")
    _, code = ERRORS.get(detail, (None, "rejected"))
    # where it does not say which number sent it, it may be any
    ours = [form["From"]] if form.get("From") in accounts else accounts
    return [Undelivered(channel, account, form["MessageSid"], code, at, detail, raw=form) for account in ours]


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body[:LARGEST_BODY].decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Forged("form") from error


def _addresses(url: str) -> Iterator[str]:
    """With its port, or the one that its scheme has anyway, and without: Twilio signs either."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    yield urlunsplit(parts._replace(netloc=host))
    yield urlunsplit(parts._replace(netloc=f"{host}:{parts.port or PORTS[parts.scheme]}"))


_THROTTLED = (Outcome.PASSING, "throttled")
_NO_TEXTS = (Outcome.REFUSED, "no-texts")
_PERMISSION = (Outcome.REFUSED, "permission")
_RESTRICTED = (Outcome.REFUSED, "restricted")

# of an answer to a call, and of a text that could not be delivered after all
ERRORS: Mapping[str, tuple[Outcome, str]] = {
    "14107": _THROTTLED,
    "20429": _THROTTLED,
    "21611": _THROTTLED,  # too many are waiting already
    "30001": _THROTTLED,
    "63018": _THROTTLED,
    "20003": (Outcome.REFUSED, "token"),
    "21610": (Outcome.REFUSED, "stopped"),
    "21211": _NO_TEXTS,  # no number
    "21214": _NO_TEXTS,
    "21217": _NO_TEXTS,
    "21265": _NO_TEXTS,  # a short code
    "21614": _NO_TEXTS,  # no mobile number
    "21635": _NO_TEXTS,  # a landline
    "30003": _NO_TEXTS,  # switched off, or out of reach for days
    "30005": _NO_TEXTS,
    "30006": _NO_TEXTS,  # a landline
    "30004": (Outcome.REFUSED, "blocked"),
    "21408": _PERMISSION,  # a country that the account may not text to
    "21606": _PERMISSION,  # our number cannot text
    "21612": _PERMISSION,  # no way from our number to that one
    "21617": (Outcome.REFUSED, "too-long"),
    "20005": _RESTRICTED,
    "21608": _RESTRICTED,  # a trial, or a business that Twilio does not know yet: only to verified numbers
    "30002": _RESTRICTED,
    "30032": _RESTRICTED,  # toll-free numbers and those of ten digits have to be registered in the US
    "30034": _RESTRICTED,
    "30007": (Outcome.REFUSED, "policy"),
    "63016": (Outcome.REFUSED, "window"),
}
