"""The simulator's customers write mails and letters, and read what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from chalicelib.channels.letter.reading import text_layer
from infra.mailbox.door import open_door
from infra.simulator.mail import pdf
from infra.simulator.server import simulator_app, world_from

HELLO, LETTERS = "hello@reply.cafe.example", "letters@reply.cafe.example"
CONNECTIONS = [
    {"name": "mail", "channel": "email", "accounts": [HELLO], "secrets": {}},
    {"name": "post", "channel": "letter", "accounts": [LETTERS], "secrets": {}},
]


class Inbox(list[EmailMessage]):
    """Who plays SES."""

    def keep(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        self.append(message_from_bytes(raw, policy=policy.default))


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def customers(inbox: Inbox, tmp_path: Path) -> Iterator[FlaskClient]:
    door = open_door(inbox.keep)
    mail = {"inbound_smtp": door.address, "mails_dir": str(tmp_path)}
    yield simulator_app(world_from({"connections": CONNECTIONS, "mail": mail}), "http://127.0.0.1:9").test_client()
    door.stop()


def answer(to: str, subject: str, sender: str = HELLO) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, subject, "<ses-1@mail.example>"
    mail["X-Bridgehead-Answer"] = "r1"
    mail.set_content("Ja, gern! 🙂\n")
    return mail.as_bytes()


def test_a_customer_writes_a_mail_and_goes_on_in_the_thread_of_the_answer(
    customers: FlaskClient, inbox: Inbox, tmp_path: Path
) -> None:
    said = customers.post("/say", json={"place": "mail", "name": "Linh Nguyễn", "text": "Còn bàn không?"})
    assert said.status_code == 200
    assert (inbox[0]["To"], inbox[0]["Subject"]) == (HELLO, "Còn bàn không?")
    (tmp_path / "1.eml").write_bytes(answer(inbox[0]["From"].addresses[0].addr_spec, "Re: Còn bàn không?"))
    (post,) = customers.get("/posts").get_json()
    assert (post["channel"], post["text"], post["thread"]) == ("email", "Ja, gern! 🙂", said.get_json()["author"])
    assert "Ja, gern! 🙂" in customers.get("/").get_data(as_text=True)
    customers.post("/say", json={"place": "mail", "name": "Linh Nguyễn", "text": "Cảm ơn!"})
    assert (inbox[1]["In-Reply-To"], inbox[1]["Subject"]) == ("<ses-1@mail.example>", "Re: Còn bàn không?")


def test_a_letter_is_scanned_and_its_answer_is_to_be_printed(
    customers: FlaskClient, inbox: Inbox, tmp_path: Path
) -> None:
    customers.post(
        "/say", json={"place": "letters", "name": "Erika Beispiel", "text": "Sehr geehrte (Damen),\n日曜日は？"}
    )
    (scan,) = inbox[0].iter_attachments()
    assert text_layer(scan.get_content()).split() == ["Sehr", "geehrte", "(Damen),", "日曜日は？", "Erika", "Beispiel"]
    (tmp_path / "1.eml").write_bytes(answer("owner@cafe.example", "Please print: BH-AAAA-BBBB", LETTERS))
    assert [post["channel"] for post in customers.get("/posts").get_json()] == ["letter"]


def test_nobody_is_written_to_without_a_way() -> None:
    customers = simulator_app(world_from({"connections": CONNECTIONS}), "http://127.0.0.1:9").test_client()
    assert customers.post("/say", json={"place": "mail", "text": "x"}).status_code == 502
    assert pdf("x").startswith(b"%PDF-")
