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
