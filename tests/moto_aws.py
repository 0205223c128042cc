"""moto in AWS's place, with faults below the SDK: what botocore's own retries make of them is part of what is tried.

The stub is patched, not the event: a `before-send` handler of our own would not keep moto's from carrying the call out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import schedulers_backends
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

from chalicelib.aws import clients, parameters
from tests import aws
from tests.world import Crash


@dataclass
class MotoAws:
    """moto's state, looked at without a call."""

    between: Any = None
    attempts: dict[str, Callable[[], Any]] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)

    def items(self) -> list[dict[str, Any]]:
        table = dynamodb_backends[aws.ACCOUNT][aws.REGION].get_table("bridgehead")
        return [item.to_json()["Attributes"] for item in table.all_items()]

    def take_jobs(self) -> list[dict[str, Any]]:
        queue = sqs_backends[aws.ACCOUNT][aws.REGION].queues["jobs.fifo"]
        taken, queue._messages = queue._messages, []
        return [{"body": each.body, "group": each.group_id, "name": each.deduplication_id} for each in taken]
