"""Our channels and the simulator agree on how files travel: sent, refused, shown, found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from chalicelib.channels.base import Connection, PostFailed
from chalicelib.channels.facebook import Facebook
from chalicelib.channels.x import X
from chalicelib.model import File, Kind, Reply
from infra import simulator

PAGE, PERSON, USER = "10290001", "5550001", "770077"
PAGE_TOKEN, USER_TOKEN = "page-token-for-tests", "user-token-for-tests"
CONFIG: dict[str, Any] = {
    "connections": [
        {"name": "f", "channel": "facebook", "accounts": [PAGE], "secrets": {"page_tokens": {PAGE: PAGE_TOKEN}}},
        {"name": "x", "channel": "x", "accounts": [USER], "secrets": {"access_tokens": {USER: USER_TOKEN}}},
    ]
}
CAT = File("Katze 猫.png", "image/png", b"\x89PNG")


@pytest.fixture
def url() -> Iterator[str]:
    running = simulator.serve(CONFIG)
    yield running.url.rstrip("/")
    running.stop()


def reply(account: str, *files: File, **more: Any) -> Reply:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "thread": PERSON,
        "author_id": PERSON,
        "parent": "2101",
        "kind": Kind.DIRECT,
        "public": False,
    }
    values |= {"conversation_id": "c", "id": "r1", "channel": "", "account": account, "text": "", "window_from": now}
    return Reply(**(values | {"files": files, "tried_at": now} | more))


def facebook(url: str) -> Facebook:
    options = {"api_url": url, "api_version": "v26.0"}
    return Facebook(Connection("f", "facebook", (PAGE,), options, {"page_tokens": {PAGE: PAGE_TOKEN}}))


def x(url: str) -> X:
    return X(Connection("x", "x", (USER,), {"api_url": url}, {"access_tokens": {USER: USER_TOKEN}}))


def shown(url: str) -> Any:
    return requests.get(f"{url}/posts", timeout=5).json()


def test_a_file_arrives_in_messenger_is_shown_and_found(url: str) -> None:
    sent = reply(PAGE, CAT)
    id = facebook(url).send(sent)
    (post,) = shown(url)
    assert post["files"] == [{"name": "Katze 猫.png", "media_type": "image/png", "size": 4}]
    assert "Katze 猫.png" in requests.get(url, timeout=5).text
    assert facebook(url).find(sent) == id
    assert facebook(url).find(reply(PAGE, CAT, earlier=(id,))) is None


def test_pictures_arrive_on_x_with_the_words_and_alone(url: str) -> None:
    x(url).send(reply(USER, CAT, CAT, text="Voilà", kind=Kind.MENTION, public=True))
    alone = reply(USER, CAT)
    id = x(url).send(alone)
    post, message = shown(url)
    assert (post["text"], len(post["files"]), post["kind"]) == ("Voilà", 2, "tweet")
    assert (message["text"], len(message["files"]), message["kind"]) == ("", 1, "dm")
    assert x(url).find(alone) == id


def test_what_is_too_large_or_of_the_wrong_kind_is_not_posted(url: str) -> None:
    wrong = File("a.mp4", "video/mp4", b"x")
    large = File("a.png", "image/png", b"x" * 5_000_001)
    for file in (wrong, large):
        with pytest.raises(PostFailed, match="attachment"):
            x(url).send(reply(USER, file))
    assert shown(url) == []
