"""Bluesky: what is asked for and how it is read, what leaves for it, and its sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.bluesky import length
from chalicelib.channels.bluesky.answers import name_of
from chalicelib.channels.bluesky.calls import ERRORS, failure
from chalicelib.channels.bluesky.posts import text_of, to_message
from chalicelib.channels.powers import Finds, Polls, Profiles, Refreshed, Refreshes
from chalicelib.http import Lost, NotSent, Response
from chalicelib.locales import knows
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, File, Kind, Message, Reply, Unreadable
from tests.channels import at_hand
from tests.channels.at_hand import SHARED
from tests.channels.bluesky_at_hand import (
    ACCESS,
    COLLECTION,
    EXPIRED,
    ME,
    MIKA,
    NOW,
    PASSWORD,
    PDS,
    SESSION,
    SHOP,
    Server,
    channel,
    problem,
    reply,
    uri_of,
)

MIKA_IS = Author(MIKA, "美香 ☕", "mika.bsky.example", url=f"https://bsky.app/profile/{MIKA}")


def begun(server: Server | None = None) -> tuple[Server, str]:
    """A connection that has looked once."""
    server = server or Server()
    first = channel(server).poll(SHOP, "")
    assert (first.events, first.more) == ((), False)
    server.now += timedelta(seconds=90)
    return server, first.cursor


def looked(server: Server, cursor: str) -> tuple[list[Any], str]:
    return at_hand.all_there_is(channel(server), SHOP, cursor)


# --- what is asked for -----------------------------------------------------------------------------------------------


def test_a_mention_is_a_message_and_nothing_old_is_brought() -> None:
    server = Server(now=NOW - timedelta(minutes=1))
    server.write(MIKA, "@lindner.bsky.example Von gestern")
    server.now = NOW
    server, cursor = begun(server)
    uri = server.write(MIKA, "@lindner.bsky.example 日曜日は営業していますか? ☕ نعم")
    server.notify(uri, "like")
    (found,), cursor = looked(server, cursor)
    assert found == Message(
        channel="bluesky",
        account=SHOP,
        id=uri,
        thread=uri,
        author=MIKA_IS,
        text="@lindner.bsky.example 日曜日は営業していますか? ☕ نعم",
        sent_at=server.now,
        kind=Kind.MENTION,
        public=True,
        permalink=f"https://bsky.app/profile/{MIKA}/post/3k0000000002",
    )
    assert looked(server, cursor)[0] == []
    method, url, more = server.asked[-1]
    assert (method, more) == ("GET", {"headers": {"authorization": f"Bearer {ACCESS}"}})
    assert url.startswith(f"{PDS}/xrpc/app.bsky.notification.listNotifications?reasons=mention&reasons=reply&reasons=")


def test_nothing_is_lost_and_nothing_comes_twice_however_much_there_is() -> None:
    server, cursor = begun()
    wanted = []
    for number in range(230):
        server.now += timedelta(seconds=5)
        wanted.append(server.write(MIKA, f"@lindner.bsky.example Frage {number}"))
    found, cursor = looked(server, cursor)
    assert sorted(each.id for each in found) == sorted(wanted)
    # what is filed a little in the past comes all the same, and a failure costs nothing
    server.now -= timedelta(seconds=120)
    late = server.write(MIKA, "@lindner.bsky.example spät gesehen")
    server.instead = [Lost("Timeout")]
    with pytest.raises(PostFailed):
        channel(server).poll(SHOP, cursor)
    found, cursor = looked(server, cursor)
    assert [each.id for each in found] == [late]
    assert looked(server, cursor)[0] == []
    assert len(cursor) < 100_000


def test_answers_and_quotes_stand_in_their_threads_and_own_answers_are_echoes() -> None:
    server, cursor = begun()
    top = server.write(MIKA, "Frage")
    ours = server.write(ME, "Bis 18 Uhr!", top)
    thanks = server.write(MIKA, "Danke!", ours)
    server.write(ME, "Heute gibt es Kuchen")
    quote = server.write(MIKA, "Seht mal", reason="quote")
    found, cursor = looked(server, cursor)
    told = [(each.id, each.thread, each.kind, each.parent) for each in found if isinstance(each, Message)]
    assert told == [
        (top, top, Kind.MENTION, ""),
        (thanks, top, Kind.COMMENT, ours),
        (quote, quote, Kind.QUOTE, ""),
    ]
    assert [each for each in found if isinstance(each, Echo)] == [
        Echo("bluesky", SHOP, ours, "Bis 18 Uhr!", server.now, parent=top)
    ]
    assert looked(server, cursor)[0] == []


def test_what_hangs_on_a_post_is_shown() -> None:
    server, cursor = begun()
    pictures = {
        "$type": "app.bsky.embed.images",
        "images": [{"alt": "eine Torte", "image": {"ref": {"$link": "bafk1"}}}],
    }
    link = {"$type": "app.bsky.embed.external", "external": {"uri": "https://x.example/karte", "title": "Karte"}}
    both = {"$type": "app.bsky.embed.recordWithMedia", "record": {}, "media": {"$type": "app.bsky.embed.video"}}
    for embed in (pictures, link, both, {"$type": "app.bsky.embed.hologram"}):
        server.write(MIKA, "schaut", embed=embed)
    found, _ = looked(server, cursor)
    assert [each.attachments for each in found] == [
        (
            Attachment(
                AttachmentKind.IMAGE,
                f"https://cdn.bsky.app/img/feed_fullsize/plain/{MIKA}/bafk1@jpeg",
                "eine Torte",
            ),
        ),
        (Attachment(AttachmentKind.LINK, "https://x.example/karte", "Karte"),),
        (Attachment(AttachmentKind.LINK, f"https://bsky.app/profile/{MIKA}/post/3k0000000003", "▶"),),
        (),
    ]


def test_links_are_shown_whole_by_bytes() -> None:
    def facet(start: int, end: int, uri: str) -> dict[str, Any]:
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
        return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}

    text = "店☕ x.example/la... und hier"
    first, second = len("店☕ ".encode()), len("店☕ x.example/la... und ".encode())
    facets = [facet(first, first + 15, "https://x.example/lang"), facet(second, second + 4, "https://y.example")]
    assert text_of({"text": text, "facets": facets}) == "店☕ https://x.example/lang und hier (https://y.example)"
    assert text_of({"text": "kurz", "facets": [facet(2, 99, "https://y.example")]}) == "kurz"


def test_one_unreadable_post_costs_only_itself() -> None:
    server, cursor = begun()
    server.write(MIKA, "eins")
    server.told[-1]["record"] = {}
    server.write(MIKA, "zwei")
    server.write(MIKA, "drei")
    del server.told[-1]["indexedAt"]
    found, cursor = looked(server, cursor)
    said = [each.reason if isinstance(each, Unreadable) else each.text for each in found]
    assert said == ["KeyError: 'text'", "zwei", "KeyError: 'indexedAt'"]
    assert looked(server, cursor)[0] == []


# --- what leaves -----------------------------------------------------------------------------------------------------


def asked_for_a_post(server: Server) -> dict[str, Any]:
    return next(dict(more["json"]) for _, url, more in reversed(server.asked) if url.endswith("createRecord"))


def test_an_answer_stands_below_what_it_answers_with_links_and_names_by_bytes() -> None:
    server = Server()
    top = server.write(MIKA, "Frage")
    deep = server.write(MIKA, "und noch etwas", server.write(ME, "Antwort", top))
    uri = channel(server).send(reply(parent=deep, thread=top))
    body = asked_for_a_post(server)
    assert uri == uri_of(ME, body["rkey"])
    assert (body["repo"], body["collection"]) == (ME, COLLECTION)
    record = body["record"]
    place = {"root": {"uri": top, "cid": f"cid-of-{top}"}, "parent": {"uri": deep, "cid": f"cid-of-{deep}"}}
    assert (record["$type"], record["text"], record["reply"]) == (COLLECTION, reply().text, place)
    assert record["createdAt"] == "2026-10-03T10:00:00.000Z"
    content = reply().text.encode()
    shown = [
        (content[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode(), each["features"][0])
        for each in record["facets"]
    ]
    assert shown == [
        (
            "https://lindner.example/offen",
            {"$type": "app.bsky.richtext.facet#link", "uri": "https://lindner.example/offen"},
        ),
        ("@mika.bsky.example", {"$type": "app.bsky.richtext.facet#mention", "did": MIKA}),
    ]
    channel(server).send(reply(parent=top, id="other", text="Wer ist @niemand.example? a@b.example"))
    assert asked_for_a_post(server)["record"]["facets"] == []


def test_pictures_go_along() -> None:
    server = Server()
    server.write(MIKA, "Frage")
    channel(server).send(reply(files=(File("torte.png", "image/png", b"bytes"),)))
    assert asked_for_a_post(server)["record"]["embed"]["images"] == [
        {"alt": "", "image": {"$type": "blob", "mimeType": "image/png", "size": 5}}
    ]
    server.instead = [None, None, problem(400, "BlobTooLarge")]
    assert refusal(server, reply(id="x", files=(File("a.png", "image/png", b"x"),))) == (Outcome.REFUSED, "attachment")


def test_three_hundred_signs_whatever_they_are_made_of() -> None:
    limits = channel(Server()).limits(Kind.DIRECT)
    assert (limits.public, limits.text, limits.parts) == (True, 300, 1)
    assert [length(text) for text in ("", "é🙂", "👨‍👩‍👧‍👦" * 2, "한국어", "e\u0301", "x" * 301)] == [
        0,
        2,
        5,
        3,
        1,
        301,
    ]
    assert length("👨‍👩‍👧‍👦" * 121) == 303  # ten bytes a sign at most
    server = Server()
    server.write(MIKA, "Frage")
    assert refusal(server, reply(text="ü" * 301)) == (Outcome.REFUSED, "too-long")
    assert refusal(server, reply(public=False)) == (Outcome.REFUSED, "private-only")
    assert channel(server).send(reply(text="ü" * 300))


def refusal(server: Server, answer: Reply) -> tuple[Outcome, str]:
    return at_hand.refusal(channel(server), answer)


def test_errors_say_what_to_do_about_them() -> None:
    told: list[tuple[Any, tuple[Outcome, str]]] = [
        (EXPIRED, (Outcome.REFUSED, "token")),
        (problem(401, "AuthMissing"), (Outcome.REFUSED, "token")),
        (problem(400, "AccountTakedown"), (Outcome.REFUSED, "restricted")),
        (problem(400, "InvalidRequest"), (Outcome.REFUSED, "rejected")),
        (problem(429, "RateLimitExceeded"), (Outcome.PASSING, "throttled")),
        (problem(403, "Forbidden"), (Outcome.REFUSED, "permission")),
        (Response(502, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        (Response(200, b"<html>"), (Outcome.UNKNOWN, "unclear")),
        (Lost("x"), (Outcome.UNKNOWN, "lost")),
        (NotSent("x"), (Outcome.PASSING, "unreachable")),
    ]
    server, answer = Server(), reply(text="kurz")
    uri = server.write(MIKA, "Frage")
    for said, expected in told:
        server.instead = [None, said]
        assert refusal(server, answer) == expected
    server.instead = [Lost("x")]
    assert refusal(server, answer) == (Outcome.PASSING, "lost")  # only asked, nothing posted
    assert refusal(server, reply(parent=uri_of(MIKA, "weg"))) == (Outcome.REFUSED, "gone")
    server.posts[uri]["viewer"] = {"replyDisabled": True}
    assert refusal(server, answer) == (Outcome.REFUSED, "switched-off")
    server.posts[uri]["author"] = {"viewer": {"blockedBy": True}}
    assert refusal(server, answer) == (Outcome.REFUSED, "blocked")
    late = problem(429, "RateLimitExceeded", **{"ratelimit-reset": str(int(NOW.timestamp()) + 90)})
    assert failure(late, NOW).retry_after == timedelta(seconds=90)
    refused = {code for outcome, code in ERRORS.values() if outcome is Outcome.REFUSED}
    assert [code for code in refused if not knows("en", f"refused_{code}")] == []


def test_a_lost_answer_is_found_by_its_name_and_never_posted_twice() -> None:
    server, answer = Server(), reply(text="kurz")
    server.write(MIKA, "Frage")
    found = channel(server)
    assert isinstance(found, Finds)
    assert isinstance(found, Polls)
    assert found.find(answer) is None
    server.instead, server.forgets_after = [None, Lost("Timeout")], True
    assert refusal(server, answer) == (Outcome.UNKNOWN, "lost")
    uri = found.find(answer)
    assert uri == uri_of(ME, name_of(answer))
    assert refusal(server, answer) == (Outcome.UNKNOWN, "unclear")
    assert len([each for each in server.posts if each.startswith(f"at://{ME}/")]) == 1
    # servers that say in words of their own that it is there
    for there in (problem(409, "RecordAlreadyExists"), problem(400, "InvalidRequest")):
        server.instead, server.forgets_after = [None, there], False
        assert found.send(answer) == uri
    for said in (Lost("x"), Response(502), EXPIRED, Response(200, b"{}")):
        server.instead, server.forgets_after = [said], False
        with pytest.raises(PostFailed) as failed:
            found.find(answer)
        assert failed.value.outcome is Outcome.UNKNOWN


def test_names_of_posts_grow_with_time_and_belong_to_one_answer() -> None:
    names = [name_of(reply(tried_at=NOW + timedelta(seconds=late))) for late in range(3)]
    assert names == sorted(names)
    assert {len(name) for name in names} == {13}
    assert name_of(reply(id="another")) != names[0] == name_of(reply())
    assert "3lzzzzzzzzzzz" < names[0] < "3nzzzzzzzzzzz"  # beside those that Bluesky gives in 2026


def test_who_writes_is_looked_up() -> None:
    found = channel(Server())
    assert isinstance(found, Profiles)
    assert found.profile(SHOP, MIKA) == {"name": "美香 ☕", "handle": "mika.bsky.example", "followers": 4200}
    assert channel(Server(instead=[Lost("x")])).profile(SHOP, MIKA) == {}


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_session_is_begun_once_and_renewed_since() -> None:
    server = Server()
    first = channel(server, sessions={})
    assert isinstance(first, Refreshes)
    expected = Refreshed({"sessions": SESSION}, NOW + timedelta(hours=2))
    assert first.refresh(SHOP) == expected
    assert channel(server).refresh(SHOP) == expected
    assert [(url, more.get("json")) for _, url, more in server.asked] == [
        (
            "https://bsky.social/xrpc/com.atproto.server.createSession",
            {"identifier": SHOP, "password": PASSWORD},
        ),
        (f"{PDS}/xrpc/com.atproto.server.refreshSession", None),
    ]


def test_a_token_that_ends_at_once_or_says_nothing_is_not_renewed_without_pause() -> None:
    later = Server(now=NOW + timedelta(days=30))
    found = channel(later).refresh(SHOP)
    assert found
    assert found.expires_at == later.now + timedelta(minutes=20)
    plain = {"did": ME, "accessJwt": "opaque-token", "refreshJwt": "opaque-too"}
    found = channel(Server(instead=[Response(200, json.dumps(plain).encode())])).refresh(SHOP)
    assert found
    assert found.expires_at == NOW + timedelta(hours=1)


def test_a_session_that_is_over_is_begun_anew_and_a_wrong_password_is_told() -> None:
    over = json.dumps({**json.loads(SESSION), "renewing": "over"})
    server = Server()
    found = channel(server, sessions={SHOP: over}).refresh(SHOP)
    assert found
    assert found.values == {"sessions": SESSION}
    wrong: list[tuple[Any, list[Any], tuple[Outcome, str]]] = [
        ({"app_passwords": {SHOP: "mnop-ijkl-efgh-abcd"}}, [], (Outcome.REFUSED, "token")),
        ({"app_passwords": {}}, [], (Outcome.REFUSED, "token")),
        ({}, [Response(429)], (Outcome.PASSING, "throttled")),
        ({}, [Response(502)], (Outcome.PASSING, "temporary")),
        ({}, [Response(200, b"{}")], (Outcome.PASSING, "temporary")),
        ({}, [Lost("x")], (Outcome.PASSING, "unreachable")),
    ]
    for secrets, instead, expected in wrong:
        server.instead = list(instead)
        with pytest.raises(PostFailed) as failed:
            channel(server, sessions={}, **secrets).refresh(SHOP)
        assert (failed.value.outcome, failed.value.code) == expected
    server.instead = [Lost("x")]
    with pytest.raises(PostFailed):
        channel(server).refresh(SHOP)  # the session may go on: no other is begun


def test_without_a_session_nothing_is_asked() -> None:
    server = Server()
    found = channel(server, sessions={})
    calls: list[Callable[[], Any]] = [
        lambda: found.poll(SHOP, ""),
        lambda: found.send(reply()),
        lambda: found.find(reply()),
    ]
    for call in calls:
        with pytest.raises(PostFailed) as failed:
            call()
        assert failed.value.code == "token"
    assert server.asked == []


# --- samples from elsewhere, where they are at hand ------------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "bluesky").exists(), reason="samples are not at hand")
def test_samples_from_elsewhere_are_read_as_what_they_are() -> None:
    files = {path.stem: json.loads(path.read_bytes()) for path in (SHARED / "bluesky").glob("*.json")}
    names = ("notification_like_ignore__1", "notification_mention__1", "notification_reply__1")
    found = [to_message(SHOP, ME, files[name]["notifications"][0]) for name in names]
    assert [each and (each.text, each.kind, each.thread == each.id) for each in found] == [
        None,
        ("@example-shop.example.com my order is late", Kind.MENTION, True),
        ("still waiting 😡", Kind.COMMENT, False),
    ]
    server = Server()
    server.write(MIKA, "Frage")
    made = files["api_create_record_ok__1"]
    server.instead = [None, Response(200, json.dumps(made).encode())]
    assert channel(server).send(reply(text="kurz")) == made["uri"]
    assert len(files) == 4
