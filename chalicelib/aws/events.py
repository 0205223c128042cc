"""The EventBridge bus, for whoever wants to listen: ticket.opened, reply.posted, sla.missed. Never a customer's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients, environment

SOURCE = "bridgehead"


def announce(kind: str, detail: Mapping[str, Any]) -> bool:
    """Tells the bus; a bus that does not listen never holds up a customer. False when it was not told."""
    entry = {
        "Source": SOURCE,
        "DetailType": kind,
        "Detail": json.dumps(detail),
        "EventBusName": environment.get("BUS"),
    }
    try:
        answer = clients.client("events").put_events(Entries=[entry])
    except (BotoCoreError, ClientError):
        return False
    return not answer["FailedEntryCount"]
