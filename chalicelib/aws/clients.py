"""One botocore client per service and process.

botocore without boto3: the same clients, a quarter of a second less at every cold start of the webhook.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

CONNECT_SECONDS, READ_SECONDS = 1, 5
# a second SendRawEmail after a lost answer is a second mail, and so with texts and messages: these are never retried by the SDK
ATTEMPTS = {"ses": 1, "pinpoint-sms-voice-v2": 1, "socialmessaging": 1}
DEFAULT_ATTEMPTS = 3
# table.py types all that goes there itself; checking it against botocore's model too is a fifth of a write's CPU
UNCHECKED = ("dynamodb",)
# in the older regions botocore signs links the old way, which buckets made since 2020 refuse
SIGNATURES = {"s3": "s3v4"}
# what AWS says of a request that will never be taken; all else (throttling, outages, a role's missing right) passes
NEVER_TAKEN = frozenset(
    (
        "ValidationException",
        "ValidationError",
        "ItemCollectionSizeLimitExceeded",
        "InvalidParameterValue",
        "EntityTooLarge",
    )
)


class Passing(Exception):
    """Not now, or somebody else was quicker: the same later may well succeed."""


@cache
def client(service: str) -> Any:
    """A client of the region and endpoint that the environment names."""
    config = Config(
        # what CloudTrail calls us; else botocore describes its surroundings anew in every request
        user_agent="bridgehead",
        parameter_validation=service not in UNCHECKED,
        signature_version=SIGNATURES.get(service),
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS.get(service, DEFAULT_ATTEMPTS)},
    )
    return session().create_client(service, config=config)


@cache
def session() -> Any:
    """The process's one session: credentials and endpoint are resolved once."""
    return botocore.session.get_session()


def is_passing(error: Exception) -> bool:
    """Whether it is no fault of what was being worked on: trying again is right, however often."""
    if isinstance(error, ClientError):
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
        return NEVER_TAKEN.isdisjoint({error.response["Error"]["Code"], *reasons})
    return isinstance(error, Passing | BotoCoreError | ResponseParserError) and not isinstance(
        error, ParamValidationError
    )


def forget() -> None:
    """Drops all clients; for tests, whose AWS is another one each time."""
    client.cache_clear()
    session.cache_clear()
