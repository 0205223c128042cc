"""The SMTP side of the mailbox. aiosmtpd's own controller cannot take a free port, so its protocol runs in a loop of ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.pages.serving import LOOPBACK

LARGEST_MAIL = 40_000_000  # bytes; SES's own limit

Keep = Callable[[bytes, str, Sequence[str]], object]  # (mail, envelope sender, envelope recipients)


@dataclass(frozen=True)
class Door:
    """An SMTP server at work; `address` is host:port."""

    address: str
    _loop: asyncio.AbstractEventLoop
    _thread: threading.Thread

    def stop(self) -> None:
        """Returns when the port is free again."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def open_door(keep: Keep, port: int = 0) -> Door:
    """Takes mail in the background; port 0 takes a free one. Raises OSError when the port is taken."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: protocol(keep, loop), LOOPBACK, port))
    thread = threading.Thread(target=run, args=(loop, server), daemon=True)
    thread.start()
    return Door("{}:{}".format(*server.sockets[0].getsockname()), loop, thread)


def protocol(keep: Keep, loop: asyncio.AbstractEventLoop) -> SMTP:
    return SMTP(Slot(keep), data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="localhost", loop=loop)


def run(loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
    loop.run_forever()
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.close()


class Slot:
    """What aiosmtpd hands a finished mail to."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answers 250 only after the file is written."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.keep(content, envelope.mail_from or "", envelope.rcpt_tos)
        return "250 OK"
