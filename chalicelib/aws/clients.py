"""One botocore client per service and process.

botocore without boto3: the same clients, a quarter of a second less at every cold start of the webhook.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

CONNECT_SECONDS, READ_SECONDS = 1, 5
# a second SendRawEmail after a lost answer is a second mail: SES alone is never retried by the SDK
ATTEMPTS = {"ses": 1}
DEFAULT_ATTEMPTS = 3


@cache
def client(service: str) -> Any:
    """A client of the region and endpoint that the environment names."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS.get(service, DEFAULT_ATTEMPTS)},
    )
    return session().create_client(service, config=config)


@cache
def session() -> Any:
    """The process's one session: credentials and endpoint are resolved once."""
    return botocore.session.get_session()


def forget() -> None:
    """Drops all clients; for tests, whose AWS is another one each time."""
    client.cache_clear()
    session.cache_clear()
