"""The simulator's LINE and Zalo, asked by the product's own channels: answers, repeats, names, files, tokens, failures."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.line import Line
from chalicelib.channels.zalo import Zalo
from chalicelib.channels.zalo.bot import ZaloBot
from chalicelib.http import Http, Response
from chalicelib.model import Attachment, AttachmentKind, Echo, File, Kind, Message, Reply
from infra import simulator
from infra.pages import new_app
from infra.simulator import line
from infra.simulator.customers import write
from infra.simulator.platform import wire
from infra.simulator.platforms import place_of
from infra.simulator.world import Connection as Played
from infra.simulator.world import Post, World
from infra.simulator.zalo import account as zalo
from infra.simulator.zalo import bot as zalo_bot

BOT, OA, MIA = "Ubot", "288", "436601234567"
NOW = datetime.now(UTC)
LINES: dict[str, Any] = {"access_tokens": {BOT: "a-token-of-the-bot"}, "channel_secret": "a-secret-of-line"}
ZALOS: dict[str, Any] = {
    "access_tokens": {OA: "an-access-token-1:a-refresh-token-1"},
    "oa_secret_key": "a-secret-key-of-zalo",
    "app_secret": "a-secret-of-the-app",
}
BOTS = {"secret_token": "a-secret-token-of-ours", "bot_token": "1234567890:a-bot-token"}


@pytest.fixture
def world() -> World:
    return World(
        (
            Played("line", "line", (BOT,), LINES),
            Played("oa", "zalo", (OA,), ZALOS),
            Played("bot", "zalo_bot", ("bot",), BOTS),
        )
    )


@pytest.fixture
def echoes() -> list[Post]:
    return []


@pytest.fixture
def http(world: World, echoes: list[Post]) -> Http:
    """The product's requests, on the simulator's application."""
    app = new_app(__name__)
    for platform in (line.PLATFORM, zalo.PLATFORM, zalo_bot.PLATFORM):
        app.register_blueprint(platform.api(world, lambda connection, post: echoes.append(post)))
    client = app.test_client()

    def asked(
        method: str, url: str, *, body: Any = None, form: Any = None, headers: Any = None, **more: Any
    ) -> Response:
        files = {name: (io.BytesIO(each[1]), each[0], each[2]) for name, each in (form or {}).items()}
        found = client.open(url.removeprefix("http://here"), method=method, headers=headers, data=files or body, **more)
        return Response(found.status_code, found.data)

    return asked


def on_line(http: Http) -> Line:
    return Line(Connection("line", "line", (BOT,), {"api_url": "/line", "content_url": "/line"}, LINES), http)


def on_zalo(http: Http, pair: str = "") -> Zalo:
    options = {"api_url": "/zalo", "sign_in_url": "/zalo/token", "app_id": zalo.APP}
    secrets = {**ZALOS, "access_tokens": {OA: pair or ZALOS["access_tokens"][OA]}}
    return Zalo(Connection("oa", "zalo", (OA,), options, secrets), http, lambda: NOW)


def reply(channel: str, **more: Any) -> Reply:
    account, thread = (BOT, f"U{MIA}") if channel == "line" else (OA, MIA)
    fields: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": channel, "account": account}
    fields |= {"thread": thread, "author_id": thread, "parent": "1", "kind": Kind.DIRECT, "public": False}
    return Reply(**{**fields, "text": "Ja, bis 18 Uhr! はい 🙂", "window_from": NOW, **more})


def delivered(
    channel: Line | Zalo | ZaloBot, world: World, place: str, name: str, text: str, picture: str = ""
) -> list[Any]:
    """What the product's webhook reads of what a customer says, proven."""
    words, told = write(world, place, "", name, text, picture)
    world.told.append(told)
    platform, found = place_of(place)
    assert found.payload
    body = platform.encode(found.payload(words))
    headers = {key.lower(): value for key, value in platform.sign(words.connection, body).items()}
    request = WebhookRequest("POST", headers, {}, body, NOW.timestamp())
    channel.verify(request)
    return channel.parse(request)


def test_answers_are_posted_and_lines_are_posted_once(world: World, http: Http, echoes: list[Post]) -> None:
    for _ in range(2):
        assert on_line(http).send(reply("line")) == world.posts[0].id
    on_zalo(http).send(reply("zalo"))
    assert [(post.channel, post.thread, post.text) for post in world.posts] == [
        ("line", MIA, "Ja, bis 18 Uhr! はい 🙂"),
        ("zalo", MIA, "Ja, bis 18 Uhr! はい 🙂"),
    ]
    (echo,) = on_zalo(http).parse(WebhookRequest("POST", {}, {}, wire(zalo.ours(echoes[0])), 0))
    assert isinstance(echo, Echo)
    assert (echo.id, echo.thread, echo.text) == (world.posts[1].id, MIA, "Ja, bis 18 Uhr! はい 🙂")


def test_what_customers_say_arrives_proven(world: World, http: Http) -> None:
    picture = "http://127.0.0.1/cat.png"
    said, cat = delivered(on_line(http), world, "line", "佐藤 美咲", "営業していますか", picture)
    assert (said.text, said.public, cat.attachments) == (
        "営業していますか",
        False,
        (Attachment(AttachmentKind.IMAGE, ref=cat.id),),
    )
    assert on_line(http).profile(BOT, said.author.id) == {"name": "佐藤 美咲"}
    (asked,) = delivered(on_line(http), world, "line_group", "Linh", "Mấy giờ?")
    assert (asked.kind, asked.public) == (Kind.GROUP, True)
    assert on_line(http).member(BOT, asked.thread, asked.author.id) == {"name": "Linh"}
    on_line(http).send(reply("line", thread=asked.thread, kind=Kind.GROUP, public=True))
    assert asked.thread == f"C{world.posts[-1].thread}"
    (message,) = delivered(on_zalo(http), world, "zalo", "Nguyễn Thị Ánh", "Còn bàn không?", picture)
    assert isinstance(message, Message)
    assert (message.text, message.attachments[0].url) == ("Còn bàn không?", picture)
    assert on_zalo(http).profile(OA, message.author.id) == {"name": "Nguyễn Thị Ánh"}


def test_files_go_along(world: World, http: Http) -> None:
    link = "https://api.example/files/Kuchen"
    on_line(http).send(reply("line", files=(File("Kuchen.jpg", "image/jpeg", b"jpeg", link),)))
    on_zalo(http).send(reply("zalo", text="", files=(File("menu.pdf", "application/pdf", b"pdf"),)))
    on_zalo(http).send(reply("zalo", text="", files=(File("bánh.png", "image/png", b"png!"),)))
    assert [(file.name, file.size) for post in world.posts for file in post.files] == [
        ("Kuchen", 0),
        ("menu.pdf", 3),
        ("bánh.png", 4),
    ]


def test_a_lost_answer_is_looked_up_in_its_chat(world: World, http: Http) -> None:
    on_zalo(http).send(reply("zalo", thread=f"visitor:{MIA}:anon-1"))
    (asked,) = delivered(on_zalo(http), world, "zalo", "Linh", "Còn bàn không?")
    world.told[-1] = replace(world.told[-1], at=NOW - timedelta(hours=1))
    lost = reply("zalo", thread=asked.thread, tried_at=NOW)
    late = replace(on_zalo(http), now=lambda: NOW + timedelta(minutes=5))
    assert late.find(lost) is None
    assert late.find(replace(lost, tried_at=None, window_from=NOW)) is None
    on_zalo(http).send(lost)
    assert late.find(lost) == world.posts[-1].id
    with pytest.raises(PostFailed):
        late.find(replace(lost, text="Nein"))


def test_a_refresh_token_is_good_once(http: Http) -> None:
    found = on_zalo(http).refresh(OA)
    assert found
    with pytest.raises(PostFailed) as failed:
        on_zalo(http).refresh(OA)
    assert (failed.value.outcome, failed.value.detail) == (Outcome.REFUSED, str(zalo.BAD_REFRESH))
    assert on_zalo(http, found.values["access_tokens"]).send(reply("zalo"))


def test_the_webhooks_address_is_set_once_and_the_quota_is_told(world: World, http: Http) -> None:
    callback = "https://api.example/webhooks/line/line"
    assert [on_line(http).resubscribe(BOT, callback) for _ in range(2)] == [("endpoint",), ()]
    assert list(on_line(http).poll(BOT, "").events) == []
    on_line(http).send(reply("line"))
    world.posts.extend(world.posts * (line.QUOTA - 1))
    assert [event.detail for event in on_line(http).poll(BOT, "").events] == ["100"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "on_line_is", "on_zalo_is"),
    [
        ("throttle", (Outcome.PASSING, "throttled"), (Outcome.PASSING, "throttled")),
        ("refuse", (Outcome.REFUSED, "usage-capped"), (Outcome.REFUSED, "blocked")),
        ("token", (Outcome.REFUSED, "token"), (Outcome.REFUSED, "token")),
        ("5xx", (Outcome.PASSING, "unreachable"), (Outcome.UNKNOWN, "unclear")),
    ],
)
def test_failures_look_as_the_platforms_have_them(
    world: World, http: Http, kind: str, on_line_is: tuple[Outcome, str], on_zalo_is: tuple[Outcome, str]
) -> None:
    expected: dict[str, tuple[Line | Zalo, tuple[Outcome, str]]] = {
        "line": (on_line(http), on_line_is),
        "zalo": (on_zalo(http), on_zalo_is),
    }
    for name, (channel, meaning) in expected.items():
        world.failures[name, "post"].append(kind)
        with pytest.raises(PostFailed) as failed:
            channel.send(reply(name))
        assert (failed.value.outcome, failed.value.code) == meaning
    assert world.posts == []


def test_what_comes_after_a_week_is_refused(world: World, http: Http) -> None:
    _, told = write(world, "zalo", "", "Linh", "Còn bàn không?")
    world.told.append(replace(told, author=MIA, at=NOW - timedelta(days=8)))
    with pytest.raises(PostFailed) as failed:
        on_zalo(http).send(reply("zalo"))
    assert failed.value.code == "window"


def test_a_bot_is_written_to_and_answers(world: World, http: Http) -> None:
    bot = ZaloBot(Connection("bot", "zalo_bot", ("bot",), {"api_url": "/zalo-bot"}, BOTS), http)
    callback = "https://api.example/webhooks/zalo_bot/bot"
    assert [bot.resubscribe("bot", callback) for _ in range(2)] == [("webhook",), ()]
    (asked,) = delivered(bot, world, "zalo_bot", "Linh", "Còn bàn không?")
    answer = reply("zalo_bot", account="bot", thread=asked.thread, author_id=asked.author.id)
    assert bot.send(answer) == world.posts[0].id
    assert (asked.author.name, world.posts[0].thread) == ("Linh", asked.thread)
    bot.send(replace(answer, text="", files=(File("bánh.png", "image/png", b"png", "https://api.example/files/b"),)))
    assert [file.name for file in world.posts[1].files] == ["b"]
    meanings = {"throttle": "throttled", "refuse": "rejected", "token": "token", "5xx": "unclear"}
    for kind, meaning in meanings.items():
        world.failures["zalo_bot", "post"].append(kind)
        with pytest.raises(PostFailed) as failed:
            bot.send(answer)
        assert failed.value.code == meaning


def test_headers_with_an_underscore_arrive_over_the_wire() -> None:
    row = {"name": "oa", "channel": "zalo", "accounts": [OA], "secrets": ZALOS}
    running = simulator.serve({"connections": [row], "people": {MIA: {"name": "Mia Müßig"}}})
    try:
        options = {"api_url": f"{running.url}/zalo"}
        assert Zalo(Connection("oa", "zalo", (OA,), options, ZALOS)).profile(OA, MIA) == {"name": "Mia Müßig"}
    finally:
        running.stop()
