"""The EventBridge bus, for whoever wants to listen: ticket.opened, reply.posted, sla.… Never a customer's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import stored
from chalicelib.aws import clients, environment

SOURCE = "bridgehead"
LARGEST_BATCH = 10


def announce(happened: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Tells the bus what happened, kind and detail; a bus that does not listen never holds up a customer."""
    for start in range(0, len(happened), LARGEST_BATCH):
        entries = [_entry(*each) for each in happened[start : start + LARGEST_BATCH]]
        try:
            clients.client("events").put_events(Entries=entries)
        except (BotoCoreError, ClientError):
            return


def _entry(kind: str, detail: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Source": SOURCE,
        "DetailType": kind,
        "Detail": stored.dump(detail),
        "EventBusName": environment.get("BUS"),
    }
