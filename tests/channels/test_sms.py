"""Text messages: what Twilio and AWS bring is proven and read, what asks for silence is heeded, and what goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.aws import stops, texts
from chalicelib.channels import twilio
from chalicelib.channels.base import Forged, Malformed, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.sms import Sms
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Undelivered,
    Unreadable,
)
from chalicelib.phone.sending import TextFailed
from tests import aws, signing
from tests.channels.twilio_at_hand import (
    ANSWER,
    MIA,
    OLD_TOKEN,
    PAYLOADS,
    SENT_AT,
    SHOP,
    SID,
    TOKEN,
    URL,
    Api,
    connection,
    delivered,
    payload,
    refused,
    reply,
)
from tests.quick_aws import quick

CALLBACK = "https://api.lindner.example/webhooks/sms/shop"


def said(number: int, author: str, text: str, *files: Attachment, **more: Any) -> Message:
    plain = Message("sms", SHOP, f"SM{number:032x}", author, Author(author, name=author), text, SENT_AT)
    return replace(plain, attachments=files, **more)


def left(number: int, author: str = MIA) -> Note:
    return Note("sms", SHOP, f"SM{number:032x}-left", author, Author(author, name=author), NoteKind.LEFT, SENT_AT)


def failed(number: int, code: str, detail: str) -> Undelivered:
    return Undelivered("sms", SHOP, f"SM{number:032x}", code, SENT_AT, detail)


def file(kind: AttachmentKind, number: int, media: int) -> Attachment:
    return Attachment(kind, ref=f"Messages/SM{number:032x}/Media/ME{str(media) * 32}")


EXPECTED: dict[str, list[Event]] = {
    "text": [said(1, MIA, "Habt ihr am Sonntag offen? ☕")],
    "text_japanese": [said(2, "+819012345678", "荷物がまだ届きません 📦")],
    "text_vietnamese": [said(3, "+84901234567", "Đơn hàng của tôi đâu rồi?")],
    "text_chinese": [said(4, "+8613800138000", "我的订单还没到。")],
    "text_arabic": [said(5, "+971501234567", "مرحبا، أين طلبي؟")],
    "text_from_a_short_number": [said(6, "72404", "Your code is 1234")],
    "text_in_base64": [said(7, "+12025550147", "Liebes Café, die Torte war wunderbar – danke “")],
    "pictures": [
        said(
            8,
            "+12025550147",
            "So kam der Kuchen an 😢",
            file(AttachmentKind.IMAGE, 8, 0),
            file(AttachmentKind.FILE, 8, 1),
        )
    ],
    "video_alone": [said(9, "+12025550147", "", file(AttachmentKind.VIDEO, 9, 2))],
    "stop": [said(10, MIA, "STOP", partial=True), left(10)],
    "stop_in_another_word": [said(11, MIA, "STOP", partial=True), left(11)],
    "stop_untold": [said(12, MIA, "Stopp!", partial=True), left(12)],
    "cancel": [said(13, "+8613800138000", "取消", partial=True)],
    "start": [said(14, MIA, "START", partial=True)],
    "status_undelivered": [failed(50, "no-texts", "30006")],
    "status_failed_tersely": [failed(51, "stopped", "21610")],
    "status_failed_unknown": [failed(52, "rejected", "39999")],
}
UNREADABLE = {
    "whatsapp": "unknown account",
    "nameless": "unknown-kind",
    "status_nameless": "unknown-kind",
}
SILENT = ("help", "status_queued", "status_sent", "status_delivered", "status_read")


def read(name: str, **options: Any) -> list[Event]:
    return Sms(connection("sms", **options)).parse(delivered("sms", payload(name)))


def test_what_comes_is_read_as_what_it_is() -> None:
    assert {name: read(f"sms/{name}") for name in EXPECTED} == EXPECTED
    reasons = {
        name: [each.reason for each in read(f"sms/{name}") if isinstance(each, Unreadable)] for name in UNREADABLE
    }
    assert reasons == {name: [reason] for name, reason in UNREADABLE.items()}
    assert {name: read(f"sms/{name}") for name in SILENT} == {name: [] for name in SILENT}
    assert {each.stem for each in (PAYLOADS / "sms").glob("*.form")} == {*EXPECTED, *UNREADABLE, *SILENT}


def test_what_is_no_form_is_malformed() -> None:
    for body in (b"", b"\xff=\xff", b"&".join(b"a%d=1" % n for n in range(301))):
        with pytest.raises(Malformed):
            Sms(connection("sms")).parse(WebhookRequest("POST", {}, {}, body, 0))


def test_a_text_that_only_looks_like_base64_stays_as_it_is() -> None:
    for words in ("Donaudampfschifffahrtsgesellschaft12", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", "A" * 28):
        body = payload("sms/text").replace(b"Body=Habt+ihr+am+Sonntag+offen%3F+%E2%98%95", f"Body={words}".encode())
        (message,) = Sms(connection("sms")).parse(delivered("sms", body))
        assert isinstance(message, Message)
        assert message.text == words


def test_a_delivery_is_proven_by_either_token_over_its_address_and_every_field() -> None:
    body = payload("sms/text")
    for token in (TOKEN, OLD_TOKEN):
        Sms(connection("sms")).verify(delivered("sms", body, token))
    good = delivered("sms", body)
    for forged in (
        replace(good, body=body + b"&NewField=1"),
        replace(good, url=URL.format(channel="phone")),
        replace(good, headers={}),
        replace(good, query={"a": "1"}),
        delivered("sms", body, "auth-token-of-somebody-else"),
    ):
        with pytest.raises(Forged):
            Sms(connection("sms")).verify(forged)
    with pytest.raises(Forged):
        Sms(connection("sms")).handshake(good)
    with pytest.raises(SecretMissing):
        Sms(replace(connection("sms"), secrets={})).verify(good)


def test_a_port_may_be_signed_or_left_out() -> None:
    body = payload("sms/text")
    for host, port, usual in (
        ("https://a.example", "", 443),
        ("https://a.example", ":8443", 8443),
        ("http://b", "", 80),
    ):
        ours = f"{host}{port}/w"
        for signed in (f"{host}/w", f"{host}:{usual}/w"):
            asked = WebhookRequest("POST", signing.twilio(body, TOKEN, signed), {}, body, 0, ours)
            assert twilio.proven(asked, ours, [TOKEN])
        other = WebhookRequest("POST", signing.twilio(body, TOKEN, f"{host}:99/w"), {}, body, 0, ours)
        with pytest.raises(Forged):
            twilio.proven(other, ours, [TOKEN])


def test_a_picture_somewhere_else_is_a_link_and_costs_no_words() -> None:
    body = urlencode({"MessageSid": "SM1", "From": MIA, "To": SHOP, "Body": "Schaut!", "NumMedia": "3"}).encode()
    more = {"MediaUrl0": "https://mms.twiliocdn.example/a", "MediaUrl1": "javascript:1"}
    (message,) = Sms(connection("sms")).parse(delivered("sms", body + b"&" + urlencode(more).encode()))
    assert isinstance(message, Message)
    link = Attachment(AttachmentKind.LINK, "https://mms.twiliocdn.example/a")
    assert (message.text, message.attachments) == ("Schaut!", (link,))


def test_nothing_is_texted_back_by_the_answer_to_a_delivery() -> None:
    answer = Sms(connection("sms")).respond(delivered("sms", payload("sms/text")))
    assert (answer.body, answer.content_type) == ("<Response/>", "text/xml")


# --- through AWS -----------------------------------------------------------------------------------------------------


def test_what_aws_tells_is_read_and_nothing_comes_by_http() -> None:
    def told(name: str) -> list[Event]:
        return read(f"sms_aws/{name}", provider="aws")

    ids = {n: f"5f0c{n:04}-91c2-5d1e-8d3a-0a6b7c8d9e0f" for n in (1, 2, 3)}
    ming = "+8613800138000"
    assert told("text") == [replace(said(0, MIA, "Wo bleibt meine Bestellung? 😠"), id=ids[1])]
    assert told("text_chinese") == [replace(said(0, ming, "我的订单还没到。"), id=ids[2])]
    assert told("stop") == [
        replace(said(0, MIA, "退订"), id=ids[3], partial=True),
        replace(left(0), id=f"{ids[3]}-left"),
    ]
    fates = {name: told(f"status_{name}") for name in ("delivered", "unreachable", "unreachable_yet", "spam")}
    assert {name: [each.code for each in found if isinstance(each, Undelivered)] for name, found in fates.items()} == {
        **{"delivered": [], "unreachable_yet": []},
        **{"unreachable": ["no-texts"], "spam": ["policy"]},
    }
    with pytest.raises(Forged):
        Sms(connection("sms", provider="aws")).verify(delivered("sms", payload("sms/text")))


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with quick(monkeypatch):
        yield


def to(api: Api, **options: Any) -> Sms:
    return Sms(connection("sms", **options), api, api.fetch, lambda _: CALLBACK)


def meant(answer: Any, **more: Any) -> tuple[Outcome, str]:
    with pytest.raises(PostFailed) as told:
        to(Api(Messages=answer)).send(reply("sms", **more))
    return told.value.outcome, told.value.code


def test_an_answer_goes_out_as_a_text_however_long_ago_the_customer_wrote() -> None:
    api = Api(Messages=Response(201, b'{"sid": "SM77", "status": "queued"}'))
    assert to(api).send(reply("sms")) == "SM77"
    assert api.asked[0][1] == f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"
    assert api.forms == [{"From": SHOP, "To": MIA, "Body": ANSWER, "StatusCallback": CALLBACK}]


CODES = {
    **{21610: "stopped", 21211: "no-texts", 21614: "no-texts", 21408: "permission", 21606: "permission"},
    **{
        21608: "restricted",
        21635: "no-texts",
        21612: "permission",
        21617: "too-long",
        30034: "restricted",
        20003: "token",
        63016: "window",
        99999: "rejected",
    },
}


def test_every_refusal_is_told_as_what_it_is() -> None:
    found = {code: meant(refused(code)) for code in CODES}
    assert found == {code: (Outcome.REFUSED, word) for code, word in CODES.items()}
    assert meant({}, text="🙂" * 801) == (Outcome.REFUSED, "too-long")
    assert meant({}, public=True) == (Outcome.REFUSED, "no-public")
    nameless = Sms(replace(connection("sms"), secrets={}), Api(), callback=lambda _: CALLBACK)
    with pytest.raises(PostFailed, match="token"):
        nameless.send(reply("sms"))


def test_what_passes_is_tried_again_and_what_nobody_knows_is_not() -> None:
    outcomes: list[tuple[Any, Outcome, str]] = [
        (refused(20429, 429), Outcome.PASSING, "throttled"),
        (Response(429), Outcome.PASSING, "throttled"),
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        (Response(503), Outcome.UNKNOWN, "unclear"),
        (Response(201, b"<html>"), Outcome.UNKNOWN, "unclear"),
    ]
    for answer, *outcome in outcomes:
        assert list(meant(answer)) == outcome


def test_by_aws_the_same_and_how_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(texts, "send", lambda *given: sent.append(given) or "aws-1")  # type: ignore[func-returns-value]
    channel = to(Api(), provider="aws", configuration_set="bridgehead")
    assert channel.send(reply("sms")) == "aws-1"
    assert sent == [(SHOP, MIA, ANSWER, 259_200, "bridgehead")]
    for (code, sure, passing, stopped), expected in {
        ("DESTINATION_PHONE_NUMBER_OPTED_OUT", True, False, True): (Outcome.REFUSED, "stopped"),
        ("DESTINATION_PHONE_NUMBER_NOT_VERIFIED", True, False, False): (Outcome.REFUSED, "restricted"),
        ("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", True, False, False): (Outcome.REFUSED, "usage-capped"),
        ("AccessDeniedException", True, True, False): (Outcome.REFUSED, "permission"),
        ("ThrottlingException", True, True, False): (Outcome.PASSING, "throttled"),
        ("RESOURCE_NOT_ACTIVE", True, False, False): (Outcome.REFUSED, "permission"),
        ("REGISTRATION_NOT_COMPLETE", True, False, False): (Outcome.REFUSED, "restricted"),
        ("SOMETHING_NEW", True, False, False): (Outcome.REFUSED, "rejected"),
        ("ReadTimeoutError", False, True, False): (Outcome.UNKNOWN, "lost"),
    }.items():
        monkeypatch.setattr(texts, "send", raising(TextFailed(code, sure=sure, passing=passing, stopped=stopped)))
        with pytest.raises(PostFailed) as told:
            channel.send(reply("sms"))
        assert (told.value.outcome, told.value.code) == expected


def raising(error: Exception) -> Callable[..., str]:
    def fails(*_: Any) -> str:
        raise error

    return fails


def test_who_texts_stop_gets_no_answer_until_start() -> None:
    api = Api(Messages=[Response(201, b'{"sid": "SM1"}')])
    (stop, _), (start,) = read("sms/stop"), read("sms/start")
    assert isinstance(stop, Message)
    assert isinstance(start, Message)
    assert to(api).complete(stop) is None
    for provider in ("twilio", "aws"):
        with pytest.raises(PostFailed, match="stopped"):
            to(api, provider=provider).send(reply("sms"))
    assert to(api).complete(start) is None
    assert to(api).send(reply("sms")) == "SM1"
    assert stops.is_stopped(SHOP, MIA) is False


def test_a_word_that_may_also_be_meant_for_the_business_is_shown_to_the_agent() -> None:
    (cancel,) = read("sms/cancel")
    assert isinstance(cancel, Message)
    assert to(Api()).complete(cancel) == replace(cancel, doubt="stopped")
    assert stops.is_stopped(SHOP, cancel.author.id)
    resume = replace(cancel, text="恢复")
    assert to(Api()).complete(resume) == resume
    assert not stops.is_stopped(SHOP, cancel.author.id)


def test_a_picture_is_fetched_with_our_sign_in_and_its_redirect_without(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Response(307, headers={"location": "https://media.twiliocdn.com/x/cake"})
    api = Api(ME0=elsewhere, cake=Response(200, b"\xff\xd8\xff"))
    monkeypatch.setattr("chalicelib.public_web.check", lambda url, loopback: "" if "evil" in url else "203.0.113.7")
    picture = Attachment(AttachmentKind.IMAGE, ref="Messages/SM8/Media/ME0")
    assert to(api).download(SHOP, picture, 100, 5.0).body == b"\xff\xd8\xff"
    (_, first, signed), (_, second, unsigned) = api.asked
    assert first == f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/SM8/Media/ME0"
    assert second == "https://media.twiliocdn.com/x/cake"
    assert "authorization" in signed["headers"]
    assert "headers" not in unsigned


def test_an_address_of_this_machine_is_not_asked() -> None:
    local = to(
        Api(ME0=Response(302, headers={"location": "http://169.254.169.254/keys"})), api_url="http://127.0.0.1:1"
    )
    with pytest.raises(NotSent):
        local.download(SHOP, Attachment(AttachmentKind.IMAGE, ref="Messages/SM8/Media/ME0"), 100, 5.0)
    with pytest.raises(NotSent):
        Sms(replace(connection("sms"), secrets={})).download(SHOP, Attachment(AttachmentKind.IMAGE, ref="x"), 1, 1)


def test_only_a_customers_own_text_can_be_answered() -> None:
    limits = {kind: Sms(connection("sms")).limits(kind) for kind in Kind}
    assert [kind for kind in Kind if limits[kind].answers] == [Kind.DIRECT]
    direct = limits[Kind.DIRECT]
    assert (direct.public, direct.text, direct.measure("🙂"), direct.parts, direct.window) == (False, 1600, 2, 1, None)
