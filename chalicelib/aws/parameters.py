"""Settings and secrets from Parameter Store, cached for at most five minutes.

GetParameters is one signed request of ours instead of an SSM client: loading that service's model costs 130 ms of
every cold start, and the webhook needs exactly one call of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from chalicelib import settings
from chalicelib.aws import clients, environment
from chalicelib.channels.base import Connection, SecretMissing
from chalicelib.settings import Settings

FRESH_SECONDS = 300  # G21: what the owner changes holds after five minutes everywhere
TRIES = 3
SECONDS = 3
HOOK = "before-send.ssm.GetParameters"

_cache: dict[str, tuple[float, str | None]] = {}


class Unavailable(clients.Passing):
    """Parameter Store does not answer and nothing fresh enough is cached."""


def load_settings() -> Settings:
    """What the owner decided. Raises Unavailable, or SecretMissing when nothing was configured yet."""
    found = _get(["settings"])["settings"]
    if found is None:
        raise SecretMissing("the stack", "settings")
    return _settings(found)


def load_connection(name: str, purpose: str) -> tuple[Settings, Connection]:
    """The settings and one connection with its secrets; purpose: receive or send. Raises KeyError on an unknown name."""
    known = _fresh("settings")
    if known and name not in _settings(known).connections:
        raise KeyError(name)  # strangers choose the name: without a look-up, and nothing of it is kept
    found = _get(["settings", f"{purpose}/{name}"])
    if found["settings"] is None:
        raise SecretMissing("the stack", "settings")
    return _settings(found["settings"]), _connection(found["settings"], name, found[f"{purpose}/{name}"] or "{}")


def load_keys() -> Mapping[str, Any]:
    """The keys of the reply addresses: {"current": id, "keys": {id: base64}}. Raises SecretMissing."""
    found = _get(["keys"])["keys"]
    if found is None:
        raise SecretMissing("the stack", "keys")
    keys: Mapping[str, Any] = json.loads(found)
    return keys


def forget() -> None:
    """Empties the cache."""
    _cache.clear()


# a text that came back unchanged is not read again
@lru_cache(maxsize=1)
def _settings(text: str) -> Settings:
    return settings.read(text)


@lru_cache(maxsize=16)
def _connection(text: str, name: str, secrets: str) -> Connection:
    return replace(_settings(text).connections[name], secrets=json.loads(secrets))


def _fresh(name: str) -> str | None:
    until, value = _cache.get(name, (0.0, None))
    return value if until >= time.monotonic() else None


def _get(names: Sequence[str]) -> Mapping[str, str | None]:
    stale = [name for name in names if _cache.get(name, (0.0, None))[0] < time.monotonic()]
    if stale:
        prefix = environment.get("PARAMETERS")
        found = _call({"Names": [f"{prefix}/{name}" for name in stale], "WithDecryption": True})
        values = {each["Name"]: each["Value"] for each in found["Parameters"]}
        until = time.monotonic() + FRESH_SECONDS
        _cache.update({name: (until, values.get(f"{prefix}/{name}")) for name in stale})
    return {name: _cache[name][1] for name in names}


def _call(body: Mapping[str, Any]) -> Any:
    for attempt in range(TRIES):
        try:
            answer = _send(_signed(json.dumps(body)).prepare())
        except HTTPClientError as error:
            reason = type(error).__name__
        else:
            if answer.status_code == 200:
                return json.loads(answer.content)
            reason = f"{answer.status_code} {_code(answer.content)}"
            if answer.status_code == 400 and "Throttling" not in reason:
                break
        time.sleep(0.05 * 2**attempt)
    raise Unavailable(reason)


def _send(request: AWSPreparedRequest) -> Any:
    # what hooks into botocore's requests (tracing, an AWS in memory) hooks into this one too
    answer = clients.session().get_component("event_emitter").emit_until_response(HOOK, request=request)[1]
    return answer or URLLib3Session(timeout=SECONDS).send(request)


def _signed(body: str) -> AWSRequest:
    region = clients.session().get_config_variable("region")
    # botocore reads this variable where it makes a client, which is not done here
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://ssm.{region}.amazonaws.com/"
    headers = {"x-amz-target": "AmazonSSM.GetParameters", "content-type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", endpoint, headers=headers, data=body)
    SigV4Auth(clients.session().get_credentials(), "ssm", region).add_auth(request)
    return request


def _code(content: bytes) -> str:
    try:
        return str(json.loads(content).get("__type", ""))
    except ValueError:
        return ""
