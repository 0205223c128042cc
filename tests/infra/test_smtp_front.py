"""The local stand-in for SES's inbound mail gives the mailroom what SES would."""

import json
import smtplib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.smtp_front import Delivery, arrive, common, headers_of, listen, notice, take_in, unmarked
from infra.stack.processes import free_port

DOMAIN = "reply.laden.example"
MAIL = (
    "From: =?utf-8?b?5aSq6YOO?= <taro@laden.example>\r\n"
    'To: "Müller, Änne" <c-1-x@reply.laden.example>\r\n'
    "Subject: =?utf-8?q?R=C3=BCckgabe?=\r\n"
    "Message-ID: <1@laden.example>\r\n"
    "\r\n"
    "Xin chào, 您好, ありがとう, مرحبا 😀\r\n"
).encode()


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Delivery]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        s3, sns = session.client("s3"), session.client("sns")
        s3.create_bucket(Bucket="mails")
        yield Delivery(s3, sns, DOMAIN, "mails", sns.create_topic(Name="mail")["TopicArn"])


@pytest.fixture
def told(delivery: Delivery) -> Any:
    """Reads what the mailroom's queue gets."""
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="inbound")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    delivery.sns.subscribe(TopicArn=delivery.topic_arn, Protocol="sqs", Endpoint=arn)
    return lambda: [
        json.loads(json.loads(message["Body"])["Message"])
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_a_mail_is_stored_and_told_as_ses_does(delivery: Delivery, told: Any) -> None:
    arrival = arrive("bounce+1@laden.example", [f"c-1-x@{DOMAIN}"], "127.0.0.1")
    take_in(MAIL, arrival, delivery)
    (found,) = told()
    assert found["notificationType"] == "Received"
    assert found["mail"]["source"] == "bounce+1@laden.example"
    assert found["receipt"]["recipients"] == [f"c-1-x@{DOMAIN}"]
    assert found["receipt"]["dmarcVerdict"] == {"status": "PASS"}
    place = found["receipt"]["action"]
    assert place["objectKey"] == f"inbound/{found['mail']['messageId']}"
    stored = delivery.s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
    assert stored.startswith(b"Return-Path: <bounce+1@laden.example>\r\nReceived: from ")
    assert stored.endswith(MAIL)


def test_a_mail_marked_as_forged_fails_and_does_not_keep_the_mark(delivery: Delivery, told: Any) -> None:
    take_in(b"X-Local-DMARC: fail\r\n" + MAIL, arrive("a@laden.example", [f"c@{DOMAIN}"], ""), delivery)
    receipt = told()[0]["receipt"]
    assert receipt["dmarcVerdict"] == {"status": "FAIL"}
    assert receipt["dkimVerdict"] != {"status": "PASS"}
    stored = delivery.s3.get_object(Bucket="mails", Key=receipt["action"]["objectKey"])["Body"].read()
    assert b"X-Local-DMARC" not in stored


def test_a_mark_in_the_text_is_only_text() -> None:
    content = b"Subject: x\r\n\r\nX-Local-DMARC: FAIL\r\n"
    assert unmarked(content) == (content, False)


def test_scripts_of_the_whole_world_are_readable_in_the_notice() -> None:
    shown = common(headers_of(MAIL))
    assert shown["from"] == ["太郎 <taro@laden.example>"]
    assert shown["to"] == ["Müller, Änne <c-1-x@reply.laden.example>"]
    assert shown["subject"] == "Rückgabe"


def test_a_header_that_cannot_be_decoded_is_shown_as_it_is() -> None:
    assert common([("Subject", "=?x-unknown?q?=FF?=")])["subject"] == "=?x-unknown?q?=FF?="


def test_long_headers_are_left_out_of_the_notice() -> None:
    told = notice(arrive("", [], ""), [("A", "1"), ("B", "2" * 20_000)], False, {})
    assert told["mail"]["headersTruncated"]
    assert told["mail"]["headers"] == [{"name": "A", "value": "1"}]


def test_only_the_reply_domains_mail_is_taken(delivery: Delivery, told: Any) -> None:
    door = listen(delivery, free_port(2700))
    try:
        with smtplib.SMTP("127.0.0.1", door.port) as client:
            refused = client.sendmail("a@laden.example", [f"C-1-X@{DOMAIN.upper()}", "x@elsewhere.example"], MAIL)
        assert {address: code for address, (code, _) in refused.items()} == {"x@elsewhere.example": 550}
        assert told()[0]["receipt"]["recipients"] == [f"C-1-X@{DOMAIN.upper()}"]
    finally:
        door.stop()


def test_a_mail_that_cannot_be_stored_now_is_to_be_sent_again(delivery: Delivery) -> None:
    delivery.s3.delete_bucket(Bucket="mails")
    door = listen(delivery, free_port(2750))
    try:
        with smtplib.SMTP("127.0.0.1", door.port) as client, pytest.raises(smtplib.SMTPDataError) as told:
            client.sendmail("a@laden.example", [f"c@{DOMAIN}"], MAIL)
        assert told.value.smtp_code == 451
    finally:
        door.stop()
