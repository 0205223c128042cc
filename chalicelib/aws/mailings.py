"""How much mail one sender brought to one address of ours lately: kept for a day, so that no flood becomes tickets.

pk = sender#<hash>:     m#<time>#<name>       a mail that came
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.aws import conversations, table
from chalicelib.aws.conversations import epoch, stamp
from chalicelib.aws.table import Put
from chalicelib.model import identity

SPAN = timedelta(hours=1)
KEPT = timedelta(days=1)
MOST = 20  # mails of one sender in the span


def is_flood(channel: str, account: str, sender: str, name: str, now: datetime) -> bool:
    """Notes the mail, and tells whether its sender brought more than `MOST` within the last hour."""
    pk = f"sender#{identity(channel, account, sender)}"
    item = {"pk": pk, "sk": f"m#{stamp(now)}#{name}", "kind": "mailing", "expires_at": epoch(now + KEPT)}
    conversations.write([Put(item)])
    latest = table.query(pk, "m#", newest=MOST + 1)
    return len(latest) > MOST and latest[-1]["sk"] > f"m#{stamp(now - SPAN)}"
