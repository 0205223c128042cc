"""The mailbox as a whole: SMTP in front, the pages behind, one directory between them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.mailbox.door import Door, open_door
from infra.mailbox.mails import Mails
from infra.mailbox.pages import Desk, mailbox_app
from infra.pages import Running, serve_app, wait_for_interrupt

ANNA = "Anna Agent <anna@shop.example>"


@dataclass(frozen=True)
class Mailbox:
    """A mailbox at work: `smtp` is host:port, `url` has no slash at its end."""

    smtp: str
    url: str
    _door: Door
    _pages: Running

    def stop(self) -> None:
        """Returns when both ports are free again."""
        self._pages.stop()
        self._door.stop()


def serve(
    mails_dir: Path,
    inbound_smtp: str,
    *,
    agents: Sequence[str] = (ANNA,),
    owners: Sequence[str] = (),
    smtp_port: int = 0,
    port: int = 0,
) -> Mailbox:
    """Serves in the background; port 0 takes a free one. Raises OSError when a port is taken."""
    mails = Mails(mails_dir, owners)
    door = open_door(mails.keep, smtp_port)
    desk = Desk(mails, tuple(agents), inbound_smtp, door.address)
    try:
        pages = serve_app(mailbox_app(desk), port)
    except BaseException:
        door.stop()
        raise
    return Mailbox(door.address, pages.url, door, pages)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs until interrupted."""
    parser = arguments()
    given = parser.parse_args(argv)
    agents, owners = given.agent or [ANNA], given.owner or []
    ports = {"smtp_port": given.smtp_port, "port": given.port}
    try:
        mailbox = serve(given.mails_dir, given.inbound_smtp, agents=agents, owners=owners, **ports)
    except OSError as error:
        parser.error(str(error))
    print(f"mailbox: {mailbox.url}/ takes mail at smtp://{mailbox.smtp}", flush=True)
    wait_for_interrupt()
    mailbox.stop()


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.mailbox", description="A helpdesk to look at on one machine."
    )
    parser.add_argument("--mails-dir", type=Path, required=True, help="where every mail is written as .eml")
    parser.add_argument("--inbound-smtp", required=True, metavar="HOST:PORT", help="who takes the agents' replies")
    parser.add_argument("--smtp-port", type=int, default=1025, help="takes mail here (default 1025; 0 = a free one)")
    parser.add_argument("--port", type=int, default=8025, help="the web page (default 8025; 0 = a free one)")
    parser.add_argument("--agent", action="append", metavar="ADDRESS", help=f"may answer; repeatable (default {ANNA})")
    parser.add_argument("--owner", action="append", metavar="ADDRESS", help="whose mails go to the phone; repeatable")
    return parser
