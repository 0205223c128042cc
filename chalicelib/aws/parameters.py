"""Settings and secrets from Parameter Store, cached for at most five minutes.

GetParameters is one signed request of ours instead of an SSM client: loading that service's model costs 130 ms of
every cold start, and the webhook needs exactly one call of it. While Parameter Store does not answer the webhook goes on
with what is at most fifteen minutes old, since a platform's patience ends; who posts answers or believes agents does not.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
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

FRESH_SECONDS = 300  # what the owner changes holds after five minutes everywhere
SERVABLE_SECONDS = 900  # how old a webhook's copy may be as long as nothing newer can be had
PAUSE_SECONDS = 15  # before it is asked for again: no delivery may wait for it each time
TRIES = 3
SECONDS = 3
WRITES = 3  # of a value that somebody else changes at the same moment

_NEVER: tuple[float, None] = (float("-inf"), None)
_cache: dict[str, tuple[float, str | None]] = {}  # by name: when it was read, and what it was then
_asked_in_vain: dict[str, float] = {}


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
    servable = SERVABLE_SECONDS if purpose == "receive" else FRESH_SECONDS
    known = _held("settings", servable if _is_paused("settings") else FRESH_SECONDS)
    if known and name not in _settings(known).connections:
        raise KeyError(name)  # strangers choose the name: without a look-up, and nothing of it is kept
    found = _get(["settings", f"{purpose}/{name}"], servable)
    if found["settings"] is None:
        raise SecretMissing("the stack", "settings")
    return _settings(found["settings"]), _connection(found["settings"], name, found[f"{purpose}/{name}"] or "{}")


def load_phone(purpose: str) -> Connection:
    """The secrets of the business's phone number, as those of a connection; purpose: receive or send."""
    return Connection("phone", "phone", (), secrets=json.loads(_get([f"{purpose}/phone"])[f"{purpose}/phone"] or "{}"))


def load_keys() -> Mapping[str, Any]:
    """The keys of the reply addresses: {"current": id, "keys": {id: base64}}. Raises SecretMissing."""
    found = _get(["keys"])["keys"]
    if found is None:
        raise SecretMissing("the stack", "keys")
    keys: Mapping[str, Any] = json.loads(found)
    return keys


def change(name: str, new: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Writes a secret's JSON anew, from what is there at this moment; the same may be asked of `new` again.

    Parameter Store has no conditions, but it counts: who wrote in between is found by the version, and goes into ours.
    Raises Unavailable.
    """
    text, version = _read(name)
    for _ in range(WRITES):
        written = _write(name, new(json.loads(text)))
        if written == version + 1:
            break
        text, version = _read(f"{name}:{written - 1}")[0], written
    forget()


def forget() -> None:
    """Empties the cache."""
    _cache.clear()
    _asked_in_vain.clear()


# a text that came back unchanged is not read again
@lru_cache(maxsize=1)
def _settings(text: str) -> Settings:
    return settings.read(text)


@lru_cache(maxsize=16)
def _connection(text: str, name: str, secrets: str) -> Connection:
    return replace(_settings(text).connections[name], secrets=json.loads(secrets))


def _held(name: str, seconds: float) -> str | None:
    read_at, value = _cache.get(name, _NEVER)
    return value if time.monotonic() - read_at < seconds else None


def _is_paused(name: str) -> bool:
    return time.monotonic() - _asked_in_vain.get(name, _NEVER[0]) < PAUSE_SECONDS


def _get(names: Sequence[str], servable: float = FRESH_SECONDS) -> Mapping[str, str | None]:
    stale = [name for name in names if not _is_younger(name, FRESH_SECONDS)]
    if all(_is_paused(name) and _is_younger(name, servable) for name in stale):
        return {name: _cache[name][1] for name in names}
    try:
        _refill(stale)
    except Unavailable:
        _asked_in_vain.update(dict.fromkeys(stale, time.monotonic()))
        if not all(_is_younger(name, servable) for name in stale):
            raise
    return {name: _cache[name][1] for name in names}


def _is_younger(name: str, seconds: float) -> bool:
    return time.monotonic() - _cache.get(name, _NEVER)[0] < seconds


def _refill(names: Sequence[str]) -> None:
    prefix = environment.get("PARAMETERS")
    found = _call({"Names": [f"{prefix}/{name}" for name in names], "WithDecryption": True})
    values = {each["Name"]: each["Value"] for each in found["Parameters"]}
    _cache.update({name: (time.monotonic(), values.get(f"{prefix}/{name}")) for name in names})


def _read(name: str) -> tuple[str, int]:
    """As it is now, or at the version named behind a colon; ("{}", 0) when there is nothing."""
    full = f"{environment.get('PARAMETERS')}/{name}"
    found = _call({"Names": [full], "WithDecryption": True})["Parameters"]
    return (found[0]["Value"], found[0]["Version"]) if found else ("{}", 0)


def _write(name: str, value: Mapping[str, Any]) -> int:
    """The version it became; kind, tier and escapes are those of the command line."""
    # Parameter Store takes {{ for a reference; in JSON it is only ever inside a string
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("{{", "{\\u007b")
    kept = {"Value": text, "Type": "SecureString", "Tier": "Intelligent-Tiering", "Overwrite": True}
    answer = _call({"Name": f"{environment.get('PARAMETERS')}/{name}", **kept}, "PutParameter")
    return int(answer["Version"])


def _call(body: Mapping[str, Any], operation: str = "GetParameters") -> Any:
    for attempt in range(TRIES):
        try:
            answer = _send(_signed(json.dumps(body), operation).prepare(), operation)
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


def _send(request: AWSPreparedRequest, operation: str) -> Any:
    # what hooks into botocore's requests (tracing, an AWS in memory) hooks into this one too
    hook = f"before-send.ssm.{operation}"
    answer = clients.session().get_component("event_emitter").emit_until_response(hook, request=request)[1]
    return answer or URLLib3Session(timeout=SECONDS).send(request)


def _signed(body: str, operation: str) -> AWSRequest:
    region = clients.session().get_config_variable("region")
    # botocore reads this variable where it makes a client, which is not done here
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://ssm.{region}.amazonaws.com/"
    headers = {"x-amz-target": f"AmazonSSM.{operation}", "content-type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", endpoint, headers=headers, data=body)
    SigV4Auth(clients.session().get_credentials(), "ssm", region).add_auth(request)
    return request


def _code(content: bytes) -> str:
    try:
        return str(json.loads(content).get("__type", ""))
    except ValueError:
        return ""
