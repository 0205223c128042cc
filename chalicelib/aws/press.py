"""The press, asked from another Lambda: sheet and letterhead in, PDF out. Asking twice does no harm.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients, environment
from chalicelib.press import Sheet, Unusable


class PressFailed(Exception):
    """It did not answer, or broke down: later it may."""


def typeset(sheet: Sheet, letterhead: bytes) -> bytes:
    """The PDF. Raises PressFailed or press.Unusable."""
    job = json.dumps({"sheet": asdict(sheet), "letterhead": b64encode(letterhead).decode()})
    name = f"bridgehead-{environment.get('STAGE')}-press"
    try:
        answer = clients.client("lambda").invoke(FunctionName=name, Payload=job.encode())
    except (ClientError, BotoCoreError) as error:
        raise PressFailed(type(error).__name__) from error
    if "FunctionError" in answer:
        raise PressFailed(answer["FunctionError"])
    made = json.loads(answer["Payload"].read())
    if "unusable" in made:
        raise Unusable
    return b64decode(made["pdf"])
