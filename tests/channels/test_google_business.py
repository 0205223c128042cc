"""Google reviews: told by a push that proves itself, asked for, answered by the one reply there can be."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import google_oauth
from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, SecretMissing
from chalicelib.channels.google_business import GoogleBusiness, push_proof
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import Attachment, AttachmentKind, Author, Kind, Message, Undelivered, Unreadable
from tests.channels.at_hand import SHARED
from tests.channels.google_at_hand import (
    LOCATION,
    NOW,
    REVIEW,
    Google,
    answered,
    certs,
    connection,
    google,
    ok,
    payload,
    pushed,
    reply,
    review,
    token,
)

FOLDER = SHARED / "google_business"
PUSHED_AT = datetime(2026, 10, 3, 10, 0, 30, 412000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    for cache in (push_proof._keys, push_proof._asked, google_oauth._minted):
        cache.clear()


def proves(jwt: str, published: tuple[str, ...] = ("first", "second"), **options: Any) -> None:
    channel = google(lambda method, url, **more: ok(certs(*published)), **options)
    channel.verify(pushed(payload("new_review"), {"authorization": f"Bearer {jwt}"}))


def test_a_push_of_the_owners_own_subscription_is_proven() -> None:
    proves(token())
    proves(token("second", iss="accounts.google.com"))


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "attacker@other.iam.example"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": "https://accounts.evil.example"},
        {"exp": -120},
        {"exp": None},
        {"iat": None},
        {"iat": 3600},
    ],
    ids=str,
)
def test_a_token_for_anybody_else_is_forged(claims: dict[str, Any]) -> None:
    now = int(time.time())
    said: dict[str, Any] = {name: now + value if type(value) is int else value for name, value in claims.items()}
    with pytest.raises(Forged):
        proves(token(**said))


def test_a_broken_token_is_forged() -> None:
    for broken in ("", "x", "a.b.c", token().rpartition(".")[0] + ".", token()[:-6] + "AAAAAA"):
        with pytest.raises(Forged):
            proves(broken)


def test_a_token_signed_with_another_key_of_the_same_name_is_forged() -> None:
    channel = google(lambda method, url, **more: ok({"keys": [{**certs("second")["keys"][0], "kid": "first"}]}))
    with pytest.raises(Forged):
        channel.verify(pushed(b"{}", {"authorization": f"Bearer {token('first')}"}))


def test_a_token_that_signs_itself_with_no_or_a_public_key_is_forged() -> None:
    import jwt

    claims = jwt.decode(token(), options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, "", algorithm="none", headers={"kid": "first"}),
        jwt.encode(claims, "k" * 40, algorithm="HS256", headers={"kid": "first"}),
    ):
        with pytest.raises(Forged):
            proves(forged)


@pytest.mark.parametrize("headers", [{}, {"authorization": token()}, {"authorization": f"Basic {token()}"}])
def test_a_push_without_a_bearer_token_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        google(Google()).verify(pushed(payload("new_review"), headers))


@pytest.mark.parametrize("missing", ["audience", "push_account"])
def test_a_connection_that_pins_nobody_serves_nobody(missing: str) -> None:
    options: dict[str, Any] = {missing: ""}
    with pytest.raises(SecretMissing):
        proves(token(), **options)


def test_googles_keys_are_asked_for_once_and_a_made_up_one_makes_us_ask_no_more() -> None:
    asked: list[str] = []

    def http(method: str, url: str, **more: Any) -> Response:
        asked.append(url)
        return ok(certs("first"))

    channel = google(http)
    for key in ("first", "first", "second", "second"):
        try:
            channel.verify(pushed(b"{}", {"authorization": f"Bearer {token(key)}"}))
        except Forged:
            assert key == "second"
    assert asked == ["https://www.googleapis.com/oauth2/v3/certs"]


def test_a_new_key_of_google_is_learnt_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    proves(token("first"), published=("first",))
    with pytest.raises(Forged):
        proves(token("second"))
    push_proof._asked.update(dict.fromkeys(push_proof._asked, time.monotonic() - 301))
    proves(token("second"))


@pytest.mark.parametrize("failure", [Lost("x"), NotSent("x"), Response(500, b""), Response(200, b'{"keys": []}')])
def test_without_googles_keys_nothing_is_proven_and_nothing_forged(failure: Any) -> None:
    channel = google(Google(failing=[failure]))
    with pytest.raises(push_proof.KeysMissing):
        channel.verify(pushed(payload("new_review"), {"authorization": f"Bearer {token()}"}))


@pytest.mark.parametrize("name", ["new_review", "new_review_camel_case", "new_review_snake_case", "updated_review"])
def test_a_push_tells_where_a_review_is(name: str) -> None:
    (event,) = google(Google()).parse(pushed(payload(name)))
    assert isinstance(event, Message)
    assert (event.thread, event.account, event.kind, event.public) == (REVIEW, LOCATION, Kind.REVIEW, True)
    assert (event.partial, event.text, event.author) == (True, "", Author(""))


def test_what_a_push_becomes() -> None:
    (event,) = google(Google()).parse(pushed(payload("new_review")))
    assert event == Message(
        channel="google_business",
        account=LOCATION,
        id="push:11520734689012345",
        thread=REVIEW,
        author=Author(""),
        text="",
        sent_at=PUSHED_AT,
        kind=Kind.REVIEW,
        public=True,
        partial=True,
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("customer_media", []),
        ("voice_of_merchant", []),
        ("kind_unknown", ["unknown-kind"]),
        ("location_of_somebody_else", ["unknown-account"]),
    ],
)
def test_what_is_no_review_of_ours(name: str, found: list[str]) -> None:
    events = google(Google()).parse(pushed(payload(name)))
    assert [event.reason.partition(":")[0] for event in events if isinstance(event, Unreadable)] == found
    assert len(events) == len(found)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message": 1}', b"\xff", payload("data_no_json")])
def test_what_is_no_push_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        google(Google()).parse(pushed(body))


def completed(found: dict[str, Any] | None) -> Message | None:
    channel = google(Google({REVIEW: found} if found else {}))
    (event,) = channel.parse(pushed(payload("new_review")))
    assert isinstance(event, Message)
    return channel.complete(event)


def test_the_desk_asks_for_the_rest_of_a_review() -> None:
    link, media = "https://business.google.com/reply?x=1", "https://lh3.googleusercontent.com/p/"
    items = [{"thumbnailUrl": f"{media}a"}, {"thumbnailUrl": f"{media}b", "videoUrl": f"{media}v"}, {}]
    assert completed(review(reviewReplyUrl=link, reviewMediaItems=items)) == Message(
        channel="google_business",
        account=LOCATION,
        id=f"{REVIEW}@2026-10-03T10:00:01.234567+00:00",
        thread=REVIEW,
        author=Author("", "Jürgen Müller"),
        text="Die Lieferung kam zu spät. 配達が遅れました",
        sent_at=datetime(2026, 10, 3, 10, 0, 1, 234567, tzinfo=UTC),
        kind=Kind.REVIEW,
        public=True,
        rating="2/5",
        permalink=link,
        attachments=(
            Attachment(AttachmentKind.IMAGE, f"{media}a"),
            Attachment(AttachmentKind.VIDEO, f"{media}v"),
        ),
    )


@pytest.mark.parametrize(
    ("comment", "text", "translation"),
    [
        ("(Translated by Google) Too late.\n\n(Original)\nZu spät. 😡", "Zu spät. 😡", "Too late."),
        ("Đồ ăn ngon!\n\n(Translated by Google)\nGood food!", "Đồ ăn ngon!", "Good food!"),
        ("(Translated by Google) ممتاز\n\n(Original)\nExcellent", "Excellent", "ممتاز"),
        ("很好吃", "很好吃", ""),
        ("(Translated by Google) alone", "(Translated by Google) alone", ""),
    ],
)
def test_the_original_is_told_from_googles_translation(comment: str, text: str, translation: str) -> None:
    found = completed(review(comment))
    assert found
    assert (found.text, found.translation) == (text, translation)


def test_stars_alone_from_somebody_anonymous_are_a_review() -> None:
    found = completed(review(None, starRating="ONE", reviewer={"isAnonymous": True, "displayName": "A Google user"}))
    assert found
    assert (found.text, found.rating, found.author) == ("", "1/5", Author(""))


def test_a_review_that_is_gone_or_answered_since_needs_no_ticket() -> None:
    assert completed(None) is None
    assert completed(review(**answered("Danke!"))) is None


def test_a_review_changed_after_our_reply_is_news() -> None:
    found = completed(review("Jetzt ist alles gut", updateTime="2026-10-05T09:00:00Z", **answered("Tut uns leid")))
    assert found
    assert found.text == "Jetzt ist alles gut"


def test_an_answer_becomes_the_reply_and_another_takes_its_place() -> None:
    site = Google({REVIEW: review()})
    channel = google(site)
    assert channel.send(reply("Das tut uns leid. 申し訳ございません 🙏")) == f"{REVIEW}/reply"
    channel.send(reply("Wir haben Ihnen geschrieben."))
    assert site.reviews[REVIEW]["reviewReply"]["comment"] == "Wir haben Ihnen geschrieben."
    assert channel.limits(Kind.REVIEW).overwrites
    assert site.tokens == 1


def test_the_limit_counts_bytes() -> None:
    limits = google(Google()).limits(Kind.REVIEW)
    assert (limits.measure("ä日🙂"), limits.text, limits.window, limits.parts) == (9, 4096, None, 1)


@pytest.mark.parametrize(
    ("failure", "outcome", "code"),
    [
        (Response(400, b"{}"), Outcome.REFUSED, "rejected"),
        (Response(401, b"{}"), Outcome.PASSING, "token"),
        (Response(403, b"{}"), Outcome.REFUSED, "permission"),
        (Response(404, b"{}"), Outcome.REFUSED, "gone"),
        (Response(429, b"{}", {"retry-after": "90"}), Outcome.PASSING, "throttled"),
        (Response(503, b"busy"), Outcome.UNKNOWN, "temporary"),
        (Response(200, b"[]"), Outcome.REFUSED, "rejected"),
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        (ok({"comment": "x", "reviewReplyState": "REJECTED", "policyViolation": "SPAM"}), Outcome.REFUSED, "policy"),
    ],
)
def test_what_a_failure_means(failure: Any, outcome: Outcome, code: str) -> None:
    with pytest.raises(PostFailed) as failed:
        google(Google({REVIEW: review()}, failing=[failure])).send(reply())
    assert (failed.value.outcome, failed.value.code) == (outcome, code)
    assert failed.value.retry_after == (timedelta(seconds=90) if code == "throttled" else None)


def test_a_refused_token_is_minted_anew() -> None:
    site = Google({REVIEW: review()}, failing=[Response(401, b"{}")])
    channel = google(site)
    with pytest.raises(PostFailed):
        channel.send(reply())
    channel.send(reply())
    assert site.tokens == 2


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (Response(400, b'{"error": "invalid_grant"}'), Outcome.REFUSED, "token"),
        (Response(401, b'{"error": "invalid_client"}'), Outcome.REFUSED, "token"),
        (Response(500, b""), Outcome.PASSING, "temporary"),
        (Lost("x"), Outcome.PASSING, "unreachable"),
    ],
)
def test_without_a_token_nothing_was_posted(answer: Response | Exception, outcome: Outcome, code: str) -> None:
    def http(method: str, url: str, **more: Any) -> Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(PostFailed) as failed:
        google(http).send(reply())
    assert (failed.value.outcome, failed.value.code) == (outcome, code)


def test_a_lost_answer_is_found_by_its_words() -> None:
    site = Google({REVIEW: review(**answered("Das tut uns leid.\n"))})
    assert google(site).find(reply()) == f"{REVIEW}/reply"
    assert google(site).find(reply("Etwas anderes")) is None
    with pytest.raises(PostFailed) as failed:
        google(Google()).find(reply())
    assert failed.value.outcome is Outcome.UNKNOWN


def test_a_poll_begins_now_and_then_brings_what_is_newer_oldest_first() -> None:
    site = Google({REVIEW: review(updateTime="2026-10-03T09:59:00Z")})
    channel = google(site)
    first = channel.poll(LOCATION, "")
    assert (list(first.events), first.cursor) == ([], NOW.isoformat())
    site.reviews[REVIEW]["updateTime"] = "2026-10-03T10:30:00Z"
    for number in range(5):
        name = f"{LOCATION}/reviews/{number}"
        site.reviews[name] = {**review(f"Nr. {number}"), "name": name, "updateTime": f"2026-10-03T11:0{number}:00Z"}
    site.reviews[f"{LOCATION}/reviews/3"].update(answered("Danke", "2026-10-03T12:00:00Z"))
    second = channel.poll(LOCATION, first.cursor)
    assert [event.text for event in second.events if isinstance(event, Message)] == [
        review()["comment"],
        *("Nr. 0", "Nr. 1", "Nr. 2", "Nr. 4"),
    ]
    assert second.cursor == "2026-10-03T11:04:00+00:00"


def test_a_poll_tells_of_a_reply_that_google_took_down() -> None:
    down = answered("Kauft bei uns!", reviewReplyState="REJECTED", policyViolation="ADVERTISING")
    site = Google({REVIEW: review(**down)})
    (event,) = google(site).poll(LOCATION, "2026-10-01T00:00:00+00:00").events
    assert isinstance(event, Undelivered)
    assert (event.id, event.code, event.detail) == (f"{REVIEW}/reply", "policy", "ADVERTISING")


def test_what_was_pushed_and_what_is_listed_are_the_same_message() -> None:
    site = Google({REVIEW: review()})
    (listed,) = google(site).recent(LOCATION, NOW - timedelta(days=3))
    whole = completed(review())
    assert isinstance(listed, Message)
    assert whole
    assert listed.id == whole.id


def test_the_subscription_is_set_up_again_and_nobody_elses_is_taken() -> None:
    topic = "projects/cafe-lindner/topics/reviews"
    site = Google(setting={"notificationTypes": ["GOOGLE_UPDATE"], "pubsubTopic": topic})
    assert google(site, topic=topic).resubscribe(LOCATION, "") == ["NEW_REVIEW", "UPDATED_REVIEW"]
    assert site.setting["notificationTypes"] == ["GOOGLE_UPDATE", "NEW_REVIEW", "UPDATED_REVIEW"]
    assert google(site, topic=topic).resubscribe(LOCATION, "") == []
    with pytest.raises(PostFailed):
        google(site, topic="projects/other/topics/x").resubscribe(LOCATION, "")
    assert google(site).resubscribe(LOCATION, "") == ()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="samples from elsewhere are not at hand")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_samples_from_elsewhere(path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    account = "accounts/100000000000000000001/locations/200000000000000001"
    if "reviewId" in found:
        channel = GoogleBusiness(connection(), Google({found["name"]: found}), lambda: NOW)
        whole = channel.complete(Message("google_business", account, "push:1", found["name"], Author(""), "", NOW))
        assert (whole is None) == ("reviewReply" in found)
        assert whole is None or whole.text == ("Die Lieferung kam zu spät." if "comment" in found else "")
        return
    events = GoogleBusiness(Connection("g", "google_business", (account,))).parse(pushed(path.read_bytes()))
    assert [type(event) for event in events] == ([] if "customer_media" in path.stem else [Message])
