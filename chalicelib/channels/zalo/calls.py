"""How Zalo's API is called and what its errors mean: they come inside an answer of status 200.

https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed, reaching
from chalicelib.channels.token_pairs import tokens
from chalicelib.channels.told import words
from chalicelib.http import Http, Response

_TOKEN = (Outcome.REFUSED, "token")
# the account or the app does not exist or is not verified, may not call this, or not in its package
_PERMISSION = dict.fromkeys(
    (-205, -209, -212, -219, -221, -223, -224, -235, -320, -403), (Outcome.REFUSED, "permission")
)
_BLOCKED = dict.fromkeys((-213, -217, -227, -244), (Outcome.REFUSED, "blocked"))  # wants nothing, or a dead account
ERRORS: Mapping[int, tuple[Outcome, str]] = {
    **dict.fromkeys((-216, -220), _TOKEN),
    **_PERMISSION,
    **_BLOCKED,
    -204: (Outcome.REFUSED, "restricted"),  # the account was switched off
    **dict.fromkeys((-211, -321), (Outcome.REFUSED, "usage-capped")),  # of the package; no money left
    -218: (Outcome.REFUSED, "used-up"),  # this person has got as many as one may
    **dict.fromkeys((-230, -232), (Outcome.REFUSED, "window")),
    -237: (Outcome.REFUSED, "gone"),  # the group
    -210: (Outcome.REFUSED, "too-long"),  # "a parameter exceeds its limit"
    -248: (Outcome.REFUSED, "policy"),
    **dict.fromkeys((-32, -234), (Outcome.PASSING, "throttled")),  # too many at once; not at night
    -200: (Outcome.PASSING, "temporary"),  # "sending failed", in Zalo's own words
}  # any other is final as well


def call(
    connection: Connection, http: Http, account: str, method: str, path: str, lost: Outcome, **content: Any
) -> Mapping[str, Any]:
    """What it answered under `data`. Raises PostFailed; `lost` is what an answer that never came means."""
    data = asked(connection, http, account, method, path, lost, **content)
    return data if isinstance(data, dict) else {}


def asked(
    connection: Connection, http: Http, account: str, method: str, path: str, lost: Outcome, **content: Any
) -> Any:
    """As `call`, where `data` may be a list."""
    url = f"{option(connection, 'api_url')}/{path}"
    with reaching(lost):
        response = http(method, url, headers={"access_token": tokens(connection, account)[0]}, **content)
    answer = response.json()
    if isinstance(answer, dict) and answer.get("error") == 0 and response.status == 200:
        return answer.get("data")
    raise _failure(response, answer, lost)


def profile(connection: Connection, http: Http, account: str, author_id: str) -> Mapping[str, Any]:
    """The name, of whoever follows the account or wrote to it. Never raises."""
    path = f"v3.0/oa/user/detail?data={packed({'user_id': author_id})}"
    try:
        found = call(connection, http, account, "GET", path, Outcome.PASSING)
    except PostFailed:
        return {}
    name = words(found.get("display_name")) or words(found.get("user_alias"))
    return {"name": name} if name else {}


def packed(query: Mapping[str, Any]) -> str:
    """JSON in an address, which is how it is asked."""
    return quote(json.dumps(query, separators=(",", ":")), safe="")


def _failure(response: Response, answer: Any, lost: Outcome) -> PostFailed:
    """Its words are left out: they may quote the customer's."""
    code = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(code, int) and code:
        outcome, word = ERRORS.get(code, (Outcome.REFUSED, "rejected"))
        return PostFailed(outcome, word, str(code))
    if response.status == 401:
        return PostFailed(*_TOKEN, "401")
    if response.status == 429:
        return PostFailed(Outcome.PASSING, "throttled", "429")
    if 400 <= response.status < 500:
        return PostFailed(Outcome.REFUSED, "rejected", str(response.status))
    return PostFailed(lost, "unclear", str(response.status))
