"""A Flask application on a loopback port of its own, in a thread, until it is stopped."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LOOPBACK = "127.0.0.1"


class Quiet(WSGIRequestHandler):
    """Pages ask every two seconds: a line for each would hide what matters."""

    def make_environ(self) -> WSGIEnvironment:
        """With headers that have an underscore in their names: werkzeug leaves them out, and Zalo's have one."""
        named = {f"HTTP_{name.upper()}": value for name, value in self.headers.items() if "_" in name}
        return {**super().make_environ(), **named}

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Running:
    """A server at work: `url` has no slash at its end."""

    url: str
    _server: BaseWSGIServer
    _thread: threading.Thread

    def stop(self) -> None:
        """Returns when the port is free again."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def serve_app(app: Flask, port: int = 0) -> Running:
    """Serves in the background; port 0 takes a free one. Raises OSError when the port is taken."""
    try:
        server = make_server(LOOPBACK, port, app, threaded=True, request_handler=Quiet)
    except SystemExit as ended:  # werkzeug takes itself for the whole program
        raise OSError(f"port {port} is taken") from ended
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return Running(f"http://{LOOPBACK}:{server.server_port}", server, thread)


def wait_for_interrupt() -> None:
    """Until Ctrl-C, or until the process is told to end."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
