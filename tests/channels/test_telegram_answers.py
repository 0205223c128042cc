"""Telegram: what goes out: answers, their refusals, files both ways, and the webhook."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.telegram import Telegram
from chalicelib.channels.telegram.updates import READERS
from chalicelib.http import Lost, NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind, File, Kind
from tests.channels.telegram_at_hand import (
    ANSWER,
    BOT,
    GROUP,
    MIA,
    NOW,
    SECRET,
    SENT_AT,
    TOKEN,
    Api,
    at,
    error,
    meant,
    refusal,
    reply,
    sent,
)

BUSINESS = f"business:bC-1_x:{MIA}"
CALLBACK = "https://api.example/webhooks/telegram/cafe-x7k2m9"
WELL: dict[str, Any] = {
    "ok": True,
    "result": {"url": CALLBACK, "allowed_updates": list(READERS), "pending_update_count": 0},
}


def above(number: int) -> dict[str, Any]:
    return {"reply_parameters": {"message_id": number, "allow_sending_without_reply": True}}


def test_an_answer_is_posted_as_plain_words_below_what_it_answers() -> None:
    api = Api(sent(140))
    assert at(NOW, api).send(reply()) == f"{MIA}:140"
    ((url, asked),) = api.asked
    assert url == f"https://api.telegram.org/bot{TOKEN}/sendMessage"
    assert asked == {"json": {"chat_id": MIA, **above(101), "text": ANSWER}}


def test_each_thread_is_answered_where_it_is() -> None:
    public = {"kind": Kind.GROUP, "public": True, "parent": f"{GROUP}:502"}
    threads: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        GROUP: ({"chat_id": GROUP, **above(502)}, public),
        f"{GROUP}:17": ({"chat_id": GROUP, "message_thread_id": 17, **above(502)}, public),
        BUSINESS: ({"chat_id": MIA, "business_connection_id": "bC-1_x", **above(101)}, {}),
        f"channel:{GROUP}:{MIA}": (
            {"chat_id": GROUP, "direct_messages_topic_id": int(MIA), **above(900)},
            {"parent": f"{GROUP}:900"},
        ),
    }
    for thread, (where, more) in threads.items():
        api = Api()
        at(NOW, api).send(reply(thread=thread, **more))
        assert api.bodies == [{**where, "text": ANSWER}]


def test_only_the_first_part_shows_what_it_answers_and_a_button_cannot_be_answered() -> None:
    for more in ({"earlier": (f"{MIA}:140",)}, {"parent": "button:438291"}, {"parent": ""}):
        api = Api()
        at(NOW, api).send(reply(**more))
        assert api.bodies == [{"chat_id": MIA, "text": ANSWER}]


def test_an_answer_to_a_business_account_is_known_by_the_id_that_its_echo_has() -> None:
    api = Api(sent(68, business_connection_id="bC-1_x"))
    assert at(NOW, api).send(reply(thread=BUSINESS)) == f"bC-1_x:{MIA}:68"


def test_a_group_that_has_moved_gets_the_answer_where_it_is_now() -> None:
    moved = error(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001900800702)
    group = reply(thread="-412300", kind=Kind.GROUP, public=True, parent="-412300:9")
    api = Api(moved, sent(3, "-1001900800702"))
    assert at(NOW, api).send(group) == "-1001900800702:3"
    assert api.bodies[1] == {"chat_id": "-1001900800702", "text": ANSWER}
    assert meant(refusal(at(NOW, Api(moved, moved)), group)) == (Outcome.REFUSED, "gone")


def test_what_was_asked_in_the_former_group_is_not_looked_for_in_the_new_one() -> None:
    api = Api(sent(4, "-1001900800702"))
    at(NOW, api).send(reply(thread="-1001900800702", kind=Kind.GROUP, public=True, parent="-412300:9"))
    assert api.bodies == [{"chat_id": "-1001900800702", "text": ANSWER}]


FILES = {
    "photo": File("kuchen.png", "image/png", b"png"),
    "video": File("v.mp4", "video/mp4", b"mp4"),
    "audio": File("a.mp3", "audio/mpeg", b"mp3"),
    "document": File("Rechnung März.pdf", "application/pdf", b"pdf"),
}


def test_a_file_goes_as_what_it_is() -> None:
    for kind, file in FILES.items():
        api = Api()
        at(NOW, api).send(reply(text="", files=(file,), earlier=(f"{MIA}:140",)))
        assert api.methods == [f"send{kind.capitalize()}"]
        assert api.bodies == [{"chat_id": MIA, kind: (file.name, file.content, file.media_type)}]


def test_a_picture_too_large_for_a_photo_goes_as_a_document() -> None:
    api = Api()
    at(NOW, api).send(reply(text="", files=(File("k.jpg", "image/jpeg", bytes(10_000_001)),)))
    assert api.methods == ["sendDocument"]
    assert api.bodies[0]["reply_parameters"] == '{"message_id": 101, "allow_sending_without_reply": true}'


ERRORS = {
    "Forbidden: bot was blocked by the user": (403, "blocked"),
    "Forbidden: user is deactivated": (403, "blocked"),
    "Forbidden: bot can't initiate conversation with a user": (403, "blocked"),
    "Forbidden: bot was kicked from the supergroup chat": (403, "permission"),
    "Forbidden: bot is not a member of the channel chat": (403, "permission"),
    "Forbidden: something new": (403, "blocked"),
    "Bad Request: chat not found": (400, "blocked"),
    "Bad Request: message is too long": (400, "too-long"),
    "Bad Request: not enough rights to send text messages to the chat": (400, "permission"),
    "Bad Request: CHAT_WRITE_FORBIDDEN": (400, "permission"),
    "Bad Request: BUSINESS_CONNECTION_INVALID": (400, "permission"),
    "Bad Request: BUSINESS_PEER_USAGE_MISSING": (400, "window"),
    "Bad Request: message thread not found": (400, "gone"),
    "Bad Request: TOPIC_CLOSED": (400, "gone"),
    "Bad Request: PHOTO_INVALID_DIMENSIONS": (400, "attachment"),
    "Request Entity Too Large": (413, "attachment"),
    "Bad Request: something new": (400, "rejected"),
    "Unauthorized": (401, "token"),
    "Not Found": (404, "token"),
}


def test_every_refusal_is_told_as_what_it_is() -> None:
    found = {said: refusal(at(NOW, Api(error(status, said))), reply()) for said, (status, _) in ERRORS.items()}
    assert {said: meant(failed) for said, failed in found.items()} == {
        said: (Outcome.REFUSED, code) for said, (_, code) in ERRORS.items()
    }


def test_what_passes_is_tried_again_and_what_nobody_knows_is_not() -> None:
    throttled = refusal(at(NOW, Api(error(429, "Too Many Requests: retry after 14", retry_after=14))), reply())
    assert (meant(throttled), throttled.retry_after) == ((Outcome.PASSING, "throttled"), timedelta(seconds=14))
    others: list[tuple[Any, Outcome, str]] = [
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        (error(502, "Bad Gateway"), Outcome.UNKNOWN, "unclear"),
        (Response(200, b"<html>"), Outcome.UNKNOWN, "unclear"),
        (Response(200, b'{"ok": true, "result": {}}'), Outcome.UNKNOWN, "unclear"),
    ]
    for answer, *outcome in others:
        assert list(meant(refusal(at(NOW, Api(answer)), reply()))) == outcome


def test_nothing_is_asked_where_the_answer_is_known_before() -> None:
    late = SENT_AT + timedelta(hours=25)
    assert meant(refusal(at(late, Api()), reply(thread=BUSINESS))) == (Outcome.REFUSED, "window")
    assert meant(refusal(at(NOW, Api()), reply(text="🙂" * 2049))) == (Outcome.REFUSED, "too-long")
    assert meant(refusal(at(NOW, Api()), reply(public=True))) == (Outcome.REFUSED, "no-public")
    assert meant(refusal(at(NOW, Api()), reply(thread=GROUP))) == (Outcome.REFUSED, "private-only")
    assert meant(refusal(at(NOW, Api()), reply(thread="channel:-1:2", public=True))) == (Outcome.REFUSED, "no-public")
    nameless = replace(at(NOW, Api()), connection=Connection("cafe", "telegram", (BOT,)))
    assert meant(refusal(nameless, reply())) == (Outcome.REFUSED, "token")
    assert at(late, Api()).send(reply()) == f"{MIA}:140"  # the bot's own chats know no window


def test_no_failure_tells_words_or_the_token() -> None:
    for said in ("Bad Request: can't parse: Ja, bis 18 Uhr.", f"Unauthorized {TOKEN}"):
        failed = refusal(at(NOW, Api(error(400, said))), reply())
        assert "18 Uhr" not in repr(failed) + failed.detail
        assert TOKEN not in repr(failed) + failed.detail
    assert TOKEN not in repr(at(NOW, Api()))


def test_what_an_answer_may_be() -> None:
    limits = {kind: Telegram(Connection("c", "telegram", (BOT,))).limits(kind) for kind in Kind}
    assert (limits[Kind.DIRECT].public, limits[Kind.GROUP].public) == (False, True)
    assert (limits[Kind.DIRECT].parts, limits[Kind.GROUP].parts, limits[Kind.DIRECT].window) == (3, 1, None)
    assert [kind for kind in Kind if limits[kind].answers] == [Kind.DIRECT, Kind.GROUP, Kind.POST]
    assert limits[Kind.DIRECT].measure("né🙂") == 4


# --- files of customers ----------------------------------------------------------------------------------------------

PHOTO = Attachment(AttachmentKind.IMAGE, ref="AgAClarge")
WHERE = {"ok": True, "result": {"file_id": "AgAClarge", "file_path": "photos/file 7.jpg"}}


def fetched(api: Api, got: list[tuple[str, dict[str, Any]]], **options: Any) -> Response:
    def get(url: str, **more: Any) -> Response:
        got.append((url, more))
        return Response(200, b"\xff\xd8\xff")

    channel = replace(at(NOW, api, **options), get=get)
    return channel.download(BOT, PHOTO, 20_000_000, 5.0)


def test_a_file_is_fetched_with_the_token_and_only_here() -> None:
    got: list[tuple[str, dict[str, Any]]] = []
    api = Api(WHERE)
    found = fetched(api, got, api_url="http://127.0.0.1:9")
    assert (found.status, found.body) == (200, b"\xff\xd8\xff")
    assert api.bodies == [{"file_id": "AgAClarge"}]
    bounds = {"address": "127.0.0.1", "most": 20_000_000, "seconds": 5.0}
    assert got == [(f"http://127.0.0.1:9/file/bot{TOKEN}/photos/file%207.jpg", bounds)]


def test_a_file_that_cannot_be_had_says_why() -> None:
    with pytest.raises(TooLarge):
        fetched(Api(error(400, "Bad Request: file is too big")), [])
    for answer in (error(401, "Unauthorized"), NotSent("x"), Lost("x")):
        with pytest.raises(NotSent):
            fetched(Api(answer), [])
    assert fetched(Api({"ok": True, "result": {}}), []).status == 404
    with pytest.raises(NotSent):
        fetched(Api(WHERE), [], api_url="http://10.0.0.1")


# --- the webhook -----------------------------------------------------------------------------------------------------


def test_the_webhook_is_set_each_time_and_what_was_wrong_is_told() -> None:
    wrong: list[tuple[list[str], dict[str, Any]]] = [
        ([], {}),
        (["url"], {"url": ""}),
        (["allowed_updates"], {"allowed_updates": ["message"]}),
    ]
    for missing, more in wrong:
        api = Api({"ok": True, "result": {**WELL["result"], **more}}, {"ok": True, "result": True})
        assert at(NOW, api).resubscribe(BOT, CALLBACK) == missing
        assert api.methods == ["getWebhookInfo", "setWebhook"]
        # the newest token, also where Telegram still sends the one before it
        assert api.bodies[1] == {"url": CALLBACK, "secret_token": SECRET, "allowed_updates": list(READERS)}


def test_a_bot_whose_token_was_changed_tells_so() -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, Api(error(401, "Unauthorized"))).resubscribe(BOT, CALLBACK)
    assert meant(failed.value) == (Outcome.REFUSED, "token")
