"""WeChat: answers and what becomes of them, tokens, files, remarks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import public_web
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.http import Lost, NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind, File, Kind
from tests.channels import at_hand
from tests.channels.wechat_at_hand import (
    ACCOUNT,
    ANSWER,
    APP,
    FRESH,
    HELD,
    LI_WEI,
    MINTED,
    NOW,
    SECRET,
    fetching,
    picture,
    reply,
    wechat,
)

OK = {"errcode": 0, "errmsg": "ok"}
SEND = f"message/custom/send?access_token={HELD}"
WORDS = {"touser": LI_WEI, "msgtype": "text", "text": {"content": ANSWER}}
ASKED = {"grant_type": "client_credential", "appid": APP, "secret": SECRET}
FILE = Response(200, b"\xff\xd8\xff", {"content-disposition": 'attachment; filename="a.jpg"'})


@pytest.fixture(autouse=True)
def _public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_web, "check", lambda url, *, loopback: "203.0.113.7")


def refusal(answer: Any, held: str = HELD, **more: Any) -> tuple[Outcome, str]:
    return at_hand.refusal(wechat(answer, answer, held=held), reply(**more))


def test_an_answer_goes_to_who_asked_and_has_a_name_of_ours() -> None:
    log: list[Any] = []
    assert wechat(OK, {**OK, "msgid": 2871}, log=log).send(reply()) == "3f9c2a7e"
    assert log == [("POST", SEND, WORDS)]
    assert wechat({**OK, "msgid": 2871}).send(reply()) == "2871"


def test_the_window_of_48_hours_is_looked_at_before() -> None:
    wechat(OK).send(reply(window_from=NOW - timedelta(hours=48)))
    late: dict[str, Any] = {"window_from": NOW - timedelta(hours=48, seconds=1)}
    assert refusal(OK, **late) == (Outcome.REFUSED, "window")


def test_length_is_counted_in_bytes() -> None:
    limits = wechat().limits(Kind.DIRECT)
    assert (limits.text, limits.unit, limits.parts, limits.window) == (2048, "bytes", 1, timedelta(hours=48))
    assert [limits.measure(each) for each in ("a", "ü", "请", "日", "🙂", "ệ")] == [1, 2, 3, 3, 4, 3]
    wechat(OK).send(reply(text="请" * 682))
    assert refusal(OK, text="请" * 683) == (Outcome.REFUSED, "too-long")


def test_nobody_reads_along_on_wechat() -> None:
    assert not wechat().limits(Kind.DIRECT).public
    assert not wechat().limits(Kind.COMMENT).answers
    assert refusal(OK, public=True) == (Outcome.REFUSED, "no-public")


def test_every_refusal_says_what_it_means() -> None:
    passing, refused, unknown = Outcome.PASSING, Outcome.REFUSED, Outcome.UNKNOWN
    table: list[tuple[Any, tuple[Outcome, str]]] = [
        (-1, (passing, "temporary")),
        (40003, (refused, "blocked")),
        (43004, (refused, "blocked")),
        (45015, (refused, "blocked")),
        (45047, (refused, "used-up")),
        (45002, (refused, "too-long")),
        (45009, (passing, "usage-capped")),
        (45011, (passing, "throttled")),
        (48001, (refused, "permission")),
        (40164, (refused, "permission")),
        (89503, (refused, "permission")),
        (48002, (refused, "blocked")),
        (50005, (refused, "blocked")),
        (40243, (refused, "token")),
        (50002, (refused, "restricted")),
        (87014, (refused, "policy")),
        (99999, (refused, "rejected")),
        ({"errcode": ["words"]}, (refused, "rejected")),
        (NotSent("x"), (passing, "unreachable")),
        (Lost("x"), (unknown, "lost")),
        (Response(502, b"<html>"), (unknown, "unclear")),
        (Response(200, b"<html>"), (unknown, "unclear")),
        (Response(200, b"{}"), (unknown, "unclear")),
        (Response(200, b"[]"), (unknown, "unclear")),
    ]
    assert [refusal(answer) for answer, _ in table] == [meaning for _, meaning in table]


def test_the_platforms_words_are_not_repeated() -> None:
    with pytest.raises(PostFailed) as failed:
        wechat({"errcode": 45002, "errmsg": "请问周日营业吗 rid: 1"}).send(reply())
    assert (failed.value.detail, failed.value.retry_after) == ("45002", None)


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_token_that_fails_is_asked_for_anew_and_the_answer_sent_once_more(code: int) -> None:
    log: list[Any] = []
    assert wechat(code, MINTED, OK, log=log).send(reply()) == "3f9c2a7e"
    assert log == [
        ("POST", SEND, WORDS),
        ("POST", "stable_token", ASKED),
        ("POST", f"message/custom/send?access_token={FRESH}", WORDS),
    ]


def test_a_token_that_is_not_there_yet_is_asked_for() -> None:
    log: list[Any] = []
    wechat(MINTED, OK, held="", log=log).send(reply())
    assert [path for _, path, _ in log] == ["stable_token", f"message/custom/send?access_token={FRESH}"]


def test_an_answer_is_tried_no_third_time() -> None:
    with pytest.raises(PostFailed) as failed:
        wechat(40001, MINTED, 40001).send(reply())
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (40001, (Outcome.REFUSED, "token")),
        (40125, (Outcome.REFUSED, "token")),
        (40013, (Outcome.REFUSED, "token")),
        (40164, (Outcome.REFUSED, "permission")),
        (45011, (Outcome.PASSING, "throttled")),
        (Lost("x"), (Outcome.PASSING, "lost")),
        (Response(502), (Outcome.PASSING, "unclear")),
        ({"access_token": "", "expires_in": 7200}, (Outcome.PASSING, "unclear")),
        ({"access_token": FRESH, "expires_in": "7200"}, (Outcome.PASSING, "unclear")),
    ],
)
def test_what_goes_wrong_with_a_token_has_sent_nothing(answer: Any, meaning: tuple[Outcome, str]) -> None:
    assert refusal(answer, held="") == meaning
    with pytest.raises(PostFailed) as failed:
        wechat(answer, held="").refresh(ACCOUNT)
    assert (failed.value.outcome, failed.value.code) == meaning


def test_the_clock_gets_the_token_and_its_end() -> None:
    renewed = wechat({"access_token": FRESH, "expires_in": 5400}).refresh(ACCOUNT)
    assert renewed
    assert (renewed.values, renewed.expires_at) == ({"access_token": FRESH}, NOW + timedelta(minutes=90))


# --- files and names -------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_and_then_sent_as_what_it_is() -> None:
    log: list[Any] = []
    film = File("kuchen.mp4", "video/mp4", b"film")
    wechat({"media_id": "up-1"}, OK, log=log).send(reply(files=(picture(),)))
    wechat({"media_id": "up-2"}, OK, log=log).send(reply(files=(film,)))
    assert [(path.partition("&")[0].partition("?acc")[0], sent) for _, path, sent in log] == [
        ("media/upload?type=image", {"media": ("karte.png", picture().content, "image/png")}),
        ("message/custom/send", {"touser": LI_WEI, "msgtype": "image", "image": {"media_id": "up-1"}}),
        ("media/upload?type=video", {"media": ("kuchen.mp4", b"film", "video/mp4")}),
        ("message/custom/send", {"touser": LI_WEI, "msgtype": "video", "video": {"media_id": "up-2"}}),
    ]


def test_a_file_that_wechat_takes_from_no_account_goes_as_a_link() -> None:
    log: list[Any] = []
    bill = File("发票.pdf", "application/pdf", b"pdf", "https://api.example/files/pdf")
    wechat(OK, log=log).send(reply(text="", files=(bill,)))
    content = "📎 发票.pdf\nhttps://api.example/files/pdf"
    assert log == [("POST", SEND, {"touser": LI_WEI, "msgtype": "text", "text": {"content": content}})]


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Lost("x"), (Outcome.PASSING, "lost")),
        (40009, (Outcome.REFUSED, "attachment")),
        (OK, (Outcome.PASSING, "unclear")),
    ],
)
def test_an_upload_that_fails_has_sent_nothing(answer: Any, meaning: tuple[Outcome, str]) -> None:
    assert refusal(answer, files=(picture(),)) == meaning


def fetched(*answers: Any, log: list[str] | None = None, posts: tuple[Any, ...] = (), held: str = HELD) -> Response:
    seen: list[str] = [] if log is None else log
    channel = wechat(*posts, held=held, get=fetching(*answers, log=seen))
    return channel.download(ACCOUNT, Attachment(AttachmentKind.IMAGE, ref="kX9/image"), 1000, 5.0)


def test_a_customers_file_is_fetched_by_its_id() -> None:
    log: list[str] = []
    assert fetched(FILE, log=log).body == b"\xff\xd8\xff"
    assert fetched(42001, FILE, log=log, posts=(MINTED,)).body == b"\xff\xd8\xff"
    assert fetched(FILE, log=log, posts=(MINTED,), held="").body == b"\xff\xd8\xff"
    url = "https://api.weixin.qq.com/cgi-bin/media/get?media_id=kX9%2Fimage&access_token="
    assert log == [f"{url}{token}" for token in (HELD, HELD, FRESH, FRESH)]


def test_a_file_that_is_gone_is_told_apart_from_one_that_fails() -> None:
    assert fetched(40007).status == 404
    assert fetched(Response(502)).status == 502
    for broken in (40004, NotSent("x")):
        with pytest.raises(NotSent):
            fetched(broken)
    with pytest.raises(TooLarge):
        fetched(TooLarge("bytes"))
    with pytest.raises(NotSent, match="permission"):
        fetched(posts=(40164,), held="")


def test_a_customers_json_is_a_file_too() -> None:
    body = b'{"errcode": 40007}'
    assert fetched(replace(FILE, body=body)).body == body


def test_a_video_has_an_address_of_its_own() -> None:
    log: list[str] = []
    where = "http://vweixinp.tc.qq.com/film.mp4?key=1"
    assert fetched({"video_url": where}, Response(200, b"film"), log=log).body == b"film"
    assert log[-1] == where
    for elsewhere in ("http://169.254.169.254/", "https://qq.com.example/film", "film", 7):
        if isinstance(elsewhere, str):
            with pytest.raises(NotSent):
                fetched({"video_url": elsewhere})


def test_a_follower_is_called_what_the_business_noted() -> None:
    assert wechat({"subscribe": 1, "remark": "李伟（常客）", "nickname": ""}).profile(ACCOUNT, LI_WEI) == {
        "name": "李伟（常客）"
    }
    assert [wechat(told).profile(ACCOUNT, LI_WEI) for told in ({"remark": ""}, 48001, Lost("x"))] == [{}, {}, {}]
