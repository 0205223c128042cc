"""LINE: what leaves for it, what its refusals mean, and what is asked of it besides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib import public_web
from chalicelib.channels import LINE
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.line import Line
from chalicelib.channels.powers import Downloads, Finds, Members, Polls, Profiles, Subscribes
from chalicelib.desk.parts import plan
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import AgentReply, Attachment, AttachmentKind, Enclosure, File, Kind, Reply, TroubleKind
from tests.channels import at_hand
from tests.channels.line_at_hand import ANSWER, BOT, GROUP, MIA, NOW, ROOM, TOKEN, YUI, Platform, at, connection, reply

API = "https://api.line.me/v2/bot"
PICTURE = File("Kuchen.jpg", "image/jpeg", b"jpeg", "https://api.example/files/abc")
SENT, KEPT = {"sentMessages": [{"id": "4612"}]}, "The retry key is already accepted"


def refusal(answer: Reply, *answers: Any) -> tuple[Outcome, str]:
    outcome, code = at_hand.refusal(at(NOW, Platform(*answers)), answer)
    assert knows("en", f"refused_{code}") or outcome is not Outcome.REFUSED
    return outcome, code


def test_an_answer_is_pushed_to_the_person_with_a_key_that_makes_it_one() -> None:
    platform = Platform(SENT, SENT, SENT)
    assert at(NOW, platform).send(reply()) == "4612"
    (method, url, more) = platform.asked[0]
    assert (method, url) == ("POST", f"{API}/message/push")
    assert more["json"] == {"to": MIA, "messages": [{"type": "text", "text": ANSWER}]}
    assert more["headers"]["authorization"] == f"Bearer {TOKEN}"
    at(NOW, platform).send(reply())
    at(NOW, platform).send(reply(id="another"))
    keys = [UUID(more["headers"]["x-line-retry-key"]) for _, _, more in platform.asked]
    assert keys[0] == keys[1] != keys[2]


def test_a_repeat_of_what_arrived_is_done_and_not_sent_twice() -> None:
    assert refusal(reply(), Lost("ReadTimeoutError")) == (Outcome.PASSING, "unreachable")
    again = reply(tried_at=NOW - timedelta(hours=22))
    assert at(NOW, Platform((409, {"message": KEPT, **SENT}))).send(again) == "4612"
    assert at(NOW, Platform((409, KEPT))).send(again) == "3f9c2a7e:0"
    # LINE has forgotten the key: whether it arrived only a look can tell
    late = Platform()
    with pytest.raises(PostFailed) as failed:
        at(NOW, late).send(reply(tried_at=NOW - timedelta(hours=24)))
    assert (failed.value.outcome, late.asked) == (Outcome.UNKNOWN, [])
    assert not isinstance(at(NOW, late), Finds)


def test_a_long_answer_and_its_pictures_are_one_push_and_count_once() -> None:
    limits = at(NOW, Platform()).limits(Kind.DIRECT)
    assert (limits.text, limits.measure("👩‍👩‍👧 é"), limits.window, limits.public) == (22_000, 10, None, False)
    file = Enclosure("Kuchen.jpg", "image/jpeg", "k", 4)
    assert len(plan(AgentReply("a", NOW, "Wort " * 4000, "anna", attachments=(file, file)), limits)) == 1
    platform = Platform()
    at(NOW, platform).send(reply(text="Kuchen. 🍰 " * 1000, files=(PICTURE, PICTURE)))
    (body,) = platform.bodies
    assert [each["type"] for each in body["messages"]] == ["text", "text", "text", "image", "image"]
    texts = [each["text"] for each in body["messages"][:3]]
    assert all(limits.measure(text) <= 5000 for text in texts)
    assert " ".join(texts).split() == ("Kuchen. 🍰 " * 1000).split()
    assert body["messages"][-1] == {
        "type": "image",
        "originalContentUrl": PICTURE.link,
        "previewImageUrl": PICTURE.link,
    }


def test_what_is_no_picture_or_too_large_for_one_goes_as_a_link() -> None:
    bill = File("Rechnung März.pdf", "application/pdf", b"pdf", "https://api.example/files/pdf")
    large = File("営業.jpg", "image/jpeg", bytes(1_000_001), "https://api.example/files/jpg")
    platform = Platform(SENT)
    at(NOW, platform).send(reply(files=(bill, PICTURE, large)))
    assert [each.get("text", each["type"]) for each in platform.bodies[0]["messages"]] == [
        ANSWER,
        "📎 Rechnung März.pdf\nhttps://api.example/files/pdf",
        "image",
        "📎 営業.jpg\nhttps://api.example/files/jpg",
    ]


def test_what_is_too_much_for_one_push_takes_two_that_can_each_be_repeated() -> None:
    platform = Platform((409, KEPT), SENT)
    assert at(NOW, platform).send(reply(text="営業。" * 7000, files=(PICTURE,))) == "3f9c2a7e:0"
    assert [len(body["messages"]) for body in platform.bodies] == [5, 1]
    keys = {more["headers"]["x-line-retry-key"] for _, _, more in platform.asked}
    assert len(keys) == 2
    # the words have arrived, the picture has not: nobody may say that nothing was posted
    assert refusal(reply(text="営業。" * 7000, files=(PICTURE,)), SENT, (400, "no")) == (Outcome.UNKNOWN, "rejected")
    assert refusal(reply(text="あ" * 25_001)) == (Outcome.REFUSED, "too-long")


def test_what_was_meant_for_one_never_goes_to_a_group_nor_the_other_way_round() -> None:
    platform = Platform()
    for thread in (GROUP, ROOM):
        at(NOW, platform).send(reply(thread=thread, author_id=YUI, kind=Kind.GROUP, public=True))
        assert refusal(reply(thread=thread)) == (Outcome.REFUSED, "private-only")
    assert [body["to"] for body in platform.bodies] == [GROUP, ROOM]
    assert refusal(reply(public=True)) == (Outcome.REFUSED, "no-public")
    allowed = {kind: at(NOW, platform).limits(kind) for kind in Kind}
    assert {kind for kind, each in allowed.items() if each.answers} == {Kind.DIRECT, Kind.GROUP}
    assert allowed[Kind.GROUP].public


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, "Failed to send messages"), (Outcome.REFUSED, "blocked")),
        ((400, "The request body has 1 error(s)"), (Outcome.REFUSED, "rejected")),
        ((401, "Authentication failed"), (Outcome.REFUSED, "token")),
        ((403, "Access to this API is not available"), (Outcome.REFUSED, "permission")),
        ((429, "You have reached your monthly limit."), (Outcome.REFUSED, "usage-capped")),
        ((429, "The API rate limit has been exceeded."), (Outcome.PASSING, "throttled")),
        ((500, "Internal server error"), (Outcome.PASSING, "unreachable")),
        ((503, {}), (Outcome.PASSING, "unreachable")),
        (NotSent("NameResolutionError"), (Outcome.PASSING, "unreachable")),
        (Response(500, b"<html>"), (Outcome.PASSING, "unreachable")),
    ],
)
def test_errors_say_what_to_do_about_them(answer: Any, expected: tuple[Outcome, str]) -> None:
    assert refusal(reply(), answer) == expected


def test_without_a_token_nothing_is_asked() -> None:
    assert refusal(reply(account="Ubogus")) == (Outcome.REFUSED, "token")


# --- names and files -------------------------------------------------------------------------------------------------


def test_names_are_those_of_the_person_or_of_the_groups_member() -> None:
    platform = Platform(*[{"userId": MIA, "displayName": "佐藤 美咲 🌸"}] * 4)
    channel = at(NOW, platform)
    assert isinstance(channel, Members)
    assert isinstance(channel, Profiles)
    assert channel.profile(BOT, MIA) == {"name": "佐藤 美咲 🌸"}
    for thread in (MIA, GROUP, ROOM):
        assert channel.member(BOT, thread, YUI) == {"name": "佐藤 美咲 🌸"}
    asked = [url.removeprefix(API) for _, url, _ in platform.asked]
    assert asked == [
        f"/profile/{MIA}",
        f"/profile/{YUI}",
        f"/group/{GROUP}/member/{YUI}",
        f"/room/{ROOM}/member/{YUI}",
    ]


@pytest.mark.parametrize("answer", [(404, "Not found"), {}, [], Lost("Timeout"), NotSent("no"), (500, "")])
def test_whoever_is_not_told_of_has_no_name(answer: Any) -> None:
    assert at(NOW, Platform(answer)).profile(BOT, MIA) == {}


def test_a_file_is_fetched_by_the_id_of_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_web, "check", lambda url, loopback=False: "203.0.113.7")
    fetched: list[Any] = []

    def get(url: str, **more: Any) -> Response:
        fetched.append((url, more))
        return Response(200, b"\x89PNG")

    channel = Line(connection(), get=get)
    assert isinstance(channel, Downloads)
    attachment = Attachment(AttachmentKind.IMAGE, ref="5710/1")
    assert channel.download(BOT, attachment, 9_000, 3.0).body == b"\x89PNG"
    headers = {"authorization": f"Bearer {TOKEN}"}
    url = "https://api-data.line.me/v2/bot/message/5710%2F1/content"
    assert fetched == [(url, {"address": "203.0.113.7", "most": 9_000, "seconds": 3.0, "headers": headers})]
    with pytest.raises(NotSent):
        channel.download("Ubogus", attachment, 9_000, 3.0)


# --- the webhook's address and the quota -----------------------------------------------------------------------------

CALLBACK = "https://api.example/webhooks/line/cafe"


def test_the_webhooks_address_is_set_again_when_it_is_another_one() -> None:
    fine = Platform({"endpoint": CALLBACK, "active": True})
    assert isinstance(at(NOW, fine), Subscribes)
    assert (at(NOW, fine).resubscribe(BOT, CALLBACK), len(fine.asked)) == ((), 1)
    for first in ({"endpoint": "https://old.example", "active": True}, (404, "Webhook endpoint not found")):
        moved = Platform(first, {})
        assert at(NOW, moved).resubscribe(BOT, CALLBACK) == ("endpoint",)
        assert moved.asked[1][:2] == ("PUT", f"{API}/channel/webhook/endpoint")
        assert moved.bodies == [{"endpoint": CALLBACK}]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([{"endpoint": CALLBACK, "active": False}], (Outcome.REFUSED, "switched-off")),
        ([{"endpoint": "x", "active": True}, (400, "invalid")], (Outcome.REFUSED, "rejected")),
        ([(401, "no")], (Outcome.REFUSED, "token")),
        ([(500, "no")], (Outcome.PASSING, "unreachable")),
    ],
)
def test_what_only_a_person_can_switch_on_is_told(answers: list[Any], expected: tuple[Outcome, str]) -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, Platform(*answers)).resubscribe(BOT, CALLBACK)
    assert (failed.value.outcome, failed.value.code) == expected


def looked(used: int, cursor: str = "") -> tuple[list[str], str]:
    platform = Platform({"type": "limited", "value": 200}, {"totalUsage": used})
    found = at(NOW, platform).poll(BOT, cursor)
    assert all(trouble.kind is TroubleKind.QUOTA for trouble in found.events)  # type: ignore[union-attr]
    return [trouble.detail for trouble in found.events], found.cursor  # type: ignore[union-attr]


def test_the_owner_hears_once_a_month_that_the_quota_ends_and_once_that_it_has_ended() -> None:
    assert isinstance(at(NOW, Platform()), Polls)
    assert looked(159) == ([], "")
    assert looked(160) == (["80"], "2026-10:80")
    assert looked(199, "2026-10:80") == ([], "2026-10:80")
    assert looked(200, "2026-10:80") == (["100"], "2026-10:100")
    assert looked(230, "2026-10:100") == looked(199, "2026-10:100") == ([], "2026-10:100")
    assert looked(161, "2026-09:100") == (["80"], "2026-10:80")


@pytest.mark.parametrize("answer", [{"type": "none"}, (401, "no"), Lost("Timeout")])
def test_a_plan_without_a_quota_or_a_look_that_fails_says_nothing(answer: Any) -> None:
    found = at(NOW, Platform(answer)).poll(BOT, "2026-09:80")
    assert (list(found.events), found.cursor) == ([], "2026-09:80")
    assert LINE.poll_every is not None
