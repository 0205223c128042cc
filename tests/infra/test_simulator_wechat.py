"""The simulator's WeChat and WeCom, asked by the product's own channels: answers, their number, files, tokens, deliveries."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.http import Response
from chalicelib.model import File, Kind, Message, Reply
from infra.pages import new_app
from infra.simulator import tencent
from infra.simulator.customers import write
from infra.simulator.platforms import PLATFORMS
from infra.simulator.world import Connection as Played
from infra.simulator.world import World

ACCOUNTS = {"wechat": "gh_sonnenschein", "wecom": "wkSonnenschein01"}
MIA = "oMia000000000000000000000001"
NOW = datetime.now(UTC)
BOTH = pytest.mark.parametrize("channel", ["wechat", "wecom"])


def made(channel: str) -> tuple[World, Any]:
    """A world, and the product's channel on its application."""
    receive, send = tencent.secrets(())
    world = World((Played(channel, channel, (ACCOUNTS[channel],), {**receive, **send}, f"/webhooks/{channel}/x"),))
    app = new_app(__name__)
    app.register_blueprint(PLATFORMS[channel].api(world, lambda connection, post: None))
    client = app.test_client()

    def http(method: str, url: str, *, json: Any = None, form: Any = None) -> Response:
        files = {name: (io.BytesIO(each[1]), each[0], each[2]) for name, each in (form or {}).items()}
        found = client.open(url, method=method, json=json, data=files or None)
        return Response(found.status_code, found.data, {name.lower(): value for name, value in found.headers.items()})

    ours = {"api_url": f"/{channel}", "app_id": tencent.OURS, "corp_id": tencent.OURS}
    held = {"access_token": tencent.token_of(send["app_secret"])}
    connection = Connection(channel, channel, (ACCOUNTS[channel],), ours, {**receive, **send, **held})
    return world, replace(open_channel(connection, http=http), now=lambda: NOW)  # type: ignore[type-var]


def reply(channel: str, **more: Any) -> Reply:
    fields: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": channel, "account": ACCOUNTS[channel]}
    fields |= {"thread": MIA, "author_id": MIA, "parent": "1", "kind": Kind.DIRECT, "public": False}
    return Reply(**{**fields, "text": "Ja, bis 18 Uhr! 🙂 欢迎", "window_from": NOW, **more})


@BOTH
def test_five_answers_are_shown_and_a_sixth_is_refused_until_the_customer_writes(channel: str) -> None:
    world, found = made(channel)
    _, told = write(world, channel, "", "Mia", "Habt ihr offen? 营业吗")
    world.told.append(replace(told, author=MIA, at=NOW - timedelta(minutes=1)))
    for number in range(5):
        found.send(reply(channel, id=f"r{number}"))
    with pytest.raises(PostFailed) as failed:
        found.send(reply(channel, id="r6"))
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "used-up")
    assert [(post.thread, post.text) for post in world.posts] == [(MIA, "Ja, bis 18 Uhr! 🙂 欢迎")] * 5
    world.told.append(replace(told, author=MIA, at=datetime.now(UTC)))
    found.send(reply(channel, id="r7"))


@BOTH
def test_files_are_uploaded_and_names_looked_up(channel: str) -> None:
    world, found = made(channel)
    found.send(reply(channel, text="", files=(File("karte.png", "image/png", b"png"),)))
    assert [file.name for file in world.posts[0].files] == ["karte.png"]
    assert found.profile(ACCOUNTS[channel], MIA)["name"] == world.person(MIA)["name"]
    renewed = found.refresh(ACCOUNTS[channel])
    assert renewed.expires_at == NOW + timedelta(hours=2)


@BOTH
@pytest.mark.parametrize(
    ("kind", "outcome"), [("throttle", Outcome.PASSING), ("refuse", Outcome.REFUSED), ("5xx", Outcome.PASSING)]
)
def test_what_goes_wrong_there_is_understood_here(channel: str, kind: str, outcome: Outcome) -> None:
    world, found = made(channel)
    world.failures[channel, "post"].append(kind)
    with pytest.raises(PostFailed) as failed:
        found.send(reply(channel))
    assert failed.value.outcome is outcome
    world.failures[channel, "post"].append("token")
    found.send(reply(channel))
    assert len(world.posts) == 1


@BOTH
def test_a_delivery_is_encrypted_and_signed_as_the_product_wants_it(channel: str) -> None:
    world, found = made(channel)
    platform, connection = PLATFORMS[channel], world.connections[0]
    words, _ = write(world, channel, "", "李伟", "]]> & <b>周日营业吗？")
    assert platform.places[0].payload
    body, query = platform.seal(connection, platform.encode(platform.places[0].payload(words)))
    request = WebhookRequest("POST", {}, dict(parse_qsl(query)), body, datetime.now(UTC).timestamp())
    found.verify(request)
    texts = [event.text for event in found.parse(request) if isinstance(event, Message)]
    assert texts == (["]]> & <b>周日营业吗？"] if channel == "wechat" else [])


def test_the_list_is_asked_for_from_where_it_was() -> None:
    world, found = made("wecom")
    first = found.poll(ACCOUNTS["wecom"], "")
    for text in ("Còn chỗ không ạ?", "何時まで？"):
        _, told = write(world, "wecom", "", "Mai", text)
        world.told.append(told)
    second = found.poll(ACCOUNTS["wecom"], first.cursor)
    assert [event.text for event in second.events] == ["Còn chỗ không ạ?", "何時まで？"]
    assert found.poll(ACCOUNTS["wecom"], second.cursor).events == []
