"""The simulator's WhatsApp, asked by the product's own channel: answers, templates, files, the window, statuses."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.http import NotSent, Response
from chalicelib.model import Echo, File, Kind, Message, Reply, Undelivered
from infra.pages import new_app
from infra.simulator.customers import write
from infra.simulator.meta import whatsapp
from infra.simulator.platform import wire
from infra.simulator.world import Connection as Played
from infra.simulator.world import Post, World

NUMBER, TOKEN, MIA = "410066123450001", "a-token-of-the-number", "436601234567"
NOW = datetime.now(UTC)


@pytest.fixture
def world() -> World:
    secrets = {"access_tokens": {NUMBER: TOKEN}, "app_secret": "a-secret-of-the-app"}
    return World((Played("cafe", "whatsapp", (NUMBER,), secrets, "/webhooks/whatsapp/cafe"),))


@pytest.fixture
def told(world: World) -> tuple[WhatsApp, list[Post]]:
    """The product's channel on the simulator's application, and the echoes it would send."""
    echoes: list[Post] = []
    app: Flask = new_app(__name__)
    app.register_blueprint(whatsapp.whatsapp_api(world, lambda connection, post: echoes.append(post)))
    client = app.test_client()

    def http(method: str, url: str, *, headers: Any = None, form: Any = None, **more: Any) -> Response:
        found = client.open(url, method=method, headers=headers, data=form and opened(form), **more)
        return Response(found.status_code, found.data)

    options = {"api_url": "/whatsapp", "templates": {"order_update": "de"}}
    secrets = {"access_tokens": {NUMBER: TOKEN}}
    return WhatsApp(Connection("cafe", "whatsapp", (NUMBER,), options, secrets), http, lambda: NOW), echoes


def opened(form: dict[str, Any]) -> dict[str, Any]:
    """As the test client wants files."""
    return {
        key: each if isinstance(each, str) else (io.BytesIO(each[1]), each[0], each[2]) for key, each in form.items()
    }


def reply(**more: Any) -> Reply:
    person = f"{whatsapp.COUNTRY}{MIA}"
    fields: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": "whatsapp", "account": NUMBER}
    fields |= {"thread": person, "author_id": person, "parent": "wamid.1", "kind": Kind.DIRECT, "public": False}
    return Reply(**{**fields, "text": "Ja, bis 18 Uhr! 🙂", "window_from": NOW, **more})


def read(channel: WhatsApp, payload: Any) -> list[Any]:
    return channel.parse(WebhookRequest("POST", {}, {}, wire(payload), NOW.timestamp()))


def test_an_answer_is_posted_and_its_statuses_prove_it(world: World, told: tuple[WhatsApp, list[Post]]) -> None:
    channel, echoes = told
    found = channel.send(reply())
    assert [(post.id, post.thread, post.text) for post in world.posts] == [(found, MIA, "Ja, bis 18 Uhr! 🙂")]
    events = read(channel, whatsapp.PLATFORM.echoes["message"](echoes[0]))
    assert [(type(each), each.id, each.reply_id) for each in events] == [(Echo, found, "r1")] * 2


def test_what_comes_too_late_is_taken_and_then_not_delivered(world: World, told: tuple[WhatsApp, list[Post]]) -> None:
    channel, echoes = told
    _, wrote = write(world, "whatsapp", "", "Mia", "Habt ihr offen?")
    world.told.append(replace(wrote, author=MIA, at=NOW - timedelta(days=2)))
    found = channel.send(reply())
    assert world.posts == []
    events = read(channel, whatsapp.PLATFORM.echoes[echoes[0].kind](echoes[0]))
    assert [(type(each), each.id) for each in events] == [(Echo, found), (Undelivered, found)]
    channel.send(reply(template="order_update", text="Mia\nmorgen"))
    assert world.posts[0].text == "[order_update de] · Mia · morgen"


def test_a_file_is_uploaded_and_posted(world: World, told: tuple[WhatsApp, list[Post]]) -> None:
    told[0].send(reply(text="", files=(File("Rechnung.pdf", "application/pdf", b"pdf"),)))
    assert [(file.name, file.size) for file in world.posts[0].files] == [("Rechnung.pdf", 3)]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("throttle", (Outcome.PASSING, "throttled")),
        ("refuse", (Outcome.REFUSED, "blocked")),
        ("window", (Outcome.REFUSED, "window")),
        ("token", (Outcome.REFUSED, "token")),
        ("5xx", (Outcome.UNKNOWN, "temporary")),
    ],
)
def test_failures_look_as_whatsapp_has_them(
    world: World, told: tuple[WhatsApp, list[Post]], kind: str, outcome: tuple[Outcome, str]
) -> None:
    world.failures["whatsapp", "post"].append(kind)
    with pytest.raises(PostFailed) as failed:
        told[0].send(reply())
    assert (failed.value.outcome, failed.value.code) == outcome


def test_a_customers_words_and_picture_arrive(world: World, told: tuple[WhatsApp, list[Post]]) -> None:
    words, _ = write(world, "whatsapp", "", "佐藤 美咲", "営業していますか", picture="http://127.0.0.1/cat.png")
    (message,) = read(told[0], whatsapp.message(words))
    assert isinstance(message, Message)
    assert (message.author.name, message.text, message.also) == ("佐藤 美咲", "営業していますか", words.author)
    (attachment,) = message.attachments
    # where it lies is told; the address itself is no public one and is not asked here
    with pytest.raises(NotSent):
        told[0].download(NUMBER, attachment, 10_000_000, 5.0)
