"""TikTok: what leaves for it, what its refusals mean, what it is asked for, and how its tokens are renewed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.powers import Completes, Downloads, Finds, Lists, Refreshed, Refreshes, Subscribes
from chalicelib.channels.tiktok import WINDOW
from chalicelib.channels.tiktok.calls import ERRORS, failure
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, File, Kind, Message, Reply
from tests.channels import at_hand
from tests.channels.at_hand import SHARED
from tests.channels.tiktok_at_hand import (
    ANSWER,
    API,
    AT,
    CHAT,
    COMMENT,
    MIKA,
    NOW,
    RENEWING,
    SECRET,
    SHOP,
    TOKEN,
    VIDEO,
    Platform,
    at,
    comment_reply,
    read,
    reply,
)


def refusal(answer: Reply, *answers: Any) -> tuple[Outcome, str]:
    return at_hand.refusal(at(NOW, Platform(*answers)), answer)


def test_an_answer_goes_into_the_chat_and_shows_what_it_answers() -> None:
    platform = Platform({"message": {"message_id": "msg-9"}}, {"message": {"message_id": "msg-10"}})
    assert at(NOW, platform).send(reply()) == "msg-9"
    (method, url, more) = platform.asked[0]
    assert (method, url, more["headers"]) == ("POST", f"{API}/business/message/send/", {"access-token": TOKEN})
    body = {
        "business_id": SHOP,
        "recipient_type": "CONVERSATION",
        "recipient": CHAT,
        "message_type": "TEXT",
        "text": {"body": ANSWER},
    }
    assert more["json"] == {**body, "referenced_message_info": {"referenced_message_id": "msg-0001"}}
    at(NOW, platform).send(reply(earlier=("msg-9",)))
    assert platform.bodies[1] == body


def test_a_picture_is_uploaded_and_then_sent() -> None:
    platform = Platform({"media_id": "media-1"}, {"message": {"message_id": "msg-9"}})
    at(NOW, platform).send(reply(text="", files=(File("bánh.jpg", "image/jpeg", b"bytes"),)))
    assert platform.asked[0][2]["form"] == {
        "business_id": SHOP,
        "media_type": "IMAGE",
        "file": ("bánh.jpg", b"bytes", "image/jpeg"),
    }
    assert (platform.bodies[0]["message_type"], platform.bodies[0]["image"]) == ("IMAGE", {"media_id": "media-1"})
    picture = reply(text="", files=(File("a.png", "image/png", b"x"),))
    assert refusal(picture, 40002) == (Outcome.REFUSED, "attachment")
    assert refusal(picture, Lost("Timeout")) == (Outcome.PASSING, "lost")
    assert refusal(picture, {}) == (Outcome.PASSING, "temporary")


def test_comments_are_answered_below_the_first_and_mentions_below_the_video() -> None:
    platform = Platform({"comment_id": 7400000000000000999}, {"comment_id": "7400000000000001000"})
    assert at(NOW, platform).send(comment_reply(parent="7400000000000000112")) == "7400000000000000999"
    assert at(NOW, platform).send(comment_reply(thread=f"{VIDEO}:", kind=Kind.MENTION)) == "7400000000000001000"
    assert [url for _, url, _ in platform.asked] == [
        f"{API}/business/comment/reply/create/",
        f"{API}/business/comment/create/",
    ]
    body = {"business_id": SHOP, "video_id": VIDEO, "text": ANSWER}
    assert platform.bodies == [{**body, "comment_id": COMMENT}, body]


def test_what_cannot_be_quoted_is_answered_without() -> None:
    platform = Platform(40002, {"message": {"message_id": "msg-9"}})
    assert at(NOW, platform).send(reply()) == "msg-9"
    assert ["referenced_message_info" in body for body in platform.bodies] == [True, False]
    for answers in ([40002, 40105], [Lost("x")], [40100], [50000]):
        platform = Platform(*answers)
        with pytest.raises(PostFailed):
            at(NOW, platform).send(reply())
        assert len(platform.bodies) == len(answers)


def test_a_video_of_somebody_elses_that_tiktok_lets_nobody_comment_is_answered_in_the_app() -> None:
    elsewhere = comment_reply(thread=f"{VIDEO}:", kind=Kind.MENTION)
    for code, expected in ((40002, "no-answers"), (40001, "no-answers"), (40105, "token")):
        assert refusal(elsewhere, code) == (Outcome.REFUSED, expected)


def test_limits_are_those_of_the_place() -> None:
    limits = {kind: at(NOW, Platform()).limits(kind) for kind in Kind}
    direct, comment = limits[Kind.DIRECT], limits[Kind.COMMENT]
    assert (direct.public, direct.text, direct.window, direct.parts) == (False, 6000, WINDOW, 3)
    assert (comment.public, comment.text, comment.window, comment.parts) == (True, 1200, None, 1)
    assert refusal(reply(text="ế" * 6001)) == (Outcome.REFUSED, "too-long")
    assert refusal(comment_reply(text="ế" * 1201)) == (Outcome.REFUSED, "too-long")
    assert refusal(reply(public=True)) == (Outcome.REFUSED, "no-public")
    assert refusal(comment_reply(public=False)) == (Outcome.REFUSED, "private-only")
    assert refusal(reply(thread="europe")) == (Outcome.REFUSED, "no-answers")
    assert refusal(reply(window_from=NOW - WINDOW - timedelta(seconds=1))) == (Outcome.REFUSED, "window")
    on_time = Platform({"message": {"message_id": "msg-9"}})
    assert at(NOW, on_time).send(reply(window_from=NOW - WINDOW)) == "msg-9"


ANSWERS: list[tuple[Any, tuple[Outcome, str]]] = [
    (40001, (Outcome.REFUSED, "permission")),
    (40105, (Outcome.REFUSED, "token")),
    (40002, (Outcome.REFUSED, "rejected")),
    (40100, (Outcome.PASSING, "throttled")),
    (40064, (Outcome.PASSING, "throttled")),
    (50000, (Outcome.UNKNOWN, "unclear")),
    (60001, (Outcome.UNKNOWN, "unclear")),
    (Response(401), (Outcome.REFUSED, "token")),
    (Response(429), (Outcome.PASSING, "throttled")),
    (Response(403, b"<html>"), (Outcome.REFUSED, "rejected")),
    (Response(502, b"<html>"), (Outcome.UNKNOWN, "unclear")),
    (Response(200, b"<html>"), (Outcome.UNKNOWN, "unclear")),
    ({}, (Outcome.UNKNOWN, "unclear")),
    (Lost("ReadTimeoutError"), (Outcome.UNKNOWN, "lost")),
    (NotSent("NameResolutionError"), (Outcome.PASSING, "unreachable")),
]


def test_errors_say_what_to_do_about_them() -> None:
    for answer in (reply(), comment_reply()):
        assert [refusal(answer, told, told) for told, _ in ANSWERS] == [expected for _, expected in ANSWERS]
    assert refusal(reply(account="act.nobody")) == (Outcome.REFUSED, "token")
    refused = {code for outcome, code in ERRORS.values() if outcome is Outcome.REFUSED}
    assert [code for code in (*refused, "no-answers") if not knows("en", f"refused_{code}")] == []


@pytest.mark.skipif(not (SHARED / "tiktok").exists(), reason="samples are not at hand")
def test_answers_from_elsewhere_mean_what_they_say() -> None:
    sample = {
        name: (SHARED / "tiktok" / f"api_{name}__1.json").read_bytes() for name in ("error_code_nonzero", "send_ok")
    }
    assert failure(Response(200, sample["error_code_nonzero"]), Outcome.UNKNOWN).code == "throttled"
    assert at(NOW, Platform(Response(200, sample["send_ok"]))).send(reply()) == "0123456789abcdef"


# --- an answer that was lost -----------------------------------------------------------------------------------------


def sent(id: str, text: str, role: str = "BUSINESS_ACCOUNT", late: float = 0, kind: str = "TEXT") -> dict[str, Any]:
    milliseconds = int((NOW.timestamp() + late) * 1000)
    said = {"text": {"body": text}} if text else {}
    return {"message_id": id, "message_type": kind, "timestamp": milliseconds, "from_user": {"role": role}, **said}


def posted(id: int, text: str, owner: bool = True, late: float = 0) -> dict[str, Any]:
    return {"comment_id": id, "text": text, "owner": owner, "create_time": str(int(NOW.timestamp() + late))}


def test_a_lost_answer_is_found_by_author_words_and_time() -> None:
    others = [
        sent("1", ANSWER, "PERSONAL_ACCOUNT"),
        sent("2", "Anderes"),
        sent("3", ANSWER, late=-60),
        sent("4", ANSWER),
    ]
    channel = at(NOW, Platform({"messages": [*others, sent("5", f"{ANSWER} ")]}, {"messages": others[:3]}))
    assert isinstance(channel, Finds)
    assert channel.find(reply(earlier=("4",))) == "5"
    assert channel.find(reply()) is None
    picture = reply(text="", files=(File("a.png", "image/png", b""),))
    assert at(NOW, Platform({"messages": [sent("6", "", kind="IMAGE")]})).find(picture) == "6"
    page = {"comments": [posted(1, ANSWER, owner=False), posted(2, ANSWER, late=-60)], "has_more": True, "cursor": 30}
    platform = Platform(page, {"comments": [posted(3, ANSWER)]})
    assert at(NOW, platform).find(comment_reply()) == "3"
    asked = [parse_qs(urlsplit(url).query) for _, url, _ in platform.asked]
    assert (asked[0]["comment_id"], asked[1]["cursor"]) == ([COMMENT], ["30"])
    assert at(NOW, Platform({"comments": []})).find(comment_reply()) is None


def test_where_nobody_can_tell_that_is_said() -> None:
    page = {"comments": [], "has_more": True, "cursor": 1}
    unclear: list[list[Any]] = [[Lost("x")], [NotSent("x")], [40100], [{}], [{"comments": [{}]}], [page] * 5]
    for answers in unclear:
        with pytest.raises(PostFailed) as failed:
            at(NOW, Platform(*answers)).find(comment_reply())
        assert failed.value.outcome is Outcome.UNKNOWN
    with pytest.raises(PostFailed):
        at(NOW, Platform()).find(comment_reply(thread=f"{VIDEO}:", kind=Kind.MENTION))


# --- what a comment says, and files ----------------------------------------------------------------------------------


def listed(**more: Any) -> dict[str, Any]:
    found = {"comment_id": int(COMMENT), "text": "Habt ihr offen? ☕ 好的", "username": "mika_yokohama", "owner": False}
    return {**found, "display_name": "美香", "unique_identifier": "uid-mika-0001", **more}


def test_a_comment_gets_its_words_and_its_author() -> None:
    (told,) = read("comment")
    assert isinstance(told, Message)
    platform = Platform({"comments": [listed(comment_id=1), listed(image_url="https://p16.tiktokcdn.com/a.jpeg")]})
    channel = at(NOW, platform)
    assert isinstance(channel, Completes)
    assert channel.complete(told) == replace(
        told,
        author=Author("uid-mika-0001", "美香", "mika_yokohama", url="https://www.tiktok.com/@mika_yokohama"),
        text="Habt ihr offen? ☕ 好的",
        attachments=(Attachment(AttachmentKind.IMAGE, "https://p16.tiktokcdn.com/a.jpeg"),),
        partial=False,
    )
    (_, url, _) = platform.asked[0]
    assert parse_qs(urlsplit(url).query)["comment_ids"] == [json.dumps([COMMENT])]
    assert at(NOW, Platform({"comments": [listed(owner=True)]})).complete(told) is None
    # for a while it may be told but not listed
    late = told.sent_at + timedelta(minutes=15)
    assert at(late, Platform({"comments": []})).complete(told) is None
    failing: list[Any] = [{"comments": []}, {}, Lost("x"), NotSent("x"), 50000]
    for answer in failing:
        with pytest.raises(PostFailed) as failed:
            at(late - timedelta(seconds=1), Platform(answer)).complete(told)
        assert failed.value.outcome is Outcome.PASSING


def test_a_mention_below_somebody_elses_video_gets_its_words_and_its_author() -> None:
    (told,) = read("mention_in_a_comment")
    assert isinstance(told, Message)
    found = {
        "comment_id": told.id,
        "comment_text": "@cafe.lindner có mở không? 🍰",
        "commenter_handle_name": "huong.an",
    }
    platform = Platform({"comment": found})
    author = Author(told.author.id, handle="huong.an", url="https://www.tiktok.com/@huong.an")
    assert at(NOW, platform).complete(told) == replace(told, text=found["comment_text"], author=author, partial=False)
    asked = urlsplit(platform.asked[0][1])
    assert asked.path.endswith("/business/mention/comment/get/")
    assert (parse_qs(asked.query)["comment_id"], parse_qs(asked.query)["item_id"]) == (
        [told.id],
        [told.thread.split(":")[0]],
    )
    for answer, outcome in ((40001, Outcome.REFUSED), ({}, Outcome.PASSING)):
        with pytest.raises(PostFailed) as failed:
            at(NOW, Platform(answer)).complete(told)
        assert failed.value.outcome is outcome


# --- what was never pushed -------------------------------------------------------------------------------------------

SINCE = NOW - timedelta(days=3)


def found_below(id: str, minutes: float, **more: Any) -> dict[str, Any]:
    at = str(int(NOW.timestamp() - minutes * 60))
    return {**listed(comment_id=id, video_id=VIDEO, create_time=at), **more}


def in_chat(id: str, minutes: float, role: str = "PERSONAL_ACCOUNT", **more: Any) -> dict[str, Any]:
    sides = ({"id": MIKA, "role": role}, {"id": SHOP, "role": "BUSINESS_ACCOUNT"})
    ours = role != "PERSONAL_ACCOUNT"
    return {
        "message_id": id,
        "conversation_id": CHAT,
        "timestamp": int((NOW.timestamp() - minutes * 60) * 1000),
        "message_type": "TEXT",
        "text": {"body": "Còn bánh không? 🍰"},
        "sender": "mika_yokohama",
        "from_user": sides[1] if ours else sides[0],
        "to_user": sides[0] if ours else sides[1],
        **more,
    }


class Site:
    """Answers by the path; what it lacks it refuses."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, Platform()

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        path = urlsplit(url).path.partition("/business/")[2].strip("/").replace("/", "_")
        found = self.answers.get(path, 40001)
        self.asked.answers = [found.pop(0) if isinstance(found, list) else found]
        return self.asked(method, url, **more)


def test_what_was_never_pushed_is_the_same_message_however_it_came() -> None:
    (pushed,) = read("comment")
    assert isinstance(pushed, Message)
    old = found_below("6", 60 * 24 * 4)
    below = [
        found_below(
            COMMENT, 5, reply_list=[found_below("2", 3, parent_comment_id=COMMENT), found_below("3", 2, owner=True)]
        ),
        found_below("4", 60 * 24 * 4, reply_list=[found_below("5", 1, parent_comment_id="4")]),
    ]
    site = Site(
        video_list={"videos": [{"item_id": VIDEO}]},
        comment_list=[{"comments": below, "has_more": True, "cursor": 30}, {"comments": [old], "has_more": True}],
        message_conversation_list=[
            {"conversations": [{"conversation_id": CHAT, "up_time": int(NOW.timestamp() * 1000)}]},
            40001,
        ],
        message_content_list={"messages": [in_chat("m1", 9), in_chat("m2", 8, "BUSINESS_ACCOUNT"), in_chat("m3", 9e9)]},
    )
    channel = at(NOW, site)
    assert isinstance(channel, Lists)
    found = list(channel.recent(SHOP, SINCE))
    comments = [each for each in found if isinstance(each, Message) and each.kind is Kind.COMMENT]
    assert [(each.id, each.thread, each.parent) for each in comments] == [
        (COMMENT, f"{VIDEO}:{COMMENT}", ""),
        ("2", f"{VIDEO}:{COMMENT}", COMMENT),
        ("5", f"{VIDEO}:4", "4"),
    ]
    assert (comments[0].text, comments[0].author.handle) == ("Habt ihr offen? ☕ 好的", "mika_yokohama")
    assert replace(comments[0], text="", author=pushed.author, sent_at=AT, partial=True) == pushed
    said, own = found[3:]
    assert isinstance(said, Message)
    assert (said.id, said.thread, said.text, said.author.handle) == ("m1", CHAT, "Còn bánh không? 🍰", "mika_yokohama")
    assert isinstance(own, Echo)
    assert (own.id, own.thread, own.author_id) == ("m2", CHAT, MIKA)


def test_where_messages_are_not_offered_comments_are_listed_all_the_same() -> None:
    site = Site(video_list={"videos": [{"item_id": VIDEO}]}, comment_list={"comments": [found_below(COMMENT, 5)]})
    assert [type(each) for each in at(NOW, site).recent(SHOP, SINCE)] == [Message]
    failing: list[Any] = [{}, {"videos": [{}]}, 40105, Lost("x")]
    for broken in failing:
        with pytest.raises(PostFailed):
            list(at(NOW, Site(video_list=broken, comment_list={})).recent(SHOP, SINCE))


def test_a_file_is_fetched_with_the_token_and_only_from_tiktok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.public_web.check", lambda url, loopback: "203.0.113.7")
    got: list[Any] = []

    def get(url: str, **more: Any) -> Response:
        got.append((url, more["address"], more["headers"]))
        return Response(200, b"picture")

    (told,) = read("image")
    assert isinstance(told, Message)
    platform = Platform({"download_url": "https://v16.tiktokcdn.com/a"}, {"download_url": "https://evil.example/a"}, {})
    channel = at(NOW, platform, get=get)
    assert isinstance(channel, Downloads)
    assert channel.download(SHOP, told.attachments[0], 1000, 5).body == b"picture"
    assert got == [("https://v16.tiktokcdn.com/a", "203.0.113.7", {"x-user": TOKEN})]
    assert platform.bodies[0] == {
        "business_id": SHOP,
        "conversation_id": CHAT,
        "message_id": "msg-0001",
        "media_id": "media-9",
        "media_type": "IMAGE",
    }
    with pytest.raises(NotSent):
        channel.download(SHOP, told.attachments[0], 1000, 5)
    assert channel.download(SHOP, told.attachments[0], 1000, 5).status == 404
    assert at(NOW, Platform(40003), get=get).download(SHOP, told.attachments[0], 1000, 5).status == 404
    with pytest.raises(NotSent):
        at(NOW, Platform(40100), get=get).download(SHOP, told.attachments[0], 1000, 5)


# --- upkeep ----------------------------------------------------------------------------------------------------------


def test_the_token_of_a_day_is_renewed_with_the_one_of_a_year() -> None:
    told = {"access_token": "act.new", "refresh_token": "rft.new", "expires_in": 86400, "open_id": SHOP}
    platform = Platform(told)
    channel = at(NOW, platform)
    assert isinstance(channel, Refreshes)
    assert channel.refresh(SHOP) == Refreshed({"access_tokens": "act.new:rft.new"}, NOW + timedelta(days=1))
    assert platform.asked[0][1] == f"{API}/tt_user/oauth2/refresh_token/"
    assert platform.bodies[0] == {
        "client_id": "7400000000000000001",
        "client_secret": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": RENEWING,
    }
    unused = Platform()
    assert (at(NOW, unused, pair=TOKEN).refresh(SHOP), unused.asked) == (None, [])
    expected = [
        (40102, (Outcome.REFUSED, "token")),
        (40002, (Outcome.REFUSED, "token")),
        (50000, (Outcome.PASSING, "unclear")),
        ({}, (Outcome.PASSING, "temporary")),
        (Lost("x"), (Outcome.PASSING, "lost")),
    ]
    for answer, outcome in expected:
        with pytest.raises(PostFailed) as failed:
            at(NOW, Platform(answer)).refresh(SHOP)
        assert (failed.value.outcome, failed.value.code) == outcome


def test_the_webhooks_address_is_set_where_it_was_another() -> None:
    ours = "https://hooks.example/webhooks/tiktok/tok"
    platform = Platform({"callback_url": ours}, {}, {}, 40001)
    channel = at(NOW, platform)
    assert isinstance(channel, Subscribes)
    assert channel.resubscribe(SHOP, ours) == ("BRAND_MENTION",)
    app = {"app_id": "7400000000000000001", "secret": SECRET, "event_type": "BRAND_MENTION"}
    assert platform.bodies == [{**app, "callback_url": ours}]
    for answers, outcome in (([40001], Outcome.REFUSED), ([{"callback_url": ours}, 50000], Outcome.PASSING)):
        with pytest.raises(PostFailed) as failed:
            at(NOW, Platform(*answers)).resubscribe(SHOP, ours)
        assert failed.value.outcome is outcome


def test_times_are_those_of_the_content() -> None:
    (told,) = read("text")
    assert isinstance(told, Message)
    assert told.sent_at == AT
