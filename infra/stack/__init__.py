"""One CloudFormation stack: brought to what a template says by a change set, with a word about every step."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.stack.package import Say

Parameters = Mapping[str, str]

UNCHANGED = ("didn't contain changes", "No updates are to be performed")

# What to do about a stack that cannot be updated as it is; {stack} and {region} are filled in.
UNFIT = {
    "ROLLBACK_COMPLETE": "Stack {stack} never came up. Remove its remains with "
    "`aws cloudformation delete-stack --region {region} --stack-name {stack}`, then deploy again",
    "ROLLBACK_FAILED": "Stack {stack} never came up. Remove its remains with "
    "`aws cloudformation delete-stack --region {region} --stack-name {stack}`, then deploy again",
    "DELETE_FAILED": "Stack {stack} is half deleted. See in the CloudFormation console what holds it, delete it there, "
    "then deploy again",
    "UPDATE_ROLLBACK_FAILED": "Stack {stack} is stuck in an earlier update. Run "
    "`aws cloudformation continue-update-rollback --region {region} --stack-name {stack}`, then deploy again",
}


class DeployError(Exception):
    """Why there was no deployment, and what to do about it, in one line."""


@dataclass(frozen=True)
class Stack:
    """A stack by its name, whether it exists yet or not."""

    session: boto3.Session
    name: str
    say: Say
    pause: float  # seconds between two looks at its progress

    @property
    def formation(self) -> Any:
        return self.session.client("cloudformation")

    def bring_up(self, template_url: str, parameters: Parameters) -> None:
        """Makes or changes it; does nothing when it is as the template says. Raises DeployError."""
        change = self.change(template_url, parameters, "UPDATE" if self.fit_status() else "CREATE")
        if change:
            self.execute(change)
        else:
            self.say(f"Stack {self.name}: nothing to change")

    def fit_status(self) -> str:
        """Its status, empty when there is none yet; DeployError when it can't be changed."""
        status = str(self.described().get("StackStatus", ""))
        if under_way(status) and status != "REVIEW_IN_PROGRESS":
            raise DeployError(f"Stack {self.name} is being changed ({status}): wait until that is done, then try again")
        if status in UNFIT:
            raise DeployError(UNFIT[status].format(stack=self.name, region=self.session.region_name))
        return "" if status == "REVIEW_IN_PROGRESS" else status

    def described(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.formation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return {}
        return {} if found["StackStatus"] == "DELETE_COMPLETE" else found

    def change(self, template_url: str, parameters: Parameters, kind: str) -> str:
        """A change set ready to execute, or an empty string when nothing would change."""
        change = self.formation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{time.time_ns()}",
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )["Id"]
        described = self.settled(change)
        if described["Status"] == "CREATE_COMPLETE":
            return str(change)
        self.formation.delete_change_set(ChangeSetName=change)
        reason = str(described.get("StatusReason", "no reason given"))
        if any(phrase in reason for phrase in UNCHANGED):
            return ""
        raise DeployError(f"CloudFormation refuses the template: {reason}")

    def settled(self, change: str) -> dict[str, Any]:
        while True:
            described: dict[str, Any] = self.formation.describe_change_set(ChangeSetName=change)
            if not under_way(described["Status"]):
                return described
            time.sleep(self.pause)

    def execute(self, change: str) -> None:
        """Says what CloudFormation does as it does it; DeployError names the first thing that went wrong."""
        before = {event["EventId"] for event in self.events()}
        self.formation.execute_change_set(ChangeSetName=change)
        failure = ""
        for event in self.events_after(before):
            if not under_way(event["ResourceStatus"]):
                self.say(f"Stack: {event['LogicalResourceId']} {words(event['ResourceStatus'])}")
            failure = failure or failure_in(event)
        if event["ResourceStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise DeployError(f"Stack {self.name} ended as {event['ResourceStatus']}: {failure or 'see its events'}")

    def events_after(self, seen: set[str]) -> Iterator[dict[str, Any]]:
        """Each event once, oldest first, until the stack itself has come to an end."""
        while True:
            for event in reversed([event for event in self.events() if event["EventId"] not in seen]):
                seen.add(event["EventId"])
                yield event
                if event["PhysicalResourceId"] == event["StackId"] and not under_way(event["ResourceStatus"]):
                    return
            time.sleep(self.pause)

    def events(self) -> list[dict[str, Any]]:
        """The newest hundred, newest first."""
        events: list[dict[str, Any]] = self.formation.describe_stack_events(StackName=self.name)["StackEvents"]
        return events


def words(status: str) -> str:
    return status.lower().replace("_", " ")


def under_way(status: str) -> bool:
    return status.endswith(("_IN_PROGRESS", "_PENDING"))


def failure_in(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "")
    return f"{event['LogicalResourceId']}: {reason}" if event["ResourceStatus"].endswith("_FAILED") else ""
