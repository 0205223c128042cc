"""The keys of the conversations' reply addresses: {"current": id, "keys": {id: base64}}, the newest last.

New addresses use the current key, all others still open. See `chalicelib.reply_address`.
"""

from __future__ import annotations

import secrets
import string
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.parameters import Parameters, Refused

KEY_BYTES = 32
KEY_IDS = string.ascii_lowercase + "234567"  # what an address can carry
CACHED = timedelta(minutes=5)  # how long a Lambda may still use what it read: parameters.FRESH_SECONDS


def ensure_keys(parameters: Parameters) -> bool:
    """Makes the first key of reply addresses; False when there is one already, which stays."""
    if parameters.get("keys")[1]:
        return False
    first = KEY_IDS[0]
    parameters.put("keys", {"current": first, "keys": {first: _new_key()}}, after=0)
    return True


def rotate_keys(
    parameters: Parameters, sleep: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.time
) -> str:
    """The id of the key that is current now; old ones stay valid.

    The new key is first put beside the current one and used only after every cache knows it: otherwise the answer to
    a mail sent meanwhile would be refused. Takes five minutes; what was interrupted is completed when run again.
    """
    kept, version, written_at = parameters.get("keys")
    if not version:
        raise Refused("there are no keys yet, run: bridgehead configure")
    newest: str = list(kept["keys"])[-1]
    if newest == kept["current"]:
        newest, written_at = _free_id(kept), datetime.fromtimestamp(now(), UTC)
        parameters.put("keys", {**kept, "keys": {**kept["keys"], newest: _new_key()}}, after=version)
    sleep(max(0.0, written_at.timestamp() + CACHED.total_seconds() - now()))
    kept, version, _ = parameters.get("keys")
    if newest not in kept["keys"]:
        raise Refused(f"the new key {newest} was retired before it was used; nothing was changed")
    parameters.put("keys", {**kept, "current": newest}, after=version)
    return newest


def retire_old_keys(parameters: Parameters) -> list[str]:
    """Ids of the keys that no longer open: tickets mailed with them cannot be answered any more."""
    kept, version, _ = parameters.get("keys")
    old = [key_id for key_id in (kept or {"keys": {}})["keys"] if key_id != kept["current"]]
    if old:
        parameters.put("keys", {**kept, "keys": {kept["current"]: kept["keys"][kept["current"]]}}, after=version)
    return old


def _new_key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _free_id(kept: Mapping[str, Any]) -> str:
    """The letter after the current one, round the alphabet, so that a retired one is long out of use when it returns."""
    start: int = KEY_IDS.index(kept["current"])
    in_turn = KEY_IDS[start + 1 :] + KEY_IDS[:start]
    free = next((key_id for key_id in in_turn if key_id not in kept["keys"]), None)
    if free is None:
        raise Refused("all 32 keys are in use, run first: bridgehead keys retire")
    return free
