"""The story of the fault campaign: a question, its ticket, a reminder, the agent's answer, its echo, silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from hashlib import sha256

from tests.world import PAGE, World, feed

QUESTION = "Habt ihr am Sonntag offen? ☕ 日曜日は営業していますか"
ANSWER = "Ja, von 9 bis 18 Uhr. Bis Sonntag! 🙂"
NEXT = "Und am Montag? أراكم"
# the first reminder, after half an hour, reaches everybody whom a ladder may name
EVERYBODY = {"percent": 50, "to": ["ticket", "agents", "lead", "owner"]}
POLICY = {"name": "default", "first_response": 3600, "next_response": 7200, "ladder": [EVERYBODY, {"percent": 100}]}
PATIENCE = timedelta(hours=2)  # until a fault is mended at the latest


@dataclass(frozen=True)
class Told:
    """What happened: when the agent wrote, if a ticket came at all."""

    asked: bool
    reply: bool


def tell(world: World) -> Told:
    """From the question to long after the answer; every wait ends when what it waits for has come."""
    world.customer(feed("77_88", QUESTION, "9001", "Mia Muster", f"{PAGE}_77", world.clock.now))
    world.pass_time(PATIENCE, lambda: bool(mails_with(world, "ticket", QUESTION)))
    world.pass_time(timedelta(minutes=47))  # the first reminder is due, and was made up for if it was lost
    tickets = mails_with(world, "ticket", QUESTION)
    if tickets:
        world.agent(answer(tickets[0]), tickets[0]["Reply-To"].addresses[0].addr_spec)
    world.pass_time(timedelta(hours=4))
    return Told(bool(tickets), bool(tickets))


def next_good_input(world: World) -> list[str]:
    """Afterwards everything works: what is wrong with a question of another customer, and with the next of the first."""
    for author, id in (("9002", "77_89"), ("9001", "77_90")):
        parent = "77_88" if author == "9001" else f"{PAGE}_77"
        world.customer(feed(id, f"{NEXT} {id}", author, "Đặng Thị Hương", parent, world.clock.now))
    world.pass_time(timedelta(minutes=1))
    found = {id: len(mails_with(world, "ticket", f"{NEXT} {id}")) for id in ("77_89", "77_90")}
    return [f"the next good input {id} got {count} ticket mails" for id, count in found.items() if count != 1]


def mails_with(world: World, kind: str, words: str = "") -> list[EmailMessage]:
    """The mails of a kind that bring these words as news."""
    found = (mail for mail in world.mails() if mail["X-Bridgehead-Kind"] == kind)
    return [mail for mail in found if not words or words in _news(mail)]


def answer(ticket: EmailMessage, words: str = ANSWER) -> bytes:
    """As a mail program writes it: the answer on top, the ticket quoted below, a signature."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "Anna <anna@lindner.example>",
        ticket["Reply-To"],
        f"Re: {ticket['Subject']}",
    )
    mail["Message-ID"] = f"<{sha256(words.encode()).hexdigest()[:12]}@lindner.example>"
    quoted = "\n".join(f"> {line}" for line in text(ticket).splitlines())
    address = ticket["Reply-To"].addresses[0].addr_spec
    mail.set_content(f"{words}\n\nAm 21.11.2026 um 10:12 schrieb Mia Muster <{address}>:\n{quoted}\n\n-- \nAnna\n")
    return mail.as_bytes()


def text(mail: EmailMessage) -> str:
    """A mail's plain text."""
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


def _news(mail: EmailMessage) -> str:
    # what was said before, and how to answer, stands under headings
    return text(mail).partition("\n▪")[0]
