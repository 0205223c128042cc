"""LinkedIn: what goes out, what every refusal means, the look for a lost answer, completion, subscription and token."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.linkedin.answers import unescaped
from chalicelib.channels.powers import Completes, Finds, Lists, Polls, Profiles, Refreshed, Refreshes, Subscribes
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import Attachment, AttachmentKind, Author
from tests.channels.at_hand import kinds, refusal
from tests.channels.linkedin_at_hand import (
    ANSWER,
    COMMENT,
    MAI,
    NOW,
    OURS,
    PAGE,
    POST,
    RENEWING,
    SECRET,
    SENT_AT,
    SHARE,
    TOKEN,
    YUI,
    answering,
    only,
    opened,
    page,
    payload,
    posted,
    reply,
)

OUR_COMMENT = f"urn:li:comment:({POST},7291300000000000001)"
UNDER = f"socialActions/{quote(COMMENT, safe='')}/comments"
ABOVE = f"urn:li:comment:({POST},7291100000000000000)"
THE_COMMENT = f"socialActions/{quote(POST, safe='')}/comments/7291100000000000001"
CREATED = Response(201, b"", {"x-restli-id": "7291300000000000001"})
CALLBACK = "https://api.sonnenschein.example/webhooks/linkedin/linkedin"
APP = {"application_id": "4711", "subscriber": "aDm1nOne"}
MENTIONED = {"thread": SHARE, "parent": SHARE}


def test_what_linkedin_can_do_is_offered_and_no_more() -> None:
    channel = opened(answering())
    for power in (Finds, Completes, Lists, Subscribes, Refreshes):
        assert isinstance(channel, power)
    assert not isinstance(channel, Profiles)
    assert not isinstance(channel, Polls)


# --- the answer


def test_an_answer_goes_under_the_customers_comment_in_the_pages_name() -> None:
    log: list[Any] = []
    assert opened(answering(CREATED, log=log)).send(reply()) == OUR_COMMENT
    ((method, path, headers, body),) = log
    assert (method, path) == ("POST", UNDER)
    assert body == {"actor": OURS, "object": POST, "message": {"text": ANSWER}, "parentComment": COMMENT}
    assert headers == {
        "authorization": f"Bearer {TOKEN}",
        "linkedin-version": "202610",
        "x-restli-protocol-version": "2.0.0",
    }


def test_a_mention_is_answered_under_its_post() -> None:
    log: list[Any] = []
    assert opened(answering(CREATED, log=log)).send(reply(**MENTIONED)).startswith(f"urn:li:comment:({SHARE},")
    assert log[0][1] == f"socialActions/{quote(SHARE, safe='')}/comments"
    assert log[0][3] == {"actor": OURS, "object": SHARE, "message": {"text": ANSWER}}


def test_the_refresh_token_stays_at_home() -> None:
    log: list[Any] = []
    opened(answering(CREATED, log=log), f"{TOKEN}:{RENEWING}").send(reply())
    assert log[0][2]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "created",
    [
        CREATED,
        Response(201, b"", {"x-restli-id": quote(OUR_COMMENT, safe="")}),
        Response(201, json.dumps({"commentUrn": "urn:li:comment:(activity:7,7291300000000000001)"}).encode()),
        Response(201, json.dumps({"id": "7291300000000000001"}).encode(), {"x-restli-id": "1"}),
    ],
)
def test_an_answer_is_known_by_the_name_it_will_come_back_with(created: Response) -> None:
    assert opened(answering(created)).send(reply()) == OUR_COMMENT


def test_an_answer_to_the_second_level_goes_under_the_first() -> None:
    log: list[Any] = []
    refused, comment = (400, "parentComment is not a top level comment"), {"id": "1", "parentComment": ABOVE}
    assert opened(answering(refused, comment, CREATED, log=log)).send(reply()) == OUR_COMMENT
    assert [entry[1] for entry in log] == [UNDER, THE_COMMENT, f"socialActions/{quote(ABOVE, safe='')}/comments"]
    assert log[2][3]["parentComment"] == ABOVE


def test_a_refusal_on_the_first_level_is_a_refusal() -> None:
    assert refusal(opened(answering((400, "no"), {"id": "1"})), reply()) == (Outcome.REFUSED, "rejected")


FAILURES = [
    (NotSent("x"), Outcome.PASSING, "unreachable"),
    (Lost("x"), Outcome.UNKNOWN, "lost"),
    ((401, "The token used in the request has been revoked by the user"), Outcome.REFUSED, "token"),
    ((403, "Member is not an administrator"), Outcome.REFUSED, "permission"),
    ((404, "Not Found"), Outcome.REFUSED, "gone"),
    ((410, "Gone"), Outcome.REFUSED, "gone"),
    ((429, "Comment create throttled: creation rate limit exceeded for member"), Outcome.PASSING, "throttled"),
    ((429, "Resource level throttle DAY limit for calls"), Outcome.PASSING, "usage-capped"),
    ((500, "Internal"), Outcome.UNKNOWN, "unclear"),
    ((504, "Timeout"), Outcome.UNKNOWN, "unclear"),
    (Response(201, b""), Outcome.UNKNOWN, "unclear"),
    (Response(422, b'{"code": "DUPLICATE_POST", "message": "?"}'), Outcome.REFUSED, "duplicate"),
    (Response(302, b"<html>"), Outcome.REFUSED, "rejected"),
]


@pytest.mark.parametrize(("answer", "outcome", "code"), FAILURES)
def test_every_failure_means_something(answer: Any, outcome: Outcome, code: str) -> None:
    assert refusal(opened(answering(answer, {})), reply(**MENTIONED)) == (outcome, code)


def test_the_short_throttle_is_a_minute_and_the_long_one_until_midnight() -> None:
    waits = []
    for message in ("Comment create throttled: creation rate limit exceeded for member", "DAY limit"):
        with pytest.raises(PostFailed) as failed:
            opened(answering((429, message))).send(reply())
        waits.append(failed.value.retry_after)
    assert waits == [timedelta(minutes=1), datetime(2026, 10, 4, tzinfo=UTC) - NOW]


def test_a_failure_never_repeats_words() -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering((403, f"Unpermitted: {ANSWER}"))).send(reply())
    assert failed.value.detail == "403"


def test_without_a_token_the_answer_is_refused() -> None:
    assert refusal(opened(answering(), "short"), reply()) == (Outcome.REFUSED, "token")


# --- the look for a lost answer


def test_a_lost_answer_is_found_by_who_and_what() -> None:
    others = [posted("1", "Danke!"), posted("2", ANSWER, MAI)]
    for spaced in (ANSWER, ANSWER.replace(" ", "\n")):
        found = opened(answering({"id": "1"}, page(*others, posted(text=spaced)))).find(reply())
        assert found == OUR_COMMENT


def test_what_is_certainly_not_there_is_none() -> None:
    early = posted(created={"time": round((SENT_AT - timedelta(days=1)).timestamp() * 1000)})
    assert opened(answering({"id": "1"}, page(early))).find(reply()) is None


def test_the_second_try_is_looked_for_too() -> None:
    log: list[Any] = []
    comment = {"id": "1", "parentComment": ABOVE}
    assert opened(answering(comment, page(), page(posted()), log=log)).find(reply()) == OUR_COMMENT
    assert [entry[1].partition("?")[0] for entry in log][1:] == [UNDER, UNDER.replace("0001", "0000")]


def test_all_pages_are_looked_through() -> None:
    full = page(*[posted(str(number), "Danke!", MAI) for number in range(100)])
    log: list[Any] = []
    assert opened(answering({"id": "1"}, full, page(posted()), log=log)).find(reply()) == OUR_COMMENT
    assert [entry[1].rpartition("&")[2] for entry in log[1:]] == ["start=0", "start=100"]


@pytest.mark.parametrize(
    "answers",
    [
        [(403, "?")],  # a role that may not read
        [(404, "?")],
        [{"id": "1"}, (500, "?")],
        [{"id": "1"}, NotSent("x")],
        [{"id": "1"}, {"no": "list"}],
        [{"id": "1"}, page({"actor": OURS, "message": {"text": ANSWER}})],
    ],
)
def test_what_cannot_be_read_proves_nothing(answers: list[Any]) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering(*answers)).find(reply())
    assert failed.value.outcome is Outcome.UNKNOWN


def test_an_empty_list_under_a_post_counts_only_if_the_post_can_be_read() -> None:
    assert opened(answering(page(), {"id": SHARE})).find(reply(**MENTIONED)) is None
    with pytest.raises(PostFailed):
        opened(answering(page(), (403, "?"))).find(reply(**MENTIONED))


# --- the rest of a message


def test_a_partial_comment_is_completed() -> None:
    log: list[Any] = []
    picture = {"type": "IMAGE", "url": "https://media.licdn.com/dms/image/1"}
    told = {"actor": YUI, "message": {"text": "予約できますか？"}, "content": [picture]}
    found = opened(answering(told, log=log)).complete(only("comment_without_decoration"))
    assert found
    assert (found.author, found.text, found.partial) == (Author(YUI), "予約できますか？", False)
    assert found.thread == POST
    assert found.attachments == (Attachment(AttachmentKind.IMAGE, picture["url"]),)
    assert log[0][:2] == ("GET", THE_COMMENT.replace("0001", "0007"))


def test_a_partial_mention_is_completed_as_people_read_it() -> None:
    told = {
        "author": MAI,
        "commentary": r"Hỏi @[Café \(Wien\)](urn:li:organization:30911502) \#1 {hashtag|\#|kaffee} ☕",
    }
    found = opened(answering(told)).complete(only("share_mention_without_decoration"))
    assert found
    assert (found.author, found.text) == (Author(MAI), "Hỏi Café (Wien) #1 #kaffee ☕")


@pytest.mark.parametrize("told", [(404, "Not Found"), {"actor": OURS, "message": {"text": "Danke!"}}])
def test_what_is_gone_or_our_own_needs_no_answer(told: Any) -> None:
    assert opened(answering(told)).complete(only("comment_without_decoration")) is None


def test_what_may_not_be_read_is_told() -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering((403, "?"))).complete(only("share_mention_without_decoration"))
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "permission")


def test_text_without_signs_stays_as_it_is() -> None:
    assert unescaped("Grüße (aus) Köln, 100 % أهلا") == "Grüße (aus) Köln, 100 % أهلا"


# --- what was never pushed


def test_what_was_never_pushed_is_listed_as_the_webhook_would_have_brought_it() -> None:
    log: list[Any] = []
    listed = page(*json.loads(payload("mixed_with_one_broken"))["notifications"])
    events = list(opened(answering(listed, log=log)).recent(PAGE, SENT_AT))
    assert kinds(events) == "message unreadable unsend"
    assert log[0][1] == (
        "organizationalEntityNotifications?q=criteria&actions=List(COMMENT,SHARE_MENTION,SHARE)"
        f"&organizationalEntity=urn%3Ali%3Aorganization%3A{PAGE}&timeRange=(start:1791021601000)&count=100&start=0"
    )


# --- the subscription


def subscription(**more: Any) -> dict[str, Any]:
    ends = round((NOW + timedelta(days=50)).timestamp() * 1000)
    return {"webhook": CALLBACK, "expiresAt": ends, **more}


def test_a_living_subscription_is_left_alone() -> None:
    assert opened(answering(subscription()), **APP).resubscribe(PAGE, CALLBACK) == ()


@pytest.mark.parametrize(
    "found",
    [(404, "Not Found"), subscription(webhook="https://old.example/"), subscription(expiresAt=1_791_030_000_000)],
)
def test_a_subscription_that_is_gone_or_ends_is_set_up_again(found: Any) -> None:
    log: list[Any] = []
    missing = opened(answering(found, Response(204), log=log), **APP).resubscribe(PAGE, CALLBACK)
    assert missing == ("ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",)
    assert log[1][0] == "PUT"
    assert log[1][1] == (
        "eventSubscriptions/(developerApplication:urn%3Ali%3AdeveloperApplication%3A4711,"
        "user:urn%3Ali%3Aperson%3AaDm1nOne,entity:urn%3Ali%3Aorganization%3A30911502,"
        "eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)"
    )
    assert log[1][3] == {"webhook": CALLBACK}


def test_an_administrator_no_longer_one_is_told() -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering((403, "?")), **APP).resubscribe(PAGE, CALLBACK)
    assert failed.value.code == "permission"


def test_without_the_apps_id_nothing_is_asked() -> None:
    assert opened(answering()).resubscribe(PAGE, CALLBACK) == ()


# --- the token


def test_a_token_is_renewed_and_keeps_what_renews_it() -> None:
    log: list[Any] = []
    told = {"access_token": "AQX-the-next-access-token", "expires_in": 5_184_000, "refresh_token_expires_in": 100}
    found = opened(answering(told, log=log), f"{TOKEN}:{RENEWING}", client_id="78abc").refresh(PAGE)
    assert found == Refreshed({"access_tokens": f"AQX-the-next-access-token:{RENEWING}"}, NOW + timedelta(days=60))
    assert log[0][1] == "https://www.linkedin.com/oauth/v2/accessToken"
    assert parse_qs(log[0][3]) == {
        "grant_type": ["refresh_token"],
        "refresh_token": [RENEWING],
        "client_id": ["78abc"],
        "client_secret": [SECRET],
    }


def test_when_the_owner_has_to_sign_in_again_it_is_told() -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering(Response(400, b'{"error": "invalid_grant"}')), f"{TOKEN}:{RENEWING}", client_id="78").refresh(
            PAGE
        )
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


def test_a_token_that_nothing_renews_is_watched() -> None:
    ends = NOW + timedelta(days=30)
    told = {"active": True, "status": "active", "expires_at": round(ends.timestamp())}
    assert opened(answering(told), client_id="78").refresh(PAGE) == Refreshed({}, ends)


@pytest.mark.parametrize("told", [{"active": False}, {"active": True, "expires_at": round(NOW.timestamp()) + 900_000}])
def test_the_end_of_a_token_that_nothing_renews_is_told_before_it_comes(told: Any) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering(told), client_id="78").refresh(PAGE)
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "token")


def test_without_the_apps_client_id_there_is_nothing_to_renew_with() -> None:
    assert opened(answering()).refresh(PAGE) is None


@pytest.mark.parametrize("told", [(503, "?"), (429, "?"), NotSent("x"), Lost("x")])
def test_a_sign_in_that_does_not_answer_is_asked_again(told: Any) -> None:
    with pytest.raises(PostFailed) as failed:
        opened(answering(told), f"{TOKEN}:{RENEWING}", client_id="78").refresh(PAGE)
    assert failed.value.outcome is Outcome.PASSING
