"""One-time EventBridge schedules that put a job on the queue; named by their cause, gone after they fired."""

from __future__ import annotations

from datetime import datetime

from botocore.exceptions import ClientError

from chalicelib.aws import clients, environment, queue


def set_(name: str, conversation: str, at: datetime) -> None:
    """Wakes the desk for a conversation at a time (UTC, to the second). Setting the same name again changes nothing."""
    try:
        clients.client("scheduler").create_schedule(
            Name=name,
            GroupName=environment.get("SCHEDULE_GROUP"),
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
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


def cancel(name: str) -> None:
    """Takes a schedule back; one that fired or never was is as good."""
    try:
        clients.client("scheduler").delete_schedule(Name=name, GroupName=environment.get("SCHEDULE_GROUP"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
