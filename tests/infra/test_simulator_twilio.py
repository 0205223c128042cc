"""The simulator's Twilio, asked by the product's own channels: texts, calls, files, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from chalicelib.aws import stops
from chalicelib.channels.base import Channel, Connection, Forged, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.phone import Phone
from chalicelib.channels.sms import Sms
from chalicelib.http import Response
from chalicelib.model import Attachment, AttachmentKind, Author, Kind, Message, Reply
from infra.pages import new_app
from infra.simulator import twilio
from infra.simulator.customers import write
from infra.simulator.world import Connection as Played
from infra.simulator.world import Post, Told, World

TEXTS, CALLS, TOKEN = "+436600000002", "+4310000003", "auth-token-of-this-run"
NOW = datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    secrets = {"auth_token": TOKEN}
    return World((Played("texts", "sms", (TEXTS,), secrets), Played("calls", "phone", (CALLS,), secrets)))


@pytest.fixture
def served(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[Sms, Phone, list[Post]]:
    """The product's channels on the simulator's application, and the echoes it would send."""
    echoes: list[Post] = []
    app: Flask = new_app(__name__)
    for make in (twilio.texts_api, twilio.calls_api):
        app.register_blueprint(make(world, lambda connection, post: echoes.append(post)))
    client = app.test_client()

    def http(method: str, url: str, *, headers: Any = None, body: Any = None, **_: Any) -> Response:
        found = client.open(url.removeprefix("http://127.0.0.1"), method=method, headers=headers, data=body)
        return Response(found.status_code, found.data)

    def get(url: str, *, headers: Any = None, **_: Any) -> Response:
        return http("GET", url, headers=headers)

    monkeypatch.setattr(stops, "is_stopped", lambda ours, theirs: False)
    url = "http://127.0.0.1/twilio"
    options = {"account_sid": "AC1", "api_url": url, "lookup_url": url, "transcribe": "twilio"}
    texts = Connection("texts", "sms", (TEXTS,), options, {"auth_token": TOKEN})
    calls = Connection("calls", "phone", (CALLS,), options, {"auth_token": TOKEN})
    return Sms(texts, http, get, lambda _: ""), Phone(calls, http, get, lambda _: "", lambda: NOW), echoes


def read(channel: Channel, payload: Mapping[str, Any], token: str = TOKEN) -> list[Any]:
    body, url = twilio.encode(payload), f"https://api.example/webhooks/{channel.connection.channel}/x"
    secrets = {"auth_token": token}
    headers = twilio.sign_at(Played("x", "sms", (), secrets), body, url)
    request = WebhookRequest("POST", {name.lower(): each for name, each in headers.items()}, {}, body, 0, url)
    channel.verify(request)
    return channel.parse(request)


def reply(channel: str, account: str, to: str, kind: Kind, text: str = "Ja, bis 18 Uhr! 🙂") -> Reply:
    return Reply("c", "r1", channel, account, to, to, "SM1", kind, False, text, NOW)


def test_a_text_is_told_and_answered(world: World, served: tuple[Sms, Phone, list[Post]]) -> None:
    sms, _, echoes = served
    words, told = write(world, "texts", "", "Mia", "Habt ihr offen? はい", "http://127.0.0.1/cat.png")
    world.told.append(told)
    (message,) = read(sms, twilio.text(words))
    assert (message.text, message.account) == ("Habt ihr offen? はい", TEXTS)
    assert sms.download(TEXTS, message.attachments[0], 10**6, 5.0).body.startswith(b"\x89PNG")
    found = sms.send(reply("sms", TEXTS, message.thread, Kind.DIRECT))
    assert [(post.id, post.thread, post.text) for post in world.posts] == [(found, told.author, "Ja, bis 18 Uhr! 🙂")]
    assert read(sms, twilio.TEXTS.echoes["message"](echoes[0])) == []
    with pytest.raises(Forged):
        read(sms, twilio.text(words), "auth-token-of-another")


def test_a_call_is_told_with_what_was_said_and_answered_by_a_text(
    world: World, served: tuple[Sms, Phone, list[Post]]
) -> None:
    _, phone, _ = served
    words, told = write(world, "calls", "", "Mia", "Bitte rufen Sie zurück.")
    world.told.append(told)
    (message,) = read(phone, twilio.ringing(words))
    with pytest.raises(PostFailed, match="unfinished"):
        phone.complete(message)
    world.told[:] = [earlier(each) for each in world.told]
    found = phone.complete(message)
    assert found
    assert (found.text, found.kind, found.doubt) == ("Bitte rufen Sie zurück.", Kind.CALL, "transcribed")
    assert phone.download(CALLS, found.attachments[0], 10**6, 5.0).body.startswith(b"\xff\xfb")
    phone.send(reply("phone", CALLS, found.thread, Kind.CALL))
    assert [post.thread for post in world.posts] == [words.id]


def earlier(told: Told) -> Told:
    return replace(told, at=told.at - timedelta(minutes=1))


def test_who_says_nothing_was_missed_and_a_landline_gets_no_texts(
    world: World, served: tuple[Sms, Phone, list[Post]]
) -> None:
    _, phone, _ = served
    words, told = write(world, "calls", "", "Oma ☎", "…")
    world.told.append(earlier(told))
    (message,) = read(phone, twilio.ringing(words))
    found = phone.complete(message)
    assert found
    assert (found.text, found.kind, found.doubt, found.attachments) == ("", Kind.CALL_BACK, "missed-call", ())


def test_it_refuses_as_twilio_does(world: World, served: tuple[Sms, Phone, list[Post]]) -> None:
    sms, phone, _ = served
    outcomes = {
        "throttle": Outcome.PASSING,
        "refuse": Outcome.REFUSED,
        "5xx": Outcome.UNKNOWN,
        "token": Outcome.REFUSED,
    }
    for kind, outcome in outcomes.items():
        world.failures["sms", "post"].append(kind)
        with pytest.raises(PostFailed) as told:
            sms.send(reply("sms", TEXTS, "+4366012345", Kind.DIRECT))
        assert told.value.outcome is outcome
    with pytest.raises(PostFailed, match="token"):
        sms.send(reply("sms", "+43999", "+4366012345", Kind.DIRECT))
    unknown = Message("phone", CALLS, "CA0", "+43660", Author("+43660"), "", NOW, Kind.CALL, partial=True)
    with pytest.raises(PostFailed):
        phone.complete(unknown)
    stranger = Connection("x", "phone", (CALLS,), {**phone.connection.options}, {"auth_token": "auth-token-of-another"})
    ref = Attachment(AttachmentKind.AUDIO, ref="Recordings/RE1.mp3")
    assert Phone(stranger, phone.http, phone.get).download(CALLS, ref, 100, 1).status == 401
