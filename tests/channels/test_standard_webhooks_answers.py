"""Standard Webhooks: every answer that can go out, and what its refusal means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing
from chalicelib.channels.powers import Finds
from chalicelib.channels.standard_webhooks import StandardWebhooks
from chalicelib.http import Lost, NotSent
from chalicelib.model import Echo, Kind
from tests import signing
from tests.channels.at_hand import answering, failing
from tests.channels.standard_webhooks_at_hand import (
    ADDRESS,
    FORM,
    NOW,
    OLD_SECRET,
    REPLY_SECRET,
    REPLY_URL,
    connection,
    events_of,
    reply,
    request,
    sending,
    verify,
)


def test_an_answer_arrives_signed_at_the_address_that_was_checked() -> None:
    asked: list[Any] = []
    assert sending(answering(200, b'{"id": 77}', asked=asked)).send(reply()) == "77"
    ((method, url, more),) = asked
    assert (method, url, more["address"]) == ("POST", REPLY_URL, ADDRESS)
    assert json.loads(more["body"]) == {
        "type": "reply.created",
        "timestamp": "2026-09-21T14:13:20.000+00:00",
        "data": {
            "id": "r-5h2k",
            "account": FORM,
            "conversation": "faden-12",
            "to": {"id": "kunde-9"},
            "in_reply_to": "anfrage-4711",
            "kind": "direct",
            "public": False,
            "text": "はい、できます。Grüße 💡",
        },
    }
    expected = signing.standard_webhooks(more["body"], REPLY_SECRET, "r-5h2k", NOW)
    assert more["headers"] == expected | {"content-type": "application/json"}


def test_an_answer_sent_back_to_us_is_an_echo_of_itself() -> None:
    asked: list[Any] = []
    sending(answering(204, asked=asked)).send(reply())
    (event,) = events_of(asked[0][2]["body"])
    assert isinstance(event, Echo)
    assert (event.id, event.thread, event.author_id, event.text) == ("r-5h2k", "faden-12", "kunde-9", reply().text)


def test_every_try_has_the_same_id_so_that_the_other_side_can_tell() -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed):
        sending(answering(503, asked=asked)).send(reply())
    sending(answering(200, asked=asked)).send(reply())
    assert [more["headers"]["webhook-id"] for _, _, more in asked] == ["r-5h2k", "r-5h2k"]


def test_during_a_rotation_an_answer_is_signed_with_both_secrets() -> None:
    asked: list[Any] = []
    sending(answering(200, asked=asked), reply_secret=[REPLY_SECRET, OLD_SECRET]).send(reply())
    more = asked[0][2]
    for secret in (REPLY_SECRET, OLD_SECRET):
        verify(request(more["body"], more["headers"]), signing_secret=secret)


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"null", b'{"id": null}', b'{"id": ""}', b'{"id": {}}'])
def test_without_an_id_in_the_answer_ours_is_kept(body: bytes) -> None:
    assert sending(answering(202, body)).send(reply()) == "r-5h2k"


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (410, Outcome.REFUSED, "switched-off"),
        (301, Outcome.REFUSED, "rejected"),
        (302, Outcome.REFUSED, "rejected"),
        (308, Outcome.REFUSED, "rejected"),
        (400, Outcome.REFUSED, "rejected"),
        (401, Outcome.REFUSED, "rejected"),
        (404, Outcome.REFUSED, "rejected"),
        (413, Outcome.REFUSED, "too-long"),
        (429, Outcome.PASSING, "throttled"),
        (500, Outcome.PASSING, "unreachable"),
        (502, Outcome.PASSING, "unreachable"),
        (503, Outcome.PASSING, "unreachable"),
        (504, Outcome.PASSING, "unreachable"),
    ],
)
def test_a_refused_answer_says_what_to_do(status: int, outcome: Outcome, code: str) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(answering(status, b"secret words", {"location": "http://169.254.169.254/"})).send(reply())
    assert (failed.value.outcome, failed.value.code) == (outcome, code)
    assert "secret words" not in str(vars(failed.value))


@pytest.mark.parametrize("error", [NotSent("NewConnectionError"), Lost("ReadTimeoutError")])
def test_a_try_that_was_lost_is_made_again_because_a_repeat_does_no_harm(error: Exception) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(failing(error)).send(reply())
    assert failed.value.outcome is Outcome.PASSING
    assert not isinstance(StandardWebhooks(connection()), Finds)


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), timedelta(seconds=90)),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), timedelta(0)),
        ("999999999", timedelta(days=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_heeded(given: str, wait: timedelta | None) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(answering(429, headers={"retry-after": given})).send(reply())
    assert failed.value.retry_after == wait


def test_an_address_that_is_not_public_is_never_asked() -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        sending(answering(200, asked=asked), check=lambda url: None).send(reply())
    assert (failed.value.outcome, failed.value.code, asked) == (Outcome.REFUSED, "rejected", [])


def test_a_name_that_cannot_be_resolved_now_is_tried_later() -> None:
    def check(url: str) -> str:
        raise NotSent("gaierror")

    with pytest.raises(PostFailed) as failed:
        sending(answering(200), check=check).send(reply())
    assert failed.value.outcome is Outcome.PASSING


def test_the_guard_is_there_without_being_asked_for() -> None:
    asked: list[Any] = []
    channel = StandardWebhooks(connection(reply_url="https://169.254.169.254/latest"), http=answering(200, asked=asked))
    with pytest.raises(PostFailed) as failed:
        channel.send(reply())
    assert (failed.value.code, asked) == ("rejected", [])


def test_on_the_local_stage_answers_go_to_this_machine() -> None:
    asked: list[Any] = []
    local = StandardWebhooks(connection(reply_url="http://127.0.0.1:8123/replies"), http=answering(200, asked=asked))
    local.send(reply())
    assert asked[0][2]["address"] == "127.0.0.1"


def test_without_an_address_for_answers_there_are_none() -> None:
    channel = StandardWebhooks(connection(reply_url=""), http=answering(200))
    assert channel.limits(Kind.DIRECT).answers is False
    with pytest.raises(PostFailed) as failed:
        channel.send(reply())
    assert failed.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("secret", [None, "", "whsec_c2hvcnQ=", "whsec_not base64 at all!"])
def test_nothing_is_sent_unsigned(secret: Any) -> None:
    asked: list[Any] = []
    with pytest.raises(SecretMissing):
        sending(answering(200, asked=asked), reply_secret=secret).send(reply())
    assert asked == []


def test_how_long_an_answer_may_be_is_the_owners_choice() -> None:
    options = {"reply_url": REPLY_URL, "text_limit": 500}
    limits = StandardWebhooks(Connection("form", "standard_webhooks", (FORM,), options)).limits(Kind.COMMENT)
    assert (limits.text, limits.public, limits.answers) == (500, True, True)
    assert open_channel(connection()).limits(Kind.DIRECT).text == 10_000
