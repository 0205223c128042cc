"""Cold starts: fresh interpreters that import and make what a Lambda needs for its first event, against the least there is.

Counted is CPU: it is what a Lambda's cold start consists of, and a neighbour on the machine adds little to it. All find
compiled bytecode: the round before the first one makes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Any

from chalicelib.channels import CHANNELS
from infra.bench.figures import Figure, Section, progress
from infra.stack.package import ROOT

ROUNDS = 9
BAR = 1.3
YARDSTICK = "chalice and one boto3 DynamoDB client"
HARSHER = "chalice and one botocore DynamoDB client"

# what a room's first event needs: the modules it imports, the clients it makes
ROOMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "relay": (("chalicelib.relay",), ("sqs",)),
    "desk": (
        ("chalicelib.desk", "chalicelib.channels.facebook", "aws_lambda_powertools.utilities.batch"),
        ("dynamodb", "ses", "scheduler", "events"),
    ),
    "mailroom": (("chalicelib.mailroom", "aws_lambda_powertools.utilities.batch"), ("s3", "dynamodb")),
    "clock": (("chalicelib.sweep", "aws_lambda_powertools.metrics"), ("dynamodb", "sqs")),
}
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "POWERTOOLS_SERVICE_NAME": "bridgehead",
}

Times = Mapping[str, float]


def measure() -> Section:
    """All rooms in turns, and the webhook once for each channel."""
    programs = _programs()
    for program in programs.values():
        _seconds(program)
    rounds = [_round(number, programs) for number in range(ROUNDS)]
    result = _result(rounds)
    return Section("cold start", tuple(_figures(result)), result, (_about(result["cold_seconds"]),))


def _programs() -> dict[str, str]:
    webhooks = {f"webhook {spec.name}": _program((spec.module,), ("dynamodb",)) for spec in CHANNELS.values()}
    return {
        "nothing": "pass",
        YARDSTICK: "import chalice, boto3; boto3.client('dynamodb')",
        HARSHER: "import chalice, botocore.session as b; b.get_session().create_client('dynamodb')",
        **webhooks,
        **{room: _program(*needs) for room, needs in ROOMS.items()},
    }


def _program(modules: tuple[str, ...], services: tuple[str, ...]) -> str:
    imports = ", ".join(("app", "chalicelib.aws.parameters", *modules))
    return f"import {imports}; from chalicelib.aws.clients import client; [client(each) for each in {services}]"


def _round(number: int, programs: Mapping[str, str]) -> Times:
    progress(f"cold start: round {number + 1} of {ROUNDS}")
    # each round begins elsewhere, so that nobody always comes after the same neighbour
    names = deque(programs)
    names.rotate(number)
    return {name: _seconds(programs[name]) for name in names}


def _seconds(program: str) -> float:
    """CPU of an interpreter that runs the program. Raises RuntimeError when the program fails."""
    environment = {**ENVIRONMENT, "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(program)
    return used.ru_utime + used.ru_stime


def _result(rounds: list[Times]) -> dict[str, Any]:
    names = [name for name in rounds[0] if name not in ("nothing", YARDSTICK, HARSHER)]
    ratios = {key: {name: _ratio(rounds, name, *sides) for name in names} for key, sides in _SIDES.items()}
    channels = {name.removeprefix("webhook "): each for name, each in ratios["cold_ratio"].items() if " " in name}
    return {
        **{key: _rooms(found) for key, found in ratios.items()},
        "cold_ratio_channels": channels,
        "cold_seconds": {name: round(median(times[name] for times in rounds), 3) for name in rounds[0]},
        "cold_yardstick": YARDSTICK,
        "cold_bytecode": "compiled on both sides",
    }


# what it is divided by, and what is taken off both sides
_SIDES = {
    "cold_ratio": (YARDSTICK, True),
    "cold_ratio_whole": (YARDSTICK, False),
    "cold_ratio_botocore": (HARSHER, True),
}


def _ratio(rounds: list[Times], name: str, yardstick: str, less_start: bool) -> float:
    start = [times["nothing"] if less_start else 0.0 for times in rounds]
    ratios = [(times[name] - off) / (times[yardstick] - off) for times, off in zip(rounds, start, strict=True)]
    return round(median(ratios), 3)


def _rooms(ratios: Mapping[str, float]) -> dict[str, float]:
    """The webhook is as slow as its slowest channel."""
    rooms = {name: ratio for name, ratio in ratios.items() if name in ROOMS}
    return {"webhook": max(ratio for name, ratio in ratios.items() if name not in ROOMS), **rooms}


def _figures(result: Mapping[str, Any]) -> list[Figure]:
    channels = result["cold_ratio_channels"]
    slowest = max(channels, key=channels.__getitem__)
    return [
        Figure("webhook", result["cold_ratio"]["webhook"], BAR, "x", f"slowest channel: {slowest}"),
        *(Figure(room, result["cold_ratio"][room], None, "x") for room in ROOMS),
        Figure("webhook, interpreter included", result["cold_ratio_whole"]["webhook"], None, "x"),
        Figure("webhook, harsher", result["cold_ratio_botocore"]["webhook"], None, "x", f"against {HARSHER}"),
    ]


def _about(seconds: Times) -> str:
    return (
        f"CPU of fresh interpreters, their own start ({seconds['nothing']:.3f} s) taken off both sides, bytecode compiled;\n"
        f"  against {YARDSTICK} and nothing else: {seconds[YARDSTICK]:.3f} s"
    )
