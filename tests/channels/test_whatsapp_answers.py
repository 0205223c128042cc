"""WhatsApp: what leaves for it, and what its refusals mean."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from chalicelib import public_web
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.powers import Downloads, Finds, Subscribes
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.channels.whatsapp.failures import ERRORS
from chalicelib.desk.parts import plan
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import AgentReply, Attachment, AttachmentKind, File, Kind
from tests.channels.at_hand import refusal
from tests.channels.whatsapp_at_hand import (
    ANSWER,
    MIA,
    MIAS_NUMBER,
    NOW,
    NUMBER,
    SENT_AT,
    TOKEN,
    WAMID,
    Meta,
    at,
    connection,
    reply,
)

API = "https://graph.facebook.com/v26.0"


def sent(**more: Any) -> dict[str, Any]:
    meta = Meta()
    assert at(NOW, meta).send(reply(**more)) == "wamid.OURS"
    return meta.bodies[-1]


def test_an_answer_goes_to_the_person_and_carries_our_own_mark() -> None:
    meta = Meta()
    assert at(NOW, meta).send(reply()) == "wamid.OURS"
    (method, url, more) = meta.asked[0]
    assert (method, url) == ("POST", f"{API}/{NUMBER}/messages")
    assert more["headers"] == {"authorization": f"Bearer {TOKEN}"}
    assert more["json"] == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": MIA,
        "context": {"message_id": WAMID},
        "type": "text",
        "text": {"body": ANSWER, "preview_url": False},
        "biz_opaque_callback_data": f"bridgehead:3f9c2a7e:{MIA}:{MIA}",
    }


def test_who_is_known_by_a_number_alone_is_written_to_at_that_number() -> None:
    body = sent(thread=MIAS_NUMBER, author_id=MIAS_NUMBER)
    assert body["to"] == MIAS_NUMBER
    assert "recipient" not in body


def test_only_the_first_part_shows_what_it_answers() -> None:
    assert "context" not in sent(earlier=("wamid.FIRST",))
    assert "context" not in sent(parent="moved:1:2")


def test_a_group_is_answered_in_the_group() -> None:
    body = sent(thread="group:1203@g.us", kind=Kind.GROUP, public=True)
    assert (body["recipient_type"], body["to"]) == ("group", "1203@g.us")


def test_what_was_meant_for_one_never_goes_to_a_group_nor_the_other_way_round() -> None:
    channel = at(NOW, Meta())
    assert refusal(channel, reply(thread="group:1203@g.us")) == (Outcome.REFUSED, "private-only")
    assert refusal(channel, reply(public=True)) == (Outcome.REFUSED, "no-public")


def test_length_is_counted_in_characters_and_a_long_answer_becomes_several_messages() -> None:
    limits = at(NOW, Meta()).limits(Kind.DIRECT)
    assert (limits.text, limits.measure("👩‍👩‍👧 é"), limits.public) == (4096, 7, False)
    posts = plan(AgentReply("a", NOW, "Wort " * 1600, "anna"), limits)
    assert [len(post.text) <= 4096 for post in posts] == [True, True]
    assert refusal(at(NOW, Meta()), reply(text="あ" * 4097)) == (Outcome.REFUSED, "too-long")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.DIRECT, Kind.GROUP)])
def test_there_is_nothing_public_on_whatsapp(kind: Kind) -> None:
    assert not at(NOW, Meta()).limits(kind).answers


# --- the window and approved texts -----------------------------------------------------------------------------------


def test_a_day_after_the_customers_last_word_only_an_approved_text_goes() -> None:
    meta = Meta()
    late = at(SENT_AT + timedelta(hours=24, seconds=1), meta)
    assert refusal(late, reply()) == (Outcome.REFUSED, "window")
    assert meta.asked == []
    late.send(reply(template="order_update", text="Mia\n\n  Samstag,\t9 Uhr  \n"))
    assert meta.bodies[0]["template"] == {
        "name": "order_update",
        "language": {"code": "de"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Mia"}, {"type": "text", "text": "Samstag, 9 Uhr"}],
            }
        ],
    }
    assert "context" not in meta.bodies[0]


def test_an_approved_text_without_places_needs_no_words() -> None:
    body = sent(template="we_are_open", text="")
    assert body["template"] == {"name": "we_are_open", "language": {"code": "en_US"}, "components": []}


def test_a_text_that_nobody_approved_is_not_sent() -> None:
    assert refusal(at(NOW, Meta()), reply(template="unheard_of")) == (Outcome.REFUSED, "template")


def test_the_ticket_knows_the_names_of_approved_texts() -> None:
    assert at(NOW, Meta()).limits(Kind.DIRECT).templates == ("order_update", "we_are_open")


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "size", "kind"),
    [
        ("image/jpeg", 9, "image"),
        ("image/png", 5_000_001, "document"),
        ("image/gif", 9, "document"),
        ("video/mp4", 9, "video"),
        ("audio/ogg", 9, "audio"),
        ("application/pdf", 9, "document"),
    ],
)
def test_a_file_is_uploaded_and_then_sent_as_what_whatsapp_takes_it_for(media_type: str, size: int, kind: str) -> None:
    meta = Meta({"id": "77"})
    at(NOW, meta).send(reply(text="", files=(File("Rechnung März.pdf", media_type, bytes(size)),)))
    assert meta.asked[0][1] == f"{API}/{NUMBER}/media"
    assert meta.asked[0][2]["form"]["file"] == ("Rechnung März.pdf", bytes(size), media_type)
    assert meta.bodies[0]["type"] == kind
    named = {"filename": "Rechnung März.pdf"} if kind == "document" else {}
    assert meta.bodies[0][kind] == {"id": "77", **named}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Lost("x"), (Outcome.PASSING, "unreachable")),
        (Response(500), (Outcome.PASSING, "unreachable")),
        ({"no": "id"}, (Outcome.PASSING, "unreachable")),
        (131009, (Outcome.REFUSED, "attachment")),
        (190, (Outcome.REFUSED, "token")),
    ],
)
def test_an_upload_that_fails_leaves_no_doubt(answer: Any, outcome: tuple[Outcome, str]) -> None:
    assert refusal(at(NOW, Meta(answer)), reply(text="", files=(File("a.png", "image/png", b"."),))) == outcome


def downloading(meta: Meta, files: list[Any]) -> WhatsApp:
    def get(url: str, **more: Any) -> Response:
        files.append((url, more))
        return Response(200, b"cat")

    return WhatsApp(connection(), meta, get=get)


def test_what_a_customer_sent_is_fetched_by_its_id_with_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_web, "check", lambda url, loopback: "203.0.113.7")
    where = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9"
    files: list[Any] = []
    meta = Meta({"url": where, "mime_type": "image/png"})
    digest = b64encode(sha256(b"cat").digest()).decode()
    found = downloading(meta, files).download(NUMBER, Attachment(AttachmentKind.IMAGE, ref=f"9 {digest}"), 100, 5.0)
    assert found == Response(200, b"cat")
    assert meta.asked[0][1] == f"{API}/9?phone_number_id={NUMBER}"
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert files == [(where, {"address": "203.0.113.7", "most": 100, "seconds": 5.0, "headers": headers})]
    with pytest.raises(Lost):
        downloading(Meta({"url": where}), files).download(
            NUMBER, Attachment(AttachmentKind.IMAGE, ref="9 b3RoZXI="), 100, 5.0
        )


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/?fbsbx.com", "https://fbsbx.com.evil.example/", "http://169.254.169.254/", "file:///"],
)
def test_the_token_goes_nowhere_but_to_meta(where: str) -> None:
    files: list[Any] = []
    with pytest.raises(NotSent):
        downloading(Meta({"url": where}), files).download(NUMBER, Attachment(AttachmentKind.IMAGE, ref="9"), 100, 5.0)
    assert files == []


@pytest.mark.parametrize(("answer", "status"), [(Response(404), 404), (100, 400), ({"url": ""}, 404)])
def test_a_file_that_is_gone_is_told_as_such(answer: Any, status: int) -> None:
    attachment = Attachment(AttachmentKind.IMAGE, ref="9")
    assert downloading(Meta(answer), []).download(NUMBER, attachment, 100, 5.0).status == status


def test_without_a_token_nothing_is_fetched() -> None:
    channel = WhatsApp(replace(connection(), secrets={}), Meta())
    with pytest.raises(NotSent):
        channel.download(NUMBER, Attachment(AttachmentKind.IMAGE, ref="9"), 100, 5.0)


# --- refusals --------------------------------------------------------------------------------------------------------

MEANT: dict[Outcome, dict[str, tuple[int, ...]]] = {
    Outcome.PASSING: {
        "throttled": (4, 80007, 130429, 131048, 131056, 133016),
        "temporary": (131000, 131016, 131053, 131057, 135000),
    },
    Outcome.REFUSED: {
        "window": (131047,),
        "blocked": (131026, 131050),
        "permission": (3, 10, 200, 299, 131005, 131030),
        "rejected": (100, 131008, 131009, 131021, 131051, 131062, 999_999),
        "template": (132000, 132001, 132005, 132012, 132015, 132016),
        "policy": (132007, 130472, 131049, 131063),
        "token": (190,),
        "restricted": (368, 130497, 131031, 131037, 131042, 131064),
    },
    Outcome.UNKNOWN: {"temporary": (1, 2)},
}
ROWS = [(code, outcome, word) for outcome, words in MEANT.items() for word, codes in words.items() for code in codes]


def test_an_error_says_what_to_do_about_it() -> None:
    for code, outcome, word in ROWS:
        with pytest.raises(PostFailed) as failed:
            at(NOW, Meta(code)).send(reply())
        assert (code, failed.value.outcome, failed.value.code) == (code, outcome, word)
        assert "18 Uhr" not in failed.value.detail


def test_every_refusal_has_its_words() -> None:
    assert all(knows("en", f"refused_{word}") for outcome, word in ERRORS.values() if outcome is Outcome.REFUSED)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (NotSent("x"), (Outcome.PASSING, "unreachable")),
        (Lost("x"), (Outcome.UNKNOWN, "lost")),
        (Response(503, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        (Response(429), (Outcome.PASSING, "throttled")),
        ({"messages": []}, (Outcome.UNKNOWN, "unclear")),
        ({"contacts": [{"input": "1"}]}, (Outcome.UNKNOWN, "unclear")),
    ],
)
def test_an_answer_that_is_lost_or_unclear_is_never_called_certain(answer: Any, outcome: tuple[Outcome, str]) -> None:
    assert refusal(at(NOW, Meta(answer)), reply()) == outcome


def test_a_number_without_its_token_refuses() -> None:
    channel = WhatsApp(replace(connection(), secrets={}), Meta(), lambda: NOW)
    assert refusal(channel, reply()) == (Outcome.REFUSED, "token")


# --- powers ----------------------------------------------------------------------------------------------------------


def test_whatsapp_can_be_asked_for_files_and_its_subscription_but_not_for_what_was_said() -> None:
    channel = at(NOW, Meta())
    assert isinstance(channel, Downloads)
    assert isinstance(channel, Subscribes)
    assert not isinstance(channel, Finds)


def test_a_subscription_that_was_dropped_is_set_up_again() -> None:
    there, gone = Meta({"data": [{"whatsapp_business_api_data": {"id": "1"}}]}), Meta({"data": []}, {"success": True})
    assert at(NOW, there, business_account="59").resubscribe(NUMBER, "https://x.example") == ()
    assert at(NOW, gone, business_account="59").resubscribe(NUMBER, "https://x.example") == ("subscribed_apps",)
    assert [(method, url) for method, url, _ in gone.asked] == [
        ("GET", f"{API}/59/subscribed_apps"),
        ("POST", f"{API}/59/subscribed_apps"),
    ]
    assert at(NOW, Meta()).resubscribe(NUMBER, "https://x.example") == ()


def test_what_is_posted_is_whole_in_every_script() -> None:
    text = "Grüße 日本語 tiếng Việt 中文 👩‍👩‍👧 مرحبا\u200f"
    assert json.loads(json.dumps(sent(text=text)))["text"]["body"] == text
