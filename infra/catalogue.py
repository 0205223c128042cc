"""Every channel with what it can do, generated from the code: for `bridgehead channels`, for the docs, for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from chalicelib.channels import CHANNELS, open_channel
from chalicelib.channels.base import Connection, Limits, Spec
from chalicelib.channels.powers import Finds, Profiles
from chalicelib.model import Kind

COLUMNS = ("channel", "publicly, up to", "privately, up to", "until")
UNITS = {
    "weighted": "weighted characters",
    "emoji": "characters (an emoji counts as 4 or more)",
    "utf16": "characters (an emoji counts as 2 or more)",
}


def catalogue() -> list[dict[str, Any]]:
    """One object a channel."""
    return [_described(spec) for spec in CHANNELS.values()]


def table() -> str:
    """For a terminal."""
    rows = [_row(each) for each in catalogue()]
    widths = [max(len(row[column]) for row in [COLUMNS, *rows]) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [COLUMNS, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def _described(spec: Spec) -> dict[str, Any]:
    channel = open_channel(Connection("any", spec.name, (), {**spec.settings, "reply_url": "https://example.com"}))
    answers = {kind.value: _limits(channel.limits(kind)) for kind in Kind}
    return {
        "name": spec.name,
        "title": spec.title,
        "handshake": spec.handshake,
        "signature": spec.signature,
        "documentation": spec.page,
        "receive_secrets": list(spec.receive_secrets),
        "send_secrets": list(spec.send_secrets),
        "settings": dict(spec.settings),
        "answers": answers,
        "looks_up_lost_answers": isinstance(channel, Finds),
        "looks_up_names": isinstance(channel, Profiles),
    }


def _limits(limits: Limits) -> dict[str, Any]:
    plain = asdict(limits)
    plain.pop("measure")
    return {key: _hours(value) if isinstance(value, timedelta) else value for key, value in plain.items()}


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"


def _row(described: dict[str, Any]) -> tuple[str, ...]:
    return (described["title"], longest(described, public=True), longest(described, public=False), until(described))


def longest(described: Mapping[str, Any], *, public: bool) -> str:
    """How long an answer may be."""
    lengths = {
        f"{each['text']:,} {UNITS.get(each['unit'], each['unit'])}"
        for each in described["answers"].values()
        if each["answers"] and each["public"] == public
    }
    return ", ".join(sorted(lengths)) or "no"


def until(described: Mapping[str, Any]) -> str:
    """How long after a customer's last message: the same for all kinds of messages, or for each that has an end."""
    windows = {kind: each["window"] for kind, each in described["answers"].items() if each["answers"]}
    if len(set(windows.values())) == 1:
        return next(iter(windows.values())) or "no limit"
    return ", ".join(f"{kind}: {window}" for kind, window in windows.items() if window)
