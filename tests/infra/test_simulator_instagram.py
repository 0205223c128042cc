"""Our channels and the simulated Instagram and Threads agree: posted, refused, looked up, told and echoed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, PostFailed, WebhookRequest
from chalicelib.channels.instagram import Instagram
from chalicelib.channels.threads import Threads
from chalicelib.model import Echo, File, Kind, Message, Reply
from infra import simulator
from infra.simulator.platform import Words
from infra.simulator.platforms import PLATFORMS
from infra.simulator.world import Connection as Connected
from infra.simulator.world import Post

ACCOUNT, HANDLE, PERSON = "17841400000000001", "teehaus", "5550001"
TOKEN = "a-token-for-these-tests"
SECRETS: dict[str, dict[str, Any]] = {
    channel: {"access_tokens": {account: TOKEN}, "app_secret": "app-secret-for-tests", "verify_token": "verify-token-1"}
    for channel, account in (("instagram", ACCOUNT), ("threads", HANDLE))
}
CONFIG: dict[str, Any] = {
    "connections": [
        {"name": "i", "channel": "instagram", "accounts": [ACCOUNT], "secrets": SECRETS["instagram"]},
        {"name": "t", "channel": "threads", "accounts": [HANDLE], "secrets": SECRETS["threads"]},
    ],
    "people": {ACCOUNT: {"name": "Teehaus", "username": HANDLE}},
}
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    served = simulator.serve(CONFIG)
    yield served.url.rstrip("/")
    served.stop()


@pytest.fixture
def url(running: str) -> str:
    requests.delete(f"{running}/posts", timeout=5)
    return running


def instagram(url: str = "", **options: Any) -> Instagram:
    options = {"api_url": f"{url}/instagram", **options}
    return Instagram(Connection("i", "instagram", (ACCOUNT,), options, SECRETS["instagram"]))


def threads(url: str = "") -> Threads:
    return Threads(Connection("t", "threads", (HANDLE,), {"api_url": f"{url}/threads"}, SECRETS["threads"]))


def told(url: str, channel: str = "instagram", **more: Any) -> None:
    account = ACCOUNT if channel == "instagram" else HANDLE
    body = {"channel": channel, "account": account, "author": PERSON, "text": "?", **more}
    requests.post(f"{url}/inbound", json=body, timeout=5).raise_for_status()


def reply(**more: Any) -> Reply:
    values: dict[str, Any] = {"conversation_id": "c", "id": "r1", "channel": "instagram", "account": ACCOUNT}
    values |= {"thread": PERSON, "author_id": PERSON, "parent": "1", "kind": Kind.DIRECT, "public": False}
    return Reply(**(values | {"text": "Grüße 明日", "window_from": NOW, "tried_at": NOW} | more))


def comment(**more: Any) -> Reply:
    values = {"thread": "9:77", "parent": "77", "kind": Kind.COMMENT, "public": True}
    return reply(**(values | more))


def test_a_message_arrives_and_is_found(url: str) -> None:
    told(url)
    id = instagram(url).send(reply())
    assert instagram(url).find(reply()) == id
    assert instagram(url).find(reply(text="anders")) is None
    picture = File("Karte.png", "image/png", b"\x89PNG", "https://api.example/files/Karte.png")
    instagram(url).send(reply(text="", files=(picture,)))
    assert "Karte.png" in requests.get(url, timeout=5).text


def test_a_comment_is_answered_publicly_and_once_privately(url: str) -> None:
    told(url, thread="77", public=True)
    id = instagram(url).send(comment())
    assert instagram(url).find(comment()) == id
    instagram(url).send(comment(public=False))
    with pytest.raises(PostFailed, match="gone"):
        instagram(url).send(comment(public=False))
    with pytest.raises(PostFailed, match="gone"):
        instagram(url).send(comment(thread="9:88"))


def test_the_window_is_kept(url: str) -> None:
    told(url, at=(NOW - timedelta(days=2)).isoformat())
    with pytest.raises(PostFailed, match="window"):
        instagram(url).send(reply())
    later = NOW - timedelta(days=2)
    tagged = instagram(url, human_agent=True)
    assert tagged.send(reply(window_from=later))


def test_names_are_told_of_those_who_wrote_a_message(url: str) -> None:
    assert instagram(url).profile(ACCOUNT, PERSON) == {}
    told(url, name="田中 花子")
    assert instagram(url).profile(ACCOUNT, PERSON)["name"] == "田中 花子"


def test_an_account_is_subscribed_and_its_token_renewed(url: str) -> None:
    assert "comments" in instagram(url).resubscribe(ACCOUNT, "")
    assert instagram(url).resubscribe(ACCOUNT, "") == []
    for channel, account in ((instagram(url), ACCOUNT), (threads(url), HANDLE)):
        renewed = channel.refresh(account)
        assert renewed
        assert renewed.expires_at > NOW + timedelta(days=59)


def test_an_answer_on_threads_is_published_and_found(url: str) -> None:
    told(url, "threads", thread="55", public=True)
    answer = comment(channel="threads", account=HANDLE, thread="1", parent="55")
    id = threads(url).send(answer)
    assert threads(url).find(answer) == id
    with pytest.raises(PostFailed, match="gone"):
        threads(url).send(comment(account=HANDLE, parent="66"))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("throttle", "passing"), ("refuse", "refused"), ("5xx", "unknown"), ("timeout_after", "unknown")],
)
def test_what_goes_wrong_means_what_it_means(url: str, kind: str, outcome: str) -> None:
    for channel, answer in ((instagram(url), reply()), (threads(url), comment(account=HANDLE, parent="5"))):
        name = channel.connection.channel
        requests.post(f"{url}/fail", json={"channel": name, "kind": kind}, timeout=5).raise_for_status()
        with pytest.raises(PostFailed) as failed:
            channel.send(answer)
        assert failed.value.outcome == outcome
        assert bool(channel.find(answer) if name == "threads" else "") == (
            name == "threads" and kind == "timeout_after"
        )


@pytest.mark.parametrize("channel", ["instagram", "threads"])
def test_what_customers_write_and_what_we_post_is_told_as_our_channel_reads_it(channel: str) -> None:
    platform, account = PLATFORMS[channel], ACCOUNT if channel == "instagram" else HANDLE
    connected = Connected(channel, channel, (account,), SECRETS[channel])
    opened = open_channel(Connection(channel, channel, (account,), {}, SECRETS[channel]))
    words = Words(connected, account, HANDLE, "77", PERSON, "Mai", "Còn hàng? 🍵", NOW, "https://x.example/cat.png")
    posted = [Post("88", channel, account, PERSON, "Ja!", True, kind, NOW, "77") for kind in platform.echoes]
    payloads = [
        *(place.payload(words) for place in platform.places if place.payload),
        *(platform.echoes[each.kind](each) for each in posted),
    ]
    for number, payload in enumerate(payloads):
        body = platform.encode(payload)
        headers = {name.lower(): value for name, value in platform.sign(connected, body).items()}
        request = WebhookRequest("POST", headers, {}, body, NOW.timestamp())
        opened.verify(request)
        (event,) = opened.parse(request)
        assert isinstance(event, Message if number < len(platform.places) else Echo)
        assert event.text == ("Còn hàng? 🍵" if isinstance(event, Message) else "Ja!")
