"""One conversation is one ticket: what somebody writes below an answer goes on where the answer is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any, cast

import pytest

from chalicelib import desk
from chalicelib.aws.table import Busy
from tests import signing
from tests.aws import SECRET, Stack
from tests.mailroom.shop import Shop, opened
from tests.test_journey import NOW, body, post

PAGE = "1002003004005"
MIA, LINH = ("9001", "Mia Muster"), ("9002", "Nguyễn Linh")
VISIT, OWN_POST = f"{PAGE}_500", f"{PAGE}_77"
ANSWER = "77_99"  # the id that the platform gives our answers


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        yield made


def told(shop: Shop, item: str, author: tuple[str, str], text: str, **more: Any) -> None:
    sender = {"id": author[0], "name": author[1]}
    value = {"item": item, "verb": "add", "from": sender, "created_time": NOW, "message": text, **more}
    entry = {"id": PAGE, "time": NOW, "changes": [{"field": "feed", "value": value}]}
    raw = json.dumps({"object": "page", "entry": [entry]}).encode()
    assert post(cast(Stack, shop), raw).status_code == 200


def visit(shop: Shop, text: str = "Wann gibt es wieder Sachertorte? 🍰") -> None:
    """Mia writes a post of her own on the Page."""
    told(shop, "post", MIA, text, post_id=VISIT)


def comment(shop: Shop, text: str, below: str, author: tuple[str, str] = MIA, under: str = VISIT, id: str = "") -> None:
    shop.sent += 1
    told(shop, "comment", author, text, comment_id=id or f"77_7{shop.sent}", post_id=under, parent_id=below)


def tickets(shop: Shop, name: str = "Mia Muster") -> list[EmailMessage]:
    found = (each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket")
    return [each for each in found if name in str(each["From"])]


def addresses(shop: Shop, name: str = "Mia Muster") -> int:
    """How many tickets somebody has."""
    return len({str(each["Reply-To"]) for each in tickets(shop, name)})


def test_who_answers_below_the_answer_to_their_post_goes_on_in_its_ticket(shop: Shop) -> None:
    visit(shop)
    shop.settle()
    shop.answer(tickets(shop)[0], "Am Samstag! 🙂")
    for id, text in (("77_101", "Danke! Auch ohne Nüsse?"), ("77_102", "ナッツ抜きで")):
        comment(shop, text, ANSWER, id=id)
        shop.settle()
    assert addresses(shop) == 1
    assert "ナッツ抜きで" in body(tickets(shop)[-1])
    assert "Am Samstag!" in body(tickets(shop)[-1]), "with what was said before"
    assert shop.answer(tickets(shop)[-1], "Ja, beides.") == "reply"
    assert shop.platform.requests[-1][1].endswith("/77_102/comments"), "below what it answers"


def test_who_goes_on_below_their_own_post_goes_on_in_its_ticket(shop: Shop) -> None:
    visit(shop)
    comment(shop, "Habt ihr meine Frage gesehen? 看到了吗？", VISIT)
    shop.settle()
    assert addresses(shop) == 1


def test_what_the_page_says_in_facebooks_own_app_is_answered_in_the_same_ticket(shop: Shop) -> None:
    visit(shop)
    shop.settle()
    comment(shop, "Am Samstag!", VISIT, (PAGE, "Kaffeehaus Lindner"), id="77_600")
    shop.settle()
    comment(shop, "Wunderbar, und am Sonntag?", "77_600")
    shop.settle()
    assert addresses(shop) == 1


def test_an_answer_to_the_answer_below_a_comment_goes_on_in_its_ticket(shop: Shop) -> None:
    comment(shop, "Habt ihr offen?", OWN_POST, under=OWN_POST)
    shop.settle()
    shop.answer(tickets(shop)[0], "Ja, bis 18 Uhr.")
    comment(shop, "هل لديكم مواقف للسيارات؟", ANSWER, under=OWN_POST)
    shop.settle()
    assert addresses(shop) == 1


def test_somebody_else_below_the_answer_gets_a_ticket_of_their_own_and_keeps_it(shop: Shop) -> None:
    visit(shop)
    shop.settle()
    shop.answer(tickets(shop)[0], "Am Samstag!")
    comment(shop, "Cho tôi hỏi thêm với", ANSWER, LINH)
    shop.settle()
    comment(shop, "Còn bánh không?", ANSWER, LINH)
    shop.settle()
    assert (addresses(shop), addresses(shop, "Nguyễn Linh")) == (1, 1)
    assert "Cho tôi" not in body(tickets(shop)[-1])


def test_a_private_answer_to_a_comment_below_ones_own_post_names_the_comment(shop: Shop) -> None:
    visit(shop)
    comment(shop, "Ich bin es noch einmal", VISIT, id="77_701")
    shop.settle()
    shop.platform.answers.append(_message_sent())
    shop.answer(tickets(shop)[-1], "#private Nur für dich")
    assert shop.platform.posts[-1]["recipient"] == {"comment_id": "77_701"}


def _message_sent() -> Any:
    from chalicelib.http import Response

    return Response(200, b'{"message_id": "m_1"}')


def tweet(shop: Shop, id: str, author: str, answered: str = "") -> None:
    """As the older API tells of it, which names no thread."""
    user = {"id": int(author), "id_str": author, "name": "Mai 🌱", "screen_name": f"u{author}"}
    above = {"in_reply_to_status_id_str": answered, "in_reply_to_user_id_str": "5001"} if answered else {}
    told = {"id_str": id, "text": f"@lindner {id} いつですか", "user": user, "timestamp_ms": str(NOW * 1000), **above}
    raw = json.dumps({"for_user_id": "77001", "tweet_create_events": [told]}).encode()
    headers = {"content-type": "application/json", **signing.x(raw, SECRET)}
    assert shop.client.http.post("/webhooks/x/x", headers=headers, body=raw).status_code == 200
    shop.settle()


def test_an_answer_in_xs_own_app_is_answered_in_the_same_ticket(shop: Shop) -> None:
    for id, author, answered in (("88001", "5001", ""), ("88005", "77001", "88001"), ("88006", "5001", "88005")):
        tweet(shop, id, author, answered)
    assert addresses(shop, "Mai") == 1
    tweet(shop, "88007", "5002", "88005")
    assert addresses(shop, "Mai") == 2, "somebody else"


def test_nothing_public_joins_what_is_private(shop: Shop) -> None:
    event = {"sender": {"id": MIA[0]}, "recipient": {"id": PAGE}, "timestamp": NOW * 1000}
    entry = {"id": PAGE, "time": NOW, "messaging": [{**event, "message": {"mid": "m_7", "text": "Unter uns"}}]}
    assert post(cast(Stack, shop), json.dumps({"object": "page", "entry": [entry]}).encode()).status_code == 200
    comment(shop, "Öffentlich", "m_7")
    shop.settle()
    assert len({item["pk"] for item in shop.items("head")}) == 2


@pytest.mark.parametrize("crash_at", range(1, 4))
def test_a_crash_at_any_write_leaves_one_ticket_with_every_word_once(shop: Shop, crash_at: int) -> None:
    visit(shop)
    shop.settle()
    shop.answer(tickets(shop)[0], "Am Samstag!")
    comment(shop, "Danke! Auch ohne Nüsse?", ANSWER)
    writes = iter(range(1, 100))

    def between(operation: str, real: Callable[[], Any]) -> Any:
        done = real()
        if operation == "TransactWriteItems" and next(writes) == crash_at:
            raise Busy("lost")
        return done

    shop.aws.between = between
    for _ in range(12):
        _work(shop)
    assert addresses(shop) == 1
    assert sum("Auch ohne Nüsse?" in body(each).partition("\n▪")[0] for each in tickets(shop)) == 1
    assert not [item for item in shop.items() if "todo" in item and item["kind"] != "mail"]


def _work(shop: Shop) -> None:
    """As the queue and the sweep do: what failed comes again."""
    for pk in sorted({item["pk"] for item in shop.items() if "todo" in item}):
        try:
            desk.work(pk, desk._room())
        except Busy:
            continue
