"""What a platform only rang for: its delivery says no more than that there is something new for an account.

All rings of a connection that lie there are one look at each of its accounts. One that comes after they were read has a
job of its own behind this one, so nothing is overlooked and a storm of rings makes no storm of looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.aws import conversations
from chalicelib.model import Ring

PLACE = conversations.connection_key("")  # begins the partitions in which they lie
KIND = "ring"
MOST = 500  # in one go; what is more makes one more look
AT_ONCE = 100  # in one write

Ask = Callable[[str, Mapping[str, str]], None]  # connection; account -> the word that the platform gave with its ring


def nobody(connection: str, words: Mapping[str, str]) -> None:
    """Leaves it to the clock, which asks anyway."""


def answer(pk: str, ask: Ask) -> None:
    """Has it asked for, and only then takes the rings off the list. An account that fails is the clock's from then on."""
    found = [each for each in conversations.pending(pk, MOST) if each.kind == KIND]
    rings = [each.read(Ring) for each in found]
    if rings:
        ask(pk.removeprefix(PLACE), {ring.account: ring.word for ring in rings})  # the newest comes last
    for start in range(0, len(found), AT_ONCE):
        conversations.write([conversations.done(each) for each in found[start : start + AT_ONCE]])
