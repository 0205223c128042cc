"""Phone calls: what Twilio brings is proven and read, what the caller hears, what became of a call, and the text back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.aws import clients, objects, stops
from chalicelib.channels.base import Forged, Outcome, PostFailed
from chalicelib.channels.phone import Phone
from chalicelib.channels.phone.events import is_withheld
from chalicelib.channels.phone.words import LATE
from chalicelib.http import NotSent, Response
from chalicelib.locales import say
from chalicelib.model import Attachment, AttachmentKind, Author, Event, Kind, Message, Undelivered, Unreadable
from tests import aws
from tests.channels.twilio_at_hand import (
    ANSWER,
    MIA,
    PAYLOADS,
    SENT_AT,
    SHOP,
    SID,
    URL,
    Api,
    connection,
    delivered,
    payload,
    refused,
    reply,
)
from tests.quick_aws import QuickAws, quick

CALLBACK = URL.format(channel="phone")
API = f"https://api.twilio.com/2010-04-01/Accounts/{SID}"
CALL, RECORDING = f"CA{1:032x}", f"RE{1:032x}"


def called(number: int, caller: str = MIA, kind: Kind = Kind.CALL) -> Message:
    id, known = f"CA{number:032x}", bool(caller)
    author = Author(caller, name=caller)
    return Message("phone", SHOP, id, caller if known else id, author, "", SENT_AT, kind, partial=True)


EXPECTED: dict[str, list[Event]] = {
    "ringing": [called(1)],
    "recorded": [called(1)],
    "completed": [called(1)],
    "ringing_from_japan": [called(2, "+819012345678")],
    "ringing_withheld": [called(3, "", Kind.CALL_BACK)],
    "ringing_anonymous": [called(4, "", Kind.CALL_BACK)],
    "ringing_by_sip": [called(5, "sip:mia@lindner.example", Kind.CALL_BACK)],
    "text_status_failed": [Undelivered("phone", SHOP, f"SM{60:032x}", "no-texts", SENT_AT, "30003")],
}
SILENT = ("recording_completed", "recording_absent", "transcription_completed", "transcription_failed", "outbound")


def read(name: str) -> list[Event]:
    return Phone(connection("phone")).parse(delivered("phone", payload(f"phone/{name}")))


def test_what_comes_is_read_as_what_it_is() -> None:
    assert {name: read(name) for name in EXPECTED} == EXPECTED
    assert {name: read(name) for name in SILENT} == {name: [] for name in SILENT}
    (mistaken,) = read("text_by_mistake")
    assert isinstance(mistaken, Unreadable)
    assert {each.stem for each in (PAYLOADS / "phone").glob("*.form")} == {*EXPECTED, *SILENT, "text_by_mistake"}
    foreign = payload("phone/ringing").replace(b"To=%2B4366012345", b"To=%2B4366099999")
    (unknown,) = Phone(connection("phone")).parse(delivered("phone", foreign))
    assert isinstance(unknown, Unreadable)


def test_a_delivery_is_proven_and_a_forged_one_is_not() -> None:
    good = delivered("phone", payload("phone/ringing"))
    Phone(connection("phone")).verify(good)
    for forged in (replace(good, body=good.body + b"&Digits=1"), delivered("phone", good.body, "x" * 20)):
        with pytest.raises(Forged):
            Phone(connection("phone")).verify(forged)
    with pytest.raises(Forged):
        Phone(connection("phone")).handshake(good)


# --- what the caller hears -------------------------------------------------------------------------------------------


def heard(name: str, **options: Any) -> ElementTree.Element:
    answer = Phone(connection("phone", **options)).respond(delivered("phone", payload(f"phone/{name}")))
    assert answer.content_type == "text/xml"
    return ElementTree.fromstring(answer.body)  # noqa: S314 - our own


def test_a_caller_is_greeted_and_recorded_with_a_beep() -> None:
    greeting, record, silence, hangs_up = heard("ringing")
    assert greeting.attrib == {"language": "de-DE"}
    assert "aufgezeichnet" in str(greeting.text)
    assert record.attrib == {
        **{"action": CALLBACK, "method": "POST", "maxLength": "180", "timeout": "5"},
        **{"finishOnKey": "#", "playBeep": "true"},
    }
    assert [each.tag for each in (greeting, record, silence, hangs_up)] == ["Say", "Record", "Say", "Hangup"]
    assert [each.tag for each in heard("recorded")] == ["Say", "Hangup"]
    for told in ("completed", "recording_completed", "transcription_failed", "outbound", "text_status_failed"):
        assert list(heard(told)) == []


def test_the_greeting_is_in_the_callers_language_where_it_is_allowed() -> None:
    def spoken(name: str, **options: Any) -> Any:
        return heard(name, **options)[0].attrib["language"]

    assert spoken("ringing_from_japan") == "ja-JP"
    assert spoken("ringing_withheld") == "en-US"
    assert spoken("ringing_withheld", languages="vi, de") == "vi-VN"
    assert spoken("ringing_from_japan", languages="de zh") == "de-DE"
    assert spoken("ringing_from_japan", languages="klingon") == "en-US"
    own = heard(
        "ringing_from_japan", languages="de", greeting='Café "Lindner" & Söhne <3', transcribe="twilio", seconds=60
    )
    assert (own[0].text, own[1].attrib["maxLength"]) == ('Café "Lindner" & Söhne <3', "60")
    assert own[1].attrib["transcribe"] == "true"


@pytest.mark.parametrize("language", ["en", "de", "ja", "vi", "zh"])
def test_who_withholds_the_number_is_asked_for_it(language: str) -> None:
    greeting, asked, record, *_ = heard("ringing_withheld", languages=language)
    assert (greeting.text, asked.text) == (say(language, "call_greeting"), say(language, "call_withheld"))
    assert (asked.attrib, record.tag) == (greeting.attrib, "Record")
    own = heard("ringing_withheld", languages=language, greeting="Café Lindner")
    assert [each.text for each in own[:2]] == ["Café Lindner", say(language, "call_withheld")]


def test_two_who_are_nobody_by_sip_are_not_one() -> None:
    nobody = (
        "sip:anonymous@anonymous.invalid",
        "sips:Anonymous@pbx.example",
        "sip:x@anonymous.invalid",
        "sip:@a.example",
    )
    assert [is_withheld(each) for each in nobody] == [True] * 4
    assert not any(map(is_withheld, ("sip:anonymo@pbx.example", "client:mia", "sip:+436641234567@pbx.example", MIA)))


# --- what became of it -----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickAws]:
    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with quick(monkeypatch) as rows:
        yield rows


OVER = {"sid": CALL, "status": "completed"}
RECORDED = {"recordings": [{"sid": RECORDING, "status": "completed", "duration": "21"}]}
MOBILE = {"valid": True, "line_type_intelligence": {"type": "mobile"}}
LANDLINE = {"valid": True, "line_type_intelligence": {"type": "landline"}}


def api(call: Any = OVER, recordings: Any = RECORDED, line: Any = MOBILE, **more: Any) -> Api:
    numbers = {MIA: line, "%2B436641234567": line}
    return Api(**{CALL: call, "Recordings": recordings, **numbers, **more})


def opened(twilio: Api, later: timedelta = timedelta(minutes=1), **options: Any) -> Phone:
    options = {"transcribe": "off", **options}
    return Phone(connection("phone", **options), twilio, twilio.fetch, lambda _: CALLBACK, lambda: SENT_AT + later)


VOICEMAIL = Attachment(AttachmentKind.AUDIO, name="voicemail.mp3", ref=f"Recordings/{RECORDING}.mp3")


def test_a_message_after_the_beep_comes_with_its_recording() -> None:
    twilio = api()
    assert opened(twilio).complete(called(1)) == replace(called(1), attachments=(VOICEMAIL,))
    addresses = [url for _, url, _ in twilio.asked]
    assert addresses[:2] == [f"{API}/Calls/{CALL}.json", f"{API}/Calls/{CALL}/Recordings.json"]
    assert all("authorization" in more["headers"] for _, _, more in twilio.asked)


def test_a_call_without_a_message_is_a_missed_call() -> None:
    silent = {
        "recordings": [{"sid": "RE2", "status": "completed", "duration": "0"}, {"sid": "RE3", "status": "absent"}]
    }
    nothing: dict[str, Any] = {"recordings": []}
    for recordings in (nothing, silent):
        assert opened(api(recordings=recordings)).complete(called(1)) == replace(called(1), doubt="missed-call")


def test_while_the_caller_speaks_or_the_recording_is_worked_on_the_ticket_waits() -> None:
    for twilio in (
        api(call={"status": "in-progress"}),
        api(recordings={"recordings": [{"sid": RECORDING, "status": "processing"}]}),
        api(call=NotSent("x")),
        api(call=refused(20429, 429)),
    ):
        with pytest.raises(PostFailed) as told:
            opened(twilio).complete(called(1))
        assert told.value.outcome is Outcome.PASSING
    with pytest.raises(PostFailed) as told:
        opened(api(call=refused(20404, 404))).complete(called(1))
    assert told.value.outcome is Outcome.REFUSED


def test_who_cannot_be_texted_is_to_be_called_back() -> None:
    def kind(twilio: Api, message: Message = called(1), **options: Any) -> Kind:  # noqa: B008
        found = opened(twilio, **options).complete(message)
        assert found
        return found.kind

    assert kind(api(line=LANDLINE)) is Kind.CALL_BACK
    assert kind(api(line=MOBILE)) is Kind.CALL
    assert kind(api(line={"line_type_intelligence": None})) is Kind.CALL
    assert kind(api(line=refused(20008, 403))) is Kind.CALL
    assert kind(api(), text_back=False) is Kind.CALL_BACK
    withheld = replace(called(1, "", Kind.CALL_BACK), id=CALL)
    assert kind(api(line=AssertionError("nobody is looked up")), withheld) is Kind.CALL_BACK


def test_twilio_writes_down_english() -> None:
    said = {"transcriptions": [{"status": "completed", "transcription_text": "Please call me back."}]}
    found = opened(api(Transcriptions=said), transcribe="twilio").complete(called(1))
    assert found
    assert (found.text, found.doubt) == ("Please call me back.", "transcribed")
    not_yet: list[Any] = [[], [{"status": "in-progress"}]]
    for waits in ({"transcriptions": each} for each in not_yet):
        with pytest.raises(PostFailed, match="unread"):
            opened(api(Transcriptions=waits), transcribe="twilio").complete(called(1))
        late = opened(api(Transcriptions=waits), later=LATE, transcribe="twilio").complete(called(1))
        assert late == replace(called(1), attachments=(VOICEMAIL,))


class Transcribe:
    """Amazon's: jobs by name."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.jobs: dict[str, dict[str, Any]] = {}

    def get_transcription_job(self, TranscriptionJobName: str) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        if TranscriptionJobName not in self.jobs:
            raise error("BadRequestException")
        return {"TranscriptionJob": self.jobs[TranscriptionJobName]}

    def start_transcription_job(self, **asked: Any) -> None:
        self.jobs[asked["TranscriptionJobName"]] = {**asked, "TranscriptionJobStatus": "IN_PROGRESS"}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "x")  # type: ignore[typeddict-item]


def served(monkeypatch: pytest.MonkeyPatch, transcribe: Transcribe) -> Transcribe:
    others = clients.client
    monkeypatch.setattr(clients, "client", lambda name: transcribe if name == "transcribe" else others(name))
    monkeypatch.setattr("chalicelib.public_web.check", lambda url, loopback: "203.0.113.7")
    return transcribe


def test_amazon_writes_down_any_of_our_languages(monkeypatch: pytest.MonkeyPatch, table: QuickAws) -> None:
    transcribe, twilio = served(monkeypatch, Transcribe()), api(**{RECORDING: Response(200, b"ID3 voice")})
    phone = opened(twilio, transcribe="aws")
    for _ in range(2):
        with pytest.raises(PostFailed, match="unread"):
            phone.complete(called(1))
    ((name, job),) = transcribe.jobs.items()
    assert re.fullmatch(r"[0-9a-zA-Z._-]{1,200}", name)
    assert job["IdentifyLanguage"]
    assert "vi-VN" in job["LanguageOptions"]
    bucket = aws.ENVIRONMENT["BUCKET"]
    assert objects.get(job["Media"]["MediaFileUri"].removeprefix(f"s3://{bucket}/"), 100) == b"ID3 voice"
    told = {"results": {"transcripts": [{"transcript": "もしもし、荷物が届きません。"}]}}
    table.put_object(job["OutputKey"], json.dumps(told).encode())
    job["TranscriptionJobStatus"] = "COMPLETED"
    found = phone.complete(called(1))
    assert found
    assert (found.text, found.doubt, found.attachments) == ("もしもし、荷物が届きません。", "transcribed", (VOICEMAIL,))
    assert len([url for _, url, _ in twilio.asked if url.endswith(".mp3")]) == 1


def test_without_words_the_ticket_has_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(called(1), attachments=(VOICEMAIL,))
    transcribe = served(monkeypatch, Transcribe(error("AccessDeniedException")))
    assert opened(api(**{RECORDING: Response(200, b"ID3")}), transcribe="aws").complete(called(1)) == plain
    assert opened(api(**{RECORDING: Response(404)}), transcribe="aws").complete(called(1)) == plain
    (name,) = {f"bridgehead-test-{RECORDING}"}
    for state in ("FAILED", "COMPLETED"):
        transcribe.jobs[name] = {"TranscriptionJobStatus": state}
        assert opened(api(), transcribe="aws").complete(called(1)) == plain
    transcribe.jobs.clear()
    for passing in (error("LimitExceededException"), EndpointConnectionError(endpoint_url="https://x")):
        transcribe.errors = [passing, passing]
        with pytest.raises(PostFailed, match="unread"):
            opened(api(), transcribe="aws").complete(called(1))
        assert opened(api(), later=LATE, transcribe="aws").complete(called(1)) == plain
    with pytest.raises(PostFailed, match="unreachable"):
        opened(api(**{RECORDING: NotSent("x")}), transcribe="aws").complete(called(1))


# --- answers ---------------------------------------------------------------------------------------------------------


def test_the_answer_is_a_text_to_the_caller_from_the_number_that_texts() -> None:
    twilio = Api(Messages=[Response(201, b'{"sid": "SM1"}'), Response(201, b'{"sid": "SM2"}')])
    assert opened(twilio).send(reply("phone", kind=Kind.CALL)) == "SM1"
    assert opened(twilio, text_from="+4366000001").send(reply("phone", kind=Kind.CALL)) == "SM2"
    texted = {"To": MIA, "Body": ANSWER, "StatusCallback": CALLBACK}
    assert twilio.forms == [{"From": SHOP, **texted}, {"From": "+4366000001", **texted}]


def test_who_is_to_be_called_back_or_wants_no_texts_gets_none() -> None:
    stops.keep(SHOP, MIA, True)
    for more, code in (
        ({"kind": Kind.CALL_BACK}, "no-texts"),
        ({"kind": Kind.CALL, "public": True}, "no-public"),
        ({"kind": Kind.CALL}, "stopped"),
    ):
        with pytest.raises(PostFailed, match=code):
            opened(Api()).send(reply("phone", **more))
    limits = {kind: opened(Api()).limits(kind) for kind in Kind}
    assert [kind for kind in Kind if limits[kind].answers] == [Kind.CALL]


def test_the_recording_is_fetched_with_our_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.public_web.check", lambda url, loopback: "203.0.113.7")
    twilio = api(**{RECORDING: Response(200, b"ID3")})
    assert opened(twilio).download(SHOP, VOICEMAIL, 100, 5.0).body == b"ID3"
    assert twilio.asked[0][1] == f"{API}/Recordings/{RECORDING}.mp3"
