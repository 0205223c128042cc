"""A platform on its side of the wire: what it answers, and signatures from elsewhere where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chalicelib.http import Http, Response

SHARED = Path(__file__).parents[2].parent / "shared" / "fixtures"


def answering(
    status: int, body: Any = b"", headers: dict[str, str] | None = None, asked: list[Any] | None = None
) -> Http:
    """The same to whatever it is asked; what is no bytes is told as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def http(method: str, url: str, **more: Any) -> Response:
        if asked is not None:
            asked.append((method, url, more))
        return Response(status, content, headers or {})

    return http


def failing(error: Exception) -> Http:
    """Not to be reached."""

    def http(*_: Any, **__: Any) -> Response:
        raise error

    return http


def signatures(platform: str) -> list[dict[str, Any]]:
    """Deliveries with what is said to prove them, and whether it does; none where they are not at hand."""
    file = SHARED / "signatures.json"
    listed: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return [each for each in listed if each["platform"] == platform]
