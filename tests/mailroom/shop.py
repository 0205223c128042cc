"""A shop for the tests of the mailroom: customers who ask, agents who answer by mail, and what became of it all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Any, cast

import pytest
from chalice.test import Client

import app
from chalicelib import desk, intake, mailroom
from chalicelib.aws import conversations, parameters
from chalicelib.aws.table import unmarshal
from chalicelib.channels import open_channel
from chalicelib.mailroom import authority
from chalicelib.model import Held
from tests import aws
from tests.aws import Platform, Stack, received
from tests.quick_aws import QuickAws, quick
from tests.test_journey import body, comment, post

ANNA = "Anna <anna@lindner.example>"


@dataclass
class Shop:
    """A shop's stack on a few dictionaries, its customers, and the agents' mailbox."""

    aws: QuickAws
    client: Client
    platform: Platform
    parameters: dict[str, Any]
    sent: int = 0
    read: list[EmailMessage] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        return [found for row in self.aws.items() if (found := unmarshal(row))["sk"].startswith(prefix)]

    def mails(self) -> list[EmailMessage]:
        """Ours, in order."""
        return aws.read_on(self.read, self.aws.sent)

    def settle(self) -> None:
        """The desk looks at every conversation in which something is new."""
        while new := [item for item in self.items("i#") if (item["pk"], item["sk"]) not in self.seen]:
            self.seen |= {(item["pk"], item["sk"]) for item in new}
            for pk in sorted({item["pk"] for item in new}):
                desk.work(pk, desk._room())

    def configure(self, **parts: Any) -> None:
        """As the owner or `keys rotate` would; five minutes later."""
        self.parameters.update(parts)
        parameters.forget()

    def ask(self, text: str = "Habt ihr am Sonntag offen?", author: str = "9001") -> EmailMessage:
        """A customer's comment; its ticket."""
        self.sent += 1
        assert post(cast(Stack, self), comment(text, id=f"77_{self.sent}{author}", author=author)).status_code == 200
        self.settle()
        return self.mails()[-1]

    def mail(self, ticket: EmailMessage, text: str, sender: str = ANNA, quoting: bool = True, **headers: str) -> bytes:
        """An answer as a mail program writes it, on top of what it answers."""
        self.sent += 1
        mail = EmailMessage()
        given = {"From": sender, "To": str(ticket["Reply-To"]), "Subject": f"Re: {ticket['Subject']}"}
        given |= {"Message-ID": f"<{self.sent}@lindner.example>", **headers}
        for name, value in given.items():
            mail[name.replace("_", "-")] = value
        quoted = "\n".join(f"> {line}" for line in body(ticket).splitlines())
        below = f"\n\nAm 21.11.2026 um 10:12 schrieb Mia Muster (Facebook) <{address(ticket)}>:\n{quoted}\n"
        mail.set_content(text + (below if quoting else "\n"))
        return mail.as_bytes()

    def arrives(
        self,
        raw: bytes,
        to: str | Sequence[str],
        now: datetime | None = None,
        return_path: str = "anna@lindner.example",
        **verdicts: str,
    ) -> list[str]:
        """What became of a mail, once everything came to rest."""
        self.sent += 1
        key = f"inbound/{self.sent}"
        self.aws.put_object(key, raw)
        notice = received(key, "", **verdicts)
        notice["receipt"]["recipients"] = [to] if isinstance(to, str) else list(to)
        notice["mail"]["source"] = return_path
        receipt = authority.read_receipt(notice)
        room = mailroom.open_room(intake.keep_events)
        room = replace(room, now=lambda: now) if now else room
        outcomes = mailroom.receive(receipt, mailroom.fetch(receipt, room), room)
        self.settle()
        return list(outcomes.values())

    def answer(self, ticket: EmailMessage, text: str, **more: Any) -> str:
        """The outcome of an agent's answer to a ticket."""
        headers = {name: more.pop(name) for name in list(more) if name[0].isupper()}
        written = {name: more.pop(name) for name in ("sender", "quoting") if name in more}
        (outcome,) = self.arrives(self.mail(ticket, text, **written, **headers), address(ticket), **more)
        return outcome

    @property
    def posted(self) -> list[str]:
        """What the customer got, in order."""
        return [str(sent.get("message")) for sent in self.platform.posts]

    @property
    def aside(self) -> list[str]:
        """Why mails were put aside."""
        return [item["reason"] for item in self.items() if item["kind"] == "quarantine"]

    @property
    def notices(self) -> list[EmailMessage]:
        return [each for each in self.mails() if each["X-Bridgehead-Kind"] == "notice"]

    @property
    def waiting(self) -> bool:
        """Whether the clock runs for anybody."""
        return any(not name.startswith("wake-") for name in self.aws.timers)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return sorted((item for item in self.items("i#") if item["kind"] == kind), key=lambda item: item["sk"])


def address(ticket: EmailMessage) -> str:
    return str(ticket["Reply-To"].addresses[0].addr_spec)


def with_file(raw_text: str, ticket: EmailMessage, *files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ANNA, address(ticket), "Re: x"
    mail["Message-ID"] = "<with-file@lindner.example>"
    mail.set_content(raw_text)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def stored_held(item: dict[str, Any]) -> Held:
    entry = conversations.one(item["pk"], item["sk"])
    assert entry
    return entry.read(Held)


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    held = {"settings": aws.SETTINGS, **aws.SECRETS}

    versions: Counter[str] = Counter()

    def parameter_store(asked: Mapping[str, Any], operation: str = "GetParameters") -> Any:
        if operation == "PutParameter":
            name = asked["Name"].removeprefix("/bridgehead/test/")
            held[name] = json.loads(asked["Value"])
            versions[name] += 1
            return {"Version": versions[name]}
        names = [(full, full.removeprefix("/bridgehead/test/")) for full in asked["Names"]]
        found = [(full, name) for full, name in names if name in held]
        told = [{"Name": full, "Value": json.dumps(held[name]), "Version": versions[name]} for full, name in found]
        return {"Parameters": told}

    with quick(monkeypatch) as rig, Client(app.app) as client:
        platform = Platform()
        monkeypatch.setattr(parameters, "_call", parameter_store)
        monkeypatch.setattr(desk, "open_channel", partial(open_channel, http=platform))
        yield Shop(rig, client, platform, held)
