"""The owner's phone and the network between it and us, in memory: Twilio's API takes texts, its webhook brings answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from chalice.test import Client

from chalicelib import http
from chalicelib.http import Response
from chalicelib.phone import twilio
from tests import aws, faults
from tests.quick_aws import QuickAws, quick
from tests.world import PAGE, Clock, Parcel, Site, World, clocked, feed

NUMBER, OWNER, LEAD, STRANGER = "+4366012345", "+4366077777", "+4366088888", "+4366099999"
TOKEN, ACCOUNT = "auth-token-of-lindner", f"AC{'5' * 32}"
LADDER = [
    {"percent": 50, "to": ["owner"], "by": ["sms"]},
    {"percent": 100, "to": ["ticket", "owner"], "by": ["mail", "sms"]},
]


@dataclass
class Pocket:
    """Two phones, what they got, and the world around."""

    world: World
    rig: QuickAws
    answers: list[Any] = field(default_factory=list)  # of the provider, instead of taking a text: responses, exceptions
    inbox: list[tuple[str, str]] = field(default_factory=list)  # number, text
    _ids: int = 0

    def take(self, method: str, url: str, **more: Any) -> Response:
        """Twilio's API."""
        form = {name: values[0] for name, values in parse_qs(more["body"].decode(), keep_blank_values=True).items()}
        assert (method, url) == ("POST", f"{twilio.API}/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        assert b64decode(more["headers"]["authorization"].split()[1]).decode() == f"{ACCOUNT}:{TOKEN}"
        assert form["From"] == NUMBER
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            self.inbox.append((form["To"], form["Body"]))
            answer = Response(201, json.dumps({"sid": f"SM{len(self.inbox)}"}).encode())
        return answer

    def texts(self, number: str = OWNER) -> list[str]:
        """What a phone got."""
        return [words for to, words in self.inbox if to == number]

    def code(self) -> str:
        """The code in the last text."""
        return self.texts()[-1].split()[0]

    def text(self, words: str, sender: str = OWNER, id: str = "", **more: str) -> Any:
        """Somebody texts our number; settled when it returns."""
        answer = self.deliver(words, sender, id, **more)
        self.world.pass_time(timedelta(seconds=2))
        return answer

    def deliver(self, words: str, sender: str = OWNER, id: str = "", token: str = TOKEN, **more: str) -> Any:
        """Twilio's webhook."""
        self._ids += 1
        fields = {"MessageSid": id or f"SM{self._ids:032}", "From": sender, "To": NUMBER, "Body": words, **more}
        signed = twilio.signature(f"{aws.SETTINGS['public_url']}{twilio.PATH}", list(fields.items()), token)
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signed}
        answer = self.world.client.http.post(twilio.PATH, headers=headers, body=urlencode(fields).encode())
        self.world.collect()
        return answer

    def question(
        self, words: str = "Habt ihr am Sonntag offen? ☕", author: str = "9001", name: str = "Mia Muster"
    ) -> None:
        """A customer comments on Facebook."""
        at, id = self.world.clock.now, f"77_{author}"
        self.world.customer(feed(id, words, author, name, f"{PAGE}_77", at))

    def wait(self, minutes: float) -> None:
        self.world.pass_time(timedelta(minutes=minutes))

    def posts(self) -> list[str]:
        """What stands on Facebook."""
        return [each["message"] for each in self.world.site.comments]

    def again(self) -> None:
        """Every job again, as a queue may deliver them."""
        for pk in {item["pk"]["S"] for item in self.rig.items() if item["sk"]["S"].startswith(("i#", "head"))}:
            self.world.jobs.append(Parcel(json.dumps({"conversation": pk, "cause": "again"}), self.world.clock.now, pk))
        self.wait(0.1)


def settings(**changes: Any) -> dict[str, Any]:
    """Those of a business with a phone: a text at half of the hour, another when it is over."""
    owner = {**aws.SETTINGS["owner"], "language": "en", "phone": OWNER, "quiet": ["22:00-07:00"]}
    phone = {"provider": "twilio", "number": NUMBER, "daily_cap": 20, "account": ACCOUNT}
    policy = {"name": "default", "first_response": 3600, "next_response": 7200, "ladder": LADDER}
    return {**aws.SETTINGS, "owner": owner, "phone": phone, "policies": [policy], **changes}


@contextmanager
def pocket(patch: pytest.MonkeyPatch, **changes: Any) -> Iterator[Pocket]:
    """A stack in memory whose owner has a phone."""
    secrets = changes.pop("secrets", {f"{side}/phone": {"auth_token": TOKEN} for side in ("receive", "send")})
    patch.setattr(aws, "SETTINGS", settings(**changes))
    patch.setattr(aws, "SECRETS", {**aws.SECRETS, **secrets})
    with faults.surrounded(patch), quick(patch) as rig:
        import app

        clock = Clock()
        site = Site(clock)
        with Client(app.app) as client, clocked(patch, clock), aws.answering(site):
            made = Pocket(World(rig, client, clock, site), rig)
            patch.setattr(http, "request", made.take)
            yield made
