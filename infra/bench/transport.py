"""AWS that answers at once: a hook where botocore would open a connection. The same under both sides of a comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

JSON = "application/x-amz-json-1.0"


class Canned:
    """Answers 200 to whatever is asked: parameters as given, an empty object to all else; remembers what was asked."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.parameters = parameters
        self.calls: list[str] = []
        self.body = b""

    def __call__(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        call = event_name.removeprefix("before-send.")
        self.calls.append(call)
        self.body = request.body
        answer = self._parameters(json.loads(request.body)["Names"]) if call.startswith("ssm.") else b"{}"
        # DynamoDB's answers carry a checksum, and botocore looks at it
        headers = HTTPHeaders.from_pairs((("content-type", JSON), ("x-amz-crc32", str(crc32(answer)))))
        return AWSResponse(request.url, 200, headers, Raw(answer))

    def _parameters(self, names: list[str]) -> bytes:
        found = [{"Name": name, "Value": self.parameters[name]} for name in names]
        return json.dumps({"Parameters": found, "InvalidParameters": []}).encode()


class Raw:
    """A body that is there already."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterator[bytes]:
        """All of it."""
        yield self.content
