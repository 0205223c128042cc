"""Requests that leave the account: platform calls and media. The one place that knows whether bytes went out.

The difference between "certainly not sent" and "nobody knows" is the whole point: an answer that was perhaps posted
is looked for before it is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0
LARGEST_ANSWER = 1_000_000  # bytes of a platform's answer that we read


class NotSent(Exception):
    """No byte reached the other side (name, connection or TLS failed): sending again is safe."""


class Lost(Exception):
    """The request may have been carried out, its answer did not arrive."""


@dataclass(frozen=True)
class Response:
    """What came back; header names lower-cased."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON, or {} when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


Http = Callable[
    ..., Response
]  # (method, url, *, headers=..., body=..., json=...) -> Response; tests hand in a function


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, json: Any = None
) -> Response:
    """One try, no redirects, at most 12 s. Raises NotSent or Lost."""
    import urllib3

    fields = dict(headers or {})
    if json is not None:
        body, fields["content-type"] = _encode(json), "application/json"
    try:
        answer = _pool().request(method, url, headers=fields, body=body, redirect=False, preload_content=False)
        content = answer.read(LARGEST_ANSWER)
        answer.release_conn()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NotSent(type(error).__name__) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Lost(type(error).__name__) from error
    return Response(answer.status, content, {name.lower(): value for name, value in answer.headers.items()})


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _pool() -> Any:
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(timeout=timeout, retries=False)
