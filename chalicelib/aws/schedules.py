"""One-time EventBridge schedules that put a job on the queue; named by their cause, gone after they fired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clients, environment, queue

ALMOST_A_SECOND = timedelta(microseconds=999_999)


def set_(name: str, conversation: str, at: datetime) -> None:
    """Wakes the desk for a conversation at a time (UTC, to the second). Setting the same name again changes nothing."""
    try:
        clients.client("scheduler").create_schedule(
            Name=name,
            GroupName=environment.get("SCHEDULE_GROUP"),
            # a schedule that fires before its time finds nothing due, and is gone
            ScheduleExpression=f"at({at + ALMOST_A_SECOND:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": environment.get("QUEUE_ARN"),
                "RoleArn": environment.get("SCHEDULE_ROLE_ARN"),
                "Input": queue.body(conversation, name),
                "SqsParameters": {"MessageGroupId": conversation},
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConflictException":
            raise


def named(prefix: str) -> list[str]:
    """The schedules that are set and whose names begin so."""
    request: dict[str, Any] = {"GroupName": environment.get("SCHEDULE_GROUP"), "NamePrefix": prefix}
    found: list[str] = []
    while True:
        page = clients.client("scheduler").list_schedules(**request)
        found += (each["Name"] for each in page["Schedules"])
        if not page.get("NextToken"):
            return found
        request["NextToken"] = page["NextToken"]


def cancel(name: str) -> None:
    """Takes a schedule back; one that fired or never was is as good."""
    try:
        clients.client("scheduler").delete_schedule(Name=name, GroupName=environment.get("SCHEDULE_GROUP"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
