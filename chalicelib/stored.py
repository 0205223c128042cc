"""Our data classes as JSON in the table, and back; old rows read by new code keep the defaults of what they lack."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dump(value: Any) -> str:
    """Compact JSON; lone surrogates and all scripts survive, since everything beyond ASCII is escaped."""
    return json.dumps(value, separators=(",", ":"), default=plain)


def plain(value: Any) -> Any:
    """What JSON does not know by itself, one level deep; fields that hold their default are left out."""
    if is_dataclass(value):
        return {name: held for name, default in _defaults(value.__class__) if (held := getattr(value, name)) != default}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return dict(value)


@cache
def _defaults(kind: type[Any]) -> list[tuple[str, Any]]:
    return [(each.name, _default(each)) for each in fields(kind)]


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def load(kind: type[T], text: str) -> T:
    """The data class that `dump` wrote. Raises ValueError, KeyError or TypeError on anything else."""
    found: T = build(kind, json.loads(text))
    return found


def build(kind: Any, value: Mapping[str, Any]) -> Any:
    """The data class from its plain form; keys it does not know (a newer version's) are passed over."""
    hints = _hints(kind.__qualname__, kind)
    return kind(**{name: _revive(hints[name], held) for name, held in value.items() if name in hints})


def _revive(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    kind, arguments = get_origin(hint), get_args(hint)
    if kind in (types.UnionType, Union):
        return _revive(next(each for each in arguments if each is not types.NoneType), value)
    if kind is tuple:
        return tuple(_revive(arguments[0], each) for each in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value)
    return _LEAVES.get(hint, _enum(hint))(value)


def _enum(hint: Any) -> Any:
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else lambda value: value


@cache
def _hints(name: str, kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


_LEAVES: dict[Any, Any] = {datetime: datetime.fromisoformat, timedelta: lambda seconds: timedelta(seconds=seconds)}
