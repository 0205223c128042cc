"""Whose a raw delivery is: all of it somebody's, a part of it, or nothing. Pure.

What platforms send is read here without knowing the platform: in JSON, the smallest element of a list in which a person
is named by their id is theirs; what is no JSON is one message, and theirs if it has the id as a word. What only relates
to somebody, as an answer to them does, is another's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import unquote_plus

SHORTEST = 5  # characters; a shorter id is found by chance in everything
RELATED = re.compile(r"parent|in_?reply|repl(y|ied)_?to|quoted|mention|root", re.IGNORECASE)
GONE = object()  # in place of what is somebody's


def without(raw: str, ids: Collection[str]) -> str | None:
    """What is left of a delivery without the pieces of whoever has one of the ids; None when nothing of others is left."""
    told = {each for each in ids if len(each) >= SHORTEST}
    if not told:
        return raw
    try:
        left = _without(json.loads(raw), told)
    except (ValueError, RecursionError):
        return None if _is_word(raw, told) else raw
    if left is GONE:
        return None
    return json.dumps(left) if left != json.loads(raw) else raw


def _without(value: Any, ids: Collection[str]) -> Any:
    return _BY_TYPE.get(type(value), _leaf)(value, ids)


def _dict(value: dict[str, Any], ids: Collection[str]) -> Any:
    left = {name: held if RELATED.search(name) else _without(held, ids) for name, held in value.items()}
    kept = {name: each for name, each in left.items() if each is not GONE and name not in ids}
    gone = [value[name] for name, each in left.items() if each is GONE and name not in ids]
    # a list of theirs beside a list of others', such as messages and receipts, takes only itself along
    beside = any(map(_is_list_of_things, kept.values())) and all(map(_is_list_of_things, gone))
    return kept if not value or (kept and (not gone or beside)) else GONE


def _is_list_of_things(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict | list) for each in value)


def _list(value: list[Any], ids: Collection[str]) -> Any:
    kept = [left for each in value if (left := _without(each, ids)) is not GONE]
    return kept if kept or not value else GONE


def _text(value: str, ids: Collection[str]) -> Any:
    if value in ids or value.removeprefix("+") in ids:
        return GONE
    if value[:1] not in ("{", "["):
        return value
    # one delivery inside another, as SNS wraps them
    left = without(value, ids)
    return GONE if left is None else left


def _leaf(value: Any, ids: Collection[str]) -> Any:
    return GONE if str(value) in ids else value


def _is_word(raw: str, ids: Collection[str]) -> bool:
    said = f"{raw}\n{unquote_plus(raw)}"
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", said) for each in ids)


_BY_TYPE: dict[type, Callable[[Any, Collection[str]], Any]] = {dict: _dict, list: _list, str: _text}
