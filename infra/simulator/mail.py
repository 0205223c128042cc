"""Mail and letters: customers' mails go to whoever plays SES, what they get is found where the mailbox keeps mails.

`mail` in the configuration says where: {"inbound_smtp": "host:port", "mails_dir": directory}. Without it nobody is written to.
A letter is a PDF that a scanner mails; its answer is the one that somebody is to print.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint

from chalicelib.channels.letter.reading import text_layer
from chalicelib.press import Sheet, typeset
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, World

CUSTOMERS, SCANNER = "customers.example", "scan@scanner.example"
TIMEOUT = 15  # seconds


def mail_api(world: World, echo: Echo) -> Blueprint:
    """No routes: before each look at the page new mails are found."""
    mail = Blueprint("mail", __name__)
    mail.before_app_request(lambda: collect(world))
    return mail


def no_api(world: World, echo: Echo) -> Blueprint:
    """Letters are found together with mails."""
    return Blueprint("letters", __name__)


def bring_mail(world: World, words: Words) -> int:
    """A customer's mail, in the thread of the last answer to them if there is one; 202 when it was taken, else 0."""
    mail = EmailMessage()
    mail["From"] = Address(words.name, addr_spec=f"{words.author}@{CUSTOMERS}")
    latest = next((post for post in reversed(world.posts) if post.thread == words.author), None)
    first = words.text.strip().splitlines()[0][:60]
    mail["Subject"] = f"Re: {latest.metadata}" if latest else first
    if latest:
        mail["In-Reply-To"] = mail["References"] = latest.id
    mail.set_content(words.text)
    return send(world, mail, words)


def bring_scan(world: World, words: Words) -> int:
    """A letter, scanned; 202 when it was taken, else 0."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"Scanner <{SCANNER}>", "1 new scan"
    mail.set_content("A letter was scanned.\n")
    mail.add_attachment(
        pdf(f"{words.text}\n\n{words.name}"), maintype="application", subtype="pdf", filename=f"letter-{words.id}.pdf"
    )
    return send(world, mail, words)


def send(world: World, mail: EmailMessage, words: Words) -> int:
    mail["To"], mail["Message-ID"] = words.account, f"<{words.id}@{CUSTOMERS}>"
    host, _, port = world.mail.get("inbound_smtp", "").partition(":")
    if not port:
        return 0
    try:
        with smtplib.SMTP(host, int(port), timeout=TIMEOUT) as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException):
        return 0
    return 202


def pdf(words: str) -> bytes:
    """A page as a scanner makes it, with a text layer, in any script."""
    return typeset(Sheet(words, address=[], sender=[], language="en", date="", reference="", paper="a4"), b"")


def collect(world: World) -> None:
    """Answers that left since the last look."""
    directory = world.mail.get("mails_dir")
    with world.hold:
        known = {post.id for post in world.posts}
        for file in sorted(Path(directory).glob("*.eml")) if directory else ():
            found = message_from_bytes(file.read_bytes(), policy=policy.default)
            if found["X-Bridgehead-Answer"] and str(found["Message-ID"]) not in known:
                world.posts.append(posted(world, found))


def posted(world: World, found: EmailMessage) -> Post:
    """By whom it was written: an account of mail, or of letters."""
    account, to = found["From"].addresses[0].addr_spec, found["To"].addresses[0].addr_spec
    letters = {each for connection in world.of("letter") for each in connection.accounts}
    subject, body = str(found["Subject"]), found.get_body(("plain",))
    channel, thread = ("letter", subject) if account in letters else ("email", to.partition("@")[0])
    papers = [text_layer(each.get_content()) for each in found.iter_attachments()]
    text = str(body.get_content()).strip() if body else ""
    id, title = str(found["Message-ID"]), subject.removeprefix("Re: ")
    return Post(
        id, channel, account, thread, "\n".join(papers) or text, False, "message", datetime.now(UTC), metadata=title
    )


def sign(connection: Connection, body: bytes) -> Headers:
    return {}


def secrets(accounts: Sequence[str]) -> Secrets:
    return {}, {}


PLATFORM = Platform(
    channel="email",
    title="E-mail",
    places=(Place("mail", "messages", lambda world: f"m{world.number():x}", None, public=False, by_thread=False),),
    api=mail_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
    bring=bring_mail,
)
LETTERS = Platform(
    channel="letter",
    title="Letters",
    places=(Place("letters", "messages", lambda world: f"l{world.number():x}", None, public=False),),
    api=no_api,
    sign=sign,
    signed_with="",
    secrets=secrets,
    bring=bring_scan,
)
