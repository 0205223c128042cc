"""Files in answers, as each platform wants them; and that a lost one is not mistaken for another."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib import http
from chalicelib.channels import CHANNELS, open_channel
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.facebook import Facebook
from chalicelib.channels.x import X
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import File, Kind, Reply

AT = datetime(2026, 9, 14, 10, tzinfo=UTC)
CAT = File("Katze 猫.png", "image/png", b"\x89PNG cat")
DOG = File("Hund.jpg", "image/jpeg", b"\xff\xd8dog")
SHOP, MAI = "71000", "81000"
UPLOADED = Response(200, b'{"data": {"id": "501", "media_key": "3_501", "expires_after_secs": 86400}}')


def reply(*files: File, **more: Any) -> Reply:
    values: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "r1",
        "channel": "x",
        "account": SHOP,
        "thread": "1",
        "author_id": MAI,
        "parent": "2101",
        "kind": Kind.MENTION,
        "public": True,
        "text": "Voilà 🐈",
        "window_from": AT,
        "files": files,
        "tried_at": AT + timedelta(minutes=5),
    }
    return Reply(**(values | more))


def answering(*answers: Response | Exception, log: list[Any]) -> Http:
    left = list(answers)

    def answer(method: str, url: str, **more: Any) -> Response:
        log.append((url.partition(".com")[2], more.get("json"), more.get("form")))
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def x(*answers: Response | Exception, log: list[Any] | None = None) -> X:
    connection = Connection("x", "x", (SHOP,), {}, {"access_tokens": {SHOP: "an-access-token-of-x"}})
    return X(
        connection, answering(*answers, log=[] if log is None else log), lambda: (AT + timedelta(hours=1)).timestamp()
    )


def facebook(*answers: Response | Exception, log: list[Any] | None = None) -> Facebook:
    connection = Connection("f", "facebook", (SHOP,), {}, {"page_tokens": {SHOP: "a-token-of-the-page"}})
    return Facebook(connection, answering(*answers, log=[] if log is None else log), lambda: AT + timedelta(hours=1))


def test_pictures_are_uploaded_to_x_and_named_in_the_post() -> None:
    log: list[Any] = []
    assert x(UPLOADED, UPLOADED, Response(201, b'{"data": {"id": "9"}}'), log=log).send(reply(CAT, DOG)) == "9"
    assert log[0] == (
        "/2/media/upload",
        None,
        {"media": ("Katze 猫.png", b"\x89PNG cat", "image/png"), "media_category": "tweet_image"},
    )
    assert log[2][1] == {
        "text": "Voilà 🐈",
        "reply": {"in_reply_to_tweet_id": "2101"},
        "media": {"media_ids": ["501", "501"]},
    }


def test_a_direct_message_may_be_a_picture_alone() -> None:
    log: list[Any] = []
    direct = reply(CAT, kind=Kind.DIRECT, public=False, text="")
    assert x(UPLOADED, Response(201, b'{"data": {"dm_event_id": "8"}}'), log=log).send(direct) == "8"
    assert log[0][2]["media_category"] == "dm_image"
    assert log[1][1] == {"attachments": [{"media_id": "501"}]}


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (Lost("ReadTimeoutError"), Outcome.PASSING, "unreachable"),
        (NotSent("ConnectTimeoutError"), Outcome.PASSING, "unreachable"),
        (Response(503), Outcome.PASSING, "unreachable"),
        (Response(429), Outcome.PASSING, "throttled"),
        (Response(400, b'{"title": "Invalid Request"}'), Outcome.REFUSED, "attachment"),
        (Response(403, b'{"title": "Forbidden"}'), Outcome.REFUSED, "permission"),
    ],
)
def test_an_upload_that_fails_has_posted_nothing(answer: Response | Exception, outcome: Outcome, code: str) -> None:
    log: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        x(answer, log=log).send(reply(CAT))
    assert (failed.value.outcome, failed.value.code) == (outcome, code)
    assert [path for path, *_ in log] == ["/2/media/upload"]


def dm(id: str, text: str, after: timedelta) -> dict[str, str]:
    return {"id": id, "sender_id": SHOP, "text": text, "created_at": (AT + after).strftime("%Y-%m-%dT%H:%M:%S.000Z")}


def test_a_lost_picture_on_x_is_told_from_those_before_it() -> None:
    direct = reply(CAT, kind=Kind.DIRECT, public=False, text="", earlier=("3",))
    minutes = {"4": 6, "3": 6, "2": 1}
    listed = [dm(id, "https://t.co/abc", timedelta(minutes=after)) for id, after in minutes.items()]
    page = {"meta": {}, "data": listed}
    assert x(Response(200, json.dumps(page).encode())).find(direct) == "4"
    page = {"meta": {}, "data": listed[1:]}
    assert x(Response(200, json.dumps(page).encode())).find(direct) is None


def test_words_with_a_picture_are_found_although_x_puts_a_link_behind_them() -> None:
    direct = reply(CAT, kind=Kind.DIRECT, public=False)
    page = {"meta": {}, "data": [dm("4", "Voilà 🐈 https://t.co/abc", timedelta(minutes=6))]}
    assert x(Response(200, json.dumps(page).encode())).find(direct) == "4"


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("image/png", "image"), ("video/mp4", "video"), ("audio/mpeg", "audio"), ("application/pdf", "file")],
)
def test_messenger_gets_a_file_as_a_message_of_its_kind(media_type: str, kind: str) -> None:
    log: list[Any] = []
    direct = reply(File("Datei", media_type, b"x"), kind=Kind.DIRECT, public=False, text="", thread="55")
    assert facebook(Response(200, b'{"message_id": "m_1"}'), log=log).send(direct) == "m_1"
    path, _, form = log[0]
    assert path == f"/v26.0/{SHOP}/messages"
    assert json.loads(form["message"])["attachment"]["type"] == kind
    assert json.loads(form["recipient"]) == {"id": "55"}
    assert form["messaging_type"] == "RESPONSE"
    assert form["filedata"] == ("Datei", b"x", media_type)


def test_what_everybody_reads_is_never_several_posts() -> None:
    channels = {name: open_channel(Connection("any", name, (), spec.settings)) for name, spec in CHANNELS.items()}
    limits = {(name, kind): channel.limits(kind, True) for name, channel in channels.items() for kind in Kind}
    assert [where for where, each in limits.items() if each.public and each.parts != 1] == []


def test_a_form_arrives_with_its_file_whatever_its_name() -> None:
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
            received.extend(message_from_bytes(head + content, policy=HTTP).iter_parts())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Not to the console."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    form: http.Form = {"recipient": '{"id": "1"}', "filedata": (CAT.name, CAT.content, CAT.media_type)}
    assert http.request("POST", f"http://127.0.0.1:{server.server_port}/", form=form).status == 200
    server.server_close()
    fields, file = received
    assert fields.get_content().strip() == '{"id": "1"}'
    assert (file.get_content_type(), file.get_payload(decode=True)) == ("image/png", CAT.content)
