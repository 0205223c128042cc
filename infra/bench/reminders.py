"""`python -m infra.bench.reminders [count]`: how late reminders are that are all due in the same second, on the local stack.

Needs `bridgehead up`. Customers of the shop ask at the same moment; its policy reminds after half a minute. Measured is
from the due time until the mailbox has the mail. The emulator's scheduler looks every ten seconds, AWS's every one, so
the figures hold up to ten seconds that are not ours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from infra.local import scenes
from infra.local.demo import Demo, get
from infra.local.up import running_state
from infra.stack.target import NoStack

COUNT = 100
REMINDED_AFTER = timedelta(seconds=30)  # half of the minute that infra/local/local.toml gives the shop
PATIENCE = 600.0  # seconds


def main(count: int = COUNT) -> None:
    """Prints how many came, how many twice, and the latest of half and of 99 in a hundred. Raises NoStack."""
    state = running_state()
    if state is None:
        raise NoStack("The local stack does not run. Start it with: bridgehead up")
    demo, asked_at = Demo(state, print), time.time()
    for number in range(count):
        demo.send(scenes.shop_message(demo.connections["shop"], asked_at, f"{int(asked_at)}-{number}"))
    print(f"{count} questions taken in {time.time() - asked_at:.1f} s")
    late = _late(demo, count, asked_at)
    print(f"{len(late)} of {count} customers reminded")
    first = sorted(min(each) for each in late.values())
    if first:
        half, most = first[len(first) // 2], first[min(len(first) - 1, len(first) * 99 // 100)]
        print(f"after the due time: p50 {half:.1f} s, p99 {most:.1f} s (up to 10 s are the emulator's)")


def _late(demo: Demo, count: int, asked_at: float) -> Mapping[str, list[float]]:
    """By ticket, the seconds after the due time at which its first step's reminders came."""
    due = asked_at + REMINDED_AFTER.total_seconds()
    found: dict[str, list[float]] = {}
    while len(found) < count and time.time() < due + PATIENCE:
        time.sleep(5)
        found = {}
        for mail in get(f"{demo.state['mailbox_url']}/mails?kind=reminder"):
            if f" {int(asked_at)}-" in mail["subject"]:
                at = datetime.fromisoformat(mail["at"]).timestamp()
                found.setdefault(mail["ticket"], []).append(at - due)
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
