"""From a platform to the product's webhook: one try to deliver what it tells, signed as it signs."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from infra.simulator.platforms import PLATFORMS
from infra.simulator.world import Connection

TIMEOUT = 15  # seconds


def deliver(base_url: str, connection: Connection, payload: Mapping[str, Any]) -> int:
    """The status the product answered with, 0 when nobody answered."""
    platform = PLATFORMS[connection.channel]
    body, query = platform.seal(connection, platform.encode(payload))
    url = f"{base_url.rstrip('/')}{connection.webhook}{'?' if query else ''}{query}"
    signed = platform.sign_at(connection, body, url) if platform.sign_at else platform.sign(connection, body)
    headers = {"Content-Type": "application/json", **signed}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
