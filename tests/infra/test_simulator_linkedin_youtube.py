"""LinkedIn and YouTube, played: the channels talk to the simulator as to the platforms, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.linkedin import LinkedIn
from chalicelib.channels.youtube import YouTube
from chalicelib.model import Kind, Message, Reply
from infra import simulator
from infra.simulator.linkedin.api import POST
from tests.channels.youtube_at_hand import forget_tokens

PAGE, CHANNEL = "30911502", "UCsonnenschein0000000001"
WORDS = ("Grüße aus Köln", "申し訳ございません。", "Rất xin lỗi ạ", "非常抱歉。", "نعتذر جداً", "👩🏽‍🍳🙏 & <b>")
SECRETS: dict[str, dict[str, Any]] = {
    "linkedin": {"client_secret": "a-client-secret-1", "access_tokens": {PAGE: "an-access-token-1:a-refresh-token-1"}},
    "youtube": {"client_secret": "a-client-secret-2", "refresh_token": "a-refresh-token-2"},
}
ACCOUNTS = {"linkedin": PAGE, "youtube": CHANNEL}
APP = {"client_id": "simulator", "application_id": "4711", "subscriber": "simulator"}


class Site:
    """A running simulator, with the two channels opened on it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def linkedin(self) -> LinkedIn:
        found = self._open(
            "linkedin", api_url=f"{self.url}/linkedin", sign_in_url=f"{self.url}/linkedin/oauth/v2", **APP
        )
        assert isinstance(found, LinkedIn)
        return found

    def youtube(self) -> YouTube:
        found = self._open("youtube", api_url=f"{self.url}/youtube/v3", sign_in_url=f"{self.url}/youtube/token")
        assert isinstance(found, YouTube)
        return found

    def say(self, place: str, text: str) -> str:
        """Like somebody on the page, but without a product that listens."""
        channel = {"linkedin": "linkedin", "videos": "youtube"}[place]
        thread = f"urn:li:comment:({POST},77{len(text)})" if place == "linkedin" else f"Ugx77{len(text)}"
        told = {"channel": channel, "account": ACCOUNTS[channel], "author": "5550001", "text": text}
        requests.post(f"{self.url}/inbound", json={**told, "thread": thread, "public": True}, timeout=5)
        return thread

    def fail(self, channel: str, kind: str, on: str = "post") -> None:
        asked = {"channel": channel, "kind": kind, "on": on}
        requests.post(f"{self.url}/fail", json=asked, timeout=5).raise_for_status()

    def posts(self) -> list[tuple[str, str]]:
        found = requests.get(f"{self.url}/posts", timeout=5).json()
        return [(post["thread"], post["text"]) for post in found]

    def _open(self, channel: str, **options: Any) -> object:
        return open_channel(Connection(channel, channel, (ACCOUNTS[channel],), options, SECRETS[channel]))


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    rows = [
        {"name": name, "channel": name, "accounts": [ACCOUNTS[name]], "secrets": secrets}
        for name, secrets in SECRETS.items()
    ]
    found = simulator.serve({"connections": rows})
    yield found.url
    found.stop()


@pytest.fixture
def site(running: str) -> Site:
    forget_tokens()
    requests.delete(f"{running}/posts", timeout=5)
    return Site(running)


def reply(channel: str, thread: str, text: str) -> Reply:
    post = POST if channel == "linkedin" else thread
    when = datetime.now(UTC) - timedelta(minutes=1)
    return Reply("c", "r", channel, ACCOUNTS[channel], post, "5550001", thread, Kind.COMMENT, True, text, when)


@pytest.mark.parametrize("text", WORDS)
def test_answers_of_every_script_are_posted_as_they_are_and_found_again(site: Site, text: str) -> None:
    comment, thread = site.say("linkedin", "?"), site.say("videos", "?")
    in_linkedin, in_youtube = reply("linkedin", comment, text), reply("youtube", thread, text)
    posted = (site.linkedin().send(in_linkedin), site.youtube().send(in_youtube))
    assert (site.linkedin().find(in_linkedin), site.youtube().find(in_youtube)) == posted
    assert site.posts() == [(comment, text), (thread, text)]


@pytest.mark.parametrize(
    ("kind", "linkedin", "youtube"),
    [
        ("throttle", (Outcome.PASSING, "throttled"), (Outcome.PASSING, "usage-capped")),
        ("refuse", (Outcome.REFUSED, "permission"), (Outcome.REFUSED, "switched-off")),
        ("token", (Outcome.REFUSED, "token"), (Outcome.REFUSED, "token")),
        ("5xx", (Outcome.UNKNOWN, "unclear"), (Outcome.UNKNOWN, "unclear")),
        ("timeout_after", (Outcome.UNKNOWN, "lost"), (Outcome.UNKNOWN, "lost")),
    ],
)
def test_what_goes_wrong_there_is_understood_here(site: Site, kind: str, linkedin: Any, youtube: Any) -> None:
    sends = {
        "linkedin": (site.linkedin().send, site.say("linkedin", "?"), linkedin),
        "youtube": (site.youtube().send, site.say("videos", "?"), youtube),
    }
    for channel, (send, answered, meaning) in sends.items():
        site.fail(channel, kind)
        with pytest.raises(PostFailed) as failed:
            send(reply(channel, answered, "Ja!"))
        assert (failed.value.outcome, failed.value.code) == meaning


def test_what_a_customer_wrote_is_polled_once(site: Site) -> None:
    channel = site.youtube()
    cursor = channel.poll(CHANNEL, "").cursor
    site.say("videos", "Còn chỗ không ạ?")
    polled = channel.poll(CHANNEL, cursor)
    assert [event.text for event in polled.events if isinstance(event, Message)] == ["Còn chỗ không ạ?"]
    assert channel.poll(CHANNEL, polled.cursor).events == []
    assert channel.profile(CHANNEL, "5550001")["followers"] > 0


def test_what_was_never_pushed_is_listed_and_completed(site: Site) -> None:
    site.say("linkedin", "日曜日は営業していますか？")
    (found,) = site.linkedin().recent(PAGE, datetime.now(UTC) - timedelta(days=1))
    assert isinstance(found, Message)
    assert found.text == "日曜日は営業していますか？"
    completed = site.linkedin().complete(found)
    assert completed == found


def test_a_subscription_is_set_up_once_and_a_token_renewed(site: Site) -> None:
    callback = "https://api.sonnenschein.example/webhooks/linkedin/linkedin"
    assert [len(site.linkedin().resubscribe(PAGE, callback)) for _ in range(2)] == [1, 0]
    renewed = site.linkedin().refresh(PAGE)
    assert renewed
    assert renewed.values == {"access_tokens": "renewed-a-refresh-token-1:a-refresh-token-1"}
