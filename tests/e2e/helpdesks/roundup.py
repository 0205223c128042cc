"""Roundup, its classic template on SQLite. https://www.roundup-tracker.org/docs/admin_guide.html"""

from __future__ import annotations

from configparser import RawConfigParser
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from infra.stack import processes
from tests.e2e.helpdesks import AGENT, Ticket
from tests.e2e.helpdesks.browser import Browser
from tests.e2e.helpdesks.installing import emptied, installed, run

PACKAGE = "roundup==2.6.0"
USER, PASSWORD = "anna", "only on this machine"
BUG = "3"  # a priority
RESOLVED, CLOSED = "resolved", "done-cbb"
# its own server refuses to run as root, which in a container everybody is
SERVER = """
import sys
from wsgiref.simple_server import make_server
from roundup.cgi.wsgi_handler import RequestDispatcher
make_server("127.0.0.1", int(sys.argv[2]), RequestDispatcher(sys.argv[1])).serve_forever()
"""
# everybody may write to a support address: the line stands in the template, commented out
EVERYBODY_WRITES = "\ndb.security.addPermissionToRole('Anonymous', 'Email Access')\n"


@dataclass
class Roundup:
    """A tracker of its own for each run."""

    address: str
    smtp: str  # host:port
    kind: str = "roundup"
    _browser: Browser = field(default_factory=Browser)
    _programs: Path = field(init=False)
    _tracker: Path = field(init=False)
    _url: str = field(init=False)

    def start(self) -> None:
        self._programs = installed("roundup", PACKAGE)
        self._tracker = emptied("roundup") / "tracker"
        port = processes.free_port(8027)
        self._url = f"http://127.0.0.1:{port}/"
        self._admin("install", "classic", "sqlite")
        self._configure()
        self._admin("initialise", PASSWORD)
        self._admin(
            *("create", "user", f"username={USER}", f"password={PASSWORD}", "roles=User"),
            *(f"address={AGENT}", "realname=Anna Agent"),
        )
        self._serve(port)

    def take(self, mail: bytes) -> None:
        run([str(self._programs / "roundup-mailgw"), str(self._tracker)], mail)

    def tickets(self) -> list[Ticket]:
        listed = self._get("issue?@fields=title,messages,status&@verbose=0")["collection"]
        over = {self._status(name) for name in (RESOLVED, CLOSED)}
        return [
            Ticket(
                each["id"],
                each["title"],
                tuple(map(self._text, each["messages"])),
                is_open=str(each["status"]) not in over,
            )
            for each in listed
        ]

    def answer(self, ticket: Ticket, text: str) -> None:
        self._change(ticket, **{"@note": text})

    def resolve(self, ticket: Ticket, text: str = "") -> None:
        self._change(ticket, **{"@note": text}, status=self._status(RESOLVED))

    def close(self, ticket: Ticket, text: str = "") -> None:
        self._change(ticket, **{"@note": text}, status=self._status(CLOSED))

    def provocation(self, mail: EmailMessage) -> EmailMessage:
        """Mail without a text part is refused, and its sender is told how to write better ones."""
        mail.clear_content()
        mail.set_content("<p>Only HTML</p>", subtype="html")
        return mail

    def _configure(self) -> None:
        file = self._tracker / "config.ini"
        config = RawConfigParser()
        config.read(file, "utf-8")
        host, _, port = self.smtp.partition(":")
        wanted = {
            "tracker": {"name": "Support", "email": self.address, "web": self._url},
            "mail": {"domain": self.address.rpartition("@")[2], "host": host, "port": port},
            # "[Messenger] ..." in a subject is none of its own designators, and no reason to refuse the mail
            "mailgw": {"subject_prefix_parsing": "loose", "subject_suffix_parsing": "none"},
        }
        config.read_dict(wanted)
        with file.open("w", encoding="utf-8") as opened:
            config.write(opened)
        with (self._tracker / "schema.py").open("a", encoding="utf-8") as schema:
            schema.write(EVERYBODY_WRITES)

    def _serve(self, port: int) -> None:
        running = processes.current()
        assert running, "the local stack runs beside it"
        command = [str(self._programs / "python"), "-c", SERVER, str(self._tracker), str(port)]
        served = processes.run_beside(running, self.kind, command)
        processes.wait_for(self._url, served.process_ids[self.kind])
        self._browser.send(self._url, "form:has([name=__login_name])", __login_name=USER, __login_password=PASSWORD)

    def _change(self, ticket: Ticket, **typed: str) -> None:
        chosen = {"priority": BUG, **typed}  # a mail brings none, and no change is taken without
        page = self._browser.send(f"{self._url}issue{ticket.number}", "form[name=itemSynopsis]", **chosen)
        told = page.css_first(".ok-message")
        assert told is not None, page.html
        assert "edited ok" in told.text()

    def _status(self, name: str) -> str:
        (found,) = self._get(f"status?name={name}")["collection"]
        number: str = found["id"]
        return number

    def _admin(self, *arguments: str) -> None:
        run([str(self._programs / "roundup-admin"), "-i", str(self._tracker), "-u", "admin", *arguments])

    def _text(self, message: str) -> str:
        found: str = self._get(f"msg/{message}/content")["data"]
        return found

    def _get(self, path: str) -> Any:
        return self._browser.json(f"{self._url}rest/data/{path}")["data"]
