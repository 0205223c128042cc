"""WhatsApp through AWS End User Messaging Social: the same words by another way."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib import settings
from chalicelib.aws import clients, social
from chalicelib.channels.base import Outcome
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.http import Lost, NotSent, TooLarge
from chalicelib.intake import topics
from chalicelib.model import Attachment, AttachmentKind, File
from infra.parameters.secrets import secret_status
from infra.settings.document import SettingsError, check
from tests import aws
from tests.channels.at_hand import SHARED, refusal
from tests.channels.whatsapp_at_hand import MIA, NOW, NUMBER, connection, payload, reply
from tests.mailroom.shop import Shop, opened

FOLDER = SHARED / "aws_social"
AWS_NUMBER = "phone-number-id-976c72a700aac43eaf573ae050example"
OPTIONS = {"provider": "aws", "aws_numbers": {NUMBER: AWS_NUMBER}, "templates": {"order_update": "de"}}


class Service:
    """AWS's service and the bucket, as far as we use them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fails: Exception | None = None
        self.objects: dict[str, bytes] = {}
        self.size = 3
        self.puts = True

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda *_, **asked: self._answer(operation, asked)

    def _answer(self, operation: str, asked: dict[str, Any]) -> Any:
        self.asked.append((operation, asked))
        if self.fails and "whatsapp" in operation:
            raise self.fails
        if operation == "generate_presigned_url":
            return f"https://s3.example/{asked['Params']['Key']}"
        if "destinationS3PresignedUrl" in asked and self.puts:
            self.objects[asked["destinationS3PresignedUrl"]["url"].removeprefix("https://s3.example/")] = b"cat"
        if operation == "put_object":
            self.objects[asked["Key"]] = asked["Body"]
        if operation == "delete_object":
            self.objects.pop(asked["Key"], None)
        if operation == "get_object":
            if asked["Key"] not in self.objects:
                raise refused("NoSuchKey", 404)
            return {"ContentLength": 3, "Body": io.BytesIO(self.objects[asked["Key"]])}
        return {"messageId": "aws-1", "mediaId": "77", "mimeType": "image/png", "fileSize": self.size}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = Service()
    monkeypatch.setattr(clients, "client", lambda name: made)
    return made


CHANNEL = WhatsApp(connection(**OPTIONS), now=lambda: NOW)


def test_an_answer_goes_out_under_awss_id_of_the_number(service: Service) -> None:
    assert CHANNEL.send(reply()) == "aws-1"
    ((operation, asked),) = service.asked
    assert operation == "send_whatsapp_message"
    assert (asked["originationPhoneNumberId"], asked["metaApiVersion"]) == (AWS_NUMBER, "v26.0")
    message = json.loads(asked["message"])
    assert (message["recipient"], message["text"]["body"]) == (MIA, reply().text)
    assert message["biz_opaque_callback_data"] == f"bridgehead:3f9c2a7e:{MIA}:{MIA}"


def test_a_file_of_ours_goes_by_the_bucket_and_leaves_nothing_there(service: Service) -> None:
    CHANNEL.send(reply(text="", files=(File("a.pdf", "application/pdf", b"pdf"),)))
    operations = [operation for operation, _ in service.asked]
    assert operations == ["put_object", "post_whatsapp_message_media", "delete_object", "send_whatsapp_message"]
    assert json.loads(service.asked[-1][1]["message"])["document"] == {"id": "77", "filename": "a.pdf"}
    assert service.objects == {}


def test_a_customers_file_comes_by_the_bucket_and_leaves_nothing_there(service: Service) -> None:
    attachment = Attachment(AttachmentKind.IMAGE, ref="930011")
    assert CHANNEL.download(NUMBER, attachment, 100, 5.0).body == b"cat"
    assert service.objects == {}
    (place,) = [given for _, asked in service.asked if (given := asked.get("destinationS3PresignedUrl"))]
    # nobody can ask for it by a link of ours
    assert not place["url"].partition("/media/")[2].isalnum()
    assert "Content-Type" in place["headers"]
    service.puts = False
    with pytest.raises(NotSent):
        CHANNEL.download(NUMBER, attachment, 100, 5.0)
    service.puts, service.size = True, 1
    with pytest.raises(TooLarge):
        CHANNEL.download(NUMBER, attachment, 2, 5.0)  # its size was told in KB
    assert service.objects == {}
    service.size = 101
    with pytest.raises(TooLarge):
        CHANNEL.download(NUMBER, attachment, 100, 5.0)
    service.size = 3
    with pytest.raises(Lost):
        CHANNEL.download(NUMBER, Attachment(AttachmentKind.IMAGE, ref="930011 b3RoZXI="), 100, 5.0)


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "x")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (refused("ThrottledRequestException", 429), (Outcome.PASSING, "throttled")),
        (EndpointConnectionError(endpoint_url="x"), (Outcome.PASSING, "unreachable")),
        (refused("InvalidParametersException"), (Outcome.REFUSED, "rejected")),
        (refused("ValidationException"), (Outcome.REFUSED, "rejected")),
        (refused("ResourceNotFoundException", 404), (Outcome.REFUSED, "permission")),
        (refused("AccessDeniedException", 403), (Outcome.REFUSED, "permission")),
        # these may come after the message has left: never sent a second time by a machine
        (refused("DependencyException", 502), (Outcome.UNKNOWN, "unclear")),
        (refused("InternalServiceException", 500), (Outcome.UNKNOWN, "unclear")),
        (ReadTimeoutError(endpoint_url="x"), (Outcome.UNKNOWN, "lost")),
    ],
)
def test_an_error_of_aws_says_what_to_do_about_it(
    service: Service, error: Exception, outcome: tuple[Outcome, str]
) -> None:
    service.fails = error
    assert refusal(CHANNEL, reply()) == outcome
    with pytest.raises((NotSent, Lost)):
        CHANNEL.download(NUMBER, Attachment(AttachmentKind.IMAGE, ref="9"), 100, 5.0)


def test_a_send_is_never_repeated_by_the_sdk() -> None:
    assert clients.ATTEMPTS[social.SERVICE] == 1


def test_a_number_without_awss_id_refuses(service: Service) -> None:
    channel = WhatsApp(connection(provider="aws"), now=lambda: NOW)
    assert refusal(channel, reply()) == (Outcome.REFUSED, "token")
    assert service.asked == []


# --- deliveries by the topic -----------------------------------------------------------------------------------------


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        served = {"channel": "whatsapp", "accounts": [NUMBER], "options": OPTIONS}
        made.configure(settings={**aws.SETTINGS, "connections": {"cafe": served}}, **{"send/cafe": {}})
        yield made


def told(name: str, number: str = NUMBER) -> str:
    """A payload as AWS's topic hands it to the queue."""
    (entry,) = json.loads(payload(name))["entry"]
    numbers = [{"metaPhoneNumberId": number, "arn": "arn:aws:social-messaging:…"}] if number else []
    message = {
        "context": {"MetaPhoneNumberIds": numbers},
        "whatsAppWebhookEntry": json.dumps(entry),
        "aws_account_id": "123456789012",
        "message_timestamp": "2026-10-03T10:00:01.476795989Z",
    }
    return json.dumps({"Type": "Notification", "Message": json.dumps(message), "Timestamp": "2026-10-03T10:00:01.500Z"})


def configured(shop: Shop) -> settings.Settings:
    return settings.build(shop.parameters["settings"])


def test_a_message_by_the_topic_becomes_a_ticket_once(shop: Shop) -> None:
    assert [topics.receive(told("text"), configured(shop)) for _ in range(2)] == [
        "kept: 1 new, 0 known, 0 unreadable",
        "kept: 0 new, 1 known, 0 unreadable",
    ]
    shop.settle()
    (mail,) = [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]
    assert str(mail["Subject"]).startswith("[WhatsApp] Mia Müßig: Habt ihr am Sonntag offen? ☕")


def test_a_message_for_a_number_that_aws_does_not_serve_here_is_put_aside(shop: Shop) -> None:
    assert topics.receive(told("text", "999"), configured(shop)) == "put aside: unknown account"
    served = {"channel": "whatsapp", "accounts": [NUMBER], "options": {}}
    shop.configure(settings={**aws.SETTINGS, "connections": {"cafe": served}})
    assert topics.receive(told("text"), configured(shop)) == "put aside: unknown account"
    assert shop.entries("message") == []


def test_what_names_no_number_is_for_the_one_connection_there_is(shop: Shop) -> None:
    assert topics.receive(told("text", ""), configured(shop)) == "kept: 1 new, 0 known, 0 unreadable"
    other = {"channel": "whatsapp", "accounts": ["999"], "options": OPTIONS}
    both = {**shop.parameters["settings"]["connections"], "other": other}
    shop.configure(settings={**aws.SETTINGS, "connections": both})
    assert topics.receive(told("text", ""), configured(shop)) == "put aside: unknown account"


def test_what_cannot_be_read_in_it_is_put_aside(shop: Shop) -> None:
    assert topics.receive(told("kind_unknown"), configured(shop)) == "kept: 0 new, 0 known, 1 unreadable"
    assert [item["reason"] for item in shop.items() if item["kind"] == "quarantine"] == ["unknown-kind"]


@pytest.mark.skipif(not FOLDER.exists(), reason="samples are not at hand")
@pytest.mark.parametrize(("name", "kind"), [("sns_message_text__1", "message"), ("sns_message_image__1", "message")])
def test_samples_from_elsewhere_are_kept(shop: Shop, name: str, kind: str) -> None:
    message = (FOLDER / f"{name}.json").read_text()
    number = json.loads(message)["context"]["MetaPhoneNumberIds"][0]["metaPhoneNumberId"]
    served = {"channel": "whatsapp", "accounts": [number], "options": OPTIONS}
    shop.configure(settings={**aws.SETTINGS, "connections": {"cafe": served}})
    body = json.dumps({"Message": message, "Timestamp": "2026-10-03T10:00:01.500Z"})
    assert topics.receive(body, configured(shop)) == "kept: 1 new, 0 known, 0 unreadable"
    (event,) = shop.entries(kind)
    assert event["connection"] == "cafe"


# --- set-up ----------------------------------------------------------------------------------------------------------

FILE = """
version = 1
[business]
name = "Café"
zone = "Europe/Vienna"
reply_domain = "reply.cafe-lindner.at"
[helpdesk]
address = "support@cafe-lindner.at"
[[agents]]
address = "anna@cafe-lindner.at"
[owner]
address = "eva@cafe-lindner.at"
[connections.cafe]
channel = "whatsapp"
accounts = ["410066123450001"]
provider = "aws"
templates = {order_update = "de"}
"""


def test_the_settings_ask_for_awss_ids_of_the_numbers() -> None:
    with pytest.raises(SettingsError, match="aws_numbers"):
        check(FILE, "prod")
    whole = check(f'{FILE}aws_numbers = {{"{NUMBER}" = "{AWS_NUMBER}"}}\n', "prod").settings
    assert whole["connections"]["cafe"]["options"] == {
        "provider": "aws",
        "templates": {"order_update": "de"},
        "aws_numbers": {NUMBER: AWS_NUMBER},
    }


def test_what_aws_serves_needs_no_secrets(shop: Shop) -> None:
    store: Any = type("Store", (), {"get": lambda self, name: (None, 0, None)})()
    assert secret_status(store, configured(shop)) == []
