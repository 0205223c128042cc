"""The clock λ: finds what is overdue or stuck and puts its conversation on the queue again.

Nothing is repaired here: a job says "look at this conversation", and the desk knows what it then needs.
"""

from __future__ import annotations

import time
from typing import Any

from chalicelib import metrics
from chalicelib.aws import queue, table
from chalicelib.aws.conversations import SHARDS
from chalicelib.aws.queue import Job

MOST_PER_SHARD = 500  # a backlog drains over several sweeps instead of all at once
SLOT_SECONDS = 240  # less than the sweep's rate: each sweep may ask once for the same conversation


def sweep(logger: Any) -> dict[str, int]:
    """How many conversations were found stuck, and how many jobs the queue took. Counted as the metric `Stuck`."""
    now = int(time.time())
    stuck = {item["pk"] for shard in range(SHARDS) for item in table.overdue(str(shard), now, MOST_PER_SHARD)}
    refused = queue.send([Job(pk, f"sweep-{now // SLOT_SECONDS}-{_plain(pk)}") for pk in sorted(stuck)])
    logger.info("swept", extra={"stuck": len(stuck), "queued": len(stuck) - len(refused)})
    metrics.count("Stuck", len(stuck))
    return {"stuck": len(stuck), "queued": len(stuck) - len(refused)}


def _plain(pk: str) -> str:
    return pk.replace("#", "-")
