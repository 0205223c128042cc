"""X: every kind of delivery in its three shapes, every way to prove one, every answer that can go out."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import base, open_channel
from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.powers import Finds, Profiles
from chalicelib.channels.x import X
from chalicelib.channels.x.oauth import authorization, signature
from chalicelib.channels.x.weighted import weighted_length
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Note,
    NoteKind,
    Reply,
    Trouble,
    TroubleKind,
    Unreadable,
    Unsend,
    identity,
)
from tests import signing
from tests.channels.at_hand import SHARED, answering, failing, signatures

PAYLOADS = Path(__file__).parents[1] / "payloads" / "x"

SHOP, SECOND_SHOP = "7100000000000000001", "7100000000000000002"
MAI, JUERGEN = "7200000000000000002", "7200000000000000003"
PAIR = f"{SHOP}-{MAI}"
OUR_POST = "2101000000000000100"
RECEIVED_AT = 1_789_500_000.0
SECRET = "a-consumer-secret-of-the-app"
TOKEN = "a-user-token-of-the-shop"


def connection(**secrets: Any) -> Connection:
    held = {"consumer_secret": SECRET, "access_tokens": {SHOP: TOKEN}, **secrets}
    return Connection("x-shop", "x", (SHOP, SECOND_SHOP), {}, held)


def opened(http: Http, **secrets: Any) -> X:
    return X(connection(**secrets), http, now=lambda: RECEIVED_AT)


def request(body: bytes, headers: dict[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest("POST", signing.x(body, SECRET) if headers is None else headers, {}, body, RECEIVED_AT)


def challenge(**query: str) -> WebhookRequest:
    return WebhookRequest("GET", {}, query, b"", RECEIVED_AT)


def events_of(body: bytes | str | dict[str, Any], accounts: tuple[str, ...] = (SHOP, SECOND_SHOP)) -> list[Event]:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
    return X(Connection("x-shop", "x", accounts)).parse(request(raw))


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    return found


def event_of(name: str) -> Event:
    (event,) = events_of(payload(name))
    return event


MAI_AS_AUTHOR = Author(MAI, "Nguyễn Thị Mai", "maitrongvuon", 412, "https://x.com/maitrongvuon")


# --- handshake


def test_the_challenge_is_answered_with_its_signature_as_json() -> None:
    answer = X(connection(consumer_secret="apiSecret-longer")).handshake(challenge(crc_token="test token"))
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"response_token": "sha256=ZIYDw5WZsSGOBV2Rw7gxoMGXhVQmEp6bbAkog2QCCvo="}


@pytest.mark.parametrize(
    "token",
    ["", '{"for_user_id":"1"}', "{", '"', "[1]", "<b>hi</b>", "a\nb", "é", "٣", "x" * 257, "x" * 10_000, "a:b"],
)
def test_a_challenge_that_could_be_a_body_is_never_signed(token: str) -> None:
    with pytest.raises(Forged):
        X(connection()).handshake(challenge(crc_token=token))


def test_no_answer_to_a_challenge_proves_a_body_that_says_anything() -> None:
    # what a forger may have signed is no JSON object, so nothing comes of it
    token = "null"
    signed = json.loads(X(connection()).handshake(challenge(crc_token=token)).body)["response_token"]
    forged = request(token.encode(), {"x-twitter-webhooks-signature": signed})
    X(connection()).verify(forged)
    with pytest.raises(Malformed):
        X(connection()).parse(forged)


# --- proof


BODY = b'{"for_user_id":"7100000000000000001"}'
GOOD = signing.x(BODY, SECRET)["x-twitter-webhooks-signature"]


@pytest.mark.parametrize(
    "header",
    [
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD.replace("sha256=", "sha1="),
        GOOD.replace("sha256=", "SHA256="),
        GOOD.rstrip("="),
        f" {GOOD}",
        "sha256=" + "A" * 43 + "=",
    ],
)
def test_anything_but_the_one_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged) as forged:
        X(connection()).verify(request(BODY, {"x-twitter-webhooks-signature": header}))
    assert SECRET not in str(forged.value)


# --- what arrives

WRITTEN_OUT = {
    "activity_mention": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000101",
        thread="2101000000000000101",
        author=MAI_AS_AUTHOR,
        text="@hausderlampen đèn của tôi không sáng 💡 https://lampen.example/bestellung?nr=77&x=1",
        sent_at=datetime(2026, 9, 14, 7, 41, 9, tzinfo=UTC),
        kind=Kind.MENTION,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000101",
    ),
    "activity_reply": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000102",
        thread=OUR_POST,
        author=Author(JUERGEN),
        text="@hausderlampen Und wann kommt sie in Weiß? Größe M & L <bitte>",
        sent_at=datetime(2026, 9, 14, 7, 41, 9, tzinfo=UTC),
        kind=Kind.COMMENT,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000102",
        parent=OUR_POST,
    ),
    "activity_quote": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000103",
        thread="2101000000000000103",
        author=Author("7200000000000000004", "小林 美咲", "misaki_k_", 950, "https://x.com/misaki_k_"),
        text=f"このランプ、まだ在庫ありますか？ https://x.com/hausderlampen/status/{OUR_POST}",
        sent_at=datetime(2026, 9, 14, 7, 41, 9, tzinfo=UTC),
        kind=Kind.QUOTE,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000103",
        parent=OUR_POST,
    ),
    "activity_mention_edited": Edit(
        channel="x",
        account=SHOP,
        id="2101000000000000101",
        text="@hausderlampen đèn của tôi vẫn không sáng 💡",
        at=datetime(2026, 9, 14, 7, 55, tzinfo=UTC),
    ),
    "activity_own_answer": Echo(
        channel="x",
        account=SHOP,
        id="2101000000000000105",
        text="@juergen_gross Ab Oktober, Herr Groß.",
        at=datetime(2026, 9, 14, 7, 41, 9, tzinfo=UTC),
        thread=OUR_POST,
        author_id=JUERGEN,
        parent="2101000000000000102",
    ),
    "activity_own_answer_continued": Echo(
        channel="x",
        account=SHOP,
        id="2101000000000000107",
        text="… und sie sind dimmbar.",
        at=datetime(2026, 9, 14, 7, 41, 9, tzinfo=UTC),
        parent="2101000000000000105",
    ),
    "activity_post_deleted": Unsend(
        channel="x", account=SHOP, id="2101000000000000105", at=datetime.fromtimestamp(RECEIVED_AT, UTC)
    ),
    "activity_direct_message": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000201",
        thread=PAIR,
        author=MAI_AS_AUTHOR,
        text="Tôi có thể đổi & trả không? <3",
        sent_at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
    ),
    "activity_direct_message_own": Echo(
        channel="x",
        account=SHOP,
        id="2101000000000000202",
        text="Dạ được, chị gửi giúp số đơn hàng.",
        at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
        thread=PAIR,
        author_id=MAI,
    ),
    "activity_chat": Note(
        channel="x",
        account=SHOP,
        id="0c4a0d7e-1111-4222-8333-944444444444",
        thread=PAIR,
        author=Author(MAI),
        kind=NoteKind.ENCRYPTED,
        at=datetime(2026, 9, 15, 7, 42, 10, tzinfo=UTC),
    ),
    "activity_chat_own": Echo(
        channel="x",
        account=SHOP,
        id="1c4a0d7e-1111-4222-8333-944444444444",
        text="",
        at=datetime(2026, 9, 15, 7, 42, 10, tzinfo=UTC),
        thread=PAIR,
        author_id=MAI,
    ),
    "activity_revoked": Trouble(
        channel="x",
        account=SHOP,
        id="5934",
        kind=TroubleKind.REVOKED,
        at=datetime(2026, 9, 15, 8, 0, 5, tzinfo=UTC),
        detail="revoked on X",
    ),
    "revoked": Trouble(
        channel="x",
        account=SHOP,
        id=f"revoke {SHOP} 2026-09-15T08:00:05+00:00",
        kind=TroubleKind.REVOKED,
        at=datetime(2026, 9, 15, 8, 0, 5, tzinfo=UTC),
        detail="revoked on X",
    ),
    "stream_mention": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000402",
        thread="2101000000000000402",
        author=MAI_AS_AUTHOR,
        text="@hausderlampen مرحبا، المصباح لا يعمل",
        sent_at=datetime(2026, 9, 14, 9, 0, tzinfo=UTC),
        kind=Kind.MENTION,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000402",
    ),
    "account_mention": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000501",
        thread="2101000000000000501",
        author=MAI_AS_AUTHOR,
        text="@hausderlampen giá bao nhiêu & khi nào có hàng? a < b",
        sent_at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
        kind=Kind.MENTION,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000501",
    ),
    "account_reply": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000506",
        thread="",
        author=MAI_AS_AUTHOR,
        text="@hausderlampen cảm ơn!",
        sent_at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
        kind=Kind.COMMENT,
        public=True,
        permalink="https://x.com/i/web/status/2101000000000000506",
        parent=OUR_POST,
    ),
    "account_own_answer": Echo(
        channel="x",
        account=SHOP,
        id="2101000000000000508",
        text="@maitrongvuon 49 €, sẵn hàng",
        at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
        author_id=MAI,
        parent="2101000000000000501",
    ),
    "account_tweet_deleted": Unsend(
        channel="x", account=SHOP, id="2101000000000000508", at=datetime(2026, 9, 15, 7, 43, 20, tzinfo=UTC)
    ),
    "account_direct_message_without_for_user_id": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000602",
        thread=PAIR,
        author=MAI_AS_AUTHOR,
        text="Hoa & nến",
        sent_at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
    ),
    "account_direct_message_with_media": Message(
        channel="x",
        account=SHOP,
        id="2101000000000000604",
        thread=PAIR,
        author=MAI_AS_AUTHOR,
        text="https://x.com/messages/media/2101000000000000604",
        sent_at=datetime(2026, 9, 15, 7, 42, 3, 456000, tzinfo=UTC),
        attachments=(Attachment(AttachmentKind.VIDEO, "https://video.twimg.com/dm_gif/Flicker.mp4"),),
    ),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_a_delivery_says_exactly_this(name: str) -> None:
    assert event_of(name) == WRITTEN_OUT[name]


NOTHING: tuple[str, ...] = ()
KINDS = {
    "account_direct_message": ("Message direct",),
    "account_direct_message_own": ("Echo",),
    "account_favorite": NOTHING,
    "account_follow": NOTHING,
    "account_mention_extended": ("Message mention",),
    "account_mention_with_media": ("Message mention",),
    "account_mention_without_milliseconds": ("Message mention",),
    "account_of_somebody_else": ("Unreadable unknown-account",),
    "account_own_post": NOTHING,
    "account_quote": ("Message quote",),
    "account_read": NOTHING,
    "account_reply_to_somebody_else": ("Message mention",),
    "account_retweet": NOTHING,
    "account_two_mentions_and_a_message": ("Message mention", "Message mention", "Message direct"),
    "account_typing": NOTHING,
    "account_unknown_kind": ("Unreadable unknown-kind",),
    "activity_account_of_somebody_else": ("Unreadable unknown-account",),
    "activity_broadcast_chat": NOTHING,
    "activity_chat_group": ("Note",),
    "activity_chat_group_own": NOTHING,
    "activity_direct_message_location": ("Message direct",),
    "activity_direct_message_other_kind": ("Unreadable unknown-kind: direct message",),
    "activity_direct_message_read": NOTHING,
    "activity_direct_message_typing": NOTHING,
    "activity_direct_messages_two": ("Message direct", "Message direct"),
    "activity_follow": NOTHING,
    "activity_like": NOTHING,
    "activity_mention_long": ("Message mention",),
    "activity_mention_with_media": ("Message mention",),
    "activity_own_post": NOTHING,
    "activity_profile_update": NOTHING,
    "activity_repost": NOTHING,
    "activity_repost_as_mention": NOTHING,
    "activity_unfollow": NOTHING,
    "activity_unknown_kind": ("Unreadable unknown-kind",),
    "replay_complete": NOTHING,
    "replay_incomplete": ("Unreadable replay-incomplete",),
    "shape_unknown": ("Unreadable unknown-kind",),
    "stream_post": ("Unreadable unknown-account",),  # two accounts, and the post names neither
}


def kinds(events: list[Event]) -> tuple[str, ...]:
    return tuple(_kind(event) for event in events)


def _kind(event: Event) -> str:
    name = type(event).__name__
    if isinstance(event, Message):
        return f"{name} {event.kind}"
    return f"{name} {event.reason}" if isinstance(event, Unreadable) else name


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_every_kept_delivery_gives_what_it_should(path: Path) -> None:
    if path.stem not in WRITTEN_OUT:
        assert kinds(events_of(path.read_bytes())) == KINDS[path.stem]


def test_a_post_that_matches_a_rule_is_for_the_only_account() -> None:
    (event,) = events_of(payload("stream_post"), (SHOP,))
    assert isinstance(event, Message)
    assert (event.kind, event.account, event.author.name) == (Kind.POST, SHOP, "Jürgen Groß")


def test_long_texts_arrive_whole() -> None:
    for name, end in (("account_mention_extended", "https://lampen.example/12345"), ("activity_mention_long", "4711")):
        event = event_of(name)
        assert isinstance(event, Message)
        assert event.text.endswith(end)


def test_pictures_and_the_best_film_come_along() -> None:
    event = event_of("activity_mention_with_media")
    assert isinstance(event, Message)
    assert event.attachments == (
        Attachment(AttachmentKind.IMAGE, "https://pbs.twimg.com/media/Lamp1.jpg"),
        Attachment(AttachmentKind.VIDEO, "https://video.twimg.com/large/Lamp2.mp4"),
    )


def test_the_same_post_as_mention_and_as_reply_is_one_message() -> None:
    mention, reply = payload("activity_mention"), payload("activity_mention")
    reply["data"] |= {"event_type": "post.reply.create", "event_uuid": "-77"}
    names = [
        identity("x", SHOP, event.id)
        for each in (mention, reply)
        for event in events_of(each)
        if isinstance(event, Message)
    ]
    assert len(names) == 2
    assert len(set(names)) == 1


def test_a_message_between_two_accounts_of_the_business_is_no_ticket() -> None:
    message = payload("activity_direct_message")
    message["data"]["payload"]["direct_message_events"][0]["message_create"]["sender_id"] = SECOND_SHOP
    assert events_of(message) == []


def test_two_accounts_in_one_conversation_each_get_the_message() -> None:
    first, second = payload("account_mention"), payload("account_mention")
    second["for_user_id"] = SECOND_SHOP
    ids = {
        identity("x", event.account, event.id)
        for each in (first, second)
        for event in events_of(each)
        if isinstance(event, Message)
    }
    assert len(ids) == 2


def test_only_old_texts_are_unescaped() -> None:
    written = payload("activity_reply")
    written["data"]["payload"]["text"] = "&lt;b&gt; &amp;copy"
    (event,) = events_of(written)
    assert isinstance(event, Message)
    assert event.text == "&lt;b&gt; &amp;copy"
    old = payload("account_mention")
    old["tweet_create_events"][0]["text"] = "&amp;lt; https://a.example/?a=1&para=2"
    (event,) = events_of(old)
    assert isinstance(event, Message)
    assert event.text == "&lt; https://a.example/?a=1&para=2"


def test_the_numbers_of_a_thread_stand_in_order_of_size() -> None:
    message = payload("activity_direct_message")
    item = message["data"]["payload"]["direct_message_events"][0]["message_create"]
    item["sender_id"] = "99"
    (event,) = events_of(message)
    assert isinstance(event, Message)
    assert event.thread == f"99-{SHOP}"


def broken(name: str, *path: Any, value: Any) -> list[Event]:
    delivery = payload(name)
    place: Any = delivery
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return events_of(delivery)


@pytest.mark.parametrize("when", ["1789458123456789012345", "-1", "1e10", "nan", "", "12:00", "9" * 15])
def test_a_time_that_cannot_be_is_unreadable(when: str) -> None:
    (event,) = broken(
        "activity_direct_message", "data", "payload", "direct_message_events", 0, "created_timestamp", value=when
    )
    assert isinstance(event, Unreadable)


@pytest.mark.parametrize(
    "optional", ["conversation_id", "entities", "edit_history_tweet_ids", "public_metrics", "lang"]
)
def test_what_is_optional_may_be_missing(optional: str) -> None:
    delivery = payload("activity_mention")
    del delivery["data"]["payload"][optional]
    delivery["data"]["a_new_field"] = {"nested": [1]}
    (event,) = events_of(delivery)
    assert isinstance(event, Message)
    assert event.id == event.thread == "2101000000000000101"


@pytest.mark.parametrize("includes", [{}, None, {"users": []}, {"users": None}, {"users": [None, {"data": None}, 5]}])
def test_an_author_without_a_profile_is_an_id(includes: Any) -> None:
    (event,) = broken("activity_mention", "data", "includes", value=includes)
    assert isinstance(event, Message)
    assert event.author == Author(MAI)


# --- what leaves


def reply(**changes: Any) -> Reply:
    values: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "r1",
        "channel": "x",
        "account": SHOP,
        "thread": OUR_POST,
        "author_id": MAI,
        "parent": "2101000000000000101",
        "kind": Kind.MENTION,
        "public": True,
        "text": "Chào chị Mai 💡, Größe M ist da",
        "window_from": datetime(2026, 9, 14, tzinfo=UTC),
    }
    return Reply(**(values | changes))


DIRECT = {"public": False, "kind": Kind.DIRECT, "thread": PAIR, "parent": "2101000000000000201"}


def test_an_answer_to_a_post_is_a_post_under_it() -> None:
    asked: list[Any] = []
    posted = opened(answering(201, {"data": {"id": "2101000000000000999", "text": "…"}}, asked=asked)).send(reply())
    assert posted == "2101000000000000999"
    ((method, url, more),) = asked
    assert (method, url) == ("POST", "https://api.x.com/2/tweets")
    assert more["json"] == {"text": reply().text, "reply": {"in_reply_to_tweet_id": "2101000000000000101"}}
    assert more["headers"]["authorization"] == f"Bearer {TOKEN}"


def test_an_answer_to_a_direct_message_is_private() -> None:
    asked: list[Any] = []
    done = {"data": {"dm_conversation_id": PAIR, "dm_event_id": "2101000000000000998"}}
    assert opened(answering(201, done, asked=asked)).send(reply(**DIRECT)) == "2101000000000000998"
    ((method, url, more),) = asked
    assert (method, url) == ("POST", f"https://api.x.com/2/dm_conversations/with/{MAI}/messages")
    assert more["json"] == {"text": reply().text}


@pytest.mark.parametrize("recipient", ["", "../../tweets", "1/2", "１", "7?x=1"])
def test_an_answer_to_nobody_is_refused_before_it_leaves(recipient: str) -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        opened(answering(201, asked=asked)).send(reply(**DIRECT, author_id=recipient))
    assert (failed.value.outcome, failed.value.code, asked) == (Outcome.REFUSED, "rejected", [])


@pytest.mark.parametrize("parent", ["", "0c4a0d7e-1111-4222-8333-944444444444"])
def test_an_answer_never_becomes_a_post_of_its_own(parent: str) -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        opened(answering(201, asked=asked)).send(reply(parent=parent))
    assert (failed.value.outcome, asked) == (Outcome.REFUSED, [])


def problem(kind: str, detail: str = "", **more: Any) -> dict[str, Any]:
    return {"title": kind, "type": f"https://api.x.com/2/problems/{kind}", "detail": detail, **more}


NOT_SUMMONED = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged"
FAILURES: list[tuple[int, Any, Outcome, str]] = [
    (400, problem("invalid-request"), Outcome.REFUSED, "rejected"),
    (401, problem("unauthorized"), Outcome.REFUSED, "token"),
    (403, problem("forbidden"), Outcome.REFUSED, "permission"),
    (403, problem("about:blank", NOT_SUMMONED), Outcome.REFUSED, "not-summoned"),
    (
        403,
        problem("about:blank", "You are not allowed to create a Tweet with duplicate content."),
        Outcome.REFUSED,
        "duplicate",
    ),
    (
        403,
        problem("forbidden", "You do not have permission to DM one or more participants."),
        Outcome.REFUSED,
        "blocked",
    ),
    (
        400,
        problem("invalid", "attempted to reply to a Tweet that is deleted or not visible to you"),
        Outcome.REFUSED,
        "gone",
    ),
    (403, problem("forbidden", "Your Tweet text is too long."), Outcome.REFUSED, "too-long"),
    (404, {}, Outcome.REFUSED, "gone"),
    (429, problem("usage-capped"), Outcome.REFUSED, "usage-capped"),
    (429, None, Outcome.PASSING, "throttled"),
    (200, {"errors": [problem("resource-not-found", status=404)]}, Outcome.REFUSED, "gone"),
    (
        200,
        {"errors": [{"message": "Status is a duplicate.", "code": 187, "status": 403}]},
        Outcome.REFUSED,
        "duplicate",
    ),
    (200, {"errors": [problem("client-forbidden", status=403)]}, Outcome.REFUSED, "permission"),
    (200, {}, Outcome.UNKNOWN, "unclear"),
    (201, {"data": {}}, Outcome.UNKNOWN, "unclear"),
    (201, "text", Outcome.UNKNOWN, "unclear"),
    (500, None, Outcome.UNKNOWN, "unclear"),
    (502, "<html>", Outcome.UNKNOWN, "unclear"),
    (503, problem("service-unavailable"), Outcome.UNKNOWN, "unclear"),
    (302, None, Outcome.REFUSED, "rejected"),
]


@pytest.mark.parametrize(("status", "body", "outcome", "code"), FAILURES)
def test_a_refused_answer_says_what_to_do(status: int, body: Any, outcome: Outcome, code: str) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering(status, body)).send(reply())
    assert (failed.value.outcome, failed.value.code) == (outcome, code)


def test_a_problem_is_named_and_never_quoted() -> None:
    told = problem("invalid-request", "the text 'Chào chị Mai' is no good")
    with pytest.raises(PostFailed) as failed:
        opened(answering(400, told)).send(reply())
    assert failed.value.detail == "invalid-request"
    assert "Mai" not in repr(failed.value) + str(vars(failed.value))


@pytest.mark.parametrize(("ahead", "wait"), [(300, 300), (-50, 1), (10**9, 86_400)])
def test_a_rate_limit_says_when_to_come_back(ahead: int, wait: int) -> None:
    headers = {"x-rate-limit-reset": str(int(RECEIVED_AT) + ahead)}
    with pytest.raises(PostFailed) as failed:
        opened(answering(429, None, headers)).send(reply())
    assert failed.value.retry_after == timedelta(seconds=wait)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(NotSent("ConnectTimeoutError"), Outcome.PASSING), (Lost("ReadTimeoutError"), Outcome.UNKNOWN)],
)
def test_only_what_never_left_is_sent_again_without_a_look(error: Exception, outcome: Outcome) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(failing(error)).send(reply())
    assert failed.value.outcome is outcome


def test_an_account_without_a_token_cannot_answer() -> None:
    with pytest.raises(SecretMissing):
        opened(answering(201)).send(reply(account=SECOND_SHOP))


LATELY, LONG_AGO = "2026-09-15T18:00:00.000Z", "2026-09-13T18:00:00.000Z"  # 1:20 hours and two days before


def posted(**changes: Any) -> dict[str, Any]:
    said = "@maitrongvuon Chào chị Mai 💡, Größe M ist da"
    answered = [{"type": "replied_to", "id": "2101000000000000101"}]
    written = {"text": said, "referenced_tweets": answered, "created_at": LATELY, "in_reply_to_user_id": MAI}
    return {"id": "2101000000000000999"} | written | changes


def page(*items: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"data": list(items), "meta": {"result_count": len(items), **meta}}


def test_a_posted_answer_is_found_again() -> None:
    asked: list[Any] = []
    other = posted(id="1", text="etwas anderes")
    assert opened(answering(200, page(other, posted()), asked=asked)).find(reply()) == "2101000000000000999"
    looked = f"https://api.x.com/2/users/{SHOP}/tweets?max_results=100&start_time=2026-09-14T19%3A20%3A00Z"
    assert asked[0][1].startswith(looked)


def test_a_posted_answer_is_found_though_the_customer_wrote_again_meanwhile() -> None:
    assert opened(answering(200, page(posted()))).find(reply(parent="2101000000000000888")) == "2101000000000000999"


def test_a_busy_account_is_looked_through_page_by_page() -> None:
    pages = [page(posted(text="anders"), next_token="second"), page(posted(text="anders"), posted(id="77"))]
    asked: list[str] = []

    def http(method: str, url: str, **_: Any) -> Response:
        asked.append(url)
        return Response(200, json.dumps(pages[len(asked) - 1]).encode())

    assert opened(http).find(reply()) == "77"
    assert asked[1].endswith("pagination_token=second")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Siehe https://lampen.example/a?b=1", "@mai Siehe https://t.co/AbCdEf1234"),
        ("A & B <C>", "@mai @second A &amp; B &lt;C&gt;"),
        ("Zeile eins\r\n\r\nZeile zwei ", "Zeile eins\n\nZeile zwei"),
        ("é", "e\u0301"),
        ("siehe lampen.example.com bitte", "siehe https://t.co/AbCdEf1234 bitte"),
    ],
)
def test_what_x_changes_in_a_text_does_not_hide_it(ours: str, theirs: str) -> None:
    assert opened(answering(200, page(posted(text=theirs)))).find(reply(text=ours))


@pytest.mark.parametrize(
    "item",
    [
        posted(referenced_tweets=[], in_reply_to_user_id=None),
        posted(referenced_tweets=[{"type": "quoted", "id": "2101000000000000101"}], in_reply_to_user_id=None),
        posted(referenced_tweets=[{"type": "replied_to", "id": "1"}], in_reply_to_user_id=JUERGEN),
        posted(created_at=LONG_AGO),
    ],
)
def test_the_same_words_elsewhere_are_not_the_answer(item: dict[str, Any]) -> None:
    assert opened(answering(200, page(item))).find(reply()) is None


def test_an_answer_that_is_certainly_not_there_is_not_found() -> None:
    assert opened(answering(200, {"meta": {"result_count": 0}})).find(reply()) is None


def test_a_sent_direct_message_is_found_again() -> None:
    event = {"id": "2101000000000000998", "sender_id": SHOP, "text": reply().text, "created_at": LATELY}
    theirs, older = event | {"id": "1", "sender_id": MAI}, event | {"id": "2", "created_at": LONG_AGO}
    assert opened(answering(200, page(theirs, event, older))).find(reply(**DIRECT)) == "2101000000000000998"
    assert opened(answering(200, page(theirs, older, next_token="more"))).find(reply(**DIRECT)) is None


@pytest.mark.parametrize(
    "http",
    [
        answering(500),
        answering(429),
        answering(401, problem("unauthorized")),
        answering(200, {"errors": [problem("x")]}),
        answering(200, "text"),
        answering(200, page(posted(text="anders"), next_token="more")),
        answering(200, page(posted(text="anders", created_at=None), next_token="more")),
        failing(NotSent("x")),
        failing(Lost("x")),
    ],
)
def test_nobody_can_tell_is_not_the_same_as_not_there(http: Http) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(http).find(reply())
    assert failed.value.outcome is Outcome.UNKNOWN


def test_a_profile_gives_the_author_a_name() -> None:
    data = {"id": MAI, "name": "Nguyễn Thị Mai", "username": "maitrongvuon", "public_metrics": {"followers_count": 412}}
    assert opened(answering(200, {"data": data})).profile(SHOP, MAI) == {
        "name": "Nguyễn Thị Mai",
        "handle": "maitrongvuon",
        "followers": 412,
        "url": "https://x.com/maitrongvuon",
    }


@pytest.mark.parametrize(
    "http", [answering(404, {}), answering(200, []), answering(500), failing(Lost("x")), failing(NotSent("x"))]
)
def test_a_profile_that_cannot_be_had_is_empty(http: Http) -> None:
    assert opened(http).profile(SHOP, MAI) == {}
    assert opened(http).profile(SECOND_SHOP, MAI) == {}
    assert opened(http).profile(SHOP, "../x") == {}


def test_keys_that_never_expire_sign_the_request() -> None:
    asked: list[Any] = []
    keys = "api-key:api-key-secret:user-token:user-token-secret"
    opened(answering(200, page(posted()), asked=asked), access_tokens={SHOP: keys}).find(reply())
    header = asked[0][2]["headers"]["authorization"]
    assert header.startswith('OAuth oauth_consumer_key="api-key", oauth_nonce="')
    assert "secret" not in header


def test_a_signature_is_that_of_the_standard() -> None:
    # RFC 5849, 1.2, with the parameters of the request for the photo
    parameters = {
        "file": "vacation.jpg",
        "size": "original",
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
    }
    made = signature("GET", "http://photos.example.net/photos", parameters, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")
    assert made == "MdpQcU8iPSUjWoN/UDMsK2sui9I="
    assert authorization("one-token", "GET", "https://api.x.com", {}) == "Bearer one-token"


def test_x_can_look_and_knows_profiles() -> None:
    channel = open_channel(connection())
    assert isinstance(channel, Finds)
    assert isinstance(channel, Profiles)


# --- how long an answer may be


def test_posts_are_weighed_and_direct_messages_counted() -> None:
    post, direct = X(connection()).limits(Kind.MENTION), X(connection()).limits(Kind.DIRECT)
    assert (post.public, post.text, post.unit, post.window) == (True, 280, "weighted", None)
    assert (direct.public, direct.text, direct.measure("日本")) == (False, 10_000, 2)
    assert post.measure("日" * 140) == 280


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Grüße aus München", 17),
        ("e\u0301", 1),
        ("Đèn của tôi không sáng", 23),
        ("مرحبا", 5),
        ("שלום", 4),
        ("日本語です。", 12),
        ("안녕", 4),
        ("“Anführung” – Strich…", 22),
        ("a\r\nb", 3),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪🇯🇵", 4),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
        ("#️⃣1️⃣", 4),
        ("❤️☎️", 4),
        ("123 #4 *", 8),
        ("https://lampen.example/ein/langer/pfad?mit=frage&und=mehr#anker", 23),
        ("siehe lampen.de.", 6 + 23 + 1),
        ("(https://lampen.example/a_(b))", 25),
        ("https://lampen.example/日本", 23 + 4),
        ("見てlampen.com", 4 + 23),
        ("max@lampen.de", 13),
        ("@max.de #max.de", 15),
        ("http://192.168.0.1/", 19),
        ("z.B. 3.5", 8),
        ("𐀀", 2),
        ("\ud800", 2),
    ],
)
def test_a_text_is_as_long_as_x_finds_it(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "é" * 60_000, "-" * 60_000, "a." * 30_000, "https://" * 7_000, "x.de/" + "(" * 20_000]
)
def test_a_long_text_is_measured_at_once(text: str) -> None:
    started = time.process_time()
    weighted_length(text)
    assert time.process_time() - started < 1


# --- deliveries from outside, where they are at hand

FIXTURES = SHARED / "x"
FIXTURE_ACCOUNTS = (
    "1111111111111111111",
    "2975699229",
    "4337869213",
    "835740314006511618",
    "930524282358325248",
    "63046977",
)
EXPECTED = {
    "aaa_direct_message_events__1": ("Message direct",),
    "aaa_direct_message_html_entity_no_for_user_id__1": ("Message direct",),
    "aaa_direct_message_indicate_typing_events__1": NOTHING,
    "aaa_direct_message_mark_read_events__1": NOTHING,
    "aaa_direct_message_own_outgoing__1": ("Echo",),
    "aaa_direct_message_with_media__1": ("Message direct",),
    "aaa_favorite_events__1": NOTHING,
    "aaa_follow_events__1": NOTHING,
    "aaa_tweet_create_mention__1": ("Message mention",),
    "aaa_tweet_create_mention_extended__1": ("Message mention",),
    "aaa_tweet_create_mention_with_media__1": ("Message mention",),
    "aaa_tweet_create_own_outgoing__1": NOTHING,
    "aaa_tweet_create_quote__1": ("Message quote",),
    "aaa_tweet_create_reply__1": ("Message comment",),
    "aaa_tweet_create_retweet__1": NOTHING,
    "aaa_tweet_delete_events__1": ("Unsend",),
    "aaa_user_event__1": ("Trouble",),
    "filtered_stream_webhook_post__1": ("Unreadable unknown-account",),
    "replay_job_status__1": NOTHING,
    "replay_job_status__2": ("Unreadable replay-incomplete",),
    "xaa_broadcast_chat__1": NOTHING,
    "xaa_chat_received__1": ("Note",),
    "xaa_chat_sent__1": ("Echo",),
    "xaa_dm_received__1": ("Message direct",),
    "xaa_dm_sent__1": ("Echo",),
    "xaa_follow_follow__1": NOTHING,
    "xaa_follow_unfollow__1": NOTHING,
    "xaa_like_create__1": NOTHING,
    "xaa_oauth_revoke__1": ("Trouble",),
    "xaa_post_create__1": NOTHING,
    "xaa_post_delete__1": ("Unsend",),
    "xaa_post_mention_create__1": ("Message mention",),
    "xaa_post_quote_create__1": ("Message quote",),
    "xaa_post_reply_create__1": ("Message comment",),
    "xaa_post_repost_create__1": NOTHING,
    "xaa_profile_update_screenname__1": NOTHING,
}


@pytest.mark.skipif(not FIXTURES.exists(), reason="no deliveries from outside here")
def test_deliveries_from_outside_give_what_they_should() -> None:
    found = {path.stem: kinds(events_of(path.read_bytes(), FIXTURE_ACCOUNTS)) for path in FIXTURES.glob("*.json")}
    assert found == EXPECTED


@pytest.mark.parametrize("vector", signatures("x"), ids=lambda vector: vector["source"][:40])
def test_signatures_from_outside_are_judged_alike(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SHORTEST_SECRET", 6)  # the keys of the vectors are shorter than any real one
    channel = X(connection(consumer_secret=vector["secret"]))
    if vector["kind"] == "crc":
        token = vector["url"].partition("crc_token=")[2]
        assert json.loads(channel.handshake(challenge(crc_token=token)).body) == vector["expected_response"]
        return
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    asked = request(vector["body"].encode(), headers)
    if vector["valid"]:
        channel.verify(asked)
    else:
        with pytest.raises(Forged):
            channel.verify(asked)
