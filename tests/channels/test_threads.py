"""Threads: every kind of delivery read as what it is, and every answer that can go out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.powers import Finds, Lists, Refreshed, Refreshes
from chalicelib.channels.threads import Threads, size
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Event, Kind, Message, Reply, Unreadable
from tests import signing
from tests.channels import at_hand
from tests.channels.at_hand import Samples, kinds, replying
from tests.channels.broken import mutations, texts
from tests.channels.facebook_at_hand import answering

PAYLOADS = Path(__file__).parents[1] / "payloads" / "threads"
ID, ROOT, ABOVE = "18055001122334455", "18055000000000001", "18055000000000002"
SENT_AT = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
NOW = SENT_AT + timedelta(hours=1)
SECRET, THREADS_SECRET = "the-secret-of-the-app", "the-threads-app-secret"
HOST = "https://graph.threads.net/v1.0"
ANSWER = "Ja, gern! 明日届きます。"
FAKE_TOKEN = {"authorization": "Bearer token-of-the-teehaus"}


def connection(*accounts: str, **options: Any) -> Connection:
    tokens = dict.fromkeys(accounts or ("teehaus",), "token-of-the-teehaus")
    secrets = {"app_secret": [SECRET, THREADS_SECRET], "verify_token": "a-verify-token-1", "access_tokens": tokens}
    return Connection("threads", "threads", tuple(tokens), options, secrets)


THREADS = Threads(connection())
NAMES = sorted(file.stem for file in PAYLOADS.glob("*.json"))
EXPECTED = {
    "deleted": "nothing",
    "entry_with_changes": "message",
    "field_unknown": "unreadable",
    "mention": "message",
    "mention_by_the_account": "nothing",
    "mention_in_a_reply": "message",
    "mention_reduced": "message",
    "published": "nothing",
    "reply": "message",
    "reply_album": "message",
    "reply_by_the_account": "echo",
    "reply_by_the_account_to_nobody": "nothing",
    "reply_nested_verified": "message",
    "reply_numeric_ids": "message",
    "reply_with_gif": "message",
    "reply_with_link": "message",
    "reply_with_picture": "message",
    "reply_without_author": "message",
    "reply_without_root": "message",
    "reply_without_time": "message",
    "repost": "nothing",
    "values_in_a_list": "message message",
    "values_without_value": "unreadable",
    "wrapped_in_a_list": "message",
}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def delivered(body: bytes | Any, secret: str = SECRET) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest("POST", signing.threads(raw, secret), {}, raw, 1_791_021_700)


def read(name: str) -> list[Event]:
    return THREADS.parse(delivered(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


def at(http: Http, **options: Any) -> Threads:
    return Threads(connection(**options), http, lambda: NOW)


reply = replying(
    channel="threads",
    account="teehaus",
    thread=ROOT,
    author_id="mai.nguyen",
    parent=ID,
    kind=Kind.COMMENT,
    public=True,
    text=ANSWER,
    window_from=SENT_AT,
)


def refusal(answer: Reply, *answers: Any) -> tuple[Outcome, str]:
    return at_hand.refusal(at(answering(*answers)), answer)


# --- what arrives ----------------------------------------------------------------------------------------------------


def test_every_payload_is_accepted_as_signed_and_read_as_what_it_is() -> None:
    for name in NAMES:
        for secret in (SECRET, THREADS_SECRET):
            THREADS.verify(delivered(payload(name), secret))
        with pytest.raises(Forged):
            THREADS.verify(delivered(payload(name), "another-secret-of-length"))
    assert {name: kinds(read(name)) for name in NAMES} == EXPECTED


def test_every_piece_can_be_read_again_from_what_is_kept_of_it() -> None:
    for event in [event for name in NAMES for event in read(name)]:
        assert THREADS.parse(delivered(event.raw)) == [event]


def test_a_reply_is_a_public_message_in_the_thread_of_our_post() -> None:
    assert only("reply") == Message(
        channel="threads",
        account="teehaus",
        id=ID,
        thread=ROOT,
        author=Author("mai.nguyen", handle="mai.nguyen", url="https://www.threads.com/@mai.nguyen"),
        text="Trà ướp sen còn hàng không ạ? 🍵",
        sent_at=SENT_AT,
        kind=Kind.COMMENT,
        public=True,
        permalink="https://www.threads.com/@mai.nguyen/post/DAbc1",
        parent=ABOVE,
    )
    for name in ("wrapped_in_a_list", "entry_with_changes", "reply_numeric_ids"):
        assert only(name) == only("reply")


def test_a_mention_starts_a_thread_of_its_own_or_belongs_to_the_one_it_is_in() -> None:
    mention, inside = only("mention"), only("mention_in_a_reply")
    assert (mention.kind, mention.thread, mention.parent) == (Kind.MENTION, ID, "")
    assert (inside.kind, inside.thread, inside.parent) == (Kind.MENTION, *["18055007777777777"] * 2)
    assert (only("mention_reduced").thread, only("mention_reduced").permalink) == (ID, "")


def test_what_the_account_writes_itself_answers_what_it_stands_under_and_is_never_a_ticket() -> None:
    text = "Ja, ab Dienstag wieder – schöne Grüße!"
    assert only("reply_by_the_account") == Echo("threads", "teehaus", "18055009999999999", text, SENT_AT, parent=ID)


def test_pictures_and_links_come_along() -> None:
    picture = Attachment(AttachmentKind.IMAGE, "https://scontent.cdninstagram.com/v/kanne.jpg", "eine Kanne")
    assert only("reply_with_picture").attachments == (picture,)
    gif = Attachment(AttachmentKind.IMAGE, "https://media2.giphy.com/media/a/200.gif", "winkt")
    assert (only("reply_with_gif").text, only("reply_with_gif").attachments) == ("", (gif,))
    assert only("reply_with_link").attachments == (Attachment(AttachmentKind.LINK, "https://example.org/teetest"),)


def test_without_a_time_of_its_own_it_was_written_when_it_was_told() -> None:
    assert only("reply_without_time").sent_at == SENT_AT + timedelta(seconds=3)


def test_of_several_accounts_it_is_the_one_whose_post_it_is_under() -> None:
    both = Threads(connection("@Teehaus", "rabe"))
    (ours,) = both.parse(delivered(payload("reply")))
    (theirs,) = both.parse(delivered(payload("mention_in_a_reply")))
    (nobodys,) = both.parse(delivered(payload("mention")))
    assert isinstance(ours, Message)
    assert isinstance(theirs, Message)
    assert isinstance(nobodys, Unreadable)
    assert (ours.account, theirs.account, nobodys.reason) == ("@Teehaus", "rabe", "unknown-account")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{}", b"[[]]", b'{"object":"threads"}'])
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        THREADS.parse(delivered(body))


def test_every_part_of_every_payload_may_be_missing_or_of_another_type() -> None:
    for name in NAMES:
        for broken in mutations(json.loads(payload(name))):
            try:
                events = THREADS.parse(delivered(broken))
            except Malformed:
                continue
            assert all("Wörter" not in event.reason for event in events if isinstance(event, Unreadable))
            assert all(isinstance(text, str) for event in events for text in texts(event))


# --- what goes out ---------------------------------------------------------------------------------------------------


def test_an_answer_is_a_container_that_is_published() -> None:
    log: list[Any] = []
    assert at(answering({"id": "container"}, {"id": "18055004444444444"}, log=log)).send(reply()) == "18055004444444444"
    assert log == [
        ("POST", f"{HOST}/me/threads", FAKE_TOKEN, {"media_type": "TEXT", "text": ANSWER, "reply_to_id": ID}),
        ("POST", f"{HOST}/me/threads_publish", FAKE_TOKEN, {"creation_id": "container"}),
    ]


def test_a_lost_first_step_shows_nowhere_and_a_lost_second_one_may_have_been_published() -> None:
    assert refusal(reply(), Lost("x")) == (Outcome.PASSING, "lost")
    assert refusal(reply(), Response(500)) == (Outcome.PASSING, "unclear")
    assert refusal(reply(), {"id": "c"}, Lost("x")) == (Outcome.UNKNOWN, "lost")
    assert refusal(reply(), {"id": "c"}, Response(500)) == (Outcome.UNKNOWN, "unclear")
    assert refusal(reply(), {"id": "c"}, {"success": True}) == (Outcome.UNKNOWN, "unclear")


@pytest.mark.parametrize(
    ("answers", "outcome", "code"),
    [
        ([NotSent("x")], Outcome.PASSING, "unreachable"),
        ([(24, 4279009)], Outcome.REFUSED, "gone"),
        ([{"id": "c"}, (24, 4279009)], Outcome.PASSING, "temporary"),
        ([{"id": "c"}, (9007, 2207027)], Outcome.PASSING, "temporary"),
        ([{"id": "c"}, (9, 2207042)], Outcome.PASSING, "throttled"),
        ([(4, 0)], Outcome.PASSING, "throttled"),
        ([(10, 0)], Outcome.REFUSED, "permission"),
        ([(190, 463)], Outcome.REFUSED, "token"),
        ([(368, 0)], Outcome.REFUSED, "policy"),
    ],
)
def test_every_failure_says_what_it_means_for_the_next_step(answers: list[Any], outcome: Outcome, code: str) -> None:
    assert refusal(reply(), *answers) == (outcome, code)


def used(count: int) -> dict[str, Any]:
    return {"data": [{"reply_quota_usage": count, "reply_config": {"quota_total": 1000, "quota_duration": 86400}}]}


def test_a_refusal_on_a_day_with_a_thousand_replies_is_one_to_wait_out() -> None:
    with pytest.raises(PostFailed) as failed:
        at(answering({"id": "c"}, (100, 0), used(1000))).send(reply())
    assert (failed.value.outcome, failed.value.code) == (Outcome.PASSING, "throttled")
    assert failed.value.retry_after == timedelta(hours=1)
    usages: list[Any] = [used(4), {"data": []}, NotSent("x")]
    for usage in usages:
        assert refusal(reply(), (100, 0), usage) == (Outcome.REFUSED, "rejected")


def test_nothing_leaves_that_cannot_be_posted() -> None:
    assert refusal(reply(public=False)) == (Outcome.REFUSED, "private-only")
    assert refusal(reply(text="長" * 501)) == (Outcome.REFUSED, "too-long")
    assert refusal(reply(account="rabe")) == (Outcome.REFUSED, "token")


@pytest.mark.parametrize(
    ("text", "expected"), [("Grüße", 5), ("明日届きます", 6), ("🙂", 4), ("👩🏽‍🍳", 15), ("☕️", 6), ("شكراً", 5)]
)
def test_emoji_count_as_their_bytes(text: str, expected: int) -> None:
    assert size(text) == expected


def test_limits_say_that_everything_is_public() -> None:
    for kind in (Kind.COMMENT, Kind.MENTION):
        limits = THREADS.limits(kind)
        assert (limits.public, limits.text, limits.parts, limits.window) == (True, 500, 1, None)
        assert not THREADS.limits(kind, public=False).answers
    assert not THREADS.limits(Kind.DIRECT).answers


# --- looking, listing, renewing --------------------------------------------------------------------------------------


def said(id: str, text: str, minutes: int = 5, **more: Any) -> dict[str, Any]:
    at = (SENT_AT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": id, "text": text, "timestamp": at, "username": "mai.nguyen", **more}


def test_a_lost_answer_is_found_among_our_replies_to_that_very_post() -> None:
    log: list[Any] = []
    elsewhere, here = said("1", ANSWER, replied_to={"id": "9"}), said("2", f"{ANSWER} ", replied_to={"id": ID})
    assert at(answering({"data": [elsewhere, here]}, log=log)).find(reply()) == "2"
    assert log[0][:2] == ("GET", f"{HOST}/me/replies?fields=id,text,timestamp,replied_to&limit=50")
    assert at(answering({"data": [elsewhere]})).find(reply()) is None
    assert at(answering({"data": [said("3", ANSWER, -5, replied_to={"id": ID})]})).find(reply()) is None
    for answer in (NotSent("x"), {"data": None}, {"data": [{"id": "1"}]}):
        with pytest.raises(PostFailed) as failed:
            at(answering(answer)).find(reply())
        assert failed.value.outcome is Outcome.UNKNOWN


def test_what_was_never_pushed_is_told_as_the_webhook_would_have() -> None:
    own = said("c2", "Ja!", 7, username="teehaus", replied_to={"id": "c1"}, root_post={"id": "p1"})
    theirs = said(
        "c1", "Còn hàng?", 6, replied_to={"id": "p1"}, root_post={"id": "p1"}, permalink="https://www.threads.com/x"
    )
    mentions = {"data": [said("m1", "@teehaus 你好", 8), said("m0", "alt", -999)]}
    http = answering(mentions, {"data": [{"id": "p1"}]}, {"data": [own, theirs, said("c0", "alt", -999)]})
    events = list(at(http).recent("teehaus", SENT_AT))
    assert [(type(event).__name__, event.id) for event in events if isinstance(event, Message | Echo)] == [
        ("Message", "m1"),
        ("Echo", "c2"),
        ("Message", "c1"),
    ]
    message = events[2]
    assert isinstance(message, Message)
    assert (message.thread, message.sent_at) == ("p1", SENT_AT + timedelta(minutes=6))
    assert THREADS.parse(delivered(message.raw)) == [message]
    with pytest.raises(PostFailed):
        list(at(answering({"data": [{"id": "1"}]})).recent("teehaus", SENT_AT))


def test_a_token_is_renewed_for_sixty_days() -> None:
    log: list[Any] = []
    http = answering({"access_token": "a-new-token-of-the-teehaus", "expires_in": 5184000}, log=log)
    assert at(http).refresh("teehaus") == Refreshed(
        {"access_tokens": "a-new-token-of-the-teehaus"}, NOW + timedelta(days=60)
    )
    path = "refresh_access_token?grant_type=th_refresh_token&access_token=token-of-the-teehaus"
    assert log[0][1] == f"https://graph.threads.net/{path}"


def test_the_channel_has_the_powers_it_needs() -> None:
    for power in (Finds, Lists, Refreshes):
        assert isinstance(THREADS, power)


# --- samples from elsewhere ------------------------------------------------------------------------------------------

SAMPLES = Samples("threads")
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "delete__1": ("nothing",),
    "mentions__1": ("message", "8901234", "Reply", "test_username", "mention"),
    "mentions_reduced_without_read_replies_permission__1": (
        *("message", "8901236", "@testbrand hello", "test_username", "mention"),
    ),
    "publish_own__1": ("nothing",),
    "replies__1": ("message", "123456", "Reply", "test_username", "comment"),
    "replies_entry_changes_envelope__1": ("message", "123456", "Reply", "test_username", "comment"),
    "replies_nested_verified_author__1": ("message", "123456", "Reply to a reply", "test_username", "comment"),
}


@SAMPLES.needed
@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_sample_from_elsewhere_is_read_as_what_it_is(name: str) -> None:
    events = THREADS.parse(delivered(SAMPLES.body(name)))
    told = [(event.thread, event.text, event.author.id, event.kind) for event in events if isinstance(event, Message)]
    assert (kinds(events), *(part for each in told for part in each)) == ELSEWHERE[name]


@SAMPLES.needed
def test_no_sample_from_elsewhere_is_left_out() -> None:
    assert sorted(ELSEWHERE) == SAMPLES.names
