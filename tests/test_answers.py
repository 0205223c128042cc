"""An agent's answer on its way out: in one post or several, with files, and what becomes of it when something goes wrong."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from struct import pack
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from chalicelib import desk, public_web
from chalicelib.aws import conversations, objects
from chalicelib.aws.table import Put
from chalicelib.desk import delivery
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import AgentReply, Enclosure
from tests import signing
from tests.aws import SECRET, SIGNING_SECRET, Stack
from tests.test_journey import NOW, comment, post

PAGE, MIA = "1002003004005", "5500001"
PARAGRAPHS = [f"{letter}: " + "Schöne Grüße aus Wien 🌷 もうすぐ届きます。 " * 30 for letter in "ABC"]
LONG = "\n\n".join(each.strip() for each in PARAGRAPHS)  # three parts in Messenger
GONE = Response(400, json.dumps({"error": {"code": 551, "error_subcode": 1545041, "message": "."}}).encode())


def message(text: str = "Wann kommt das Paket?", id: str = "m_1", at: int = NOW) -> bytes:
    sides = {"sender": {"id": MIA}, "recipient": {"id": PAGE}, "timestamp": at * 1000}
    event = {**sides, "message": {"mid": id, "text": text}}
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "time": at * 1000, "messaging": [event]}]}).encode()


def echo(id: str, text: str, metadata: str = "") -> bytes:
    sides = {"sender": {"id": PAGE}, "recipient": {"id": MIA}, "timestamp": NOW * 1000 + 5000}
    event = {**sides, "message": {"mid": id, "text": text, "is_echo": True, "metadata": metadata}}
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "time": NOW * 1000, "messaging": [event]}]}).encode()


def sent(id: str) -> Response:
    return Response(200, json.dumps({"recipient_id": MIA, "message_id": id}).encode())


def listed(*messages: dict[str, Any]) -> Response:
    """Meta's list of the conversation: the customer's message and what stands in it besides."""
    question = {"id": "m_1", "from": {"id": MIA}, "message": "Wann kommt das Paket?", "created_time": stamp(NOW - 60)}
    return Response(200, json.dumps({"data": [{"messages": {"data": [*messages, question]}}]}).encode())


def ours(id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "from": {"id": PAGE}, "message": text, "created_time": stamp(NOW + 5), **more}


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@pytest.fixture
def asked(stack: Stack) -> str:
    """Mia has asked in Messenger; the conversation's id."""
    stack.platform.answers.append(Response(200, b'{"first_name": "Mia", "last_name": "Muster"}'))
    assert post(stack, message()).status_code == 200
    stack.settle()
    stack.platform.requests.clear()
    return conversation(stack)


def conversation(stack: Stack) -> str:
    """The id of the only one."""
    (head,) = stack.items("head")
    return str(head["pk"])


def answered(stack: Stack, pk: str, text: str, id: str = "a1b2c3", **more: Any) -> None:
    """An agent's answer, as the mailroom keeps it, and all that follows at once."""
    now = datetime.now(UTC)
    kept = AgentReply(id, now, text, "anna@lindner.example", **more)
    sk = conversations.item_key(now, "reply", id)
    item = conversations.entry(pk, sk, "reply", kept, now, state="pending", tries=0)
    conversations.write([Put(item)])
    stack.settle()


def later(pk: str, span: timedelta = timedelta(minutes=1)) -> None:
    """The desk comes back to it."""
    room = desk._room()
    desk.work(pk, replace(room, now=lambda: datetime.now(UTC) + span))


def reply(stack: Stack) -> dict[str, Any]:
    (found,) = [item for item in stack.items("i#") if item["kind"] == "reply"]
    return found


def texts(stack: Stack) -> list[str]:
    return [each["message"]["text"] for each in stack.platform.posts]


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return " ".join(str(part.get_content()).replace("\u2060", "").split())


def waits(stack: Stack) -> bool:
    (head,) = stack.items("head")
    return "waiting_since" in json.loads(head["data"]).get("clock", {})


def test_a_long_private_answer_goes_out_in_parts_in_order_each_known_as_ours(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), sent("m_b"), sent("m_c")]
    answered(stack, asked, LONG)
    assert [text[0] for text in texts(stack)] == ["A", "B", "C"]
    assert all(len(text) <= 2000 for text in texts(stack))
    assert " ".join(texts(stack)).split() == LONG.split()
    marks = [each["message"]["metadata"] for each in stack.platform.posts]
    assert marks == ["bridgehead:a1b2c3", "bridgehead:a1b2c3-2", "bridgehead:a1b2c3-3"]
    assert (reply(stack)["state"], json.loads(reply(stack)["posted"])) == ("done", ["m_a", "m_b", "m_c"])
    for id in ("m_a", "m_b", "m_c"):
        assert conversations.whereabouts(conversations.identity_key("facebook", PAGE, id))
    assert not waits(stack)
    assert len(stack.mails()) == 1


def test_echoes_of_the_parts_open_nothing_and_bring_no_mail(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), sent("m_b"), sent("m_c")]
    answered(stack, asked, LONG)
    for id, text in zip(("m_c", "m_a", "m_b"), texts(stack), strict=True):
        post(stack, echo(id, text))
    stack.settle()
    later(asked)
    assert len(stack.mails()) == 1
    assert len(stack.platform.posts) == 3


def test_a_later_part_that_is_refused_tells_what_was_posted_and_what_not(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), GONE]
    answered(stack, asked, LONG)
    assert len(stack.platform.posts) == 2
    assert (reply(stack)["state"], reply(stack)["code"]) == ("refused", "partly")
    said = body(stack.mails()[-1])
    assert "3 Nachrichten" in said
    missing, had = said.index("Was noch fehlt"), said.index("Gesendet wurde")
    assert missing < said.index("B: Schöne") < said.index("C: Schöne") < had < said.index("A: Schöne")
    assert waits(stack)


def test_a_part_of_unknown_fate_is_looked_for_and_the_next_follow(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), Lost("ReadTimeoutError")]
    answered(stack, asked, LONG)
    assert reply(stack)["state"] == "unknown"
    first, second = texts(stack)
    stack.platform.answers += [listed(ours("m_b", second), ours("m_a", first)), sent("m_c")]
    later(asked)
    assert [text[0] for text in texts(stack)] == ["A", "B", "C"]
    assert (reply(stack)["state"], json.loads(reply(stack)["posted"])) == ("done", ["m_a", "m_b", "m_c"])
    assert len(stack.mails()) == 1


def test_a_part_that_is_not_there_is_sent_again_and_no_other(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), Lost("ReadTimeoutError")]
    answered(stack, asked, LONG)
    stack.platform.answers += [listed(ours("m_a", texts(stack)[0])), sent("m_b"), sent("m_c")]
    later(asked)
    assert [text[0] for text in texts(stack)] == ["A", "B", "B", "C"]
    assert reply(stack)["state"] == "done"


def test_two_parts_with_the_same_words_are_not_taken_for_each_other(stack: Stack, asked: str) -> None:
    twice = "x " * 999 + "x\n\n" + "x " * 999 + "x"
    stack.platform.answers += [sent("m_a"), Lost("ReadTimeoutError")]
    answered(stack, asked, twice)
    first, _ = texts(stack)
    stack.platform.answers += [listed(ours("m_a", first)), sent("m_b")]
    later(asked)
    assert len(stack.platform.posts) == 3
    assert json.loads(reply(stack)["posted"]) == ["m_a", "m_b"]


def test_an_echo_settles_a_part_and_the_next_goes_out_without_a_look(stack: Stack, asked: str) -> None:
    stack.platform.answers += [sent("m_a"), Lost("ReadTimeoutError")]
    answered(stack, asked, LONG)
    stack.platform.answers += [sent("m_c")]
    post(stack, echo("m_b", texts(stack)[1], "bridgehead:a1b2c3-2"))
    stack.settle()
    assert [text[0] for text in texts(stack)] == ["A", "B", "C"]
    assert json.loads(reply(stack)["posted"]) == ["m_a", "m_b", "m_c"]


@pytest.mark.parametrize("stage", ["claimed", "posted"])
def test_a_crash_between_parts_goes_on_where_it_stopped(
    stack: Stack, asked: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.platform.answers += [sent("m_a"), sent("m_b"), sent("m_c")]
    with monkeypatch.context() as dying:
        crash_at(stage, 2, dying)
        with pytest.raises(BatchProcessingError):
            answered(stack, asked, LONG)
    if stage == "claimed":
        # part 2 was sent, its id was never written down
        assert reply(stack)["state"] == "attempting"
        stack.platform.answers.insert(0, listed(ours("m_b", texts(stack)[1]), ours("m_a", texts(stack)[0])))
    later(asked)
    assert [text[0] for text in texts(stack)] == ["A", "B", "C"]
    assert (reply(stack)["state"], json.loads(reply(stack)["posted"])) == ("done", ["m_a", "m_b", "m_c"])


def crash_at(stage: str, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The λ dies around the writing down of one part."""
    real: Callable[..., Any] = delivery.posted
    count = iter(range(1, 100))

    def dying(*arguments: Any) -> Any:
        if next(count) != part:
            return real(*arguments)
        if stage == "posted":
            real(*arguments)
        raise RuntimeError("killed")

    monkeypatch.setattr(delivery, "posted", dying)


def test_an_answer_that_is_too_long_for_all_parts_comes_back_with_both_lengths(stack: Stack, asked: str) -> None:
    answered(stack, asked, "Wort " * 2100)
    assert stack.platform.posts == []
    assert reply(stack)["code"] == "too-long"
    said = body(stack.mails()[-1])
    assert "10.500 Zeichen" in said
    assert "10.000 Zeichen" in said


def test_a_public_answer_is_never_split(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    answered(stack, conversation(stack), "Wort " * 1700)
    assert stack.platform.posts == []
    assert reply(stack)["code"] == "too-long"
    assert "8.000 Zeichen" in body(stack.mails()[-1])


def test_a_later_message_does_not_change_what_an_answer_answers(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    pk = conversation(stack)
    stack.platform.answers.append(NotSent("ConnectTimeoutError"))
    answered(stack, pk, "Ja, ab neun.")
    post(stack, comment("Und am Montag?", id="77_90", parent="77_88"))
    stack.settle()
    later(pk, timedelta(minutes=2))
    places = [
        url.rpartition("/")[0].rpartition("/")[2] for method, url, _ in stack.platform.requests if method == "POST"
    ]
    assert places == ["77_88", "77_88"]


def test_a_private_answer_to_a_public_comment_is_one_message(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    pk = conversation(stack)
    answered(stack, pk, "Wort " * 500, "a1", public=False)
    assert stack.platform.posts == []
    assert "2.000 Zeichen" in body(stack.mails()[-1])
    stack.platform.answers.append(sent("m_p"))
    answered(stack, pk, "Gern, hier privat.", "a2", public=False)
    assert stack.platform.posts[0]["recipient"] == {"comment_id": "77_88"}


def test_an_answer_waits_until_its_agent_wants_it(stack: Stack, asked: str) -> None:
    stack.platform.answers.append(sent("m_a"))
    answered(stack, asked, "Heute ist es da.", not_before=datetime.now(UTC) + timedelta(hours=2))
    later(asked, timedelta(hours=1))
    assert stack.platform.posts == []
    later(asked, timedelta(hours=2, minutes=1))
    assert texts(stack) == ["Heute ist es da."]


def test_what_nobody_knew_is_told_when_the_proof_comes(stack: Stack, asked: str) -> None:
    stack.platform.answers += [Lost("ReadTimeoutError"), *([Response(500)] * 9)]
    answered(stack, asked, "Morgen früh.")
    later(asked, timedelta(minutes=15))
    assert reply(stack)["state"] == "held"
    post(stack, echo("m_a", "Morgen früh.", "bridgehead:a1b2c3"))
    stack.settle()
    assert reply(stack)["state"] == "done"
    assert not waits(stack)
    told = body(stack.mails()[-1])
    assert "Morgen früh." in told
    assert len(stack.mails()) == 3


# Files


def png(*extra: bytes) -> bytes:
    ends = [chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00")), chunk(b"IEND", b"")]
    return b"".join((b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), *extra, *ends))


def chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))


def enclosed(name: str, media_type: str, content: bytes, number: int = 1) -> Enclosure:
    key = f"outgoing/a1b2c3/{number}"
    objects.put(key, content, media_type)
    return Enclosure(name, media_type, key, len(content))


def test_files_follow_the_words_in_messenger_each_with_its_own_mark(stack: Stack, asked: str) -> None:
    located = png(chunk(b"eXIf", b"MM\x00*GPS 48.2 16.4"))
    files = (
        enclosed("Rechnung Nº 7.pdf", "application/pdf", b"%PDF-1.7"),
        enclosed("Bild.png", "image/png", located, 2),
    )
    stack.platform.answers += [sent("m_a"), sent("m_b"), sent("m_c")]
    answered(stack, asked, "Anbei.", attachments=files)
    words, pdf, picture = [more for method, _, more in stack.platform.requests if method == "POST"]
    assert words["json"]["message"]["text"] == "Anbei."
    assert pdf["form"]["filedata"] == ("Rechnung Nº 7.pdf", b"%PDF-1.7", "application/pdf")
    assert json.loads(pdf["form"]["recipient"]) == {"id": MIA}
    sent_message = json.loads(picture["form"]["message"])
    assert sent_message["attachment"] == {"type": "image", "payload": {"is_reusable": False}}
    assert sent_message["metadata"] == "bridgehead:a1b2c3-3"
    assert picture["form"]["filedata"] == ("Bild.png", png(), "image/png")
    assert json.loads(reply(stack)["posted"]) == ["m_a", "m_b", "m_c"]


def test_a_file_of_unknown_fate_is_looked_for_among_files(stack: Stack, asked: str) -> None:
    files = (enclosed("a.png", "image/png", png()), enclosed("b.png", "image/png", png(), 2))
    stack.platform.answers += [sent("m_a"), Lost("ReadTimeoutError")]
    answered(stack, asked, "", attachments=files)
    shown = {"attachments": {"data": [{"mime_type": "image/png", "name": "image-1"}]}}
    soon = stamp(int(datetime.now(UTC).timestamp()) + 1)
    before = ours("m_0", "", **shown, created_time=stamp(NOW - 120))
    stack.platform.answers += [
        listed(ours("m_b", "", **shown, created_time=soon), ours("m_a", "", **shown, created_time=soon), before)
    ]
    later(asked)
    assert len(stack.platform.requests) == 3
    assert json.loads(reply(stack)["posted"]) == ["m_a", "m_b"]


@pytest.mark.parametrize(
    ("name", "media_type", "content"),
    [
        ("Programm.exe", "application/octet-stream", b"MZ"),
        ("Film.mp4", "video/mp4", b"x" * 25_000_001),
        ("kaputt.png", "image/png", b"\x89PNG\r\n\x1a\n\x00"),
    ],
)
def test_a_file_the_platform_would_not_take_comes_back_before_anything_is_posted(
    stack: Stack, asked: str, name: str, media_type: str, content: bytes
) -> None:
    answered(stack, asked, "Anbei.", attachments=(enclosed(name, media_type, content),))
    assert stack.platform.requests == []
    assert reply(stack)["code"] == "attachment"
    said = body(stack.mails()[-1])
    assert f"Datei: {name}" in said
    assert "25 MB" in said


def test_a_comment_takes_no_files(stack: Stack) -> None:
    post(stack, comment())
    stack.settle()
    pk = conversation(stack)
    answered(stack, pk, "Anbei.", attachments=(enclosed("a.png", "image/png", png()),))
    assert stack.platform.posts == []
    assert "Anhänge lassen sich nicht senden." in body(stack.mails()[-1])


def x_mention() -> bytes:
    post = {
        "id": "2101000000000000101",
        "text": "@lindner Habt ihr offen?",
        "author_id": "88001",
        "conversation_id": "2101000000000000101",
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    event = {"event_uuid": "1", "event_type": "post.mention.create", "filter": {"user_id": "77001"}, "payload": post}
    return json.dumps({"data": {**event, "includes": {}}}).encode()


def test_pictures_go_out_with_the_words_on_x(stack: Stack) -> None:
    raw = x_mention()
    headers = {"content-type": "application/json", **signing.x(raw, SECRET)}
    assert stack.client.http.post("/webhooks/x/x", headers=headers, body=raw).status_code == 200
    stack.settle()
    stack.platform.requests.clear()
    stack.platform.answers += [
        Response(200, b'{"data": {"id": "501", "media_key": "3_501"}}'),
        Response(503),
        Response(200, b'{"data": {"id": "503", "media_key": "3_503"}}'),
        Response(200, b'{"data": {"id": "504", "media_key": "3_504"}}'),
        Response(201, b'{"data": {"id": "2101000000000000202", "text": ""}}'),
    ]
    pk = conversation(stack)
    files = (enclosed("a.png", "image/png", png()), enclosed("b.png", "image/png", png(), 2))
    answered(stack, pk, "So sieht es aus.", attachments=files)
    # an upload that failed is no post: it is simply done again
    assert reply(stack)["state"] == "pending"
    later(pk)
    *_, (_, upload, more), (_, place, posted) = stack.platform.requests
    assert upload == "https://api.x.com/2/media/upload"
    assert more["form"] == {"media": ("b.png", png(), "image/png"), "media_category": "tweet_image"}
    assert place == "https://api.x.com/2/tweets"
    assert posted["json"]["media"] == {"media_ids": ["503", "504"]}
    assert reply(stack)["state"] == "done"


def test_a_webhook_names_its_files_behind_links_of_ours_that_open(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_web, "check", lambda url, **_: "203.0.113.7")
    raw = json.dumps({"type": "message.created", "data": {"author": {"id": "customer-9"}, "text": "?"}}).encode()
    headers = signing.standard_webhooks(raw, SIGNING_SECRET, at=int(time.time()))
    headers = {"content-type": "application/json", **headers}
    assert stack.client.http.post("/webhooks/standard_webhooks/shop", headers=headers, body=raw).status_code == 200
    stack.settle()
    answered(
        stack, conversation(stack), "Anbei.", attachments=(enclosed("Größe 日本.pdf", "application/pdf", b"%PDF-1.7"),)
    )
    ((_, _, more),) = stack.platform.requests
    (file,) = json.loads(more["body"])["data"]["attachments"]
    assert {key: file[key] for key in ("name", "media_type", "kind")} == {
        "name": "Größe 日本.pdf",
        "media_type": "application/pdf",
        "kind": "file",
    }
    path = file["url"].removeprefix("https://api.lindner.example")
    assert stack.client.http.get(path).status_code == 302
