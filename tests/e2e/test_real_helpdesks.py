"""The main job with helpdesks that people use: their own gateways, web forms and templates, on this machine.

customer -> webhook -> ticket mail -> the product's gateway -> its agent's web form -> its mail -> the platform
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from email.policy import SMTP
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from infra.local import demo, scenes
from infra.local.demo import Demo
from infra.local.up import down, running_state, up
from infra.stack.deploy import connect
from tests.e2e.helpdesks import Helpdesk, Ticket
from tests.e2e.helpdesks.django_helpdesk import DjangoHelpdesk
from tests.e2e.helpdesks.mail_server import Letter, MailServer, Routes
from tests.e2e.helpdesks.roundup import Roundup

pytestmark = pytest.mark.e2e
ADDRESS = "support@sonnenschein.example"
ARRIVES_WITHIN = 60.0  # seconds; the first mails start the functions, perhaps on a busy machine
HELPDESKS: dict[str, Callable[[str, str], Helpdesk]] = {"roundup": Roundup, "django-helpdesk": DjangoHelpdesk}
ANSWERS = {
    "en": "Yes, we are open on Sunday, 9 to 6.\n\nSee you there!",
    "de": "Guten Tag Frau Müller,\n\nÄpfel für 3,50 €, größere Körbe für 7 €: https://sonnenschein.example/obst?a=1&b=2\n\n„Schön!“ 🙂",
    "ja": "お問い合わせありがとうございます。\n\n抹茶ケーキは来週もございます。🍰\nお待ちしております。",
    "ar": "نعم، نحن مفتوحون يوم الأحد من الساعة 9 حتى 18 👨‍👩‍👧",
}  # fmt: skip
REFUSING = ("roundup",)
# how the subjects end of what comes without an agent's words
AUTOMATIC = {
    "roundup": ("Failed issue tracker submission", "Failed issue tracker submission"),
    "django-helpdesk": ("(Resolved)", "(Closed)", "(Opened)", "(Updated)"),
}
# what becomes of words with which a ticket is closed: some products mail them as an answer, some as the end of a notice
CLOSING = {"roundup": "reply", "django-helpdesk": "held"}
QUIET: list[str] = []
AUTHORS = count(5_560_001)


@dataclass
class Office:
    """The stack with a real helpdesk behind it."""

    demo: Demo
    helpdesk: Helpdesk
    server: MailServer

    def ask(self, author: str, text: str) -> Ticket:
        """A customer writes; the ticket that then holds the words."""
        message = scenes.direct_message(self.demo.connections["facebook"], time.time(), text, author)
        before = len(self.server.to_helpdesk)
        assert self.demo.send(message) == 200
        self.wait(lambda: len(self.server.to_helpdesk) > before, "the ticket mail")
        (ticket,) = self.holding(text)
        return ticket

    def holding(self, text: str) -> list[Ticket]:
        return [ticket for ticket in self.helpdesk.tickets() if any(text in said for said in ticket.texts)]

    def answer(self, ticket: Ticket, text: str, resolve: bool = False) -> list[str]:
        """An agent answers; what is posted then."""
        before = len(self.demo.posts())
        (self.helpdesk.resolve if resolve else self.helpdesk.answer)(ticket, text)
        self.wait(lambda: len(self.demo.posts()) > before, "the answer")
        return [post["text"] for post in self.demo.posts()[before:]]

    def kept(self) -> Counter[str]:
        """What the stack has in its table, by kind."""
        client = connect(self.demo.state["aws_endpoint"]).client("dynamodb")
        pages = client.get_paginator("scan").paginate(TableName=self.demo.state["table"])
        return Counter(_kind(item) for page in pages for item in page["Items"])

    def wait(self, arrived: Callable[[], bool], what: str) -> None:
        demo.wait(lambda: bool(self.server.failures) or arrived(), ARRIVES_WITHIN, what)
        assert self.server.failures == []


@pytest.fixture(scope="module", params=HELPDESKS)
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """A stack of its own for each helpdesk; one that ran before is started again afterwards."""
    ran_before = running_state() is not None
    down(QUIET.append)
    with ExitStack() as closing:
        if ran_before:
            closing.callback(up, QUIET.append)
        server = MailServer()
        closing.callback(server.stop)
        helpdesk = HELPDESKS[request.param](ADDRESS, server.address)
        closing.callback(down, QUIET.append)
        settings = {"kind": helpdesk.kind, "address": ADDRESS}
        state = up(QUIET.append, settings, server.address)
        helpdesk.start()
        server.bring(
            Routes(ADDRESS, helpdesk.take, state["reply_domain"], state["inbound_smtp"], state["mailbox_smtp"])
        )
        yield Office(Demo(state, QUIET.append), helpdesk, server)


@pytest.fixture
def author() -> str:
    """A customer who never wrote before."""
    return str(next(AUTHORS))


def test_a_customers_next_messages_join_the_ticket(office: Office, author: str) -> None:
    before = len(office.helpdesk.tickets())
    first = office.ask(author, "Habt ihr am Sonntag offen? 🍰")
    second = office.ask(author, "Wir kommen zu acht.")
    assert office.answer(second, "Ja, von 9 bis 18 Uhr.") == ["Ja, von 9 bis 18 Uhr."]
    third = office.ask(author, "Danke, bis Sonntag!")
    assert first.number == second.number == third.number
    assert len(office.helpdesk.tickets()) == before + 1


@pytest.mark.parametrize("language", ANSWERS)
def test_an_answer_is_posted_exactly_as_the_agent_typed_it(office: Office, author: str, language: str) -> None:
    ticket = office.ask(author, f"Ein Gruß von {author}")
    assert office.answer(ticket, ANSWERS[language]) == [ANSWERS[language]]


def test_two_answers_in_one_ticket_are_both_posted_also_when_one_resolves_it(office: Office, author: str) -> None:
    ticket = office.ask(author, f"Zwei Fragen von {author}")
    assert office.answer(ticket, "Zur ersten: ja.") == ["Zur ersten: ja."]
    assert office.answer(ticket, "Zur zweiten: nein.", resolve=True) == ["Zur zweiten: nein."]


def test_a_customer_who_writes_again_opens_a_closed_ticket(office: Office, author: str) -> None:
    ticket = office.ask(author, f"Habt ihr Gutscheine? {author}")
    office.answer(ticket, f"Ja, ab 10 Euro. {author}")
    office.helpdesk.close(ticket)
    assert not office.holding(author)[0].is_open
    tickets = len(office.helpdesk.tickets())
    again = office.ask(author, f"Auch per Post? 📮 {author}")
    assert (again.number, again.is_open) == (ticket.number, True)
    assert len(office.helpdesk.tickets()) == tickets


def test_words_with_which_a_ticket_is_closed_reach_the_customer_and_only_once(office: Office, author: str) -> None:
    words, fate = "Storniert, das Geld ist unterwegs.\n\nDanke für Ihre Geduld! 🙂", CLOSING[office.helpdesk.kind]
    ticket = office.ask(author, f"Wo bleibt mein Geld? {author}")
    posts, kept = len(office.demo.posts()), office.kept()
    office.helpdesk.close(ticket, words)
    office.wait(lambda: (office.kept() - kept)[fate] > 0, "what becomes of the words")
    if fate == "held":
        assert office.demo.posts()[posts:] == []
        office.wait(lambda: ticket.number in [each.number for each in office.holding("“yes”")], "the notice")
        office.helpdesk.answer(ticket, "yes")
    office.wait(lambda: len(office.demo.posts()) > posts, "the words")
    office.ask(author, f"Es ist da! {author}")
    kept, letters = office.kept(), len(office.server.to_customers)
    office.helpdesk.close(ticket)
    office.ask(author, f"Bis bald! {author}")
    office.wait(lambda: fates(office.kept() - kept) >= len(office.server.to_customers) - letters, "their fate")
    assert {"reply", "held"} & (office.kept() - kept).keys() == set()
    assert [post["text"] for post in office.demo.posts()[posts:]] == [words]


def test_the_owner_hears_once_of_a_conversation_whose_mail_is_refused(office: Office, author: str) -> None:
    if office.helpdesk.kind not in REFUSING:
        pytest.skip("it takes every mail")
    office.ask(author, f"Ist noch jemand da? {author}")
    mail, before = office.server.to_helpdesk[-1], len(office.demo.mails("owner"))
    kept = office.kept()
    provoking = office.helpdesk.provocation(mail.message).as_bytes(policy=SMTP)
    for _ in range(2):
        office.server.take(Letter(provoking, mail.sender, mail.recipients))
    office.wait(lambda: (office.kept() - kept)["quarantine"] == 2, "the refusals")
    office.wait(lambda: len(office.demo.mails("owner")) > before, "the mail to the owner")
    assert (office.kept() - kept)["bounced"] == 1
    (told,) = office.demo.mails("owner")[before:]
    assert told["subject"].startswith("Your helpdesk refused a mail")
    assert "Failed issue tracker submission" in Path(told["file"]).read_text("utf-8")


def test_what_the_helpdesk_mails_by_itself_is_not_posted(office: Office, author: str) -> None:
    ticket = office.ask(author, f"Wo ist mein Paket? {author}")
    office.ask(author, f"Es eilt! {author}")
    mails = office.server.to_helpdesk[-2:]
    office.answer(ticket, f"Unterwegs. {author}")
    posts, kept, letters = office.demo.posts(), office.kept(), len(office.server.to_customers)
    office.helpdesk.resolve(ticket)
    office.helpdesk.close(ticket)
    for mail in mails:
        provoking = office.helpdesk.provocation(mail.message).as_bytes(policy=SMTP)
        office.server.take(Letter(provoking, mail.sender, mail.recipients))
    expected = AUTOMATIC[office.helpdesk.kind]
    office.wait(lambda: len(office.server.to_customers) >= letters + len(expected), "the automatic mails")
    subjects = [letter.message["Subject"] for letter in office.server.to_customers[letters:]]
    assert [ending for ending, subject in zip(expected, subjects, strict=True) if not subject.endswith(ending)] == []
    office.wait(lambda: fates(office.kept() - kept) >= len(expected), "what becomes of them")
    assert {"reply", "held"} & (office.kept() - kept).keys() == set()
    assert office.demo.posts() == posts


def fates(kept: Counter[str]) -> int:
    """Of how many mails the stack knows what becomes of them."""
    return kept["learnt"] + kept["quarantine"]


def _kind(item: Mapping[str, Any]) -> str:
    return "quarantine" if item["pk"]["S"].startswith("quarantine#") else item["kind"]["S"]
