"""Requests that leave the account: platform calls and media. The one place that knows whether bytes went out.

The difference between "certainly not sent" and "nobody knows" is the whole point: an answer that was perhaps posted
is looked for before it is sent again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0
LARGEST_ANSWER = 1_000_000  # bytes of a platform's answer that we read


class NotSent(Exception):
    """No byte reached the other side (name, connection or TLS failed): sending again is safe."""


class TooLarge(Exception):
    """A file is larger, or comes more slowly, than we take it."""


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
]  # (method, url, *, headers=..., body=..., json=..., form=..., address=...) -> Response; tests hand in a function
Form = Mapping[str, str | tuple[str, bytes, str]]  # multipart: a text, or a file's name, bytes and media type


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    json: Any = None,
    form: Form | None = None,
    address: str = "",
) -> Response:
    """One try, no redirects, at most 12 s. Raises NotSent or Lost.

    `address` is where to connect instead of asking for the name again, as `public_web.check` found it; certificate
    and Host stay those of the name.
    """
    import urllib3

    fields = dict(headers or {})
    if json is not None:
        body, fields["content-type"] = _encode(json), "application/json"
    if form is not None:
        body, fields["content-type"] = urllib3.encode_multipart_formdata(form)
    pool = _pinned_pool(url, address, fields) if address else _pool()
    path = urllib3.util.parse_url(url).request_uri if address else url
    try:
        answer = pool.request(method, path, headers=fields, body=body, redirect=False, preload_content=False)
        content = answer.read(LARGEST_ANSWER)
        answer.release_conn()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NotSent(type(error).__name__) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Lost(type(error).__name__) from error
    return Response(answer.status, content, {name.lower(): value for name, value in answer.headers.items()})


def fetch(url: str, *, address: str, most: int, seconds: float, headers: Mapping[str, str] | None = None) -> Response:
    """A file of at most `most` bytes within `seconds`, unpacked by nobody, connected to the checked `address`.

    No redirects: who follows one checks its target first. Raises NotSent or Lost, TooLarge.
    """
    import urllib3

    fields = {**(headers or {}), "accept-encoding": "identity"}
    waits = urllib3.Timeout(connect=CONNECT_SECONDS, read=min(READ_SECONDS, seconds))
    pool, path = _pinned_pool(url, address, fields, waits), urllib3.util.parse_url(url).request_uri
    until = time.monotonic() + seconds
    try:
        answer = pool.request("GET", path, headers=fields, redirect=False, preload_content=False)
        content = b"".join(_chunks(answer, most, until))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotSent(type(error).__name__) from error
    finally:
        pool.close()
    return Response(answer.status, content, {name.lower(): value for name, value in answer.headers.items()})


def _chunks(answer: Any, most: int, until: float) -> Iterator[bytes]:
    size = 0
    # read1 gives back what has come: read would wait for a whole chunk, however slowly it trickles in
    while chunk := answer.read1(65_536, decode_content=False):
        size += len(chunk)
        if size > most or time.monotonic() > until:
            raise TooLarge("bytes" if size > most else "seconds")
        yield chunk


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _pinned_pool(url: str, address: str, fields: dict[str, str], waits: Any = None) -> Any:
    import urllib3

    parts, waits = urllib3.util.parse_url(url), waits or _timeout()
    fields["host"] = parts.netloc or ""
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, parts.port, timeout=waits, retries=False)
    names: dict[str, Any] = {"server_hostname": parts.host, "assert_hostname": parts.host}
    return urllib3.HTTPSConnectionPool(address, parts.port, timeout=waits, retries=False, **names)


@cache
def _pool() -> Any:
    import urllib3

    return urllib3.PoolManager(timeout=_timeout(), retries=False)


def _timeout() -> Any:
    import urllib3

    return urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
