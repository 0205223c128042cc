"""TikTok, Mastodon and Bluesky, played: the channels talk to the simulator as to the platforms, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chalicelib.channels import open_channel
from chalicelib.channels.base import Channel, Connection, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.bluesky import Bluesky
from chalicelib.channels.mastodon import Mastodon
from chalicelib.channels.tiktok import TikTok
from chalicelib.model import Echo, File, Kind, Message, Reply
from infra import simulator
from infra.simulator.platform import Words
from infra.simulator.tiktok import comment, message, own_message, sign
from infra.simulator.world import Connection as Played
from infra.simulator.world import Post

ACCOUNTS = {"tiktok": "act.sonnenschein", "mastodon": "sonnenschein@social.example", "bluesky": "sonne.bsky.example"}
SECRETS: dict[str, dict[str, Any]] = {
    "tiktok": {
        "app_secret": "an-app-secret-of-ours",
        "access_tokens": {ACCOUNTS["tiktok"]: "act.token-1-long:rft.token"},
    },
    "mastodon": {"access_tokens": {ACCOUNTS["mastodon"]: "a-token-of-the-account"}},
    "bluesky": {"app_passwords": {ACCOUNTS["bluesky"]: "abcd-efgh-ijkl-mnop"}},
}
WORDS = "Grüße! はい。Vâng ạ. 好的。نعم 👩🏽‍🍳 https://sonnenschein.example/offen & <b>"
AUTHOR = "5550001"


class Site:
    """A running simulator, with the channels opened on it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, channel: str) -> Any:
        place = {"api_url": f"{self.url}/{channel}", **({"app_id": "simulator"} if channel == "tiktok" else {})}
        if channel != "bluesky":
            return self._opened(channel, place, SECRETS[channel])
        begun = self._opened(channel, place, SECRETS[channel]).refresh(ACCOUNTS[channel])
        held = {**SECRETS[channel], "sessions": {ACCOUNTS[channel]: begun.values["sessions"]}}
        return self._opened(channel, place, held)

    def _opened(self, channel: str, place: dict[str, Any], secrets: dict[str, Any]) -> Any:
        return open_channel(Connection(channel, channel, (ACCOUNTS[channel],), place, secrets))

    def say(self, channel: str, text: str, public: bool = True) -> str:
        """Like somebody on the page, but without a product that listens: the thread."""
        thread = "" if channel == "tiktok" and not public else str(7_000_000 + len(text))
        told: dict[str, Any] = {
            "channel": channel,
            "account": ACCOUNTS[channel],
            "author": AUTHOR,
            "text": text,
            "public": public,
        }
        requests.post(f"{self.url}/inbound", json={**told, "thread": thread}, timeout=5).raise_for_status()
        return thread

    def fail(self, channel: str, kind: str) -> None:
        requests.post(f"{self.url}/fail", json={"channel": channel, "kind": kind}, timeout=5).raise_for_status()

    def posts(self) -> list[dict[str, Any]]:
        return list(requests.get(f"{self.url}/posts", timeout=5).json())


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
    requests.delete(f"{running}/posts", timeout=5)
    return Site(running)


def reply(channel: str, parent: str, thread: str = "", **more: Any) -> Reply:
    at = datetime.now(UTC) - timedelta(minutes=1)
    found = Reply(
        "c", f"r-{channel}", channel, ACCOUNTS[channel], thread, AUTHOR, parent, Kind.MENTION, True, WORDS, at
    )
    return replace(found, **{"tried_at": at, **more})


def polled(channel: Any, account: str, cursor: str) -> tuple[list[Any], str]:
    found: list[Any] = []
    while True:
        one = channel.poll(account, cursor)
        found, cursor = [*found, *one.events], one.cursor
        if not one.more:
            return found, cursor


@pytest.mark.parametrize("channel", ["mastodon", "bluesky"])
def test_what_is_asked_for_is_answered_in_place_and_found_again(site: Site, channel: str) -> None:
    opened, account = site.open(channel), ACCOUNTS[channel]
    cursor = polled(opened, account, "")[1]
    site.say(channel, "Còn chỗ không ạ?")
    (told,), cursor = polled(opened, account, cursor)
    assert isinstance(told, Message)
    answer = reply(channel, told.id, told.thread)
    assert opened.find(answer) is None
    posted = opened.send(answer)
    assert opened.find(answer) == posted
    assert [(each["text"].removeprefix("@user550001 "), each["public"]) for each in site.posts()] == [(WORDS, True)]
    (echo,), cursor = polled(opened, account, cursor)
    assert isinstance(echo, Echo)
    assert (echo.id, echo.parent, echo.text) == (posted, told.id, WORDS)
    assert polled(opened, account, cursor)[0] == []


def test_a_private_mention_is_answered_privately_and_once_for_each_key(site: Site) -> None:
    opened = site.open("mastodon")
    assert isinstance(opened, Mastodon)
    thread = site.say("mastodon", "unter uns", public=False)
    answer = reply("mastodon", thread, kind=Kind.DIRECT, public=False, files=(File("a.png", "image/png", b"x"),))
    assert opened.send(answer) == opened.send(answer)
    (post,) = site.posts()
    assert (post["public"], [each["name"] for each in post["files"]]) == (False, ["a.png"])


def test_a_post_on_bluesky_is_never_made_twice(site: Site) -> None:
    opened = site.open("bluesky")
    assert isinstance(opened, Bluesky)
    site.say("bluesky", "offen?")
    answer = reply(
        "bluesky", f"at://did:sim:{AUTHOR}/app.bsky.feed.post/7000006", files=(File("a", "image/png", b"x"),)
    )
    opened.send(answer)
    with pytest.raises(PostFailed) as failed:
        opened.send(answer)
    assert (failed.value.outcome, len(site.posts())) == (Outcome.UNKNOWN, 1)
    assert opened.profile(ACCOUNTS["bluesky"], f"did:sim:{AUTHOR}")["followers"] > 0
    assert opened.refresh(ACCOUNTS["bluesky"])


def test_comments_on_tiktok_get_their_words_and_answers(site: Site) -> None:
    opened = site.open("tiktok")
    assert isinstance(opened, TikTok)
    thread = site.say("tiktok", "日曜日は営業していますか?")
    words = Words(PLAYED, ACCOUNTS["tiktok"], "x", thread, AUTHOR, "x", "x", datetime.now(UTC))
    (told,) = read(opened, comment(words))
    whole = opened.complete(told)
    assert whole
    assert (whole.text, whole.author.handle) == ("日曜日は営業していますか?", "user550001")
    listed = opened.recent(ACCOUNTS["tiktok"], whole.sent_at - timedelta(minutes=1))
    assert [(each.id, each.thread, each.author, each.text) for each in listed if isinstance(each, Message)] == [
        (whole.id, whole.thread, whole.author, whole.text)
    ]
    answer = reply("tiktok", thread, whole.thread, kind=Kind.COMMENT)
    assert opened.send(answer) == opened.find(answer)
    assert opened.refresh(ACCOUNTS["tiktok"])
    ours = "https://hooks.example/webhooks/tiktok/tok"
    assert opened.resubscribe(ACCOUNTS["tiktok"], ours) == ("COMMENT", "BRAND_MENTION", "DIRECT_MESSAGE")
    assert opened.resubscribe(ACCOUNTS["tiktok"], ours) == ()


def test_messages_on_tiktok_are_answered_within_their_window(site: Site) -> None:
    opened = site.open("tiktok")
    words = Words(PLAYED, ACCOUNTS["tiktok"], "x", "m1", AUTHOR, "x", "Còn chỗ không ạ?", datetime.now(UTC))
    (told,) = read(opened, message(words))
    answer = reply("tiktok", told.id, told.thread, kind=Kind.DIRECT, public=False)
    with pytest.raises(PostFailed):
        opened.send(answer)
    site.say("tiktok", "?", public=False)
    posted = opened.send(answer)
    assert opened.find(answer) == posted
    picture = replace(answer, text="", files=(File("a.png", "image/png", b"x"),))
    assert opened.send(picture) == opened.find(replace(picture, earlier=(posted,)))
    post = Post(posted, "tiktok", ACCOUNTS["tiktok"], AUTHOR, WORDS, False, "message", datetime.now(UTC))
    (echo,) = read(opened, own_message(post))
    assert (echo.id, echo.thread, echo.author_id, echo.text) == (posted, told.thread, AUTHOR, WORDS)


FAILING = {
    "throttle": (Outcome.PASSING, "throttled"),
    "token": (Outcome.REFUSED, "token"),
    "5xx": (Outcome.UNKNOWN, "unclear"),
    "timeout_after": (Outcome.UNKNOWN, "lost"),
}


@pytest.mark.parametrize("channel", list(ACCOUNTS))
def test_what_goes_wrong_there_is_understood_here(site: Site, channel: str) -> None:
    opened, thread = site.open(channel), site.say(channel, "?")
    parent = f"at://did:sim:{AUTHOR}/app.bsky.feed.post/{thread}" if channel == "bluesky" else thread
    place = f"7400000000000000042:{thread}" if channel == "tiktok" else thread
    refused = {"refuse": (Outcome.REFUSED, "permission" if channel == "mastodon" else "rejected")}
    for kind, meaning in {**FAILING, **refused}.items():
        site.fail(channel, kind)
        with pytest.raises(PostFailed) as failed:
            opened.send(reply(channel, parent, place, id=f"r-{kind}"))
        assert (failed.value.outcome, failed.value.code) == meaning


PLAYED = Played("tok", "tiktok", (ACCOUNTS["tiktok"],), SECRETS["tiktok"])


def read(channel: Channel, payload: Any) -> Any:
    """Proven and read, as it is sent."""
    body = json.dumps(payload).encode()
    headers = {name.lower(): value for name, value in sign(PLAYED, body).items()}
    request = WebhookRequest("POST", headers, {}, body, datetime.now(UTC).timestamp())
    channel.verify(request)
    return channel.parse(request)
