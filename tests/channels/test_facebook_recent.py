"""Facebook: what a Page has beside what was pushed, and whether Meta still tells us of what is new."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib.channels.base import PostFailed
from chalicelib.channels.powers import Lists, Subscribes
from chalicelib.http import Response
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Kind, Message
from tests.channels.facebook_at_hand import FACEBOOK, NOW, PAGE, PERSON, POST, at, comment, delivered

SINCE = NOW - timedelta(days=3)
ENOUGH: dict[str, Any] = {"data": []}


def told(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def site(**answers: Any) -> tuple[Any, list[tuple[str, str]]]:
    """A Meta that answers by the first word of its answers' names that is in the path; what it was asked."""
    log: list[tuple[str, str]] = []

    def http(method: str, url: str, **more: Any) -> Response:
        path = unquote(url.partition("v26.0/")[2])
        log.append((method, path))
        found = next((answer for name, answer in answers.items() if name in path), {"error": {"code": 100}})
        return Response(400 if "error" in found else 200, json.dumps(found).encode())

    return http, log


def recent(**answers: Any) -> list[Any]:
    http, _ = site(**{"conversations": ENOUGH, "feed": ENOUGH, **answers})
    return list(at(NOW, http).recent(PAGE, SINCE))


def messages(*items: dict[str, Any], updated: int = 1) -> dict[str, Any]:
    return {"data": [{"id": "t_1", "updated_time": told(updated), "messages": {"data": list(items)}}]}


def message(id: str, text: str, minutes: int, own: bool = False, **more: Any) -> dict[str, Any]:
    sides = {"from": {"id": PAGE if own else PERSON}, "to": {"data": [{"id": PERSON if own else PAGE}]}}
    return {"id": id, "message": text, "created_time": told(minutes), **sides, **more}


def test_facebook_has_these_powers() -> None:
    assert isinstance(FACEBOOK, Lists)
    assert isinstance(FACEBOOK, Subscribes)


def test_a_message_is_the_same_however_it_came() -> None:
    (found,) = recent(conversations=messages(message("m_1", "Grüße 🙂 مرحبا", 5)))
    assert found == Message(
        channel="facebook",
        account=PAGE,
        id="m_1",
        thread=PERSON,
        author=Author(PERSON),
        text="Grüße 🙂 مرحبا",
        sent_at=(NOW - timedelta(minutes=5)).replace(microsecond=0),
    )


def test_what_the_page_said_is_an_echo_and_what_is_too_old_is_left_alone() -> None:
    items = (message("m_1", "Ja", 5, own=True), message("m_2", "alt", 60 * 24 * 4))
    (found,) = recent(conversations=messages(*items))
    assert isinstance(found, Echo)
    assert (found.id, found.thread, found.author_id) == ("m_1", PERSON, PERSON)


def test_files_come_along() -> None:
    files = [
        {"image_data": {"url": "https://scontent.fbcdn.net/a.jpg"}},
        {"file_url": "https://cdn.fbsbx.com/b.pdf", "name": "Karte.pdf"},
    ]
    (found,) = recent(conversations=messages(message("m_1", "", 5, attachments={"data": files})))
    assert found.attachments == (
        Attachment(AttachmentKind.IMAGE, "https://scontent.fbcdn.net/a.jpg"),
        Attachment(AttachmentKind.FILE, "https://cdn.fbsbx.com/b.pdf", "Karte.pdf"),
    )


def test_conversations_that_were_quiet_for_longer_are_not_read() -> None:
    page = {**messages(message("m_1", "?", 60 * 24 * 4), updated=60 * 24 * 4), "paging": {"next": "x", "cursors": {}}}
    http, log = site(conversations=page, feed=ENOUGH)
    assert list(at(NOW, http).recent(PAGE, SINCE)) == []
    assert len([path for _, path in log if "conversations" in path]) == 1


def feed(*comments: dict[str, Any], **post: Any) -> dict[str, Any]:
    own = {"id": POST, "from": {"id": PAGE}, "message": "Neu: Kürbistorte", "created_time": told(60 * 24 * 9)}
    return {"data": [{**own, **post, "comments": {"data": list(comments)}}]}


def test_a_comment_under_an_old_post_is_the_same_as_when_it_is_pushed() -> None:
    written = {
        "id": "88_1",
        "message": "Gibt es sie vegan?",
        "from": {"id": "5", "name": "Mai"},
        "created_time": told(9),
    }
    (found,) = recent(feed=feed(written))
    at_nine = int(datetime.fromisoformat(told(9)).timestamp())
    body = comment(
        comment_id="88_1",
        parent_id=POST,
        created_time=at_nine,
        message="Gibt es sie vegan?",
        **{"from": {"id": "5", "name": "Mai"}},
    )
    (pushed,) = FACEBOOK.parse(delivered(body))
    assert found == pushed
    assert found.sent_at == datetime.fromtimestamp(at_nine, UTC)


def test_an_answer_to_a_comment_stands_in_its_thread_and_a_picture_comes_along() -> None:
    picture = {"type": "photo", "media": {"image": {"src": "https://scontent.fbcdn.net/c.jpg"}}}
    nested = {
        "id": "88_2",
        "message": "Ja!",
        "from": {"id": "6", "name": "Hương"},
        "created_time": told(8),
        "parent": {"id": "88_1"},
        "attachment": picture,
    }
    (found,) = recent(feed=feed(nested))
    assert (found.thread, found.parent) == (f"{POST}:88_1", "88_1")
    assert found.attachments == (Attachment(AttachmentKind.IMAGE, "https://scontent.fbcdn.net/c.jpg"),)


def test_a_visitors_post_is_a_message_and_the_pages_own_is_none() -> None:
    address = "https://www.facebook.com/permalink/7"
    written = {"id": f"{PAGE}_7", "message": "Tolles Café", "created_time": told(3), "permalink_url": address}
    (found,) = recent(feed=feed(**written, **{"from": {"id": "9", "name": "中村"}}))
    assert (found.kind, found.author, found.text, found.permalink) == (
        Kind.POST,
        Author("9", "中村"),
        "Tolles Café",
        address,
    )


def test_a_page_that_fails_in_the_midst_has_told_what_came_before() -> None:
    http, _ = site(conversations=messages(message("m_1", "?", 5)))
    events = at(NOW, http).recent(PAGE, SINCE)
    first: Any = next(events)
    assert first.id == "m_1"
    with pytest.raises(PostFailed):
        next(events)


ALL = (
    *("feed", "mention", "ratings", "messages", "message_echoes", "message_edits"),
    *("messaging_postbacks", "messaging_policy_enforcement"),
)


def subscribed(*fields: str) -> dict[str, Any]:
    return {"data": [{"id": "1", "subscribed_fields": ["leadgen"]}, {"id": "77", "subscribed_fields": list(fields)}]}


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        (ALL, ()),
        ((), ALL),
        (("feed", "mention", "ratings"), ()),  # an app without Messenger
        (("feed", "mention"), ("ratings",)),
        (("messages", "message_echoes", "message_edits", "messaging_postback", "messaging-policy-enforcement"), ()),
        (("messages", "leadgen"), ALL[4:]),
    ],
)
def test_what_meta_dropped_is_set_up_again_and_what_somebody_left_out_stays_out(
    known: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    http, log = site(
        **{"app?": {"id": "77"}, "subscribed_apps?fields": subscribed(*known), "subscribed_apps": {"success": True}}
    )
    assert tuple(at(NOW, http).resubscribe(PAGE, "https://api.example/webhooks/facebook/facebook")) == missing
    posts = [path for method, path in log if method == "POST"]
    wanted = f"{PAGE}/subscribed_apps?subscribed_fields={','.join([*known, *missing])}"
    assert posts == ([wanted] if missing else [])


def test_a_page_that_is_not_ours_to_subscribe_is_a_failure() -> None:
    http, _ = site(**{"app?": {"id": "77"}, "subscribed_apps": {"error": {"code": 190}}})
    with pytest.raises(PostFailed) as failed:
        at(NOW, http).resubscribe(PAGE, "")
    assert failed.value.code == "token"
