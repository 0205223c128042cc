"""What is different when the stack runs on the emulator instead of AWS; nothing else is."""

from collections.abc import Iterator
from typing import Any

import boto3

from infra.stack.artifacts import Template

# It checks what the roles may, as AWS does, but misreads which parameter, identity or schedule a call is about.
MISREAD = ("ssm:", "ses:", "scheduler:")
# On AWS a batch needs the right to send one message; the emulator asks for a right of its own.
BATCHES = {"sqs:SendMessage": "sqs:SendMessageBatch"}


class Emulated(boto3.Session):
    """A session of which every client talks to the emulator, with its well-known key."""

    def __init__(self, endpoint_url: str) -> None:
        super().__init__(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
        self.endpoint_url = endpoint_url

    def client(self, service: str, **options: Any) -> Any:  # type: ignore[override]
        return super().client(service, endpoint_url=self.endpoint_url, **options)  # type: ignore[call-overload]


def adapted(template: Template) -> Template:
    """The same template with the few permissions the emulator misreads widened; all others are checked as they are."""
    for statement in statements(template):
        if any(action.startswith(MISREAD) for action in listed(statement["Action"])):
            statement["Resource"] = "*"
            statement.pop("Condition", None)
        actions = listed(statement["Action"])
        statement["Action"] = [*actions, *(BATCHES[action] for action in actions if action in BATCHES)]
    return template


def statements(template: Template) -> Iterator[dict[str, Any]]:
    roles = (found for found in template["Resources"].values() if found["Type"] == "AWS::IAM::Role")
    for policy in (policy for role in roles for policy in role["Properties"]["Policies"]):
        yield from policy["PolicyDocument"]["Statement"]


def listed(one_or_more: str | list[str]) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


def hush(_: str) -> None:
    """Fifty resources in two seconds are no news."""


def api_url(endpoint_url: str, rest_api: str) -> str:
    return f"{endpoint_url}/restapis/{rest_api}/api/_user_request_"


def allow_sending(session: boto3.Session, domain: str) -> None:
    """Its SES, like the real one, sends only from domains it knows; here no DNS record has to prove them."""
    session.client("ses").verify_domain_identity(Domain=domain)
