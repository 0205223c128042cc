"""The doctor says what is missing and what to do; the canary makes the whole way without anything being published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib import settings
from chalicelib.rounds import errands
from chalicelib.rounds.errands import Errand
from infra.operate import doctor
from infra.operate.canary import Trial, fly
from infra.operate.doctor import NotWell
from infra.operate.findings import Finding, Patient
from infra.operate.ses import domain, receipt_rule
from infra.parameters import Parameters
from infra.stack.deploy import Outputs
from infra.stack.target import Target
from tests import aws
from tests.aws import SETTINGS, Stack

MINUTES = timedelta(minutes=10)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def patient(moto_stack: Stack) -> Patient:
    queues = {}
    for name in ("jobs.fifo", "mail", "records"):
        fifo: Any = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        queues[name] = aws.client("sqs").create_queue(QueueName=f"dead-{name}", Attributes=fifo)["QueueUrl"]
    outputs = Outputs(
        stack="bridgehead-test",
        region=aws.REGION,
        api_url="https://api.lindner.example",
        table="bridgehead",
        bucket="bridgehead-mail",
        queue_url=aws.ENVIRONMENT["QUEUE_URL"],
        dead_jobs_url=queues["jobs.fifo"],
        inbound_queue_url="",
        dead_mail_url=queues["mail"],
        dead_records_url=queues["records"],
        topic_arn="",
        bus="bridgehead",
    )
    session = boto3.Session(region_name=aws.REGION)
    target = Target("local", outputs, Parameters(session.client("ssm"), "/bridgehead/test"), None, {})
    return doctor.patient_of(target, session)


def examined(patient: Patient) -> tuple[list[str], str]:
    said: list[str] = []
    try:
        doctor.examine(patient, False, 0, said.append)
    except NotWell as ill:
        return said, str(ill)
    return said, ""


def lines(found: list[str], word: str) -> list[str]:
    return [line for line in found if line.startswith(word)]


def test_a_sound_stack_is_well(patient: Patient) -> None:
    said, ill = examined(patient)
    assert ill == ""
    assert lines(said, "MISSING") == []
    assert said[-1].strip().startswith("All is well")
    assert any("facebook app_secret" in line for line in lines(said, "ok"))


def test_what_is_missing_is_said_with_the_command_for_it(patient: Patient) -> None:
    patient.target.parameters.put("send/facebook", {})
    aws.client("sqs").send_message(QueueUrl=patient.target.outputs.dead_mail_url, MessageBody="x")
    said, ill = examined(patient)
    assert "2 missing" in ill
    text = "\n".join(said)
    assert "bridgehead secret set facebook page_tokens --account 1002003004005 --stage local" in text
    assert any(line.startswith("MISSING  dead mail") for line in said)


def test_what_a_platform_did_not_answer_is_said_with_since_when(patient: Patient) -> None:
    claimed = errands.claim(Errand("health", "facebook", "1002003004005"), NOON)
    assert claimed
    errands.put_off(claimed, NOON, NOON, NOON)
    (line,) = lines(examined(patient)[0], "warning  facebook health")
    assert "1002003004005 has been failing since 2026-11-21 12:00 UTC" in line


def test_a_token_that_cannot_be_renewed_names_the_page_to_sign_in_by(patient: Patient) -> None:
    claimed = errands.claim(Errand("token", "facebook", "1002003004005"), NOON)
    assert claimed
    errands.put_off(claimed, NOON, NOON, NOON, "token invalid_request")
    (line,) = lines(examined(patient)[0], "warning  facebook token")
    assert "failing since 2026-11-21 12:00 UTC: token invalid_request" in line
    assert "sign in anew: docs/channels/facebook.md" in line


def test_nothing_configured_is_one_clear_line(patient: Patient) -> None:
    aws.client("ssm").delete_parameter(Name="/bridgehead/test/settings")
    said, ill = examined(doctor.patient_of(patient.target, patient.session))
    assert ill
    assert any("bridgehead configure" in line for line in said)


def test_every_problem_says_what_to_do(patient: Patient) -> None:
    weak = {**SETTINGS, "agent_domains": ["lindner.example"]}
    found = replace(patient, settings=settings.build(weak))
    aws.client("ssm").delete_parameter(Name="/bridgehead/test/keys")
    said, _ = examined(found)
    told = [line for line in said if line.startswith(("MISSING", "warning"))]
    assert len(told) >= 3, told
    assert all("\n" in line and "->" in line for line in told)
    assert any("everybody at lindner.example" in line for line in told)


def test_settings_that_the_stack_was_not_deployed_for_are_found(patient: Patient) -> None:
    old = {"Recipients": "old@lindner.example", "ReplyDomain": aws.DOMAIN}
    said, _ = examined(replace(patient, target=replace(patient.target, template_parameters=old)))
    (line,) = [each for each in said if each.startswith("MISSING")]
    assert "old@lindner.example" in line
    assert "bridgehead deploy" in line


class NotFound(Exception):
    pass


@dataclass
class Ses:
    """SES as the doctor asks it."""

    verified: tuple[str, ...] = ()
    production: bool = False
    rules: list[dict[str, Any]] = field(default_factory=list)
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(NotFoundException=NotFound))

    def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
        if EmailIdentity not in (*self.verified, aws.DOMAIN):
            raise NotFound
        return {"VerifiedForSendingStatus": EmailIdentity in self.verified}

    def get_account(self) -> dict[str, Any]:
        return {"ProductionAccessEnabled": self.production, "SendingEnabled": True}

    def describe_active_receipt_rule_set(self) -> dict[str, Any]:
        return {"Metadata": {"Name": "active"}}

    def describe_receipt_rule_set(self, RuleSetName: str) -> dict[str, Any]:
        return {"Rules": self.rules}


def at_ses(patient: Patient, ses: Ses) -> list[Finding]:
    session: Any = SimpleNamespace(client=lambda name: ses)
    there = replace(patient, target=replace(patient.target, stage="prod"), session=session)
    return [*domain(there), *receipt_rule(there)]


def test_mail_that_cannot_flow_is_found(patient: Patient) -> None:
    found = at_ses(patient, Ses())
    assert [(each.word, each.what) for each in found] == [
        ("MISSING", "SES identity"),
        ("MISSING", "SES sandbox"),
        ("MISSING", "SES sandbox"),
        ("MISSING", "receipt rule"),
    ]
    assert all(each.do for each in found)


def test_mail_that_flows_is_found_too(patient: Patient) -> None:
    rule = {"Name": "bridgehead-test", "Enabled": True, "Recipients": [aws.DOMAIN]}
    assert {each.word for each in at_ses(patient, Ses((aws.DOMAIN,), True, [rule]))} == {"ok"}
    off = {**rule, "Enabled": False}
    sandboxed = at_ses(patient, Ses((aws.DOMAIN, "lindner.example"), False, [off]))
    assert [each.word for each in sandboxed] == ["ok", "warning", "warning", "MISSING"]


# --- the canary --------------------------------------------------------------------------------------------------------


@dataclass
class Helpdesk:
    """What the helpdesk does, one thing each time the canary looks."""

    stack: Stack
    does: list[Any]
    said: list[str] = field(default_factory=list)
    minutes: float = 0

    def trial(self) -> Trial:
        return Trial(settings.build(SETTINGS), self.said.append, self.wait, self.now, word="amsel-123")

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)

    def wait(self) -> None:
        self.stack.settle()
        self.minutes += 0.5
        if self.stack.mails() and self.does:
            self.does.pop(0)(self.stack)
            self.stack.settle()


def mailed(stack: Stack, text: str, sender: str = "support@lindner.example", **headers: str) -> None:
    ticket = stack.mails()[0]
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ticket["Reply-To"]
    mail["Subject"] = headers.pop("subject", f"Re: {ticket['Subject']}")
    mail["Message-ID"] = f"<{abs(hash(text))}@lindner.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    stack.mail_in(mail.as_bytes(), ticket["Reply-To"].addresses[0].addr_spec)


def acknowledges(stack: Stack) -> None:
    mailed(stack, "Wir haben Ihre Anfrage erhalten.", Auto_Submitted="auto-replied", subject="Anfrage erhalten")


def answers(stack: Stack) -> None:
    mailed(stack, "Amsel-123\n", "anna@lindner.example")


def flown(stack: Stack, *does: Any) -> tuple[list[Finding], Helpdesk]:
    desk = Helpdesk(stack, list(does))
    return list(fly(desk.trial(), MINUTES)), desk


def words(found: list[Finding]) -> Iterator[tuple[str, str]]:
    return ((each.word, each.what) for each in found)


def test_the_canary_flies_there_and_back_and_nothing_is_published(stack: Stack) -> None:
    found, desk = flown(stack, acknowledges, answers)
    assert list(words(found)) == [("ok", "ticket mail"), ("ok", "automatic mail"), ("ok", "answer")]
    assert "automatic" in found[1].told
    assert "Anfrage erhalten" in found[1].told
    assert stack.platform.requests == []
    (ticket,) = stack.mails()
    assert ticket["Subject"].startswith("[Test] Test von Bridgehead: Das ist ein Test")
    assert stack.schedules() == [], "nobody is reminded of a test"
    assert any('"amsel-123"' in line for line in desk.said)


def test_a_machine_mail_that_would_be_published_is_found_before_it_happens(stack: Stack) -> None:
    def surveys(stack: Stack) -> None:
        mailed(stack, "Wie zufrieden sind Sie mit uns?", subject="Ihre Meinung zählt")

    found, _ = flown(stack, surveys, answers)
    (wrong,) = [each for each in found if each.word == "MISSING"]
    assert wrong.what == "other mail"
    assert "Wie zufrieden" in wrong.told
    assert "helpdesk.kind" in wrong.do


def test_a_helpdesk_that_answers_from_an_unknown_address_is_found(stack: Stack) -> None:
    found, _ = flown(stack, lambda stack: mailed(stack, "amsel-123", "noreply@helpdesk.example"))
    assert ("MISSING", "answer") in words(found)
    (aside,) = [each for each in found if each.what == "put aside"]
    assert "stranger" in aside.told
    assert "sends_from" in aside.do


def test_an_answer_with_more_than_the_answer_in_it_is_found(stack: Stack) -> None:
    found, _ = flown(stack, lambda stack: mailed(stack, "amsel-123\n\nIhre Ticketnummer: 4711", "anna@lindner.example"))
    assert any(each.word == "MISSING" and "4711" in each.told for each in found)


def test_no_ticket_mail_ends_the_canary_early(stack: Stack) -> None:
    desk = Helpdesk(stack, [])
    desk.wait = lambda: setattr(desk, "minutes", desk.minutes + 1)  # type: ignore[method-assign]
    found = list(fly(desk.trial(), MINUTES))
    assert list(words(found)) == [("MISSING", "ticket mail")]


def test_the_canarys_channel_takes_no_webhook(stack: Stack) -> None:
    answer = stack.client.http.post("/webhooks/canary/canary", headers={"content-type": "application/json"}, body=b"{}")
    assert answer.status_code == 404
