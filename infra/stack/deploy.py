"""Packaged code -> CloudFormation change set -> running stack: on AWS, or on an emulator at `endpoint_url`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import gaierror, getaddrinfo
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from infra.stack import DeployError, Parameters, Stack, emulator
from infra.stack import domain as domains
from infra.stack.artifacts import Template, upload
from infra.stack.package import Say, Wheels, package, press

__all__ = ["DeployError", "Outputs", "connect", "deploy"]

# AWS error codes with a remedy of their own
REMEDIES = {
    "ExpiredToken": "Your AWS session has expired: sign in again (`aws sso login`), then deploy again",
    "ExpiredTokenException": "Your AWS session has expired: sign in again (`aws sso login`), then deploy again",
    "InvalidClientTokenId": "AWS does not know these credentials: check AWS_PROFILE or `aws configure`",
    "UnrecognizedClientException": "AWS does not know these credentials, or this region is not enabled for the account",
    "SignatureDoesNotMatch": "AWS refuses these credentials: check the secret key (`aws configure`) and this clock",
}


@dataclass(frozen=True)
class Outputs:
    """Where everything of a deployed stack is; `domain` is None where SES is emulated."""

    stack: str
    region: str
    api_url: str  # without a slash at the end
    table: str
    bucket: str
    queue_url: str
    dead_jobs_url: str
    inbound_queue_url: str
    dead_mail_url: str
    dead_records_url: str
    topic_arn: str
    bus: str
    domain: domains.Domain | None = None


def deploy(stage: str, parameters: Parameters, endpoint_url: str | None = None, say: Say = print) -> Outputs:
    """Creates or updates the stack bridgehead-<stage>; doing it again without a change does nothing.

    `parameters` are what `rollout.template_parameters` makes of the settings. Raises DeployError, PackageError.
    """
    with explained():
        session = connect(endpoint_url)
        if not endpoint_url:
            refuse_unfit(session)
    wheels: Wheels = "here" if endpoint_url else "lambda"
    packaged = package(stage, say, wheels)
    codes = {"": (packaged / "deployment.zip").read_bytes()}
    if parameters.get("PrintLetters"):
        codes["Press"] = press(wheels, say).read_bytes()
    with explained():
        quick: dict[str, Any] = {"say": emulator.hush, "pause": 0.1} if endpoint_url else {}
        stack = replace(Stack(session, f"bridgehead-{stage}", say, pause=3), **quick)
        url = upload(session, stage, codes, template_of(packaged, endpoint_url), say)
        stack.bring_up(url, {**parameters, "StageName": stage, **receiving(session, stack.name, endpoint_url)})
        say(f"Stack {stack.name}: as it should be")
        return finish(session, stack, parameters["ReplyDomain"], endpoint_url)


def connect(endpoint_url: str | None) -> boto3.Session:
    session = emulator.Emulated(endpoint_url) if endpoint_url else boto3.Session()
    if not session.region_name:
        raise NoRegionError
    return session


def refuse_unfit(session: boto3.Session, resolve: Callable[..., object] = getaddrinfo) -> None:
    """Before minutes of packaging: who is asking, and whether mail can come in there. Raises what boto3 raises, or DeployError.

    https://docs.aws.amazon.com/ses/latest/dg/regions.html
    """
    session.client("sts").get_caller_identity()
    try:
        resolve(f"inbound-smtp.{session.region_name}.amazonaws.com", 25)
    except gaierror as error:
        where = "set AWS_REGION to one where it does, such as eu-west-1, us-east-1 or ap-northeast-1"
        raise DeployError(f"SES receives no mail in {session.region_name}: {where}") from error


def template_of(packaged: Path, endpoint_url: str | None) -> Template:
    template: Template = yaml.safe_load((packaged / "sam.yaml").read_text())
    return emulator.adapted(template) if endpoint_url else template


def receiving(session: boto3.Session, stack: str, endpoint_url: str | None) -> Parameters:
    if endpoint_url:
        return {"ReceiveMail": "false"}
    return {"ReceiveMail": "true", "ReceiptRuleSet": domains.foreign_rule_set(session, stack)}


def finish(session: boto3.Session, stack: Stack, reply_domain: str, endpoint_url: str | None) -> Outputs:
    """Does what CloudFormation cannot: switches mail on, and finds out what the domain still lacks."""
    values = {output["OutputKey"]: output["OutputValue"] for output in stack.described()["Outputs"]}
    found = outputs(stack, values, endpoint_url)
    if endpoint_url:
        emulator.allow_sending(session, reply_domain)
        return found
    domains.activate(session, values["RuleSetName"])
    return replace(found, domain=domains.prepare(session, reply_domain))


def outputs(stack: Stack, values: Mapping[str, str], endpoint_url: str | None) -> Outputs:
    return Outputs(
        stack=stack.name,
        region=str(stack.session.region_name),
        api_url=emulator.api_url(endpoint_url, values["RestAPIId"])
        if endpoint_url
        else values["EndpointURL"].rstrip("/"),
        table=values["TableName"],
        bucket=values["BucketName"],
        queue_url=values["QueueUrl"],
        dead_jobs_url=values["DeadJobsUrl"],
        inbound_queue_url=values["InboundQueueUrl"],
        dead_mail_url=values["DeadMailUrl"],
        dead_records_url=values["DeadRecordsUrl"],
        topic_arn=values["NoticesArn"],
        bus=values["BusName"],
    )


@contextmanager
def explained() -> Iterator[None]:
    """Turns what boto3 raises into one line that says what to do."""
    try:
        yield
    except NoCredentialsError as error:
        raise DeployError("No AWS credentials: run `aws configure`, or set AWS_PROFILE") from error
    except NoRegionError as error:
        raise DeployError("No AWS region: set AWS_REGION to one where SES receives mail, such as eu-west-1") from error
    except EndpointConnectionError as error:
        raise DeployError(f"{error} Is the network up, and does this region have that service?") from error
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise DeployError(REMEDIES.get(code, f"AWS refuses {error.operation_name}: {message} ({code})")) from error
    except BotoCoreError as error:
        raise DeployError(str(error)) from error
