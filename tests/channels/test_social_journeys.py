"""Mastodon's, Bluesky's and TikTok's whole way: a question, its ticket, the agent's mail, the post, and no second ticket."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from chalicelib import desk, intake, rounds
from chalicelib.channels import open_channel
from chalicelib.http import Response
from chalicelib.rounds import errands
from tests import aws, signing
from tests.channels import bluesky_at_hand, mastodon_at_hand, tiktok_at_hand
from tests.mailroom.shop import Shop, opened
from tests.test_journey import body

LOGGER = logging.getLogger("tests")
ANSWER = "はい、18時まで! 🙂 نعم"


@contextmanager
def connected(
    monkeypatch: pytest.MonkeyPatch, channel: str, account: str, secrets: dict[str, Any], http: Callable[..., Response]
) -> Iterator[Shop]:
    """A shop with one connection, whose platform is played."""
    with opened(monkeypatch) as made:
        for room in (desk, rounds):
            monkeypatch.setattr(room, "open_channel", partial(open_channel, http=http))
        monkeypatch.setattr(errands, "epoch", lambda at: round(at.timestamp()) + made.sent * 600)
        served = {"channel": channel, "accounts": [account], "options": {}}
        settings = {**aws.SETTINGS, "connections": {"one": served}}
        made.configure(settings=settings, **{"send/one": secrets, "receive/one": secrets})
        yield made


def look(shop: Shop) -> None:
    """One round of the clock, when the account is due again."""
    shop.sent += 1
    rounds.go("poll", intake.keep_events, LOGGER)
    shop.settle()


def test_a_mention_on_mastodon_becomes_a_ticket_and_the_answer_a_post(monkeypatch: pytest.MonkeyPatch) -> None:
    site = mastodon_at_hand.Server(now=datetime.now(UTC))
    secrets = {"access_tokens": {mastodon_at_hand.SHOP: mastodon_at_hand.TOKEN}}
    with connected(monkeypatch, "mastodon", mastodon_at_hand.SHOP, secrets, site) as shop:
        look(shop)
        asked = site.write(mastodon_at_hand.MIKA, "@lindner Quán mở cửa đến mấy giờ ạ? ☕", seen_by="unlisted")
        for _ in range(3):
            look(shop)
        (ticket,) = shop.mails()
        assert "Quán mở cửa đến mấy giờ ạ? ☕" in body(ticket)
        assert shop.answer(ticket, ANSWER) == "reply"
        posted = list(site.posts.values())[-1]
        assert (posted["in_reply_to_id"], posted["visibility"]) == (asked, "unlisted")
        look(shop)
        site.write(mastodon_at_hand.MIKA, "@lindner Danke schön!", posted["id"], "unlisted")
        for _ in range(3):
            look(shop)
        threads = {str(mail["Reply-To"]) for mail in shop.mails()}
        assert (len(shop.mails()), len(threads), shop.entries("reply")[-1]["state"]) == (2, 1, "done")


def test_a_private_mention_stays_private(monkeypatch: pytest.MonkeyPatch) -> None:
    site = mastodon_at_hand.Server(now=datetime.now(UTC))
    secrets = {"access_tokens": {mastodon_at_hand.SHOP: mastodon_at_hand.TOKEN}}
    with connected(monkeypatch, "mastodon", mastodon_at_hand.SHOP, secrets, site) as shop:
        look(shop)
        site.write(mastodon_at_hand.MIKA, "@lindner unter uns", seen_by="direct")
        look(shop)
        (ticket,) = shop.mails()
        shop.answer(ticket, ANSWER)
        assert list(site.posts.values())[-1]["visibility"] == "direct"


def test_a_mention_on_bluesky_becomes_a_ticket_and_the_answer_a_post(monkeypatch: pytest.MonkeyPatch) -> None:
    site = bluesky_at_hand.Server(now=datetime.now(UTC))
    # nobody has signed in yet: the same round begins a session and looks with it
    secrets = {"app_passwords": {bluesky_at_hand.SHOP: bluesky_at_hand.PASSWORD}}
    with connected(monkeypatch, "bluesky", bluesky_at_hand.SHOP, secrets, site) as shop:
        look(shop)
        assert shop.parameters["send/one"]["sessions"]
        site.now = datetime.now(UTC)
        asked = site.write(bluesky_at_hand.MIKA, "@lindner.bsky.example Quán mở cửa đến mấy giờ ạ? ☕")
        for _ in range(3):
            look(shop)
        (ticket,) = shop.mails()
        assert "Quán mở cửa đến mấy giờ ạ? ☕" in body(ticket)
        assert shop.answer(ticket, ANSWER) == "reply"
        uri, posted = list(site.posts.items())[-1]
        assert (posted["record"]["text"], posted["record"]["reply"]["parent"]["uri"]) == (ANSWER, asked)
        look(shop)
        site.write(bluesky_at_hand.MIKA, "Danke schön!", uri)
        for _ in range(3):
            look(shop)
        threads = {str(mail["Reply-To"]) for mail in shop.mails()}
        assert (len(shop.mails()), len(threads), shop.entries("reply")[-1]["state"]) == (2, 1, "done")


def test_a_comment_on_tiktok_gets_its_words_a_ticket_and_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "comment_id": int(tiktok_at_hand.COMMENT),
        "text": "日曜日は営業していますか? ☕",
        "username": "mika_yokohama",
    }
    site = tiktok_at_hand.Platform({"comments": [{**told, "owner": False}]}, {"comment_id": 7400000000000000999})
    secrets = {"app_secret": tiktok_at_hand.SECRET, "access_tokens": {tiktok_at_hand.SHOP: tiktok_at_hand.TOKEN}}
    with connected(monkeypatch, "tiktok", tiktok_at_hand.SHOP, secrets, site) as shop:
        told_at = int(time.time())
        content = json.loads(json.loads(tiktok_at_hand.payload("comment"))["content"])
        for _ in range(2):
            push(shop, "comment.update", {**content, "timestamp": told_at * 1000}, told_at)
        (ticket,) = shop.mails()
        assert "日曜日は営業していますか? ☕" in body(ticket)
        assert shop.answer(ticket, ANSWER) == "reply"
        assert site.bodies == [
            {
                "business_id": tiktok_at_hand.SHOP,
                "video_id": tiktok_at_hand.VIDEO,
                "text": ANSWER,
                "comment_id": tiktok_at_hand.COMMENT,
            }
        ]


def test_a_comment_that_tiktok_forgot_to_push_is_found_by_the_daily_look(monkeypatch: pytest.MonkeyPatch) -> None:
    video, id = tiktok_at_hand.VIDEO, tiktok_at_hand.COMMENT
    said = {"comment_id": id, "video_id": video, "text": "Habt ihr offen? 日曜日は? ☕", "unique_identifier": "uid-1"}
    secrets = {"app_secret": tiktok_at_hand.SECRET, "access_tokens": {tiktok_at_hand.SHOP: tiktok_at_hand.TOKEN}}
    said_at = int(time.time()) + 1
    answers = [
        {"videos": [{"item_id": video}]},
        {"comments": [{**said, "create_time": str(said_at), "username": "mika"}]},
        *(40001, 40001),  # no messages in Europe
    ]
    site = tiktok_at_hand.Platform(*answers)
    with connected(monkeypatch, "tiktok", tiktok_at_hand.SHOP, secrets, site) as shop:
        for _ in range(2):
            rounds.go("reconcile", intake.keep_events, LOGGER)
            shop.sent += 200  # more than a day
        shop.settle()
        tickets = [mail for mail in shop.mails() if mail["X-Bridgehead-Kind"] == "ticket"]
        assert ["Habt ihr offen? 日曜日は? ☕" in body(ticket) for ticket in tickets] == [True]
        content = {
            "comment_id": int(id),
            "video_id": int(video),
            "parent_comment_id": int(video),
            "timestamp": said_at * 1000,
        }
        told = {**content, "comment_type": "comment", "comment_action": "insert", "unique_identifier": "uid-1"}
        push(shop, "comment.update", told, said_at)
        assert len([mail for mail in shop.mails() if mail["X-Bridgehead-Kind"] == "ticket"]) == 1


def push(shop: Shop, event: str, content: dict[str, Any], at: int) -> None:
    envelope = {"event": event, "create_time": at, "user_openid": tiktok_at_hand.SHOP}
    raw = json.dumps({**envelope, "content": json.dumps(content)}).encode()
    headers = {"content-type": "application/json", **signing.tiktok(raw, tiktok_at_hand.SECRET, at)}
    assert shop.client.http.post("/webhooks/tiktok/one", headers=headers, body=raw).status_code == 200
    shop.settle()


def test_a_message_from_europe_is_a_ticket_that_says_where_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"app_secret": tiktok_at_hand.SECRET, "access_tokens": {tiktok_at_hand.SHOP: tiktok_at_hand.TOKEN}}
    site = tiktok_at_hand.Platform()
    with connected(monkeypatch, "tiktok", tiktok_at_hand.SHOP, secrets, site) as shop:
        told_at = int(time.time())
        push(shop, "im_receive_msg_eu", {"timestamp": told_at * 1000}, told_at)
        (ticket,) = shop.mails()
        assert "Europa" in body(ticket)
        shop.answer(ticket, ANSWER)
        assert (shop.entries("reply")[-1]["reason"], site.asked) == ("no-answers", [])
