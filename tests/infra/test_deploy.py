"""Deploying says what happens and what to do; it never does a thing twice and never takes over what is not ours."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import gaierror
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError
from moto import mock_aws

from infra.stack import DeployError, Stack, deploy, domain, emulator, processes
from infra.stack.artifacts import upload
from infra.stack.package import package, zip_up

TEMPLATE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"StageName": {"Type": "String"}},
    "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "StageName"}}}},
}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.Session(region_name="eu-central-1")


def failing(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "CreateChangeSet")


# --- the stack -------------------------------------------------------------------------------------------------------


@dataclass
class Formation:
    """CloudFormation as far as a stack needs it, telling a story that moto cannot."""

    status: str = ""
    reason: str = ""  # why the change set failed
    story: list[dict[str, Any]] = field(default_factory=list)
    executed: bool = False
    kind: str = ""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if not self.status:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "x does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status}]}

    def create_change_set(self, **request: Any) -> dict[str, Any]:
        self.kind = request["ChangeSetType"]
        return {"Id": "change"}

    def describe_change_set(self, ChangeSetName: str) -> dict[str, Any]:
        return {"Status": "FAILED", "StatusReason": self.reason} if self.reason else {"Status": "CREATE_COMPLETE"}

    def delete_change_set(self, ChangeSetName: str) -> None: ...

    def execute_change_set(self, ChangeSetName: str) -> None:
        self.executed = True

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:
        return {"StackEvents": list(reversed(self.story)) if self.executed else []}


@dataclass
class Pretended:
    """A session whose every client is `there`."""

    there: Any
    region_name: str = "eu-central-1"

    def client(self, service: str) -> Any:
        return self.there[service] if isinstance(self.there, dict) else self.there


def bring_up(formation: Formation) -> list[str]:
    said: list[str] = []
    session: Any = Pretended(formation)
    Stack(session, "bridgehead-prod", said.append, pause=0).bring_up("https://template", {})
    return said


def event(number: int, name: str, status: str, reason: str = "") -> dict[str, Any]:
    stack = "arn:stack"
    place = stack if name == "bridgehead-prod" else f"physical-{name}"
    told = {"EventId": str(number), "StackId": stack, "LogicalResourceId": name, "PhysicalResourceId": place}
    return {**told, "ResourceStatus": status, "ResourceStatusReason": reason}


@pytest.mark.parametrize(("before", "kind"), [("", "CREATE"), ("UPDATE_COMPLETE", "UPDATE")])
def test_a_stack_is_made_when_there_is_none_and_changed_when_there_is(before: str, kind: str) -> None:
    story = [
        event(1, "bridgehead-prod", f"{kind}_IN_PROGRESS"),
        event(2, "Table", f"{kind}_IN_PROGRESS"),
        event(3, "Table", f"{kind}_COMPLETE"),
        event(4, "bridgehead-prod", f"{kind}_COMPLETE"),
    ]
    formation = Formation(before, story=story)
    words = f"{kind.lower()} complete"
    assert bring_up(formation) == [f"Stack: Table {words}", f"Stack: bridgehead-prod {words}"]
    assert formation.kind == kind


def test_without_a_change_nothing_is_executed() -> None:
    formation = Formation("UPDATE_COMPLETE", reason="The submitted information didn't contain changes.")
    assert bring_up(formation) == ["Stack bridgehead-prod: nothing to change"]
    assert not formation.executed


def test_the_first_thing_that_went_wrong_is_named() -> None:
    story = [
        event(1, "Table", "CREATE_FAILED", "limit of tables exceeded"),
        event(2, "Jobs", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "bridgehead-prod", "ROLLBACK_IN_PROGRESS"),
        event(4, "bridgehead-prod", "ROLLBACK_COMPLETE"),
    ]
    with pytest.raises(DeployError, match=r"ended as ROLLBACK_COMPLETE: Table: limit of tables exceeded"):
        bring_up(Formation(story=story))


def test_a_template_that_is_refused_is_told_with_the_reason() -> None:
    with pytest.raises(DeployError, match="refuses the template: bad template"):
        bring_up(Formation(reason="bad template"))


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --region eu-central-1 --stack-name bridgehead-prod"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback"),
        ("DELETE_FAILED", "half deleted"),
        ("UPDATE_IN_PROGRESS", "wait until that is done"),
    ],
)
def test_a_stack_that_cannot_be_changed_now_says_what_to_do(status: str, advice: str) -> None:
    with pytest.raises(DeployError) as told:
        bring_up(Formation(status))
    assert advice in str(told.value)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NoCredentialsError(), "aws configure"),
        (NoRegionError(), "set AWS_REGION"),
        (failing("ExpiredToken"), "sign in again"),
        (failing("InvalidClientTokenId"), "AWS_PROFILE"),
        (failing("AccessDenied"), "AWS refuses"),
        (EndpointConnectionError(endpoint_url="https://email.example"), "Is the network up"),
    ],
)
def test_what_stands_in_the_way_is_told_in_one_line(error: Exception, advice: str) -> None:
    with pytest.raises(DeployError) as told, deploy.explained():
        raise error
    assert advice in str(told.value)
    assert "\n" not in str(told.value)


def test_who_cannot_deploy_or_where_no_mail_comes_in_is_told_before_anything_is_packaged(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    deploy.refuse_unfit(session, lambda host, port: asked.append(host))
    assert asked == ["inbound-smtp.eu-central-1.amazonaws.com"]

    def unknown(host: str, port: int) -> None:
        raise gaierror

    with pytest.raises(DeployError, match="SES receives no mail in eu-central-1: set AWS_REGION"):
        deploy.refuse_unfit(session, unknown)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoCredentialsError):
        deploy.refuse_unfit(boto3.Session(region_name="eu-central-1"), asked.append)


# --- code and template -----------------------------------------------------------------------------------------------


def test_what_is_there_already_is_not_sent_again(session: boto3.Session) -> None:
    said: list[str] = []
    first = upload(session, "test", {"": b"code"}, copy.deepcopy(TEMPLATE), said.append)
    assert len(said) == 2
    assert upload(session, "test", {"": b"code"}, copy.deepcopy(TEMPLATE), said.append) == first
    assert len(said) == 2


def test_every_function_gets_the_code_that_was_sent_and_the_press_its_own(session: boto3.Session) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./x.zip"}}
    template: dict[str, Any] = {"Resources": {"Relay": copy.deepcopy(function), "Press": copy.deepcopy(function)}}
    upload(session, "test", {"": b"code", "Press": b"fonts"}, template, lambda _: None)
    places = [each["Properties"]["CodeUri"] for each in template["Resources"].values()]
    assert [session.client("s3").get_object(**place)["Body"].read() for place in places] == [b"code", b"fonts"]
    # without letters it is in the template only, under a condition that does not hold
    upload(session, "test", {"": b"code"}, template, lambda _: None)
    assert template["Resources"]["Press"]["Properties"]["CodeUri"] == places[0]


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"abc" * 1000)
    zip_up(tmp_path / "first.zip", {Path("fonts/font.ttf"): tmp_path / "font.ttf"})
    os.utime(tmp_path / "font.ttf", (0, 0))
    zip_up(tmp_path / "second.zip", {Path("fonts/font.ttf"): tmp_path / "font.ttf"})
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with ZipFile(tmp_path / "first.zip") as archive:
        assert archive.read("fonts/font.ttf") == b"abc" * 1000


def test_nobody_else_can_see_what_was_sent(session: boto3.Session) -> None:
    upload(session, "test", {"": b"code"}, copy.deepcopy(TEMPLATE), lambda _: None)
    blocked = session.client("s3").get_public_access_block(Bucket="bridgehead-artifacts-123456789012-eu-central-1")
    assert set(blocked["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_package_is_made_again_only_when_something_changed() -> None:
    package("test", lambda _: None, "none")
    said: list[str] = []
    package("test", said.append, "none")
    assert said == ["Package: nothing changed"]


def test_the_emulator_is_asked_about_every_permission_but_those_it_misreads() -> None:
    template = yaml.safe_load((package("test", lambda _: None, "none") / "sam.yaml").read_text())
    before = [json.dumps(statement["Resource"]) for statement in emulator.statements(template)]
    after = list(emulator.statements(emulator.adapted(template)))
    widened = [now for asked, now in zip(before, after, strict=True) if asked != json.dumps(now["Resource"])]
    actions = {action for statement in widened for action in emulator.listed(statement["Action"])}
    assert actions
    assert all(action.startswith(emulator.MISREAD) for action in actions)


# --- mail ------------------------------------------------------------------------------------------------------------


def test_mail_is_switched_on_when_nobody_else_takes_it(session: boto3.Session) -> None:
    ses = session.client("ses")
    ses.create_receipt_rule_set(RuleSetName="bridgehead-prod")
    assert domain.foreign_rule_set(session, "bridgehead-prod") == ""
    domain.activate(session, "bridgehead-prod")
    assert ses.describe_active_receipt_rule_set()["Metadata"]["Name"] == "bridgehead-prod"


def test_a_rule_set_that_is_active_already_is_joined_not_replaced(session: boto3.Session) -> None:
    ses = session.client("ses")
    ses.create_receipt_rule_set(RuleSetName="company")
    ses.set_active_receipt_rule_set(RuleSetName="company")
    assert domain.foreign_rule_set(session, "bridgehead-prod") == "company"
    assert deploy.receiving(session, "bridgehead-prod", None) == {"ReceiveMail": "true", "ReceiptRuleSet": "company"}


def test_an_emulator_receives_no_mail() -> None:
    nobody: Any = None
    assert deploy.receiving(nobody, "bridgehead-local", "http://127.0.0.1:4566") == {"ReceiveMail": "false"}


class Ses:
    """SES (v2) that knows no domain yet."""

    class exceptions:
        class NotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.made: list[str] = []

    def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
        raise self.exceptions.NotFoundException

    def create_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
        self.made.append(EmailIdentity)
        return {"VerifiedForSendingStatus": False, "DkimAttributes": {"Tokens": ["one", "two", "three"]}}

    def put_email_identity_mail_from_attributes(self, **request: Any) -> None: ...

    def get_account(self) -> dict[str, Any]:
        return {"ProductionAccessEnabled": False}


def test_the_owner_learns_which_dns_records_to_publish() -> None:
    ses = Ses()
    session: Any = Pretended(ses)
    found = domain.prepare(session, "reply.shop.example")
    assert ses.made == ["reply.shop.example"]
    assert (found.verified, found.production_access) == (False, False)
    assert [(record.type, record.name, record.value) for record in found.records if record.required] == [
        ("MX", "reply.shop.example", "10 inbound-smtp.eu-central-1.amazonaws.com"),
        ("CNAME", "one._domainkey.reply.shop.example", "one.dkim.amazonses.com"),
        ("CNAME", "two._domainkey.reply.shop.example", "two.dkim.amazonses.com"),
        ("CNAME", "three._domainkey.reply.shop.example", "three.dkim.amazonses.com"),
        ("TXT", "_dmarc.reply.shop.example", "v=DMARC1; p=none"),
    ]


# --- this machine ----------------------------------------------------------------------------------------------------


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name, place in (("STATE", "local.json"), ("LOGS", "logs"), ("SCRATCH", "scratch")):
        monkeypatch.setattr(processes, name, tmp_path / place)
    return tmp_path


def test_a_taken_port_is_stepped_over() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < processes.free_port(port) < port + 100


def test_two_servers_never_get_the_same_port() -> None:
    ports = processes.free_ports({"mailbox": 29_000, "simulator": 29_000})
    assert len(set(ports.values())) == 2


def test_stopping_ends_what_was_started_and_nothing_else(away: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ours = processes.run_beside(
        processes.Local("http://127.0.0.1:1", {}), "waits", [sys.executable, "-c", "import time; time.sleep(60)"]
    )
    said: list[str] = []
    processes.stop(said.append)
    assert said == ["Stopped: waits"]
    assert not processes.alive(ours.process_ids["waits"])
    assert other.poll() is None
    other.communicate(b"\n")


def test_a_server_that_is_started_again_replaces_the_first(away: Path) -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(60)"]
    first = processes.run_beside(processes.Local("http://127.0.0.1:1", {}), "waits", waits)
    second = processes.run_beside(first, "waits", waits)
    assert not processes.alive(first.process_ids["waits"])
    assert processes.alive(second.process_ids["waits"])
    processes.stop(lambda _: None)


def test_stopping_twice_is_no_error(away: Path) -> None:
    processes.stop()
    processes.stop()


def test_nothing_of_the_developers_aws_account_reaches_the_local_stack(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "company")
    command = [
        sys.executable,
        "-c",
        "import os; print(sorted(name for name in os.environ if 'AWS' in name), flush=True)",
    ]
    processes.spawn("shows", command, {})
    assert wait_for_text(away / "logs" / "shows.log") == "[]\n"


def wait_for_text(path: Path) -> str:
    import time

    until = time.monotonic() + 5
    while not path.read_text() and time.monotonic() < until:
        time.sleep(0.01)
    return path.read_text()
