"""What the operator writes into Parameter Store; `chalicelib.aws.parameters` reads it.

<path>/settings is the checked file; <path>/receive/<connection> and <path>/send/<connection> are `infra.parameters.secrets`;
<path>/keys is `infra.parameters.reply_keys`. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LARGEST_PARAMETER = 8 * 1024  # bytes; above 4 KB Parameter Store charges for its advanced tier


class Refused(ValueError):
    """What the operator gave cannot be stored; the sentence says why and what to do."""


@dataclass(frozen=True)
class Parameters:
    """One stack's parameters: a boto3 client of SSM, and their path such as "/bridgehead/prod"."""

    ssm: Any
    path: str

    def get(self, name: str) -> tuple[Any, int, datetime]:
        """The JSON kept there, its version and when it was written; (None, 0, …) when there is none."""
        try:
            found = self.ssm.get_parameter(Name=f"{self.path}/{name}", WithDecryption=True)["Parameter"]
        except self.ssm.exceptions.ParameterNotFound:
            return None, 0, datetime.fromtimestamp(0, UTC)
        return json.loads(found["Value"]), found["Version"], found["LastModifiedDate"]

    def put(self, name: str, value: Any, after: int | None = None, kind: str = "SecureString") -> None:
        """Raises Refused when it is too large, or when it is no longer version `after` that was written over."""
        # Parameter Store takes {{ for a reference; in JSON it is only ever inside a string
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("{{", "{\\u007b")
        if len(written.encode()) > LARGEST_PARAMETER:
            raise Refused(f"{name} has {len(written.encode()):,} bytes, {LARGEST_PARAMETER:,} are possible: {_SMALLER}")
        # this tier is the free one up to 4 KB, and takes a parameter that was larger once
        stored = {"Name": f"{self.path}/{name}", "Value": written, "Type": kind, "Tier": "Intelligent-Tiering"}
        try:
            version = self.ssm.put_parameter(**stored, Overwrite=after != 0)["Version"]
        except self.ssm.exceptions.ParameterAlreadyExists:
            version = 0
        if after is not None and version != after + 1:
            raise Refused(f"somebody else changed {name} at the same moment: look at it, then do this again")


def put_settings(parameters: Parameters, settings: Mapping[str, Any]) -> None:
    """What `settings.document.check` gave. Raises Refused over 8 KB."""
    parameters.put("settings", settings, kind="String")


_SMALLER = "use fewer accounts in one connection, or shorter lists"
