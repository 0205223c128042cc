"""Every channel with what it can do, generated from the code: for `bridgehead channels`, for the docs, for scripts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from chalicelib.channels import CHANNELS, open_channel
from chalicelib.channels.base import Connection, Limits, Spec
from chalicelib.channels.powers import Finds, Profiles
from chalicelib.model import Kind

COLUMNS = ("channel", "handles", "public", "private", "longest public answer", "longest private answer", "window")


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
    answers = [each for each in described["answers"].values() if each["answers"]]
    public, private = [each for each in answers if each["public"]], [each for each in answers if not each["public"]]
    kinds = [kind for kind, each in described["answers"].items() if each["answers"]]
    windows = {each["window"] for each in answers if each["window"]}
    return (
        described["title"],
        ", ".join(kinds),
        "yes" if public else "no",
        "yes" if private else "no",
        _longest(public),
        _longest(private),
        ", ".join(sorted(windows)) or "none",
    )


def _longest(answers: list[dict[str, Any]]) -> str:
    return f"{answers[0]['text']} {answers[0]['unit']}" if answers else "-"
