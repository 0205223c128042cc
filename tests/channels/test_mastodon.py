"""Mastodon: what is asked for and how it is read, and what leaves for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.mastodon.calls import REFUSALS, failure
from chalicelib.channels.mastodon.lengths import length
from chalicelib.channels.mastodon.statuses import to_echo, to_message
from chalicelib.channels.mastodon.words import words_of
from chalicelib.channels.powers import Finds, Polls
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    File,
    Kind,
    Message,
    Reply,
    Unreadable,
)
from tests.channels import at_hand
from tests.channels.at_hand import SHARED
from tests.channels.mastodon_at_hand import HUONG, ME, MIKA, NOW, SHOP, TOKEN, Server, channel, later, reply

MIKA_IS = Author(MIKA, "美香 ☕", "mika@kissaten.example", 4200, "https://kissaten.example/@mika")


def begun(server: Server | None = None) -> tuple[Server, str]:
    """A connection that has looked once."""
    server = server or Server()
    first = channel(server).poll(SHOP, "")
    assert (first.events, first.more) == ((), False)
    return server, first.cursor


def looked(server: Server, cursor: str) -> tuple[list[Any], str]:
    return at_hand.all_there_is(channel(server), SHOP, cursor)


# --- what is asked for -----------------------------------------------------------------------------------------------


def test_a_mention_is_a_message_and_nothing_old_is_brought() -> None:
    server = Server()
    server.write(MIKA, "@lindner Von gestern")
    server, cursor = begun(server)
    server.write(MIKA, "@lindner 日曜日は営業していますか? ☕ https://kissaten.example/karte/2026")
    (found,), cursor = looked(server, cursor)
    assert found == Message(
        channel="mastodon",
        account=SHOP,
        id="1002",
        thread="1002",
        author=MIKA_IS,
        text="@lindner 日曜日は営業していますか? ☕ https://kissaten.example/karte/2026",
        sent_at=NOW,
        kind=Kind.MENTION,
        public=True,
        permalink="https://social.example/@x/1002",
    )
    assert looked(server, cursor) == ([], cursor)
    method, url, more = server.asked[0]
    assert (method, url) == ("GET", "https://social.example/api/v1/accounts/verify_credentials")
    assert more == {"headers": {"authorization": f"Bearer {TOKEN}"}}


def test_nothing_is_lost_and_nothing_comes_twice_however_much_there_is() -> None:
    server, cursor = begun()
    wanted = [server.write(MIKA, f"@lindner Frage {number}") for number in range(95)]
    found, cursor = looked(server, cursor)
    assert [each.id for each in found] == wanted
    server.instead = [Lost("Timeout")]
    server.write(HUONG, "@lindner Xin chào")
    with pytest.raises(PostFailed):
        channel(server).poll(SHOP, cursor)
    assert [each.text for each in looked(server, cursor)[0]] == ["@lindner Xin chào"]


def test_a_private_mention_that_the_server_hides_is_a_message_all_the_same() -> None:
    server, cursor = begun()
    server.write(MIKA, "@lindner Còn bàn trống không ạ?", seen_by="direct")
    server.told[-1]["filtered"] = True
    (found,), _ = looked(server, cursor)
    assert isinstance(found, Message)
    assert (found.kind, found.text) == (Kind.DIRECT, "@lindner Còn bàn trống không ạ?")


def test_who_sees_a_post_decides_where_it_belongs() -> None:
    server, cursor = begun()
    top = server.write(MIKA, "@lindner Frage")
    ours = server.write(ME, "@mika@kissaten.example Antwort", top)
    server.write(MIKA, "@lindner Danke!", ours, "unlisted")
    server.write(MIKA, "@lindner unter uns", top, "private")
    server.write(MIKA, "@lindner هل أنتم مفتوحون؟", None, "direct")
    server.write(MIKA, "@lindner noch etwas", None, "direct")
    found, _ = looked(server, cursor)
    told = [(each.thread, each.kind, each.public, each.parent) for each in found if isinstance(each, Message)]
    assert told == [
        (top, Kind.MENTION, True, ""),
        (top, Kind.COMMENT, True, ours),
        (f"private:{top}", Kind.MENTION, False, top),
        (f"direct:{MIKA}", Kind.DIRECT, False, ""),
        (f"direct:{MIKA}", Kind.DIRECT, False, ""),
    ]


def test_what_the_account_answers_itself_is_an_echo() -> None:
    server, cursor = begun()
    top = server.write(MIKA, "@lindner Frage")
    server.write(ME, "@mika@kissaten.example Bis 18 Uhr!", top)
    server.write(ME, "Heute gibt es Kuchen")
    server.write(ME, "@mika@kissaten.example Ganz privat", None, "direct")
    found, _ = looked(server, cursor)
    assert [each for each in found if isinstance(each, Echo)] == [
        Echo("mastodon", SHOP, "1002", "Bis 18 Uhr!", NOW, parent=top),
        Echo("mastodon", SHOP, "1004", "Ganz privat", NOW, thread=f"direct:{MIKA}", author_id=MIKA),
    ]


def test_edits_warnings_and_pictures() -> None:
    server, cursor = begun()
    files = [
        {"type": "image", "url": "https://files.example/a.png", "description": "eine Torte"},
        {"type": "gifv", "url": None, "remote_url": "https://files.example/b.mp4"},
        {"type": "unknown", "url": "https://files.example/c"},
    ]
    id = server.write(MIKA, "@lindner kaputt", spoiler_text="Essen", media_attachments=files)
    (found,), cursor = looked(server, cursor)
    assert found.text == "⚠️ Essen\n\n@lindner kaputt"
    assert found.attachments == (
        Attachment(AttachmentKind.IMAGE, "https://files.example/a.png", "eine Torte"),
        Attachment(AttachmentKind.VIDEO, "https://files.example/b.mp4"),
        Attachment(AttachmentKind.FILE, "https://files.example/c"),
    )
    server.posts[id].update(content="<p>@lindner ganz kaputt</p>", edited_at="2026-10-03T10:05:00.000Z")
    server.notify("update", id)
    edit = Edit("mastodon", SHOP, id, "⚠️ Essen\n\n@lindner ganz kaputt", NOW + timedelta(minutes=5))
    assert looked(server, cursor)[0] == [edit]


def test_one_unreadable_post_costs_only_itself() -> None:
    server, cursor = begun()
    server.write(MIKA, "@lindner eins", created_at="gestern")
    server.write(MIKA, "@lindner zwei")
    server.told.append({"id": "101", "type": "mention", "status": None})
    found, _ = looked(server, cursor)
    assert [each.reason if isinstance(each, Unreadable) else each.text for each in found] == [
        "ValueError: time",
        "@lindner zwei",
        "TypeError: 'NoneType' object is not subscriptable",
    ]


def test_html_becomes_what_its_author_saw() -> None:
    assert words_of("<p>Eins &amp; zwei<br>drei</p><p>vier 🙂</p>") == "Eins & zwei\ndrei\n\nvier 🙂"
    assert words_of("<ul><li>Brot</li><li>Käse</li></ul>") == "• Brot\n• Käse"
    assert words_of('<a href="https://x.example/lang">hier</a>!') == "hier (https://x.example/lang)!"
    cut = '<a href="https://x.example/lang"><span class="ellipsis">x.example/la</span></a>'
    assert words_of(cut) == "https://x.example/lang"
    assert words_of('<a class="hashtag" href="https://x.example/t">#<span>kuchen</span></a>') == "#kuchen"
    assert words_of('<a href="javascript:x()">klick</a><script>böse()</script>') == "klick"
    assert words_of("<p>هل أنتم</p><blockquote>你好</blockquote>") == "هل أنتم\n\n你好"
    assert words_of("kein <p Ende <<") is not None


# --- what leaves -----------------------------------------------------------------------------------------------------


def test_an_answer_names_whom_it_answers_and_is_seen_by_no_more_people() -> None:
    server = Server()
    seen = {by: server.write(MIKA, "@lindner Frage", seen_by=by) for by in ("public", "unlisted", "private", "direct")}
    for asked, public, by in (
        ("public", True, "public"),
        ("unlisted", True, "unlisted"),
        ("public", False, "direct"),
        ("private", False, "direct"),
        ("direct", False, "direct"),
    ):
        answer = reply(parent=seen[asked], public=public, id=f"{asked}{public}")
        posted = server.posts[channel(server).send(answer)]
        assert (posted["visibility"], posted["in_reply_to_id"]) == (by, seen[asked])
        _, url, more = server.asked[-1]
        assert (url, more["headers"]["idempotency-key"]) == ("https://social.example/api/v1/statuses", answer.id)
        assert more["json"]["status"] == f"@mika@kissaten.example {answer.text}"
    for by in ("private", "direct"):
        assert refusal(server, reply(parent=seen[by])) == (Outcome.REFUSED, "private-only")
    named = reply(text="Hallo @mika@kissaten.example, ja!", id="named")
    channel(server).send(named)
    assert server.asked[-1][2]["json"]["status"] == named.text


def test_lengths_are_mastodons_own() -> None:
    assert length("a https://lindner.example/" + "x" * 300) == 2 + 23
    assert length("https://x.example") == 23
    assert length("見てhttps://x.example/aこれ") == 2 + 23 + 2
    assert length("@mika@kissaten.example はい") == len("@mika はい")
    assert length("@mika@kissaten.exampleさん") == len("@mikaさん")
    assert length("a@b.example") == len("a@b.example")
    limits = channel(Server()).limits(Kind.MENTION)
    assert (limits.public, limits.text, limits.parts, limits.measure("é🙂")) == (True, 468, 1, 2)
    private = channel(Server(), text_limit=5000).limits(Kind.DIRECT)
    assert (private.public, private.text, private.parts) == (False, 4968, 3)
    assert not channel(Server()).limits(Kind.COMMENT, public=False).public
    server = Server()
    server.write(MIKA, "@lindner Frage")
    assert refusal(server, reply(text="ü" * 496)) == (Outcome.REFUSED, "too-long")


def test_pictures_go_along() -> None:
    server = Server()
    server.write(MIKA, "@lindner Frage")
    channel(server).send(reply(files=(File("torte.png", "image/png", b"x"),)))
    assert server.asked[1][2]["form"] == {"file": ("torte.png", b"x", "image/png")}
    assert server.asked[2][2]["json"]["media_ids"] == ["media-1"]
    server.instead = [None, Response(422)]
    assert refusal(server, reply(files=(File("a.png", "image/png", b"x"),))) == (Outcome.REFUSED, "attachment")
    server.instead = [None, Lost("x")]
    assert refusal(server, reply(files=(File("a.png", "image/png", b"x"),))) == (Outcome.PASSING, "lost")


def refusal(server: Server, answer: Reply) -> tuple[Outcome, str]:
    return at_hand.refusal(channel(server), answer)


def test_errors_say_what_to_do_about_them() -> None:
    told: list[tuple[Any, tuple[Outcome, str]]] = [
        (Response(401), (Outcome.REFUSED, "token")),
        (Response(403), (Outcome.REFUSED, "permission")),
        (Response(404), (Outcome.REFUSED, "gone")),
        (Response(422, b"{}"), (Outcome.REFUSED, "rejected")),
        (Response(429), (Outcome.PASSING, "throttled")),
        (Response(503, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        (Response(200, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        (Lost("x"), (Outcome.UNKNOWN, "lost")),
        (NotSent("x"), (Outcome.PASSING, "unreachable")),
    ]
    server = Server()
    server.write(MIKA, "@lindner Frage")
    for answer, expected in told:
        server.instead = [None, answer]
        assert refusal(server, reply()) == expected
    assert refusal(server, reply(parent="9")) == (Outcome.REFUSED, "gone")
    server.instead = [Lost("x")]
    assert refusal(server, reply()) == (Outcome.PASSING, "lost")  # only asked, nothing posted
    assert refusal(server, reply(account="x@y.example")) == (Outcome.REFUSED, "token")
    later_ = {"x-ratelimit-reset": "2026-10-03T10:03:20.5Z"}
    assert failure(Response(429, headers=later_), NOW).retry_after == timedelta(seconds=200.5)
    assert [code for code in REFUSALS.values() if not knows("en", f"refused_{code}")] == []


def test_a_lost_answer_is_found_and_a_repeat_is_the_same_post() -> None:
    server = Server()
    server.write(MIKA, "@lindner Frage")
    assert channel(server).find(reply()) is None
    server.instead, server.forgets_after = [None, Lost("Timeout")], True
    assert refusal(server, reply()) == (Outcome.UNKNOWN, "lost")
    assert isinstance(channel(server), Finds)
    assert isinstance(channel(server), Polls)
    assert channel(server).find(reply()) == "1002"
    assert channel(server).send(reply()) == "1002"
    assert channel(server).find(reply(earlier=("1002",))) is None
    assert channel(server).find(reply(tried_at=NOW + timedelta(hours=1))) is None
    assert channel(server).find(reply(text="Anderes")) is None
    for number in range(250):
        server.write(ME, f"Kuchen {number}")
    for instead in ([Lost("x")], [None, Response(429)], [None, Response(200, b'[{"id":"1"}]')], []):
        server.instead = list(instead)
        with pytest.raises(PostFailed) as failed:
            channel(server).find(reply())
        assert failed.value.outcome is Outcome.UNKNOWN
    later(server, 3600)
    server.write(ME, "Heute")
    assert channel(server).find(reply(tried_at=server.now)) is None


# --- samples from elsewhere, where they are at hand ------------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "mastodon").exists(), reason="samples are not at hand")
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    files = {path.stem: json.loads(path.read_bytes()) for path in (SHARED / "mastodon").glob("*.json")}
    me = "117440810532227399"
    mentions = [files[name][0]["status"] for name in sorted(files) if name.startswith("notifications")]
    found = [to_message(SHOP, me, status, "root") for status in mentions]
    assert [(each.text, each.kind, each.public, each.thread) for each in found] == [
        ("@customer private question about my order", Kind.DIRECT, False, "direct:117440810673731823"),
        ("@example_shop hello!", Kind.MENTION, True, "root"),
        ("@example_shop hello!", Kind.COMMENT, True, "root"),
    ]
    private = to_message(SHOP, me, files["conversations_direct__1"][0]["last_status"], "root")
    assert private == replace(found[0])
    assert to_echo(SHOP, files["api_post_status_direct_ok__1"]) is None
    assert len(files) == 6  # the last is the answer to a push subscription, which we do not ask for
