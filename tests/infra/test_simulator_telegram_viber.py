"""The simulator's Telegram and Viber, asked by the product's own channels."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.telegram import Telegram
from chalicelib.channels.viber import Viber
from chalicelib.http import Response
from chalicelib.model import File, Kind, Message, Reply
from infra.pages import new_app
from infra.simulator import telegram, viber
from infra.simulator.customers import write
from infra.simulator.platform import wire
from infra.simulator.world import Connection as Played
from infra.simulator.world import Post, World

BOT, TOKEN, GIVEN = "7000111222", "7000111222:AAtoken-of-the-bot", "a-token-that-we-gave"
MIA, SHOP = "7301884422", "sonnenschein"
NOW = datetime.now(UTC)


@pytest.fixture
def world() -> World:
    telegrams = {"bot_token": TOKEN, "secret_token": GIVEN}
    played = (
        Played("telegram", "telegram", (BOT,), telegrams, "/webhooks/telegram/telegram"),
        Played("viber", "viber", (SHOP,), {"auth_token": TOKEN}, "/webhooks/viber/viber"),
    )
    return World(played)


@pytest.fixture
def echoes() -> list[Post]:
    return []


@pytest.fixture
def client(world: World, echoes: list[Post]) -> FlaskClient:
    app = new_app(__name__)
    for api in (telegram.telegram_api, viber.viber_api):
        app.register_blueprint(api(world, lambda connection, post: echoes.append(post)))
    return app.test_client()


@pytest.fixture
def bots(client: FlaskClient) -> tuple[Telegram, Viber]:
    """The product's channels on the simulator's application."""

    def http(method: str, url: str, *, headers: Any = None, form: Any = None, **more: Any) -> Response:
        found = client.open(url, method=method, headers=headers, data=form and opened(form), **more)
        return Response(found.status_code, found.data)

    secrets = {"bot_token": TOKEN, "secret_token": GIVEN}
    return (
        Telegram(Connection("telegram", "telegram", (BOT,), {"api_url": "/telegram"}, secrets), http),
        Viber(Connection("viber", "viber", (SHOP,), {"api_url": "/viber/pa"}, {"auth_token": TOKEN}), http),
    )


def opened(form: dict[str, Any]) -> dict[str, Any]:
    """As the test client wants files."""
    return {
        key: each if isinstance(each, str) else (io.BytesIO(each[1]), each[0], each[2]) for key, each in form.items()
    }


def reply(channel: str, **more: Any) -> Reply:
    thread, account = (MIA, BOT) if channel == "telegram" else (f"{MIA}==", SHOP)
    fields: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": channel, "account": account}
    fields |= {"thread": thread, "author_id": thread, "parent": "1:1", "kind": Kind.DIRECT, "public": False}
    return Reply(**{**fields, "text": "Ja, bis 18 Uhr! 🙂", "window_from": NOW, **more})


def test_answers_and_files_are_posted(world: World, bots: tuple[Telegram, Viber], echoes: list[Post]) -> None:
    bill = File("Rechnung.pdf", "application/pdf", b"pdf", "https://api.example/files/f00")
    for bot in bots:
        name = bot.connection.channel
        found = [bot.send(reply(name)), bot.send(reply(name, text="", files=(bill,), earlier=("1",)))]
        posts = [post for post in world.posts if post.channel == name]
        assert [post.id for post in posts] == found
        assert [(post.thread, post.text) for post in posts] == [(MIA, "Ja, bis 18 Uhr! 🙂"), (MIA, "")]
        assert [(file.name, file.size) for file in posts[1].files] == [("Rechnung.pdf", 3)]
    assert {post.channel for post in echoes} == {"viber"}
    assert read(bots[1], viber.PLATFORM.echoes["message"](echoes[0])) == []


def test_a_customers_words_and_picture_arrive(world: World, bots: tuple[Telegram, Viber], client: FlaskClient) -> None:
    for bot in bots:
        name = bot.connection.channel
        words, _ = write(world, name, "", "佐藤 美咲", "営業していますか", picture="https://dl-media.viber.com/cat.png")
        module = telegram if name == "telegram" else viber
        (message,) = read(bot, module.message(words))
        assert isinstance(message, Message)
        assert (message.author.name, message.text, len(message.attachments)) == ("佐藤 美咲", "営業していますか", 1)
    assert client.get(f"/telegram/file/bot{TOKEN}/{telegram.PICTURE_PATH}").data.startswith(b"\x89PNG")


def read(bot: Any, payload: Any) -> list[Any]:
    body = wire(payload)
    module = telegram if isinstance(bot, Telegram) else viber
    headers = {name.lower(): value for name, value in module.sign(played(module.CHANNEL), body).items()}
    request = WebhookRequest("POST", headers, {}, body, NOW.timestamp())
    bot_with_secret = type(bot)(Connection(bot.connection.name, module.CHANNEL, bot.connection.accounts, {}, SECRETS))
    bot_with_secret.verify(request)
    found: list[Any] = bot.parse(request)
    return found


SECRETS = {"secret_token": GIVEN, "auth_token": TOKEN}


def played(channel: str) -> Played:
    return Played(channel, channel, ("1",), SECRETS)


def test_the_webhook_is_set_once(bots: tuple[Telegram, Viber]) -> None:
    for bot in bots:
        assert bot.resubscribe(bot.connection.accounts[0], "https://api.example/hook") != []
        assert bot.resubscribe(bot.connection.accounts[0], "https://api.example/hook") == []


def test_failures_look_as_the_platforms_have_them(world: World, bots: tuple[Telegram, Viber]) -> None:
    kinds = {
        "throttle": (Outcome.PASSING, "throttled"),
        "refuse": (Outcome.REFUSED, "blocked"),
        "token": (Outcome.REFUSED, "token"),
        "5xx": (Outcome.UNKNOWN, "unclear"),
    }
    for bot in bots:
        for kind, outcome in kinds.items():
            world.failures[bot.connection.channel, "post"].append(kind)
            with pytest.raises(PostFailed) as failed:
                bot.send(reply(bot.connection.channel))
            assert (failed.value.outcome, failed.value.code) == outcome
    assert world.posts == []
