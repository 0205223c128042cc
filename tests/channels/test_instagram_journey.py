"""Instagram and Threads, a question's whole way: in by webhook, out as a ticket mail, the agent's mail in, the answer posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.http import Response
from chalicelib.text import fuse
from tests import aws, signing, story
from tests.quick_aws import quick
from tests.world import Clock, Site, World, clocked

ACCOUNT, PERSON, MEDIA = "17841455512093748", "902244178833551", "17998342210065533"
CONNECTIONS: dict[str, dict[str, Any]] = {
    "instagram": {"channel": "instagram", "accounts": [ACCOUNT], "options": {}},
    "threads": {"channel": "threads", "accounts": ["lindner"], "options": {}},
}
SECRETS: dict[str, Any] = {
    f"{side}/{name}": value
    for name, found in CONNECTIONS.items()
    for side, value in (
        ("receive", {"app_secret": aws.SECRET, "verify_token": "verify-token-of-lindner"}),
        ("send", {"access_tokens": dict.fromkeys(found["accounts"], "a-token-of-lindner")}),
    )
}
LOOK_UPS: dict[str, dict[str, Any]] = {
    f"/{PERSON}?fields=name": {"name": "佐藤 花", "username": "hana.s", "follower_count": 12},
    "fields=mentioned_comment": {
        "mentioned_comment": {
            "text": "@lindner offen am Sonntag? ☕",
            "username": "rabe.buch",
            "media": {"permalink": "https://www.instagram.com/p/Pp/"},
        }
    },
    "fields=media": {"media": {"permalink": "https://www.instagram.com/p/Qq/"}},
}


@dataclass
class Meta(Site):
    """Meta, as far as these questions need it."""

    posted: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        path = url.partition("/v26.0")[2] or url.partition("/v1.0")[2]
        if method == "POST":
            self.posted.append((path, more.get("json") or more.get("form")))
            number = len(self.posted)
            return Response(200, json.dumps({"id": f"id{number}", "message_id": f"aWd{number}"}).encode())
        found = next((told for part, told in LOOK_UPS.items() if part in path), {})
        return Response(200 if found else 400, json.dumps(found or {"error": {"code": 100}}).encode())


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    import app

    for name, value in aws.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "SETTINGS", {**aws.SETTINGS, "connections": CONNECTIONS})
    monkeypatch.setattr(aws, "SECRETS", {**aws.SECRETS, **SECRETS})
    clock = Clock()
    site = Meta(clock)
    with quick(monkeypatch) as rig, Client(app.app) as client, clocked(monkeypatch, clock), aws.answering(site):
        yield World(rig, client, clock, site)


def told(world: World, channel: str, payload: dict[str, Any]) -> None:
    raw = json.dumps(payload).encode()
    headers = {"content-type": "application/json", **signing.instagram(raw, aws.SECRET)}
    answer = world.client.http.post(f"/webhooks/{channel}/{channel}", headers=headers, body=raw)
    assert answer.status_code == 200
    world.collect()
    world.pass_time(timedelta(seconds=10))


def entry(**items: Any) -> dict[str, Any]:
    return {"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1_795_250_000, **items}]}


def answered(world: World, text: str) -> list[tuple[str, Any]]:
    ticket = world.mails()[-1]
    world.agent(story.answer(ticket, text), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(timedelta(minutes=1))
    assert isinstance(world.site, Meta)
    return world.site.posted


def test_a_direct_message_is_answered_in_parts_that_instagram_takes(meta: World) -> None:
    item = {"sender": {"id": PERSON}, "recipient": {"id": ACCOUNT}, "timestamp": 1_795_250_000_000}
    told(
        meta,
        "instagram",
        entry(messaging=[{**item, "message": {"mid": "aWdquestion", "text": "日曜日は営業していますか"}}]),
    )
    assert fuse(meta.mails()[0]["Subject"]) == "[Instagram] 佐藤 花: 日曜日は営業していますか"
    paragraphs = [f"{number}. " + "はい、九時から十八時まで営業しています。" * 10 for number in range(3)]
    posted = answered(meta, "\n\n".join(paragraphs))
    assert [path for path, _ in posted] == ["/me/messages"] * 3
    assert [sent["message"]["text"] for _, sent in posted] == paragraphs
    assert posted[0][1]["recipient"] == {"id": PERSON}


def test_a_comment_is_answered_under_itself_and_our_own_answer_opens_no_ticket(meta: World) -> None:
    value = {"id": "180", "text": "Còn hàng không? 🍵", "from": {"id": "5", "username": "mai"}, "media": {"id": MEDIA}}
    told(meta, "instagram", entry(changes=[{"field": "comments", "value": value}]))
    (ticket,) = meta.mails()
    assert fuse(ticket["Subject"]) == "[Instagram] @mai: Còn hàng không? 🍵"
    assert answered(meta, "Có ạ!") == [("/180/replies", {"message": "Có ạ!"})]
    own = {"id": ACCOUNT, "username": "lindner", "self_ig_scoped_id": "9"}
    echo = {"id": "id1", "text": "Có ạ!", "from": own, "parent_id": "180", "media": {"id": MEDIA}}
    told(meta, "instagram", entry(changes=[{"field": "comments", "value": echo}]))
    assert len(meta.mails()) == 1
    assert meta.rig.schedules() == {}


def test_a_reply_on_threads_is_answered_in_two_steps(meta: World) -> None:
    root = {"id": "18", "username": "lindner"}
    value = {"id": "19", "username": "lin.tw", "text": "能寄到台灣嗎？", "replied_to": root, "root_post": root}
    told(meta, "threads", {"target_id": "18", "time": 1_795_250_000, "values": {"field": "replies", "value": value}})
    assert fuse(meta.mails()[0]["Subject"]) == "[Threads] @lin.tw: 能寄到台灣嗎？"
    assert answered(meta, "可以寄，運費120元。") == [
        ("/me/threads", {"media_type": "TEXT", "text": "可以寄，運費120元。", "reply_to_id": "19"}),
        ("/me/threads_publish", {"creation_id": "id1"}),
    ]


def test_an_answer_to_a_comment_with_too_many_links_comes_back_into_the_ticket(meta: World) -> None:
    value = {"id": "180", "text": "Shop?", "from": {"id": "5", "username": "mai"}, "media": {"id": MEDIA}}
    told(meta, "instagram", entry(changes=[{"field": "comments", "value": value}]))
    assert answered(meta, "https://a.example oder https://b.example") == []
    assert "höchstens vier Hashtags und einen Link" in " ".join(story.text(meta.mails()[-1]).split())


def test_a_mention_is_fetched_before_its_ticket_goes_out(meta: World) -> None:
    told(meta, "instagram", entry(changes=[{"field": "mentions", "value": {"media_id": "17", "comment_id": "18"}}]))
    (ticket,) = meta.mails()
    assert fuse(ticket["Subject"]) == "[Instagram] @rabe.buch: @lindner offen am Sonntag? ☕"
    assert "https://www.instagram.com/p/Pp/" in story.text(ticket)
    named = {"media_id": "17", "comment_id": "18"}
    assert answered(meta, "Ja, ab neun!") == [(f"/{ACCOUNT}/mentions", {**named, "message": "Ja, ab neun!"})]
