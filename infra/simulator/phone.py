"""The phones of the owner and the lead, and Twilio between them and the product.

https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/messaging/twiml
Twilio's API takes texts; what is texted back goes to the product's `/texts/twilio`, signed over that address. A phone
that texted STOP is not reached any more until START, as with Twilio. Configured by `phone` in the simulator's JSON:
{"account", "auth_token", "number", "people": [{"name", "number"}]}.

- `GET /texts`: [{to, from, text, at, parts}], oldest first.
- `POST /phone` {"from", "text"} -> {"status"}: somebody texts the product's number; without "from" the first of the people.
"""

from __future__ import annotations

import hmac
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from chalicelib.phone.segments import count

PATH = "/texts/twilio"
TIMEOUT = 15  # seconds
KEYWORDS = {"stop": True, "stopp": True, "start": False, "unstop": False}


@dataclass(frozen=True)
class Text:
    """One text, from or to one of the phones."""

    sender: str
    to: str
    text: str
    at: datetime
    parts: int  # texts that the network makes of it, and charges


@dataclass
class Phones:
    """What the network knows."""

    account: str
    token: str = field(repr=False)
    number: str  # the product's
    people: list[dict[str, str]]
    texts: list[Text] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    def keep(self, sender: str, to: str, text: str) -> str:
        """The network's id of it."""
        self.texts.append(Text(sender, to, text, datetime.now(UTC), count(text)))
        return f"SM{token_hex(16)}"

    def of(self, number: str) -> list[Text]:
        """What one phone sent and got."""
        return [each for each in self.texts if number in (each.sender, each.to)]


def secrets() -> tuple[dict[str, str], dict[str, str]]:
    """Made for a run: to receive, to send."""
    token = {"auth_token": token_hex(16)}
    return token, token


def phones_from(config: Mapping[str, Any]) -> Phones:
    """Raises KeyError."""
    return Phones(config["account"], config["auth_token"], config["number"], list(config["people"]))


def phone_api(phones: Phones, product: str) -> Blueprint:
    """Twilio's API, the page and the JSON; `product` is where what is texted goes."""
    api = Blueprint("phone", __name__)

    @api.post("/2010-04-01/Accounts/<account>/Messages.json")
    def send(account: str) -> ResponseReturnValue:
        return take(phones, account, request.form.to_dict())

    @api.get("/phone")
    def page() -> str:
        return render_template("phone.html", phones=phones, writable=bool(product))

    @api.get("/texts")
    def texts() -> Response:
        return jsonify([{**asdict(each), "at": each.at.isoformat()} for each in phones.texts])

    @api.post("/phone")
    def text() -> ResponseReturnValue:
        asked = request.get_json() if request.is_json else request.form
        words, sender = str(asked.get("text") or ""), str(asked.get("from") or phones.people[0]["number"])
        status = deliver(phones, sender, words, product) if words.strip() and product else 400
        if not request.is_json and status == 200:
            return redirect("/phone", 303)
        return jsonify({"status": status}), 200 if status == 200 else 502

    return api


def take(phones: Phones, account: str, form: Mapping[str, str]) -> ResponseReturnValue:
    """What the product sends."""
    given = request.headers.get("Authorization", "").removeprefix("Basic ")
    if b64decode(given).decode() != f"{phones.account}:{phones.token}" or account != phones.account:
        return refused(20003, 401)
    if form.get("From") != phones.number:
        return refused(21606)
    if form.get("To") not in [each["number"] for each in phones.people]:
        return refused(21211)
    if form["To"] in phones.stopped:
        return refused(21610)
    if not 0 < len(form.get("Body", "")) <= 1600:
        return refused(21617)
    return jsonify({"sid": phones.keep(phones.number, form["To"], form["Body"]), "status": "queued"}), 201


def refused(code: int, status: int = 400) -> ResponseReturnValue:
    return jsonify({"code": code, "message": "refused", "status": status}), status


def deliver(phones: Phones, sender: str, words: str, product: str) -> int:
    """The product's status to it, 0 when nobody answered."""
    keyword = KEYWORDS.get(words.strip(" .!").lower())
    if keyword is not None:
        (phones.stopped.add if keyword else phones.stopped.discard)(sender)
    fields = {
        "MessageSid": phones.keep(sender, phones.number, words),
        "AccountSid": phones.account,
        "From": sender,
        "To": phones.number,
        "Body": words,
        "NumMedia": "0",
        "NumSegments": str(count(words)),
    }
    url = f"{product.rstrip('/')}{PATH}"
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": b64encode(hmac.digest(phones.token.encode(), signed.encode(), "sha1")).decode(),
    }
    asked = urllib.request.Request(url, urlencode(fields).encode(), headers)  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
