"""What an agent can ask for on the first lines of an answer, and the files that come with it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.assent import is_yes
from chalicelib.aws import conversations
from chalicelib.commands import Command, read
from chalicelib.locales import say
from chalicelib.model import AgentReply
from chalicelib.settings import LANGUAGES
from tests.mailroom.shop import Shop, address, with_file


@pytest.mark.parametrize("first", ["#note", "#Notiz:", "＃メモ", "#ghi-chú", "#备注", "#備註打過電話"])
def test_a_note_is_never_posted_and_nobody_is_told(shop: Shop, first: str) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, f"{first} hat schon dreimal angerufen") == "note"
    assert (shop.posted, shop.notices, shop.waiting) == ([], [], True)


@pytest.mark.parametrize("first", ["#close", "#erledigt", "#完了", "#đóng", "#关闭", "#CLOSE\n"])
def test_close_stops_the_clock_without_a_word(shop: Shop, first: str) -> None:
    ticket = shop.ask()
    assert shop.waiting
    assert shop.answer(ticket, first) == "closed"
    assert (shop.posted, shop.notices, shop.waiting) == ([], [], False)


def test_close_with_words_posts_them(shop: Shop) -> None:
    assert shop.answer(shop.ask(), "#close\nGern geschehen!") == "reply"
    assert (shop.posted, shop.waiting) == (["Gern geschehen!"], False)


@pytest.mark.parametrize("first", ["#private", "#privat", "#非公開", "#riêng-tư", "#私信"])
def test_a_public_comment_can_be_answered_privately(shop: Shop, first: str) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, f"{first} Ihre Bestellung ist da.") == "reply"
    ((_, url, more),) = [each for each in shop.platform.requests if each[0] == "POST"]
    assert url.endswith("/messages")
    assert "Ihre Bestellung ist da." in str(more)


def test_without_a_command_a_public_comment_is_answered_publicly(shop: Shop) -> None:
    ticket = shop.ask()
    assert shop.answer(ticket, "#öffentlich Ja, gern!") == "reply"
    assert shop.answer(ticket, "Bis Sonntag!") == "reply"
    assert all(url.endswith("/comments") for method, url, _ in shop.platform.requests if method == "POST")


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("#hold 2h Bis morgen!", timedelta(hours=2)),
        ("#warten 30 Minuten\nBis morgen!", timedelta(minutes=30)),
        ("#保留 ２時間\nBis morgen!", timedelta(hours=2)),
        ("#chờ 1 ngày Bis morgen!", timedelta(days=1)),
        ("#稍后 2小时 #close Bis morgen!", timedelta(hours=2)),
    ],
)
def test_an_answer_can_wait(shop: Shop, text: str, wait: timedelta) -> None:
    ticket, now = shop.ask(), datetime.now(UTC).replace(microsecond=0)
    assert shop.answer(ticket, text, now=now) == "reply"
    assert shop.posted == []
    (woken,) = [each["at"] for name, each in shop.aws.timers.items() if name.startswith("wake-")]
    assert woken == f"{now + wait:%Y-%m-%dT%H:%M:%S}"
    (reply,) = shop.entries("reply")
    assert reply["check_at"] == reply["not_before"] == int((now + wait).timestamp())


@pytest.mark.parametrize("text", ["#hold Bis morgen!", "#hold 90d Bis dann!", "#private #public Ja, gern!", "#warten"])
def test_a_command_that_makes_no_sense_is_held(shop: Shop, text: str) -> None:
    assert shop.answer(shop.ask(), text) == "held: unclear-command"
    assert (shop.posted, len(shop.notices)) == ([], 1)


def test_as_is_leaves_nothing_out_above_the_quote(shop: Shop) -> None:
    text = "Hallo Mia\n\n> Sonntag\n\nJa, offen.\n\n-- \nAnna\nKaffeehaus Lindner"
    assert shop.answer(shop.ask(), f"#as-is\n{text}") == "reply"
    assert shop.posted == [text.replace("-- \n", "--\n")]


def test_other_hashtags_are_words(shop: Shop) -> None:
    assert shop.answer(shop.ask(), "#Sonntagsbrunch ab 9 Uhr #close") == "reply"
    assert shop.posted == ["#Sonntagsbrunch ab 9 Uhr #close"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ticket_names_commands_that_are_understood(language: str) -> None:
    shown = say(language, "reply_commands") + say(language, "reply_commands_private", name="Mia")
    named = [read(each).commands for each in re.findall(r"#[^#(（]+", shown)]
    expected = [Command.NOTE, Command.CLOSE, Command.HOLD, Command.AS_IS, Command.PRIVATE]
    assert named == [frozenset({each}) for each in expected]
    assert not any(read(each).unclear for each in re.findall(r"#[^#(（]+", shown))
    (word,) = re.findall(r"[“„「](.+?)[”“」]", say(language, "held_yes"))[:1]
    assert is_yes(word)


# --- files -----------------------------------------------------------------------------------------------------------


def test_what_an_agent_attached_is_kept_for_the_desk(shop: Shop) -> None:
    ticket = shop.ask()
    files = (("../speise\u202ekarte.png", b"\x89PNG\r\n\x1a\n123"), ("wirklich.png", b"MZ\x90"), ("", b"%PDF-1.7"))
    raw = with_file("Unsere Karte:", ticket, *files)
    assert shop.arrives(raw, address(ticket)) == ["reply"]
    (item,) = shop.entries("reply")
    entry = conversations.one(item["pk"], item["sk"])
    assert entry
    reply = entry.read(AgentReply)
    assert [(each.name, each.media_type) for each in reply.attachments] == [
        ("speisekarte.png", "image/png"),
        ("wirklich.png", "application/octet-stream"),
        ("attachment-3.pdf", "application/pdf"),
    ]
    assert [shop.aws.objects[each.key] for each in reply.attachments] == [content for _, content in files]


def test_an_archive_is_kept_as_it_came_and_never_opened(shop: Shop) -> None:
    ticket = shop.ask()
    bomb = b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + b"\x00" * 16 + b"\xff\xff\xff\xff"
    raw = with_file("Alles darin:", ticket, ("bilder.zip", bomb), ("makro.docm", bomb), ("bilder.zip.png", bomb))
    assert shop.arrives(raw, address(ticket)) == ["reply"]
    kept = {key: content for key, content in shop.aws.objects.items() if key.startswith("outgoing/")}
    assert list(kept.values()) == [bomb] * 3
    (item,) = shop.entries("reply")
    found = json.loads(item["data"])["attachments"]
    assert {each["media_type"] for each in found} <= {"application/zip", "application/octet-stream"}


def test_more_than_ten_files_are_held(shop: Shop) -> None:
    ticket = shop.ask()
    raw = with_file("Bilder", ticket, *((f"{number}.png", b"x") for number in range(11)))
    assert shop.arrives(raw, address(ticket)) == ["held: attachment"]
    assert shop.answer(ticket, "yes") == "held: nothing-held"
