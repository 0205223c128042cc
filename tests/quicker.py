"""What would be worked out anew for each of thousands of tests is kept; what comes out is the same.

A mail's headers are parsed whenever somebody looks at them, botocore reads its models, megabytes, for each session, and
time zones are looked for in the file system.
"""

from __future__ import annotations

import gc
import zoneinfo
from email.headerregistry import HeaderRegistry
from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader

_read, _parsed = JSONFileLoader().load_file, HeaderRegistry.__call__


def keep() -> None:
    """From now on, in this process."""
    gc.set_threshold(50_000, 20, 100)  # tests leave little behind that only the collector finds
    JSONFileLoader.load_file = lambda self, file_path: _model(file_path)  # type: ignore[method-assign]
    HeaderRegistry.__call__ = _header  # type: ignore[method-assign, assignment]
    zoneinfo.available_timezones = cache(zoneinfo.available_timezones)


@cache
def _model(path: str) -> Any:
    return _read(path)


def _header(registry: HeaderRegistry, name: str, value: Any) -> Any:
    # dates and addresses that become headers are no text yet, and cheap
    return _kept(registry, name, value) if type(value) is str else _parsed(registry, name, value)


@cache
def _kept(registry: HeaderRegistry, name: str, value: str) -> Any:
    return _parsed(registry, name, value)
