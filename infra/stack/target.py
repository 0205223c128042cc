"""The stack a command works on: one on AWS, by the caller's credentials, or the local one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from infra.parameters import Parameters
from infra.stack import Stack, processes
from infra.stack.deploy import DeployError, Outputs, connect, explained, outputs

LOCAL = "local"


class NoStack(DeployError):
    """There is no such stack yet."""


@dataclass(frozen=True)
class Target:
    """A deployed stack, and the parameters its Lambdas read."""

    stage: str
    outputs: Outputs
    parameters: Parameters
    endpoint_url: str | None
    template_parameters: Mapping[str, str]


def endpoint_of(stage: str) -> str | None:
    """Where the local stage's AWS is; None for AWS itself. Raises NoStack when the local one does not run."""
    if stage != LOCAL:
        return None
    running = processes.current()
    if running is None:
        raise NoStack("The local stack does not run. Start it with: bridgehead up")
    return running.endpoint_url


def open_target(stage: str) -> Target:
    """The stack of a stage, and this process's environment as one of its Lambdas has it. Raises DeployError."""
    endpoint = endpoint_of(stage)
    with explained():
        session = connect(endpoint)
        stack = Stack(session, f"bridgehead-{stage}", print, 1)
        described = stack.described()
        found = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}
        if not found:
            raise NoStack(
                f"There is no stack bridgehead-{stage} in {session.region_name}. Deploy it: make deploy STAGE={stage}"
            )
        target = Target(
            stage,
            outputs(stack, found, endpoint),
            Parameters(session.client("ssm"), f"/bridgehead/{stage}"),
            endpoint,
            {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", ())},
        )
    _become(target, session.region_name, endpoint)
    return target


def _become(target: Target, region: str, endpoint: str | None) -> None:
    os.environ.update(
        {
            "AWS_DEFAULT_REGION": region,
            "STAGE": target.stage,
            "TABLE": target.outputs.table,
            "BUCKET": target.outputs.bucket,
            "QUEUE_URL": target.outputs.queue_url,
            "PARAMETERS": target.parameters.path,
            "SCHEDULE_GROUP": target.outputs.stack,
        }
    )
    if endpoint:
        os.environ.update({"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
